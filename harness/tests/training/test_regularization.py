"""Augmentation, weight decay, dropout and validation images do what the recipe says."""

from collections import Counter
from dataclasses import replace

import pytest
import torch

from harness.cli.train import parse_changes
from harness.data import streams
from harness.data.preprocessing import scale, whiten
from harness.data.sources import load
from harness.errors import HarnessError, InvalidRecipe
from harness.models import MODELS, model_spec
from harness.models.building import build_model
from harness.runs.pairs import DECIDED_BY
from harness.tests.training_helpers import EVERYTHING, data_of, finished, started
from harness.tests.training_helpers import tiny_recipe as recipe
from harness.training.batching import can_be_grouped
from harness.training.learner import Dropout, output_layer
from harness.training.optimizer import make_optimizer
from harness.training.outcome import Curve, Outcome

pytestmark = pytest.mark.usefixtures("restored_threads")


# --- weight decay ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [*MODELS, "mlp-2x8"])
def test_parameter_groups_partition_the_parameters(name):
    network = build_model(name, (3, 28, 28), 10, streams.stream(0, streams.INITIALIZATION))
    spec, found = model_spec(name), Counter()
    for parameter, value in network.named_parameters():
        group = spec.group_of(parameter)
        found[group] += 1
        assert (group == "biases") == (value.ndim == 1), parameter
    assert set(found) == {group for group, _ in spec.parameter_groups}
    assert set(spec.groups_by_name["weights"]) == set(found) - {"biases"}


def test_weight_decay_adds_rate_times_coefficient_times_the_weights():
    steps = {}
    for name, decay in (("plain", ()), ("decayed", (("weights", 0.1),))):
        it = started(recipe(weight_decay=decay, momentum=0.0))
        before = {name: p.detach().clone() for name, p in it.model.named_parameters()}
        it.step(torch.arange(16))
        steps[name] = {key: p.detach() - before[key] for key, p in it.model.named_parameters()}
    for key, start in before.items():
        extra = -0.01 * 0.1 * start if key.endswith("weight") else torch.zeros_like(start)
        torch.testing.assert_close(steps["decayed"][key] - steps["plain"][key], extra)


def test_only_the_named_parameter_groups_are_decayed():
    alexnet = recipe(model="alexnet", weight_decay=(("hidden dense layers", 0.004),))
    network = build_model("alexnet", (3, 28, 28), 10, streams.stream(0, streams.INITIALIZATION))
    optimizer, _ = make_optimizer(alexnet, network.named_parameters())
    decayed = {
        tuple(parameter.shape): group["weight_decay"]
        for group in optimizer.param_groups
        for parameter in group["params"]
        if group["weight_decay"]
    }
    assert decayed == {(384, 3136): 0.004, (192, 384): 0.004}


# --- dropout ---------------------------------------------------------------------------------


def test_dropout_acts_in_training_only_and_keeps_the_mean():
    layer = torch.nn.Linear(10_000, 1)
    dropout = Dropout(0.25, torch.Generator().manual_seed(0))
    ones = (torch.ones(4, 10_000),)
    (dropped,) = dropout(layer, ones)
    assert dropped.unique().tolist() == pytest.approx([0, 4 / 3])
    assert float((dropped == 0).float().mean()) == pytest.approx(0.25, abs=0.02)
    assert not torch.equal(dropped[0], dropped[1]), "all images share a mask"
    assert dropout(layer.eval(), ones) is None


@pytest.mark.parametrize("name", [name for name in MODELS if name != "linear"])
def test_the_output_layer_is_the_last_dense_layer(name):
    network = build_model(name, (3, 8, 8), 10, streams.stream(0, streams.INITIALIZATION))
    assert output_layer(network).out_features == 10
    assert output_layer(network) is list(network.modules())[-1]


def test_dropout_changes_training_and_not_evaluation():
    plain, dropping = started(recipe()), started(recipe(dropout=0.5))
    images = plain.data.test_images[:20]
    plain.model.eval(), dropping.model.eval()
    assert torch.equal(plain.logits(images), dropping.logits(images))
    plain.run_epoch(), dropping.run_epoch()
    assert plain.outcome.first_losses != dropping.outcome.first_losses


# --- augmentation ----------------------------------------------------------------------------


def test_each_epoch_draws_crops_and_flips_and_whitens_them():
    it = started(recipe(crop=6, augmentation=("random crop", "flip")))
    seen = []
    for _ in range(2):
        it.next_order()
        seen.append(it.training_images(torch.arange(32)).clone())
    assert seen[0].shape == (32, 3, 6, 6)
    assert not torch.equal(*seen), "one draw for all epochs"
    torch.testing.assert_close(seen[0], whiten(seen[0]))
    pixels = it.data.train_pixels.permute(0, 3, 1, 2)
    windows = {
        (top, left, flip): whiten(
            scale(pixels[:, :, top : top + 6, left : left + 6]).flip(3 if flip else ())
        )
        for top in range(3)
        for left in range(3)
        for flip in (False, True)
    }
    found = Counter()
    for index, image in enumerate(seen[0]):
        matches = [
            window
            for window, all_ in windows.items()
            if torch.allclose(all_[index], image, atol=1e-5)
        ]
        assert matches, f"image {index} is no crop of its original"
        found[matches[0]] += 1
    assert len(found) > 6, "hardly any crops differ"


