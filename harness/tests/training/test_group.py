"""A group trains what each of its members would have trained alone, to rounding.

Sizes are tiny: what is tested is arithmetic, not learning.
"""

import math
import re
from dataclasses import replace

import pytest
import torch

from harness.errors import HarnessError
from harness.models.building import make_network
from harness.tests.training_helpers import data_of, finished, started, tiny_recipe
from harness.training import batching
from harness.training.backend import Backend
from harness.training.batching import (
    WEIGHTS_TOGETHER,
    can_be_grouped,
    groups_of,
    weights_of,
)
from harness.training.checkpoint import packed, restore, state_of, unpacked
from harness.training.group import GroupTraining
from harness.training.loop import Training
from harness.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("restored_threads")

ROUNDING = {"rel": 1e-3, "abs": 1e-5}
"""float32, in another order of summation, over a few dozen steps that each add a little."""


def recipe(**changes: object) -> Recipe:
    return tiny_recipe(**{"model": "mlp-2x16", "train_size": 40, "epochs": 4, **changes})


def group(recipes: list[Recipe]) -> GroupTraining:
    return GroupTraining(recipes, [data_of(recipe) for recipe in recipes], Backend())


def assert_same(member: Training, single: Training) -> None:
    """The same integers, and the same floats to rounding."""
    ours, expected = member.outcome, single.outcome
    for name in ("status", "train_correct", "test_correct", "epochs_to_fit", "probe_labels"):
        assert getattr(ours, name) == getattr(expected, name), name
    for name in ("label_digest", "order_digest", "train_total", "test_total"):
        assert getattr(ours, name) == getattr(expected, name), name
    for name in ("validation_correct", "validation_total", "corrupted_test_correct"):
        assert getattr(ours, name) == getattr(expected, name), name
    parts = [f"{part}_accuracy" for part in ("online", "train", "test", "validation")]
    for name in ("step", "learning_rate", *parts):
        assert getattr(ours.curve, name) == getattr(expected.curve, name), name
    assert len(ours.curve.seconds) == ours.curve.epochs
    finite = [math.isfinite(loss) for loss in expected.curve.loss]
    assert [math.isfinite(loss) for loss in ours.curve.loss] == finite
    if all(finite):
        assert ours.curve.loss == pytest.approx(expected.curve.loss, **ROUNDING)
        assert ours.first_losses == pytest.approx(expected.first_losses, **ROUNDING)
        assert ours.answers == pytest.approx(expected.answers, rel=1e-2, abs=1e-3)
        for own, theirs in zip(member.model.parameters(), single.model.parameters(), strict=True):
            torch.testing.assert_close(own, theirs, rtol=1e-2, atol=1e-4)


SIGNS = {"labels": "two groups", "label_corruption": 1.0}
GROUPS = {
    "draws": [recipe(**SIGNS, label_draw=draw) for draw in range(3)],
    "replaced": [recipe(**SIGNS, replaced=i, keep_answers=True) for i in (None, 0, 39)],
    "inputs": [recipe(inputs=it) for it in ("true", "shuffled pixels", "gaussian")],
    "linear, plain SGD": [
        recipe(model="linear", batch_size=1, momentum=0.0, learning_rate=0.002, seed=seed)
        for seed in range(3)
    ],
    "decay of three": [
        recipe(decay=0.5, decay_every=2, seed=seed, learning_rate=0.05) for seed in range(3)
    ],
    "stopping": [
        recipe(**SIGNS, seed=seed, stop_at_zero_error=True, epochs=60, learning_rate=0.03)
        for seed in range(4)
    ],
    "once nearly fitted": [
        recipe(seed=seed, evaluation="once nearly fitted", epochs=15, learning_rate=0.03)
        for seed in range(2)
    ],
    "weight decay, evaluated at the end": [
        recipe(seed=seed, weight_decay=(("weights", 0.1),), evaluation="at the end")
        for seed in range(2)
    ],
    "levels": [
        recipe(label_corruption=share, score_corrupted_test=0 < share < 1)
        for share in (0.0, 0.5, 1.0)
    ],
    "validated": [
        recipe(seed=seed, validation_size=30, score_corrupted_test=True, label_corruption=0.5)
        for seed in range(2)
    ],
    "one": [recipe()],
}


@pytest.mark.parametrize("name", GROUPS)
def test_a_member_of_a_group_trains_as_it_does_alone(name):
    recipes = GROUPS[name]
    assert all(can_be_grouped(it) for it in recipes)
    members = finished(group(recipes)).members
    singles = [finished(started(it)) for it in recipes]
    for member, single in zip(members, singles, strict=True):
        assert_same(member, single)
    losses = {tuple(member.curve.loss) for member in members}
    assert len(losses) == len(recipes), "the members do not differ"
    if name == "stopping":
        assert len({member.curve.epochs for member in members}) > 1, "all stopped together"


