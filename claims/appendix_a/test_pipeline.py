"""A-pipeline: scaled to [0, 1], cropped to 28x28, and each image whitened on its own.

fast: the digits, which have nothing to crop, and synthetic images of CIFAR-10's shape, some of
hardly any contrast or of none. cpu_full: all of CIFAR-10. Control: whitening by the dataset.
"""

import pytest

from harness import data
from harness.evidence import Equals, exact
from harness.plugin.experiments import datasets
from harness.training.protocol import paper_recipe

ROUNDING = 2e-5
SOURCE = "Appendix A; the tolerance is float32 rounding over at most 2,352 values of an image"


def judge_pipeline(judge, dataset, data_root, whitening):
    if dataset == "synthetic":
        judge.reduced()
    else:
        judge.computed_on(paper_recipe("mlp-1x512", dataset, "true-labels"))
    audit = data.audit_pipeline(dataset, data_root, whitening)
    for name, value in (
        ("largest mean of an image", audit.worst_mean),
        ("largest distance of a std from min(1, std sqrt(N))", audit.worst_std),
        ("largest distance of a value from the formula", audit.worst_value),
        ("largest value of a constant image", audit.constant_image),
    ):
        judge(
            exact(f"{dataset}, {audit.images:,} images: {name}", [value], ""),
            Equals(0.0, source=SOURCE, tolerance=ROUNDING),
        )


EACH_DATASET = datasets(fast=["digits", "synthetic"], cpu_full=["cifar10"])


@pytest.mark.claim("A-pipeline")
@EACH_DATASET
def test_every_image_is_whitened_on_its_own(dataset, judge, data_root):
    judge_pipeline(judge, dataset, data_root, "image")


@pytest.mark.control("A-pipeline")
@EACH_DATASET
def test_whitening_by_the_dataset_leaves_images_with_a_mean(dataset, judge, data_root):
    judge_pipeline(judge, dataset, data_root, "dataset")
