"""2.1-separated: images of noise lie further apart than images of one class.

Each image's distance to the nearest other image of its class, after whitening, so that all images
have nearly the same norm. Over all images of the training set; nothing is trained. fast: 797 digits
of 8x8 pixels. cpu_full: the 50,000 images of CIFAR-10. 1 draw of the noise.
"""

import statistics

import pytest

from claims.section2_capacity.recipes import on_cifar10, on_digits
from harness import training
from harness.data.separation import nearest_in_class
from harness.evidence import AtLeast, exact

TENTH = 1.1
"""The paper gives no number; a tenth further apart is more separated."""
NOISES = ["random-pixels", "gaussian"]


def on_all_digits(setting):
    return on_digits("mlp-1x512", setting, 80, train_size=None)


def on_all_of_cifar10(setting):
    return on_cifar10("mlp-1x512", setting)


def judge_separation(judge, make, settings, data_root, reseeded):
    def distances(setting):
        recipe = reseeded(make(setting))
        judge.computed_on(recipe)
        data = training.prepared_data(recipe, data_root, "cpu", "fp32")
        return nearest_in_class(data.train_images, data.train_labels)

    images = distances("true-labels")
    for setting in settings:
        ratio = statistics.median(distances(setting) / images)
        name = f"{setting.replace('-', ' ')}: distance to the nearest of the class"
        judge(
            exact(f"{name}, over that of the images, in the median", [ratio], ""),
            AtLeast(TENTH, source="Section 2.1: inputs are more separated from each other"),
        )


@pytest.mark.fast
@pytest.mark.claim("2.1-separated")
def test_noise_is_further_apart_than_digits_of_a_class(data_root, reseeded, judge):
    judge_separation(judge, on_all_digits, NOISES, data_root, reseeded)


@pytest.mark.cpu_full
@pytest.mark.claim("2.1-separated")
@pytest.mark.needs_data("cifar10")
def test_noise_is_further_apart_than_images_of_a_class(data_root, reseeded, judge):
    judge_separation(judge, on_all_of_cifar10, NOISES, data_root, reseeded)


@pytest.mark.fast
@pytest.mark.control("2.1-separated")
def test_one_permutation_for_all_images_leaves_the_distances(data_root, reseeded, judge):
    judge_separation(judge, on_all_digits, ["shuffled-pixels"], data_root, reseeded)
