"""2.2-vc: networks realise every labeling of a sample, and by a margin; affine functions cannot.

MLP 1x512 on 256 digits, and on 512 images of CIFAR-10 (cpu_full): the values of its hidden layer,
as it is initialised, have full rank, so that every labeling is a choice of the output layer. The
network of Theorem 1 on all 256 labelings of eight digits, one by one.
"""

import pytest

from harness import capacity
from harness.evidence import AtLeast, Equals, exact
from harness.plugin.experiments import datasets
from harness.training.protocol import paper_recipe

MARGIN = 0.9

# --- Every labeling of some hundred images ---------------------------------------------------

SAMPLE = {"digits": 256, "cifar10": 512}
LABELINGS = 100
"""That are solved; the rank is about all of them."""


def judge_all_labelings(judge, name, features):
    n = len(features)
    solved = capacity.solved_labelings(features, capacity.random_signs(n, LABELINGS, seed=0))
    judge(
        exact(f"{name} of {n} images: rank", [solved.rank], ""),
        Equals(n, source="Section 2.2: every labeling; rank n solves all 2^n"),
    )
    judge(
        exact(f"{name} of {n} images, {LABELINGS} labelings: margin", [solved.smallest_margin], ""),
        AtLeast(MARGIN, source="Section 2.2: fat-shattering; a margin of 1 where it is solved"),
    )


@pytest.fixture
def large_sample(dataset, judge, data_root, reseeded):
    """The recipe, and its images (n, d)."""
    n = SAMPLE[dataset]
    recipe = reseeded(paper_recipe("mlp-1x512", dataset, "random-signs", train_size=n, seed=91))
    judge.computed_on(recipe)
    return recipe, capacity.image_points(recipe, data_root)


@pytest.mark.claim("2.2-vc")
@datasets(fast=["digits"], cpu_full=["cifar10"])
def test_the_output_layer_shatters_hundreds_of_images(dataset, large_sample, judge):
    hidden = capacity.hidden_values(*large_sample)
    judge_all_labelings(
        judge, f"{dataset}, hidden values of MLP 1x512", capacity.with_a_constant(hidden)
    )


@pytest.mark.control("2.2-vc")
@datasets(fast=["digits"])
def test_affine_functions_do_not_shatter_hundreds_of_images(dataset, large_sample, judge):
    pixels = capacity.with_a_constant(large_sample[1])
    judge_all_labelings(judge, f"{dataset}, pixels", pixels)


# --- The network of Theorem 1 ----------------------------------------------------------------


def judge_shattering(judge, points, margin=0.0):
    """All 2^n labelings are realised."""
    realised = capacity.realised_labelings(capacity.Theorem1Networks(), points, margin)
    different = {tuple(signs) for signs in capacity.all_signs(len(points))[realised]}
    by = f" by a margin of {margin:g}" if margin else ""
    judge(
        exact(
            f"Theorem 1, {len(points)} digits: labelings realised{by}, of {2 ** len(points)}",
            [len(different)],
            "labelings",
        ),
        Equals(2 ** len(points), source="Section 2.2: every labeling of the sample"),
    )


@pytest.mark.fast
@pytest.mark.claim("2.2-vc")
def test_theorem_1_shatters_a_sample_by_the_whole_margin(judge, reseeded):
    recipe = reseeded(paper_recipe("mlp-1x512", "digits", "random-signs", train_size=8, seed=90))
    judge.computed_on(recipe)
    points = capacity.image_points(recipe)
    judge_shattering(judge, points)
    judge_shattering(judge, points, margin=1 - 1e-9)
