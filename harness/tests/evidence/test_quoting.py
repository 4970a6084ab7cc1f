"""A published number stands beside the training that it was published for, and no other."""

import re
from dataclasses import replace

import pytest

from claims.section3_regularization.recipes import TABLE_1, name_of, table_1
from harness.evidence import exact, published_at, published_crossing, published_row
from harness.evidence.measurement import Measurement
from harness.evidence.quoting import misquoted
from harness.evidence.regularization import table2
from harness.linear.recipe import ConvNetRecipe, GaborBank, KernelRecipe, fit_label
from harness.training.imagenet import ROWS, imagenet_recipe
from harness.training.protocol import paper_recipe

TABLE_4 = "table4_random_labels_despite_regularizers_cifar10"
CONVNET = "random conv-net, 32000 filters"
PIXELS = KernelRecipe(dataset="mnist", gamma=0.02, corruptions=(0.0, 1.0))
GABOR = replace(PIXELS, features=GaborBank())
FILTERS = ConvNetRecipe(dataset="cifar10", filters=(32_000,), ridges=(0.0, 0.01))


def measured(column="", fits=()):
    return Measurement("it", (0.5,), "share", (0.4, 0.6), "images", column=column, fits=fits)


def cell(network, crop=False, decay=False, labels="true", field="test"):
    switches = {"random_crop": crop, "weight_decay": decay}
    row = {"model": name_of(network), "labels": labels, **switches}
    return published_row("table1_cifar10", field, **row)


def kernel(dataset, preprocessing):
    row = {"dataset": dataset, "preprocessing": preprocessing}
    return published_row("table3_kernels", "test_error", **row)


def random_labels(network="mlp-1x512", dataset="cifar10", **changes):
    return paper_recipe(network, dataset, "random-labels", **changes)


@pytest.mark.parametrize("row", TABLE_1, ids=str)
def test_of_all_rows_of_table_1_its_own_alone_belongs_to_a_recipe(row):
    fitting = [
        other for other in TABLE_1 if not misquoted(cell(*other), measured("test"), [table_1(*row)])
    ]
    assert fitting == [row]


@pytest.mark.parametrize("row", ROWS)
def test_of_all_rows_of_table_2_its_own_alone_belongs_to_a_recipe(row):
    fitting = []
    for other in ROWS:
        labels, *switches = other.split("+")
        number = table2("top1_test", labels.removesuffix("-labels"), switches)
        if not misquoted(number, measured("test"), [imagenet_recipe(row)]):
            fitting.append(other)
    assert fitting == [row]


DECAYED = {"weight_decay": (("weights", 5e-4),)}
TABLE_4_ROW = {"table": TABLE_4, "field": "train", "model": "MLP 1x512"}


@pytest.mark.parametrize(
    ("number", "of", "recipes", "why"),
    [
        (cell("alexnet"), "test", [table_1("mlp-1x512")], "model = 'Alexnet', .* 'MLP 1x512'"),
        (cell("mlp-1x512"), "test", [random_labels()], "labels = 'true', .* 'random'"),
        (cell("mlp-1x512"), "train", [table_1("mlp-1x512")], "column = 'test', but 'train'"),
        (cell("mlp-1x512", labels="random"), "test", [random_labels(dataset="digits")], ""),
        (
            cell("mlp-1x512", labels="random"),
            "test",
            [random_labels(dataset="mnist")],
            "dataset = 'CIFAR10', but the run has 'MNIST'",
        ),
        (
            cell("mlp-1x512"),
            "test",
            [paper_recipe("mlp-1x512", "cifar10", "corrupted-0.5")],
            "labels corrupted with p = 0.5",
        ),
        (
            published_row(**TABLE_4_ROW, regularizer="weight decay"),
            "train",
            [random_labels(**DECAYED)],
            "",
        ),
        (kernel("MNIST", "none"), "test_error", [GABOR], "preprocessing = 'none'"),
        (kernel("MNIST", "none"), "", [replace(PIXELS, ridge=1.0)], "'none, ridge 1'"),
        (kernel("CIFAR10", "none"), "test_error", [PIXELS], "dataset = 'CIFAR10'"),
        (published_at("fig1b", "AlexNet", 1.0), "", [random_labels("inception")], "'Alexnet'"),
        (
            published_crossing("fig1a", "gaussian", 1.0),
            "",
            [random_labels("inception")],
            "labels = 'gaussian'",
        ),
    ],
)
def test_what_contradicts_a_single_number_is_named(number, of, recipes, why):
    found = misquoted(number, measured(of), recipes)
    assert found == "" if not why else re.search(why, found), found


def test_each_fit_of_a_solve_has_a_row_of_its_own():
    plain, ridge = (kernel("CIFAR10", CONVNET + it) for it in ("", ", with l2 regularization"))
    for number, value in ((plain, 0.0), (ridge, 0.01)):
        fits = {value: (fit_label(32_000, value),) for value in (0.0, 0.01)}
        assert not misquoted(number, measured("test_error", fits.pop(value)), [FILTERS])
        (other,) = fits.values()
        assert "l2" in misquoted(number, measured("test_error", other), [FILTERS])
    random = measured("test_error", ("random labels",))
    assert "labels = 'true'" in misquoted(kernel("MNIST", "none"), random, [PIXELS])


def test_of_a_difference_each_row_is_that_of_a_recipe():
    recipes = [table_1("inception"), table_1("inception-without-batchnorm")]
    with_it, without = cell("inception"), cell("inception-without-batchnorm")
    assert not misquoted(with_it - without, measured("test"), recipes)
    assert "'Alexnet'" in misquoted(cell("alexnet") - without, measured("test"), recipes)
    ratio = kernel("MNIST", "gabor filters") / kernel("MNIST", "none")
    assert not misquoted(ratio, measured("test_error"), [GABOR, PIXELS])
    assert "gabor filters" in misquoted(ratio, measured("test_error"), [PIXELS])
    other = kernel("CIFAR10", "none") / kernel("MNIST", "none")
    digits = [replace(it, dataset="digits") for it in (GABOR, PIXELS)]
    assert not misquoted(ratio, measured("test_error"), digits)
    assert "but the run has 'gabor filters'" in misquoted(other, measured("test_error"), digits)


def test_a_tables_extremes_stand_for_all_its_rows():
    spread = cell("inception", True) - cell("inception")
    assert not misquoted(spread, measured("test"), [table_1(*row) for row in TABLE_1])


def test_a_control_may_break_all_but_network_and_data():
    number, recipe = cell("mlp-1x512"), random_labels()
    assert not misquoted(number, measured("test"), [recipe], control=True)
    assert misquoted(cell("alexnet"), measured("test"), [recipe], control=True)


@pytest.mark.parametrize(
    ("name", "unit", "field", "why"),
    [
        ("Alexnet: trainable parameters", "parameters", "params", ""),
        ("MLP 1x512: trainable parameters", "parameters", "params", "named for 'MLP 1x512'"),
        ("Inception: trainable parameters", "parameters", "params", "model = 'Alexnet'"),
        ("Alexnet: trainable parameters", "layers", "params", "the measurement has 'layers'"),
    ],
)
def test_a_measurement_without_runs_is_held_to_its_name_and_unit(name, unit, field, why):
    found = misquoted(cell("alexnet", field=field), exact(name, [1], unit), [])
    assert (why in found) if why else not found
