"""A recipe that cannot be trained is refused when it is made; named recipes are the paper's."""

import json
import math
from dataclasses import FrozenInstanceError, fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.__main__ import main
from harness.cli.train import chosen_recipe
from harness.errors import InvalidRecipe, UnknownName
from harness.models import model_spec
from harness.training.protocol import SETTINGS, named_recipe, paper_recipe, recipe_names
from harness.training.recipe import Recipe, differing_fields

RATES = ["learning_rate", "momentum", "decay", "batch_norm_momentum", "label_corruption"]
COUNTS = ["batch_size", "epochs", "crop", "decay_every", "train_size"]
FROM_1 = "an integer from 1 up"
OF_DIGITS = "an integer from 1 to 797, the training images of scikit-learn's digits"


def digits(**changes: object) -> Recipe:
    return Recipe(**{"model": "mlp-1x512", "dataset": "digits", **changes})


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("epochs", 0, FROM_1),
        ("epochs", -1, FROM_1),
        ("epochs", 1.0, FROM_1),
        ("batch_size", 0, FROM_1),
        ("batch_size", 128.0, FROM_1),
        ("crop", 0, FROM_1),
        ("decay_every", 0, FROM_1),
        ("seed", -1, "an integer from 0 up"),
        ("seed", 0.5, "an integer from 0 up"),
        ("train_size", 0, OF_DIGITS),
        ("train_size", 798, OF_DIGITS),
        ("train_size", 10.0, OF_DIGITS),
        ("label_corruption", -0.01, "a share in [0, 1]"),
        ("label_corruption", 1.01, "a share in [0, 1]"),
        ("learning_rate", 0, "above 0"),
        ("learning_rate", -0.1, "above 0"),
        ("learning_rate", math.inf, "above 0"),
        ("momentum", 1.0, "in [0, 1)"),
        ("momentum", -0.1, "in [0, 1)"),
        ("decay", 0.0, "in (0, 1]"),
        ("decay", 1.01, "in (0, 1]"),
        ("batch_norm_momentum", 0.0, "in (0, 1]"),
        ("inputs", "shuffled", "one of 'true', 'shuffled pixels', 'random pixels', 'gaussian'"),
        ("redraw", "always", "one of 'never', 'labels each epoch', 'inputs each access'"),
        ("evaluation", "never", "one of 'every epoch', 'test every epoch', 'once nearly fitted'"),
        ("precision", "fp16", "one of 'auto', 'fp32', 'bf16'"),
        ("precision", None, "one of 'auto', 'fp32', 'bf16'"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name_value_and_remedy(field, value, remedy):
    with pytest.raises(InvalidRecipe) as refused:
        digits(**{field: value})
    assert str(refused.value).startswith(f"{field} = {value!r}, but it should be {remedy}")


@pytest.mark.parametrize("field", RATES)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, "0.5", None, True])
def test_a_rate_that_is_no_finite_number_is_refused(field, value):
    with pytest.raises(InvalidRecipe, match=f"{field} = {value!r}, but it should be"):
        digits(**{field: value})


@pytest.mark.parametrize("field", [*COUNTS, "seed"])
@pytest.mark.parametrize("value", [True, False, "8", 8.0, math.nan])
def test_a_count_that_is_no_integer_is_refused(field, value):
    with pytest.raises(InvalidRecipe, match=f"{field} = {value!r}, but it should be an integer"):
        digits(**{field: value})


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_stop_at_zero_error_is_true_or_false(value):
    with pytest.raises(InvalidRecipe, match=f"stop_at_zero_error = {value!r}, but it should be"):
        digits(stop_at_zero_error=value)


def test_whole_training_sets_are_the_largest_sizes():
    for dataset, size in (("digits", 797), ("cifar10", 50_000), ("mnist", 60_000)):
        assert Recipe(model="linear", dataset=dataset, train_size=size).images == size
        assert Recipe(model="linear", dataset=dataset).images == size
        with pytest.raises(InvalidRecipe, match=f"train_size = {size + 1}, .*to {size:,}, the"):
            Recipe(model="linear", dataset=dataset, train_size=size + 1)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"redraw": "labels each epoch"}, "label_corruption = 0.0, .*above 0 where redraw"),
        ({"redraw": "inputs each access"}, "inputs = 'true', .*'random pixels' or 'gaussian'"),
        (
            {"redraw": "inputs each access", "inputs": "shuffled pixels"},
            "inputs = 'shuffled pixels', .*'random pixels' or 'gaussian'",
        ),
    ],
)
def test_nothing_is_redrawn_that_was_never_drawn(changes, message):
    with pytest.raises(InvalidRecipe, match=message):
        digits(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "mlp3x512"}, "unknown model 'mlp3x512'; nearest: mlp-3x512, .*; known: "),
        ({"dataset": "cifar"}, "unknown dataset 'cifar'; nearest: cifar10; known: digits, "),
    ],
)
def test_unknown_networks_and_datasets_are_refused_with_the_nearest(changes, message):
    with pytest.raises(UnknownName, match=message):
        digits(**changes)


def test_a_refused_variant_leaves_no_recipe_and_a_recipe_cannot_be_changed():
    recipe = digits()
    with pytest.raises(InvalidRecipe, match="epochs = 0"):
        replace(recipe, epochs=0)
    with pytest.raises(FrozenInstanceError):
        recipe.epochs = 0


def test_differing_fields_are_those_that_differ_in_their_own_order():
    one = digits()
    assert differing_fields(one, digits()) == ()
    assert differing_fields(one, digits(seed=1, label_corruption=1.0)) == (
        "label_corruption",
        "seed",
    )
    other = named_recipe("alexnet/cifar10/gaussian")
    assert differing_fields(one, other) == ("model", "dataset", "inputs")


