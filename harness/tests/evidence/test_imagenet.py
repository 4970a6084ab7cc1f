"""Table 2's measurements, and what a folder of photographs lacks for a test."""

import math
import re

import pytest

from harness.evidence.regularization import (
    best_counts,
    last_counts,
    sum_of_accuracies,
    table2,
    top5_accuracy,
)
from harness.evidence.statistics import clopper_pearson
from harness.tests.evidence_helpers import trained
from harness.tests.photo_helpers import photo_layout
from harness.tests.plugin_helpers import Project


def run(**changes):
    counts = {"test_correct": 4, "test_total": 10, "train_total": 10, "train_among_five": 8}
    counts |= {"test_accuracy": [0.2, 0.6, 0.4], "test_top5": [0.5, 0.8, 0.9]}
    return trained(**{**counts, "test_among_five": 9, **changes})


def test_a_cell_of_table_2_is_found_by_its_switches():
    cell = table2("top1_test", "true", ["augmentation"])
    assert cell.value == 0.7295 and "Table 2" in cell.where
    assert table2("top1_train", "random", ["weight-decay", "dropout"]).value == 0.9118


def test_top_5_best_and_last_are_the_outcomes():
    measured = top5_accuracy("top-5", [run()], "train")
    assert measured.values == (0.8,) and measured.interval == clopper_pearson(8, 10)
    assert last_counts(run()) == (4, 10) and best_counts(run()) == (6, 10)
    assert top5_accuracy("top-5", [run()], "test").values == (0.9,)
    assert not top5_accuracy("top-5", [run(diverged=True)], "test").is_finite


def test_a_difference_has_newcombes_interval_and_a_sum_wider_bounds():
    one, other = (56, 70), (48, 80)
    difference = sum_of_accuracies("d", {"one": (1, one), "other": (-1, other)})
    assert difference.values[0] == pytest.approx(0.2)
    # Newcombe 1998, table II, (a): 0.0524 to 0.3339. His score intervals are less wide.
    low, high = difference.interval
    assert 0.04 < low < 0.0524 and 0.3339 < high < 0.35
    alone = sum_of_accuracies("a", {"one": (1, one)})
    assert alone.interval == pytest.approx(clopper_pearson(*one))
    halved = sum_of_accuracies("h", {"one": (-0.5, one)})
    assert halved.interval == pytest.approx([-end / 2 for end in alone.interval[::-1]])


def test_a_diverged_run_has_no_sum():
    broken = run(diverged=True, test_correct=0)
    measured = sum_of_accuracies("d", {"x": (1, last_counts(broken))}, [broken])
    assert math.isnan(measured.values[0]) and measured.diverged


CLAIMS = """
from harness.training.imagenet import imagenet_recipe
FEW = imagenet_recipe("random-labels", train_size=6, crop=75)

@pytest.mark.claim("2.1-imagenet")
@experiments(imagenet={"whole": [imagenet_recipe("random-labels")], "photographs": [FEW]})
def test_it(runs, judge): ...
"""


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("whole", "all of ImageNet: 1,281,167 training photographs of 1,000 classes, and .* holds 4"
         " of 2; what runs on a few photographs is chosen by -k photographs"),
        ("photographs", "it needs 6 training photographs, and .* holds 4"),
    ],
)  # fmt: skip
def test_what_the_folder_lacks_is_said_before_anything_trains(chosen, message, tmp_path):
    photo_layout(tmp_path / "data", classes=2, train=2, val=1)
    session = Project(tmp_path, CLAIMS).run(
        *("-m", "imagenet", "--device", "cpu", "-k", chosen, f"--data-root={tmp_path / 'data'}")
    )
    assert session.code == pytest.ExitCode.USAGE_ERROR
    assert re.search(message, " ".join(session.text.split()))
