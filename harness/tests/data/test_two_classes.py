"""Section 2.2's data: two groups of classes, random signs, a replaced example, kept answers."""

from dataclasses import replace

import pytest
import torch

from harness.data.sources import load
from harness.errors import InvalidRecipe
from harness.tests.training_helpers import finished
from harness.training.backend import Backend
from harness.training.checkpoint import restore, state_of
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.outcome import Outcome
from harness.training.preview import what_differs
from harness.training.recipe import Recipe


def recipe(**changes: object) -> Recipe:
    fields = {"label_corruption": 1.0, "labels": "two groups", "train_size": 64, **changes}
    return Recipe(**{"model": "mlp-1x16", "dataset": "digits", "precision": "fp32", **fields})


def data(**changes: object):
    return prepared_data(recipe(**changes), None, "cpu", "fp32")


def test_training_and_test_labels_are_grouped():
    true, two = data(labels="classes", label_corruption=0.0), data(label_corruption=0.0)
    assert two.classes == 2 and set(two.train_labels.tolist()) == {0, 1}
    assert torch.equal(two.train_labels, (true.train_labels >= 5).long())
    assert torch.equal(two.test_labels, (true.test_labels >= 5).long())
    assert torch.equal(two.train_images, true.train_images)
    assert load("digits").spec.groups == ("digits below five", "digits from five up")


def test_draws_change_the_training_labels_alone():
    first, second = recipe(), recipe(label_draw=1)
    assert what_differs(first, second) == {"training labels"}
    assert what_differs(second, recipe(label_draw=1)) == set()
    draws = [tuple(data(label_draw=draw).train_labels.tolist()) for draw in range(20)]
    assert len(set(draws)) == 20
    other = prepared_data(recipe(label_draw=1, train_size=None, seed=1), None, "cpu", "fp32")
    assert not torch.equal(other.train_labels, data(label_draw=1, train_size=None).train_labels)


@pytest.mark.parametrize("index", [0, 17, 63])
def test_a_replacement_changes_one_example_alone(index):
    before, after = data(), data(replaced=index)
    images = (before.train_images != after.train_images).flatten(1).any(dim=1)
    assert images.nonzero().flatten().tolist() == [index]
    labels = (before.train_labels != after.train_labels).nonzero().flatten().tolist()
    assert labels in ([], [index])
    assert what_differs(recipe(), recipe(replaced=index)) <= {"training images", "training labels"}


def test_the_replacement_comes_from_outside_the_sample():
    kept = data(keep_answers=True)
    sample, left_out = kept.probes
    assert torch.equal(sample, kept.train_images) and len(left_out) == 64
    seen = {tuple(image.flatten().tolist()) for image in sample}
    assert not seen & {tuple(image.flatten().tolist()) for image in left_out}
    after = data(keep_answers=True, replaced=5)
    assert torch.equal(after.train_images[5], left_out[5])
    assert int(after.train_labels[5]) == int(kept.probe_labels[64 + 5])
    assert torch.equal(after.probes[0], sample), "probes are those before the replacement"
    assert torch.equal(after.probe_labels, kept.probe_labels)


def test_few_images_outside_the_sample_are_used_repeatedly():
    kept = data(train_size=700, keep_answers=True, replaced=99)
    assert len(kept.probes[1]) == 97
    assert torch.equal(kept.train_images[99], kept.probes[1][2])


def test_labels_outside_the_sample_are_corrupted_too():
    true = data(label_corruption=0.0, keep_answers=True).probe_labels[64:]
    random = data(keep_answers=True).probe_labels[64:]
    assert 10 < int((true != random).sum()) < 54
    other = data(keep_answers=True, label_draw=1).probe_labels
    assert not torch.equal(other[64:], random)


def test_answers_are_logit_differences_on_the_probes():
    whole = recipe(keep_answers=True, epochs=2, replaced=3)
    prepared = prepared_data(whole, None, "cpu", "fp32")
    training = Training(whole, prepared, Backend())
    assert training.outcome.answers == []
    outcome = finished(training).outcome
    with torch.no_grad():
        logits = training.model.eval()(torch.cat(prepared.probes))
    assert outcome.answers == pytest.approx((logits[:, 1] - logits[:, 0]).tolist(), abs=1e-5)
    assert outcome.probe_labels == prepared.probe_labels.tolist()
    assert Outcome.from_dict(outcome.as_dict()) == outcome
    again = Training(whole, prepared, Backend())
    restore(again, state_of(training))
    assert again.outcome.answers == outcome.answers


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": "signs"}, "labels = 'signs', but it should be one of 'classes', 'two groups'"),
        ({"label_draw": -1}, "label_draw = -1, but it should be an integer from 0 up"),
        ({"label_draw": 1, "label_corruption": 0.0}, "label_corruption = 0.0, .*above 0 where lab"),
        ({"replaced": 64}, "replaced = 64, but it should be an index.*from 0 to 63"),
        ({"replaced": 0, "train_size": None}, "train_size = None, .*below 797 where replaced is"),
        ({"keep_answers": True, "train_size": 797}, "train_size = 797, .*below 797 where keep_a"),
        ({"replaced": 0, "inputs": "gaussian"}, "inputs = 'gaussian', .*where replaced is given"),
        ({"keep_answers": True, "labels": "classes"}, "labels = 'classes', .*'two groups' where"),
        (
            {"stop_at_zero_error": True, "evaluation": "at the end"},
            "where stop_at_zero_error is Tr",
        ),
    ],
)
def test_contradictory_fields_are_refused(changes, message):
    with pytest.raises(InvalidRecipe, match=message):
        recipe(**changes)


def test_evaluation_at_the_end_happens_once():
    for evaluation in ("every epoch", "at the end"):
        it = recipe(
            model="mlp-1x512", epochs=12, learning_rate=0.1, evaluation=evaluation, train_size=16
        )
        training = finished(Training(it, prepared_data(it, None, "cpu", "fp32"), Backend()))
        assert 1.0 in training.curve.online_accuracy[:-1]
        evaluated = [accuracy is not None for accuracy in training.curve.train_accuracy]
        assert evaluated == [evaluation == "every epoch"] * 11 + [True]
    assert replace(it, evaluation="every epoch") != it
