"""What judges Tables 1 and 2 and Figure 2b, on runs written by hand: no machine here trains them.

Supported on the published numbers, refuted where these are broken as in the controls.
"""

import numpy as np
import pytest

from claims.section3_regularization import test_augmentation as augmentation
from claims.section3_regularization import test_batch_norm as batch_norm
from claims.section3_regularization import test_explicit_regularizers as table_1
from claims.section3_regularization import test_imagenet as table_2
from claims.section3_regularization.recipes import TABLE_1
from harness.evidence import spread_between_and_within
from harness.evidence.regularization import last_counts
from harness.tests.evidence_helpers import trained

CHANCE = 0.1


@pytest.fixture
def verdicts():
    return []


@pytest.fixture
def judge(verdicts):
    return lambda measured, check, published=None, **_: verdicts.append(check.verdict(measured))


def run(key, share, total=10_000):
    return trained(key=key, test_correct=round(share * total), test_total=total)


@pytest.mark.parametrize(("half_random", "verdict"), [(False, "supported"), (True, "refuted")])
def test_regularisers_are_a_tuning_knob_in_table_1(half_random, verdict, judge, verdicts):
    rows = {}
    for row in TABLE_1:
        broken = half_random and row == table_1.HALF_RANDOM
        share = 0.5 if broken else table_1.published(*row).value
        rows.setdefault(row[0], []).append(run(str(row), share))
    table_1.judge_knob(judge, *spread_between_and_within("x", rows))
    assert verdicts == [verdict] * 2


@pytest.mark.parametrize(
    ("row", "verdict"), [(("alexnet", True, False), "supported"), (None, "refuted")]
)
def test_augmentation_helps_more_in_table_1(row, verdict, judge, verdicts):
    share = table_1.published(*row).value if row else CHANCE
    decayed = table_1.published("alexnet", False, True).value
    augmentation.judge_augmentation(judge, "x", {"a": [run("a", share)], "b": [run("b", decayed)]})
    assert verdicts == [verdict]


def of_table_2(row):
    return last_counts(run(row, table_2.published(row, "top1_test").value, 50_000))


def test_the_rows_of_table_2_are_told_from_random_labels(judge, verdicts):
    everything, augmented, decayed, none, random = map(
        of_table_2,
        (table_2.ALL, table_2.AUGMENTED, table_2.DECAYED, table_2.NONE, table_2.NOTHING),
    )
    for first, second, level in ((everything, augmented, none), (random, random, random)):
        table_2.judge_fall(judge, first, none)
        table_2.judge_won_back(judge, second, everything, none)
        table_2.judge_level(judge, level)
        table_2.judge_augmentation_helps_more(judge, second, decayed)
    assert verdicts == ["supported"] * 4 + ["refuted"] * 4


@pytest.mark.parametrize(("rough", "verdict"), [(0.04, "supported"), (0.0025, "refuted")])
def test_a_rougher_curve_is_distinguished_from_a_smoother_one(rough, verdict, judge, verdicts):
    draw = np.random.default_rng(0)

    def curve(key, deviation):
        test = list(0.8 + deviation * draw.normal(size=69))
        return [trained(key=key, online_accuracy=[1] * 69, test_accuracy=test)]

    runs = {batch_norm.WITH: curve("with", 0.01), batch_norm.WITHOUT: curve("without", rough)}
    batch_norm.judge_roughness(judge, "x", runs)
    assert verdicts == [verdict]
