"""2.1-pixels, 2.1-noise-first: networks fit shuffled pixels, random pixels and Gaussian noise."""

import pytest

from claims.section2_capacity.trials import (
    HALFWAY,
    fast,
    figure_1a_trials,
    own_random_inputs,
    random_input_trials,
    title,
)
from harness.evidence import (
    AtMost,
    Attains,
    MoreThan,
    accuracy,
    difference_in_steps,
    exact,
    published_crossing,
)
from harness.plugin.trials import Trial, reseed, trials

NOISES = ["gaussian", "random pixels"]


def judge_pixels(judge, trial, setting, runs):
    judge(
        accuracy(f"{title(trial, runs[0].recipe)}: training accuracy, {setting}", runs, "train"),
        Attains(1.0, source="Section 2.1: zero training error on random noise; Figure 1a"),
    )


@pytest.mark.claim("2.1-pixels")
@trials(*random_input_trials(), own=own_random_inputs)
def test_images_without_structure_are_fitted(trial, laboratory, judge):
    for setting, runs in laboratory.runs(trial).items():
        judge_pixels(judge, trial, setting, runs)


@pytest.mark.control("2.1-pixels")
@trials(
    *[
        Trial(
            "fast",
            f"{setting}-drawn-anew",
            "scaled",
            {
                setting.replace("-", " "): [
                    fast("mlp-1x512", setting, 70, redraw="inputs each access", epochs=60)
                ]
            },
        )
        for setting in ("random-pixels", "gaussian")
    ]
)
def test_noise_drawn_anew_on_every_access_is_not_fitted(trial, laboratory, judge):
    for setting, runs in laboratory.runs(trial).items():
        judge_pixels(judge, trial, f"{setting} drawn anew", runs)


HALF = 0.5
"""Of the structure. The mean of 256 images that have none in common keeps a sixteenth of one's."""


def judge_mean_image(judge, setting, root, base_seed):
    """How much the mean image varies over its places, against the true images' mean."""
    from harness.training.inputs import prepared_data

    structure = {}
    for inputs in ("true-labels", setting):
        recipe = reseed(fast("mlp-1x512", inputs, 70), base_seed)
        judge.computed_on(recipe)
        data = prepared_data(recipe, root, "cpu", "fp32")
        for part, images in (("training", data.train_images), ("test", data.test_images)):
            structure[inputs, part] = float(images.mean(dim=0).std())
    for part in ("training", "test"):
        left = structure[setting, part] / structure["true-labels", part]
        name = f"digits, {setting.replace('-', ' ')}: variation left in the mean {part} image"
        judge(
            exact(name, [left], ""),
            AtMost(HALF, source="Section 2.1: drawn for each image independently; a half"),
        )


@pytest.mark.fast
@pytest.mark.claim("2.1-pixels")
@pytest.mark.parametrize("setting", ["random-pixels", "gaussian"])
def test_every_image_has_noise_of_its_own(setting, laboratory, base_seed, judge):
    judge_mean_image(judge, setting, laboratory.data_root, base_seed)


@pytest.mark.fast
@pytest.mark.control("2.1-pixels")
def test_one_permutation_for_all_images_leaves_their_mean_as_varied(laboratory, base_seed, judge):
    judge_mean_image(judge, "shuffled-pixels", laboratory.data_root, base_seed)


def judge_order(judge, noise, labels, noise_runs, published=None):
    judge(
        difference_in_steps(
            f"steps to half the initial loss, {labels} minus {noise}", *noise_runs, HALFWAY
        ),
        MoreThan(0.0, source="Figure 1a: noise starts to converge before random labels do"),
        published,
    )


def published_lead(noise):
    """By how much noise was ahead of random labels in Figure 1a, in steps."""
    return published_crossing("fig1a", "random labels", HALFWAY) - published_crossing(
        "fig1a", noise, HALFWAY
    )


@pytest.mark.claim("2.1-noise-first")
@trials(*figure_1a_trials(["random-labels", "gaussian", "random-pixels"]))
def test_noise_starts_to_converge_before_random_labels_do(trial, laboratory, judge):
    runs = laboratory.runs(trial)
    for noise in NOISES:
        pair = (runs["random labels"], runs[noise])
        judge_order(judge, noise, "random labels", pair, published_lead(noise))


@pytest.mark.control("2.1-noise-first")
@trials(figure_1a_trials(["random-labels", "gaussian", "random-pixels"])[0])
def test_random_labels_do_not_start_before_noise(trial, laboratory, judge):
    """The two runs swapped."""
    runs = laboratory.runs(trial)
    for noise in NOISES:
        judge_order(judge, "random labels", noise, (runs[noise], runs["random labels"]))