@given(
    st.builds(
        Recipe,
        model=st.sampled_from(["linear", "alexnet", "mlp-2x7"]),
        train_size=st.none() | st.integers(1, 797),
        label_corruption=st.floats(0.1, 1),
        learning_rate=st.floats(1e-6, 10),
        redraw=st.sampled_from(["never", "labels each epoch"]),
        stop_at_zero_error=st.booleans(),
        seed=st.integers(0, 2**60),
    )
)
@settings(deadline=None, max_examples=25)
def test_a_recipe_survives_json(recipe):
    again = Recipe(**json.loads(json.dumps(recipe.as_dict())))
    assert again == recipe and hash(again) == hash(recipe)
    assert list(recipe.as_dict()) == [field.name for field in fields(Recipe)]


@pytest.mark.parametrize(
    ("images", "batch", "steps"), [(32, 16, 2), (33, 16, 3), (50_000, 128, 391), (5, 128, 1)]
)
def test_the_last_smaller_batch_is_a_step(images, batch, steps):
    recipe = Recipe(model="linear", train_size=images, batch_size=batch)
    assert recipe.steps_per_epoch == steps


@pytest.mark.parametrize("name", [it for it in recipe_names() if "/imagenet/" not in it])
def test_every_listed_recipe_exists_and_differs_from_appendix_a_only_where_it_says(name):
    model, dataset, setting = name.split("/")
    rate = model_spec(model).learning_rate_on(dataset)
    plain = Recipe(model=model, dataset=dataset, learning_rate=rate)
    assert named_recipe(name) == replace(plain, **SETTINGS[setting])


@pytest.mark.parametrize(
    ("model", "rate"),
    [("inception", 0.1), ("alexnet", 0.01), ("mlp-3x512", 0.01), ("mlp-1x512", 0.01)],
)
def test_named_recipes_have_the_numbers_of_appendix_a(model, rate):
    recipe = named_recipe(f"{model}/cifar10/true-labels")
    assert (recipe.learning_rate, recipe.momentum, recipe.batch_size) == (rate, 0.9, 128)
    assert (recipe.decay, recipe.decay_every, recipe.crop) == (0.95, 391, 28)
    assert not recipe.stop_at_zero_error


def test_the_network_without_batchnorm_learns_at_the_rate_that_was_chosen_on_each_dataset():
    rates = {
        dataset: named_recipe(f"inception-without-batchnorm/{dataset}/true-labels").learning_rate
        for dataset in ("cifar10", "digits", "mnist")
    }
    assert rates == {"cifar10": 0.01, "digits": 0.003, "mnist": 0.003}


def test_partially_corrupted_labels_are_named_by_their_share():
    assert named_recipe("linear/digits/corrupted-0.3").label_corruption == 0.3
    assert named_recipe("linear/digits/corrupted-.3").setting == "labels corrupted with p = 0.3"
    with pytest.raises(InvalidRecipe, match=r"label_corruption = 1.5, .*a share in \[0, 1\]"):
        named_recipe("linear/digits/corrupted-1.5")


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("mlp-1x512/cifar10/random-label", "mlp-1x512/cifar10/random-labels"),
        ("mlp-1x512/cifar/random-labels", "mlp-1x512/cifar10/random-labels"),
        ("alexnt/digits/gaussian", "alexnet/digits/gaussian"),
    ],
)
def test_an_unknown_recipe_is_refused_with_the_nearest(name, nearest):
    message = f"unknown recipe '{name}'; nearest: .*{nearest}.*; known: inception/digits/true-label"
    with pytest.raises(UnknownName, match=message):
        named_recipe(name)


def test_an_unknown_setting_or_field_is_refused_with_the_nearest():
    with pytest.raises(UnknownName, match="unknown setting 'gausian'; nearest: gaussian; known:"):
        paper_recipe("linear", "digits", "gausian")
    for make in (paper_recipe, lambda *parts, **changes: named_recipe("/".join(parts), **changes)):
        with pytest.raises(UnknownName, match=r"unknown recipe field 'epoch'; nearest: epochs.*;"):
            make("linear", "digits", "gaussian", epoch=3)
        with pytest.raises((UnknownName, InvalidRecipe), match="steps_per_epoch"):
            make("linear", "digits", "gaussian", steps_per_epoch=3)


@pytest.mark.parametrize("change", [{"model": "alexnet"}, {"dataset": "mnist"}])
def test_what_the_name_says_is_changed_in_the_name(change):
    (field,) = change
    with pytest.raises(InvalidRecipe, match=f"--set {field}=.*: the {field} is part of a recipe's"):
        chosen_recipe("mlp-1x512/digits/random-labels", change)


def test_a_recipe_of_a_file_may_be_changed_in_every_field(tmp_path):
    (tmp_path / "it.json").write_bytes(digits(epochs=3).to_json())
    changed = chosen_recipe(str(tmp_path / "it.json"), {"model": "alexnet"})
    assert changed == digits(epochs=3, model="alexnet")


@pytest.mark.parametrize("seconds", ["nan", "inf", "-1", "soon"])
def test_a_time_between_checkpoints_that_never_comes_is_refused(seconds, capsys):
    """With NaN none was ever written, without a word."""
    with pytest.raises(SystemExit):
        main(["train", "linear/digits/gaussian", "--checkpoint-seconds", seconds])
    assert f"{seconds!r}, but it should be a number of seconds" in capsys.readouterr().err


def test_numbers_of_numpy_are_no_reason_for_another_run():
    assert digits(learning_rate=np.float64(0.1)) == digits(learning_rate=0.1)
    assert digits(label_corruption=1) == digits(label_corruption=1.0)