def test_evaluated_images_are_not_augmented():
    plain, augmented = started(recipe(crop=6)), started(recipe(**EVERYTHING))
    assert torch.equal(plain.data.train_images, augmented.data.train_images)
    assert torch.equal(plain.data.test_images, augmented.data.test_images)


# --- validation images, corrupted test labels ------------------------------------------------


def test_validation_images_are_in_neither_training_nor_test_set():
    data = data_of(recipe(validation_size=40))
    assert data.validation_images.shape == (40, 3, 8, 8) and len(data.validation_labels) == 40
    for others in (data.train_images, data.test_images):
        distance = torch.cdist(data.validation_images.flatten(1), others.flatten(1))
        assert float(distance.min()) > 0
    plain = data_of(recipe())
    assert torch.equal(plain.train_images, data.train_images), "the sample is another one"
    assert torch.equal(plain.train_labels, data.train_labels)


def test_validation_labels_are_corrupted_like_the_samples():
    whole = load("digits")
    clean = data_of(recipe(validation_size=700))
    images = whiten(scale(whole.train_images))
    nearest = torch.cdist(clean.validation_images.flatten(1), images.flatten(1)).argmin(dim=1)
    assert torch.equal(whole.train_labels[nearest], clean.validation_labels)
    noisy = data_of(recipe(validation_size=700, label_corruption=0.5))
    changed = float((noisy.validation_labels != clean.validation_labels).float().mean())
    assert changed == pytest.approx(0.45, abs=0.12)  # Six standard deviations of a share of 700.


def test_corrupted_test_labels_are_scored_beside_the_true_ones():
    asked = {"label_corruption": 0.5, "score_corrupted_test": True}
    data = data_of(recipe(**asked), tested=1_000)
    assert torch.equal(data.test_labels, load("digits").test_labels)
    changed = float((data.corrupted_test_labels != data.test_labels).float().mean())
    assert changed == pytest.approx(0.45, abs=0.1)
    it = finished(started(recipe(**asked)))
    against = it.count(it.data.test_images, it.data.corrupted_test_labels)[0]
    assert it.outcome.corrupted_test_correct == against
    assert it.outcome.test_correct == it.count(it.data.test_images, it.data.test_labels)[0]
    assert data_of(recipe()).corrupted_test_labels is None


def test_the_best_epoch_is_the_first_of_the_highest_validation_accuracy():
    curve = Curve(step=[1, 2, 3, 4], validation_accuracy=[0.1, 0.6, None, 0.6])
    outcome = Outcome("finished", curve, 1, 2, 1, 2, [], "", "", None)
    assert outcome.best_epoch == 2
    with pytest.raises(HarnessError, match="no epoch was validated; give the recipe a validation"):
        _ = replace(outcome, curve=Curve(step=[1], validation_accuracy=[None])).best_epoch


def test_the_test_set_is_evaluated_every_epoch_and_the_training_set_when_nearly_fitted():
    it = finished(started(recipe(evaluation="test every epoch", validation_size=10)))
    curve = it.curve
    assert None not in curve.test_accuracy and None not in curve.validation_accuracy
    assert curve.train_accuracy[:-1] == [None, None] and curve.train_accuracy[-1] is not None


def test_regularizers_are_off_by_default_and_in_the_title_if_on():
    assert recipe().regularizers == ""
    title = str(recipe(**EVERYTHING))
    assert "random crop, flip, rotation, weight decay 0.01 of weights, dropout 0.5" in title
    assert can_be_grouped(recipe(weight_decay=(("weights", 0.1),)))
    assert not can_be_grouped(recipe(dropout=0.5))
    assert not can_be_grouped(recipe(augmentation=("flip",)))


def test_regularizers_can_be_given_on_the_command_line():
    words = ["augmentation=random crop,flip", "weight_decay=weights:5e-4", "dropout=0.1"]
    assert parse_changes(words) == {
        "augmentation": ("random crop", "flip"),
        "weight_decay": (("weights", 5e-4),),
        "dropout": 0.1,
    }
    assert parse_changes(["augmentation="]) == {"augmentation": ()}
    with pytest.raises(InvalidRecipe, match=r"weights', 'much'.* a coefficient above 0, as in"):
        recipe(**parse_changes(["weight_decay=weights:much"]))


def test_a_run_keeps_the_digests_of_what_it_draws():
    """Runs that are compared as pairs prove by them that they share it."""
    drawn = {"augmentation": ("random crop", "rotation"), "crop": 6, "dropout": 0.5, "epochs": 2}
    one, same, decayed, other = (
        finished(started(recipe(**drawn, **changes))).outcome.digests
        for changes in ({}, {}, {"weight_decay": (("weights", 0.1),)}, {"seed": 1})
    )
    assert one == same == decayed and set(one) == set(DECIDED_BY)
    assert not set(one.values()) & set(other.values())
    plain = finished(started(recipe(crop=6, epochs=2))).outcome.digests
    assert plain == {"initial weights": one["initial weights"]}
