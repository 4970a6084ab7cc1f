"""Published numbers come back exact, in shares, with their place; a vague request is refused."""

import hashlib
import re

import pytest

from harness.errors import HarnessError
from harness.evidence.published import (
    PAPER,
    TABLE_TITLES,
    UNITS,
    Published,
    numbers_of_the_paper,
    published_row,
    published_table,
)
from harness.evidence.published_figures import (
    published_crossing,
    published_curve,
    published_epochs,
    published_epochs_at,
    published_figure,
    unevenness,
)

TABLE1 = "table1_cifar10"
TABLE2 = "table2_imagenet_inception_v3"
TABLE3 = "table3_kernels"
TABLE4 = "table4_random_labels_despite_regularizers_cifar10"
NONE = {"random_crop": False, "weight_decay": False}
BARE = {"labels": "true", "aug": False, "dropout": False, "weight_decay": False}


@pytest.mark.parametrize(
    ("table", "field", "match", "value", "where", "unit"),
    [
        (
            *(TABLE1, "params", {"model": "Alexnet", "labels": "random"}),
            *(1387786, "Table 1, Alexnet, random labels, params", "parameters"),
        ),
        (
            *(TABLE1, "test", {"model": "Inception", "labels": "true", **NONE}, 0.8575),
            "Table 1, Inception, true labels, no random crop, no weight decay, test",
            "share",
        ),
        (
            *(TABLE2, "top1_test_best", BARE, 0.6316),
            "Table 2, true labels, no aug, no dropout, no weight decay, top-1 test best",
            "share",
        ),
        (
            *(TABLE3, "test_error", {"dataset": "MNIST", "preprocessing": "gabor filters"}, 0.006),
            "Table 3 and Section 5, MNIST, gabor filters preprocessing, test error",
            "share",
        ),
        (
            *(TABLE3, "solution_norm", {"dataset": "MNIST", "preprocessing": "none"}, 220),
            "Table 3 and Section 5, MNIST, no preprocessing, solution norm",
            "l2 norm",
        ),
        (
            *("section5_resources", "mnist_kernel_memory_gb", {}),
            *(30, "Section 5, mnist kernel memory gb", "GB"),
        ),
    ],
)
def test_a_published_number_comes_with_its_place_and_unit(table, field, match, value, where, unit):
    assert published_row(table, field, **match) == Published(value, where, unit)


def test_every_row_of_every_table_can_be_asked_for():
    assert set(numbers_of_the_paper("tables.json")) == {"_note", *TABLE_TITLES}
    for table in TABLE_TITLES:
        for row in published_table(table):
            texts = ("remark", "workstation")
            match = {k: v for k, v in row.items() if k not in UNITS and k not in texts}
            for field in [k for k in row if k in UNITS and row[k] is not None]:
                found = published_row(table, field, **match)
                assert 0 <= found.value <= 1 or found.unit != "share", found.where


@pytest.mark.parametrize(
    ("name", "digest"),
    [("tables.json", "e1e3f655b851d447"), ("figures.json", "2a6bd2e3df2d074b")],
)
def test_a_published_number_is_changed_by_nobody_who_has_not_read_this(name, digest):
    """Compare the number with the paper, then give the new digest here."""
    assert hashlib.sha256((PAPER / name).read_bytes()).hexdigest().startswith(digest)


def test_an_ambiguous_request_lists_the_rows():
    with pytest.raises(HarnessError, match=r"Table 1: 2 rows have .*; name one of these:") as it:
        published_row(TABLE1, "test", model="MLP 1x512", labels="true")
    assert len(re.findall(r"\n  model='MLP 1x512', labels='true'", str(it.value))) == 2
    assert "\n  model='MLP 1x512', labels='true', random_crop=False, weight_decay=True" in str(
        it.value
    )


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (
            lambda: published_row(TABLE1, "test", model="MLP 2x512", labels="random"),
            "0 rows have model='MLP 2x512', labels='random'; name one of these:",
        ),
        (
            lambda: published_row(TABLE1, "tset", model="Alexnet", labels="random"),
            "Table 1, Alexnet, random labels, tset: the paper gives no such number",
        ),
        (
            lambda: published_row(TABLE4, "train", model="Alexnet"),
            "Table 4, Alexnet, train: the paper gives no such number",
        ),
    ],
)
def test_what_the_paper_does_not_give_is_refused(ask, message):
    with pytest.raises(HarnessError, match=message):
        ask()


def test_a_curve_comes_with_its_axes():
    curve = published_curve("fig1b", "AlexNet")
    assert curve.where == "Figure 1b, AlexNet"
    assert curve.x == (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
    assert (curve.y[0], curve.y[-1]) == (1.0, 1.5484)
    assert curve.x_unit == "label corruption"
    assert curve.y_unit == "epochs to fit / epochs to fit at corruption 0"


# Read off the figure with a reach of 0.4 thousand steps: one point an epoch, 391 steps apart.
@pytest.mark.parametrize(
    ("curve", "below", "steps"),
    [
        ("random labels", 2.2, 5500),
        ("random labels", 0.01, 14500),
        ("true labels", 0.01, 4700),
    ],
)
def test_figure_1a_is_crossed_where_the_paper_draws_it(curve, below, steps):
    crossing = published_crossing("fig1a", curve, below=below)
    assert crossing.value == pytest.approx(steps, abs=400)
    assert crossing.unit == "steps"
    assert crossing.where == f"Figure 1a, {curve}, first below {below}"


def test_figure_1b_is_drawn_in_whole_epochs():
    """With the epochs at p = 0 each ordinate, read to 0.0001, is a whole number of them."""
    for curve, at_0 in published_figure("fig1b")["epochs_at_0"].items():
        drawn, epochs = published_curve("fig1b", curve), published_epochs(curve)
        assert epochs[0.0] == at_0
        for level, ratio in zip(drawn.x, drawn.y, strict=True):
            assert ratio * at_0 == pytest.approx(epochs[level], abs=0.002)
    assert list(published_epochs("MLP 1x512").values())[-3:] == [55, 56, 55]
    assert published_epochs_at("MLP 1x512", 0.9).value == 56
    uneven = {it: unevenness(it).value for it in ("MLP 1x512", "AlexNet", "Inception")}
    assert uneven == {"MLP 1x512": 4, "AlexNet": 2, "Inception": 5}