def test_a_member_that_diverges_leaves_the_others_alone():
    """Its images are scaled until nothing is finite."""
    recipes = [recipe(seed=seed) for seed in range(3)]
    data = [data_of(it) for it in recipes]
    data[1] = replace(data[1], train_images=data[1].train_images * 1e30)
    training = finished(GroupTraining(recipes, data, Backend()))
    assert [member.diverged for member in training.members] == [False, True, False]
    assert training.members[1].curve.epochs == 1, "it went on"
    assert re.fullmatch(r"the loss of step \d is (nan|inf)", training.members[1].outcome.not_finite)
    for place in (0, 2):
        assert_same(training.members[place], finished(started(recipes[place])))


@pytest.mark.parametrize("name", ["draws", "linear, plain SGD", "decay of three"])
def test_an_interrupted_group_resumes_from_checkpoints_of_different_epochs(name):
    """Of three members one has a checkpoint of epoch 1, one of epoch 2, one none."""
    recipes = GROUPS[name]
    straight = finished(group(recipes))
    interrupted = group(recipes)
    kept = []
    for epoch in (1, 2):
        interrupted.run_epoch()
        interrupted.hand_back()
        kept.append(packed(state_of(interrupted.members[epoch - 1])))
    resumed = group(recipes)
    restore(resumed.members[0], unpacked(kept[0]))
    restore(resumed.members[1], unpacked(kept[1]))
    assert [member.curve.epochs for member in resumed.members] == [1, 2, 0]
    for ours, theirs in zip(finished(resumed).members, straight.members, strict=True):
        assert_same(ours, theirs)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([{}, {"learning_rate": 0.02}], "must have one shape.*seed, label_corruption"),
        ([{"model": "alexnet"}], "cannot train in a group: dense networks alone"),
        ([{"redraw": "labels each epoch", "label_corruption": 1.0}], "nothing drawn anew"),
    ],
)
def test_what_cannot_train_together_is_refused(changes, message):
    recipes = [recipe(**change) for change in changes]
    with pytest.raises(HarnessError, match=message):
        group(recipes)


def test_jobs_respect_the_limits_of_weights_and_work():
    large = [Recipe(model="mlp-3x512", dataset="cifar10", seed=seed) for seed in range(130)]
    assert weights_of(large[0]) == 1_735_178
    assert groups_of(large, "cpu") == [[it] for it in large], "bound by the matrix products"
    sizes = [len(job) for job in groups_of(large, "cuda")]
    assert sum(sizes) == 130 and max(sizes) == int(WEIGHTS_TOGETHER["cuda"] / 1_735_178) == 115
    assert weights_of(replace(large[0], labels="two groups")) == 1_735_178 - 8 * 513
    small = [recipe(model="mlp-1x512", label_corruption=1.0, label_draw=draw) for draw in range(30)]
    assert [len(job) for job in groups_of(small, "cpu")] == [24, 6]
    single = replace(large[0], model="mlp-1x100000")
    assert groups_of([single], "cuda") == [[single]], "one that is larger than that is a job"


@pytest.mark.parametrize("model", ["linear", "mlp-3x512"])
@pytest.mark.parametrize("changes", [{"crop": 5}, {"labels": "two groups"}], ids=str)
def test_weights_of_counts_the_parameters_of_the_network(model, changes):
    """The plan of a session asks, and imports no torch."""
    it = Recipe(model=model, dataset="digits", **changes)
    network = make_network(model, it.image_shape, it.classes)
    assert weights_of(it) == sum(parameter.numel() for parameter in network.parameters())


def test_hand_back_copies_weights_and_momentum_to_the_members():
    """While the group trains they are views of what it trains, turned."""
    training = group(GROUPS["draws"])
    training.run_epoch()
    member = training.members[1]
    evaluated = member.count(member.data.test_images, member.data.test_labels)[0]
    assert not member.model[1].weight.is_contiguous()
    training.hand_back()
    for number, parameter in enumerate(member.model.parameters()):
        assert parameter.is_contiguous(), number
        momentum = member.optimizer.state[parameter]["momentum_buffer"]
        assert momentum.is_contiguous() and momentum.shape == parameter.shape
    assert member.count(member.data.test_images, member.data.test_labels)[0] == evaluated


def test_a_recipe_with_a_field_that_groups_lack_trains_alone(monkeypatch):
    assert can_be_grouped(recipe(momentum=0.5))
    known = tuple(name for name in batching.UNDERSTOOD if name != "momentum")
    monkeypatch.setattr(batching, "UNDERSTOOD", known)
    assert not can_be_grouped(recipe(momentum=0.5)) and can_be_grouped(recipe())
