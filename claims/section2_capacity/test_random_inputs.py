"""2.1-pixels, 2.1-noise-first: networks fit images without structure, and noise before labels.

Shuffled pixels: one permutation for all images. Random pixels: another for each image. Gaussian:
noise with the mean and variance of the data. The labels are the true ones.

2.1-pixels, fast: 256 digits; 8 seeds of MLP 1x512, 1 of MLP 3x512 (1 of the other networks:
cpu_full). 2.1-noise-first: MLP 1x512, 8 seeds (the Inception, 1 seed: cpu_full); steps until the
loss is half of a guess's, ln 10. Random labels take more of them than noise. cpu_full: MLP 3x512 on
CIFAR-10. gpu_full: the five networks on CIFAR-10, 1 seed.
"""

import pytest

from claims.section2_capacity.recipes import (
    HALFWAY,
    MLPS,
    NETWORKS,
    RANDOMISED_INPUTS,
    SEEDS,
    on_cifar10,
    on_digits,
)
from harness import training
from harness.evidence import (
    AtMost,
    Attains,
    MoreThan,
    accuracy,
    difference_in_steps,
    exact,
    published_crossing,
)
from harness.plugin.experiments import experiments

# --- 2.1-pixels ------------------------------------------------------------------------------


def judge_pixels(judge, runs, what):
    judge(
        accuracy(f"{runs.all[0].recipe.title}: training accuracy, {what}", runs.all, "train"),
        Attains(1.0, source="Section 2.1: zero training error on random noise; Figure 1a"),
    )


SEEDS_OF = {network: SEEDS[network][:1] for network in NETWORKS} | {"mlp-1x512": SEEDS["mlp-1x512"]}


def on_digits_by_kind(at_fast):
    """A test for each network and kind: those that the fast tier has time for, or the others."""
    return {
        f"{network}-{inputs}": [on_digits(network, inputs, seed) for seed in SEEDS_OF[network]]
        for network in NETWORKS
        for inputs in RANDOMISED_INPUTS
        if (network in MLPS) == at_fast
    }


@pytest.mark.claim("2.1-pixels")
@experiments(
    fast=on_digits_by_kind(at_fast=True),
    cpu_full={
        **{f"mlp-3x512-{it}": [on_cifar10("mlp-3x512", it)] for it in RANDOMISED_INPUTS},
        **on_digits_by_kind(at_fast=False),
    },
    gpu_full={
        f"{network}-{inputs}": [on_cifar10(network, inputs)]
        for network in NETWORKS
        for inputs in RANDOMISED_INPUTS
    },
)
def test_images_without_structure_are_fitted(runs, judge):
    judge_pixels(judge, runs, runs.all[0].recipe.inputs)


@pytest.mark.control("2.1-pixels")
@experiments(
    fast={
        f"{inputs}-drawn-anew": [
            on_digits("mlp-1x512", inputs, 70, redraw="inputs each access", epochs=60)
        ]
        for inputs in ("random-pixels", "gaussian")
    }
)
def test_noise_drawn_anew_on_every_access_is_not_fitted(runs, judge):
    judge_pixels(judge, runs, f"{runs.all[0].recipe.inputs} drawn anew")


HALF = 0.5
"""Of the structure. The mean of 256 unrelated images keeps a sixteenth of one image's."""


def judge_mean_image(judge, inputs, data_root, reseeded):
    """How much the pixels of the mean image vary, over the same with the true images."""
    variation = {}
    for setting in ("true-labels", inputs):
        recipe = reseeded(on_digits("mlp-1x512", setting, 70))
        judge.computed_on(recipe)
        data = training.prepared_data(recipe, data_root, "cpu", "fp32")
        for part, images in (("training", data.train_images), ("test", data.test_images)):
            variation[setting, part] = float(images.mean(dim=0).std())
    for part in ("training", "test"):
        left = variation[inputs, part] / variation["true-labels", part]
        name = f"digits, {inputs.replace('-', ' ')}: variation left in the mean {part} image"
        judge(
            exact(name, [left], ""),
            AtMost(HALF, source="Section 2.1: drawn for each image independently; a half"),
        )


@pytest.mark.fast
@pytest.mark.claim("2.1-pixels")
@pytest.mark.parametrize("inputs", ["random-pixels", "gaussian"])
def test_every_image_has_noise_of_its_own(inputs, data_root, reseeded, judge):
    judge_mean_image(judge, inputs, data_root, reseeded)


@pytest.mark.fast
@pytest.mark.control("2.1-pixels")
def test_one_permutation_for_all_images_leaves_their_mean_as_varied(data_root, reseeded, judge):
    judge_mean_image(judge, "shuffled-pixels", data_root, reseeded)


# --- 2.1-noise-first -------------------------------------------------------------------------

NOISES = ["gaussian", "random pixels"]
SETTINGS = {it: it.replace(" ", "-") for it in ("random labels", *NOISES)}


def each_on_digits(network, settings):
    return {
        network: {
            it: [on_digits(network, name, seed) for seed in SEEDS[network]]
            for it, name in settings.items()
        }
    }


INCEPTION_ON_CIFAR10 = {it: [on_cifar10("inception", name)] for it, name in SETTINGS.items()}


def judge_order(judge, first, second, runs, published=None):
    """``second`` takes more steps than ``first`` until its loss is half of a guess's."""
    judge(
        difference_in_steps(
            f"{runs.all[0].recipe.title}: steps to half the initial loss, {second} minus {first}",
            runs[second],
            runs[first],
            HALFWAY,
        ),
        MoreThan(0.0, source="Figure 1a: noise starts to converge before random labels do"),
        published,
        otherwise="the paper gives a direction and no size",
    )


@pytest.mark.claim("2.1-noise-first")
@experiments(
    fast=each_on_digits("mlp-1x512", SETTINGS),
    cpu_full=each_on_digits("inception", SETTINGS),
    gpu_full={"inception": INCEPTION_ON_CIFAR10},
)
def test_noise_starts_to_converge_before_random_labels_do(runs, judge):
    """Figure 1a shows by how many steps noise is ahead, for the Inception."""
    of_labels = published_crossing("fig1a", "random labels", HALFWAY)
    for noise in NOISES:
        lead = None
        if runs.all[0].recipe.model == "inception":
            lead = of_labels - published_crossing("fig1a", noise, HALFWAY)
        judge_order(judge, noise, "random labels", runs, lead)


TRUE_LABELS = {it: it.replace(" ", "-") for it in ("true labels", *NOISES)}


@pytest.mark.control("2.1-noise-first")
@experiments(
    fast=each_on_digits("mlp-1x512", TRUE_LABELS), cpu_full=each_on_digits("inception", TRUE_LABELS)
)
def test_noise_does_not_start_to_converge_before_true_labels_do(runs, judge):
    for noise in NOISES:
        judge_order(judge, noise, "true labels", runs)
