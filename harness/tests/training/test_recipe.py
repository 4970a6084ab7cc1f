"""A recipe that cannot be trained is refused when it is made; named recipes are the paper's."""

import json
import math
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.__main__ import main
from harness.cli.train import chosen_recipe
from harness.errors import InvalidRecipe, UnknownName
from harness.models import model_spec
from harness.tests.training_helpers import tiny_recipe
from harness.training.protocol import SETTINGS, named_recipe, paper_recipe, recipe_names
from harness.training.recipe import Recipe
from harness.training.recipe_fields import LATER


def digits(**changes: object) -> Recipe:
    return Recipe(**{"model": "mlp-1x512", "dataset": "digits", **changes})


BOUNDS = [
    (["epochs", "batch_size", "crop", "decay_every"], [0, 1.0], "an integer from 1 up"),
    (["seed", "label_draw", "validation_size"], [-1], "an integer from 0 up"),
    (["train_size"], [0, 10.0], "None or an integer from 1 up"),
    (["train_size"], [798], "an integer from 1 to 797, the training images of scikit-"),
    (["label_corruption"], [-0.01, 1.01, math.nan], "a share in [0, 1]"),
    (["learning_rate"], [0, math.inf, "0.5"], "above 0"),
    (["momentum", "dropout"], [1.0, -0.1], "in [0, 1)"),
    (["decay", "batch_norm_momentum"], [0.0, 1.01], "in (0, 1]"),
    (["inputs"], ["shuffled"], "one of 'true', 'shuffled pixels', 'random pixels', 'gaussian'"),
    (["redraw"], ["always"], "one of 'never', 'labels each epoch', 'inputs each access'"),
    (["evaluation"], ["never"], "one of 'every epoch', 'test every epoch', 'once nearly fitted'"),
    (["precision"], ["fp16", None], "one of 'auto', 'fp32', 'bf16'"),
    (["stop_at_zero_error", "auxiliary"], ["yes", 1, None], "True or False"),
]


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [(it, value, remedy) for names, values, remedy in BOUNDS for it in names for value in values],
)
def test_a_value_out_of_bounds_is_refused(field, value, remedy):
    with pytest.raises(InvalidRecipe) as refused:
        digits(**{field: value})
    assert str(refused.value).startswith(f"{field} = {value!r}, but it should be {remedy}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"redraw": "labels each epoch"}, "label_corruption = 0.0, .*above 0 where redraw"),
        ({"redraw": "inputs each access"}, "inputs = 'true', .*'random pixels' or 'gaussian'"),
        ({"model": "mlp3x512"}, "unknown model 'mlp3x512'; nearest: mlp-3x512, .*; known: "),
        ({"dataset": "cifar"}, "unknown dataset 'cifar'; nearest: cifar10; known: digits, "),
        ({"augmentation": ("mirror",)}, "augmentation = .*any of 'random crop', 'flip', 'rotat"),
        ({"augmentation": ("random crop",)}, "crop = 28, .*below 8, the side of the images"),
        ({"augmentation": ("flip",), "inputs": "gaussian"}, "inputs = 'gaussian', .*'true' where"),
        ({"weight_decay": (("wieghts", 0.1),)}, "groups name parameters of mlp-1x16: one of 'weig"),
        ({"weight_decay": (("hidden dense layers", 0.1),)}, "not 'hidden dense layers'"),
        ({"weight_decay": (("weights", 0.0),)}, "a coefficient above 0"),
        ({"weight_decay": 0.1}, "pairs of a parameter group and a coefficient"),
        (
            {"model": "alexnet", "weight_decay": (("weights", 0.1), ("output layer", 0.2))},
            "groups that have no parameter in common",
        ),
        ({"validation_size": 766}, "validation_size = 766, .*at most 765, what train_size = 32"),
        ({"augmentation": ("flip",), "replaced": 0}, r"augmentation = .*\(\) where replaced is"),
        ({"score_corrupted_test": True}, "label_corruption = 0.0, .*where score_corrupted_test is"),
        ({"validation_size": 10, "replaced": 0}, "validation_size = 10, .*0 where replaced is gi"),
    ],
)
def test_a_recipe_that_contradicts_itself_its_network_or_its_data_is_refused(changes, message):
    with pytest.raises((InvalidRecipe, UnknownName), match=message):
        tiny_recipe(**changes)


