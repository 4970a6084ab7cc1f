"""Counts of corrupted labels, by epoch and at the end, and the summary of a finished training."""

import pytest
import torch

from harness.data.streams import INITIALIZATION, stream
from harness.models.building import build_model
from harness.tests.training_helpers import finished, started, tiny_recipe
from harness.training.backend import Backend
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.recipe import Recipe
from harness.training.summary import is_summed_up, summarise

ONE_STEP = {"train_size": 256, "batch_size": 256, "epochs": 1, "seed": 1}
RECIPE = tiny_recipe(label_corruption=0.5, **ONE_STEP)
"""One step of all images: the guesses are the initial network's."""
APART = ("online_accuracy_corrupted", "online_accuracy_intact", "online_true_corrupted")


def initial_guesses(recipe, data):
    generator = stream(recipe.seed, INITIALIZATION)
    model = build_model(recipe.model, data.shape, data.classes, generator)
    return model(data.train_images).argmax(dim=1)


def test_corrupted_and_intact_images_are_counted_apart():
    training = finished(started(RECIPE))
    data, curve = training.data, training.curve
    true = prepared_data(tiny_recipe(**ONE_STEP), None, "cpu", "fp32").train_labels
    guesses, wrong = initial_guesses(RECIPE, data), data.train_labels != true
    assert 90 < int(wrong.sum()) < 140
    right = guesses == data.train_labels
    assert curve.online_accuracy_corrupted == [pytest.approx(float(right[wrong].float().mean()))]
    assert curve.online_accuracy_intact == [pytest.approx(float(right[~wrong].float().mean()))]
    on_true = float((guesses == true)[wrong].float().mean())
    assert curve.online_true_corrupted == [pytest.approx(on_true)]
    apart = abs(on_true - curve.online_accuracy_corrupted[0])
    assert apart > 0.005, "or one could stand for the other: take another seed"
    whole = curve.online_accuracy[0] * 256
    parts = curve.online_accuracy_corrupted[0] * int(wrong.sum())
    assert whole == pytest.approx(parts + curve.online_accuracy_intact[0] * int((~wrong).sum()))


def test_a_group_counts_corrupted_images_as_its_members_do_alone():
    levels = {0.5: 0, 0.3: 1}
    recipes = [tiny_recipe(label_corruption=it, seed=seed) for it, seed in levels.items()]
    data = [prepared_data(recipe, None, "cpu", "fp32") for recipe in recipes]
    group = GroupTraining(recipes, data, Backend("cpu", 1))
    while not group.over:
        group.run_epoch()
    for recipe, member in zip(recipes, group.members, strict=True):
        alone = finished(started(recipe)).curve
        for name in APART:
            assert getattr(member.curve, name) == pytest.approx(getattr(alone, name)), name
        assert len(alone.online_true_corrupted) == 3


def test_the_summary_agrees_with_the_weights_and_logits():
    training = finished(started(tiny_recipe(label_corruption=0.5, epochs=40, learning_rate=0.1)))
    before = {name: it.clone() for name, it in training.model.state_dict().items()}
    found = summarise(training)
    for name, it in training.model.state_dict().items():
        assert torch.equal(it, before[name]), "the noise is removed"
    summary, data = found["summary"], training.data
    logits = training.model.eval()(data.train_images).detach()
    true, wrong = data.true_labels, data.train_labels != data.true_labels
    assert found["corrupted_total"] == int(wrong.sum())
    assert found["true_correct"] == int((logits.argmax(dim=1) == true).sum())
    assert found["corrupted_true_correct"] == int((logits.argmax(dim=1) == true)[wrong].sum())
    first = summary["layers"][0]
    weight = training.model[1].weight.detach()
    assert first["final"]["frobenius"] == pytest.approx(float(weight.norm()), rel=1e-5)
    assert first["distance"]["frobenius"] > 0.1
    own = logits.gather(1, data.train_labels[:, None])[:, 0]
    others = logits.clone().scatter_(1, data.train_labels[:, None], -1e9).amax(dim=1)
    assert summary["margins"]["50"] == pytest.approx(float((own - others).quantile(0.5)), rel=1e-4)
    noise = summary["noise"]
    loss = torch.nn.functional.cross_entropy(logits, data.train_labels)
    assert noise["none"]["loss"] == pytest.approx(float(loss), rel=1e-4)
    assert noise["absolute"]["0.001"]["loss"] == pytest.approx(float(loss), rel=0.05, abs=0.01)
    assert noise["absolute"]["0.1"]["loss"] > noise["none"]["loss"]
    assert summary["parameters"]["count"] == sum(p.numel() for p in training.model.parameters())


def test_only_the_papers_networks_on_whole_data_sets_get_a_summary():
    assert is_summed_up(Recipe(model="mlp-1x512", dataset="cifar10"))
    for other in (
        Recipe(model="mlp-1x512", dataset="digits"),
        Recipe(model="mlp-1x512", dataset="cifar10", train_size=500),
        Recipe(model="torchvision:resnet18", dataset="cifar10"),
    ):
        assert not is_summed_up(other)