@given(
    st.builds(
        Recipe,
        model=st.sampled_from(["linear", "alexnet", "mlp-2x7"]),
        train_size=st.none() | st.integers(1, 797),
        label_corruption=st.floats(0.1, 1),
        learning_rate=st.floats(1e-6, 10),
        redraw=st.sampled_from(["never", "labels each epoch"]),
        augmentation=st.sampled_from([(), ("random crop", "flip")]),
        weight_decay=st.sampled_from([(), (("weights", 0.01),)]),
        stop_at_zero_error=st.booleans(),
        seed=st.integers(0, 2**60),
    )
)
@settings(deadline=None, max_examples=25)
def test_a_recipe_survives_json(recipe):
    again = Recipe(**json.loads(json.dumps(recipe.as_dict())))
    assert again == recipe and hash(again) == hash(recipe)
    assert list(recipe.as_dict()) == [it.name for it in fields(Recipe) if it.name not in LATER]


@pytest.mark.parametrize("name", [it for it in recipe_names() if "/imagenet/" not in it])
def test_a_named_recipe_is_appendix_a_with_its_setting(name):
    model, dataset, setting = name.split("/")
    rate = model_spec(model).learning_rate_on(dataset)
    plain = Recipe(model=model, dataset=dataset, learning_rate=rate)
    assert named_recipe(name) == replace(plain, **SETTINGS[setting])


def test_the_network_without_batchnorm_has_a_learning_rate_for_each_dataset():
    rates = {
        dataset: named_recipe(f"inception-without-batchnorm/{dataset}/true-labels").learning_rate
        for dataset in ("cifar10", "digits", "mnist")
    }
    assert rates == {"cifar10": 0.01, "digits": 0.003, "mnist": 0.003}


def test_partial_corruption_is_named_by_its_share():
    assert named_recipe("linear/digits/corrupted-0.3").label_corruption == 0.3
    assert named_recipe("linear/digits/corrupted-.3").setting == "labels corrupted with p = 0.3"
    with pytest.raises(InvalidRecipe, match=r"label_corruption = 1.5, .*a share in \[0, 1\]"):
        named_recipe("linear/digits/corrupted-1.5")


def test_an_unknown_recipe_setting_or_field_is_refused_with_the_nearest():
    with pytest.raises(
        UnknownName, match=r"'mlp-1x512/cifar/random-labels'; nearest: mlp-1x512/cif"
    ):
        named_recipe("mlp-1x512/cifar/random-labels")
    with pytest.raises(UnknownName, match="unknown setting 'gausian'; nearest: gaussian; known:"):
        paper_recipe("linear", "digits", "gausian")
    for make in (paper_recipe, lambda *parts, **changes: named_recipe("/".join(parts), **changes)):
        with pytest.raises(UnknownName, match=r"unknown recipe field 'epoch'; nearest: epochs.*;"):
            make("linear", "digits", "gaussian", epoch=3)
        with pytest.raises((UnknownName, InvalidRecipe), match="steps_per_epoch"):
            make("linear", "digits", "gaussian", steps_per_epoch=3)


@pytest.mark.parametrize("change", [{"model": "alexnet"}, {"dataset": "mnist"}])
def test_the_model_and_dataset_of_a_named_recipe_cannot_be_set(change):
    (field,) = change
    with pytest.raises(InvalidRecipe, match=f"--set {field}=.*: the {field} is part of a recipe's"):
        chosen_recipe("mlp-1x512/digits/random-labels", change)


def test_every_field_of_a_recipe_in_a_file_can_be_set(tmp_path):
    (tmp_path / "it.json").write_bytes(digits(epochs=3).to_json())
    changed = chosen_recipe(str(tmp_path / "it.json"), {"model": "alexnet"})
    assert changed == digits(epochs=3, model="alexnet")


def test_invalid_seconds_between_checkpoints_are_refused(capsys):
    with pytest.raises(SystemExit):
        main(["train", "linear/digits/gaussian", "--checkpoint-seconds", "nan"])
    assert "--checkpoint-seconds: 'nan', but it should be a number" in capsys.readouterr().err
