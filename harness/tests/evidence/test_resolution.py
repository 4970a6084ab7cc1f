"""At the stated resolution a check refutes in 19 of 20 repetitions: simulated, family by family.

Each family draws repetitions whose truth lies the stated departure beyond the bound. They vary as
the measurement that states it: its spread is the true one here, as it is on average in use.
"""

import math
from dataclasses import replace

import numpy as np
import pytest

from harness.errors import HarnessError
from harness.evidence import AtLeast, AtMost, Attains, Equals, Equivalent, Measurement, MoreThan
from harness.evidence.checks import departure, has_chance, resolution
from harness.evidence.statistics import (
    accuracy_interval,
    kendall_interval,
    paired_ratio,
    sum_interval,
    t_interval,
    welch_freedom,
    welch_interval,
)

SOURCE = "a table"
EXACT, APPROXIMATE = 0.01, 0.03
"""How far the rate may be from 95 %. Twice or half the departure is 5 points off at least."""


def binomial(images, design=1.0):
    """One run's accuracy; of a network, it varies by more than its images."""

    def measured(correct):
        interval = accuracy_interval([correct], [images])
        return Measurement(
            "x", (correct / images,), "share", interval, "images", images=images, design=design
        )

    def draw(truth, rng):
        weight = (images - design) / (design - 1) if design > 1 else math.inf
        share = rng.beta(truth * weight, (1 - truth) * weight) if design > 1 else truth
        return measured(rng.binomial(images, share))

    return draw, lambda truth: measured(round(truth * images))


def networks(runs, images=1_000, design=9.0):
    """Accuracies of several runs, which vary by more than their images."""

    def measured(shares):
        counts = [round(share * images) for share in shares]
        return Measurement(
            "x",
            tuple(count / images for count in counts),
            "share",
            accuracy_interval(counts, [images] * runs),
            "runs",
            images=images,
            freedom=runs - 1,
        )

    spread = math.sqrt(design * 0.1 * 0.9 / images)
    draw = lambda truth, rng: measured(rng.normal(truth, spread, runs))  # noqa: E731
    return draw, lambda truth: measured(truth + spread * standard(runs))


def standard(n):
    """n numbers whose mean is 0 and whose sample has standard deviation 1."""
    numbers = np.arange(n) - (n - 1) / 2
    return numbers / numbers.std(ddof=1)


def student(runs, spread=0.02):
    def measured(values):
        values = tuple(map(float, values))
        return Measurement("x", values, "loss", t_interval(values), "runs", freedom=runs - 1)

    draw = lambda truth, rng: measured(rng.normal(truth, spread, runs))  # noqa: E731
    return draw, lambda truth: measured(truth + spread * standard(runs))


def welch(slow=5, fast=8, spread=0.2):
    """Ratios of epochs, normal in logarithms."""

    def measured(one, other):
        interval = np.exp(welch_interval(one, other))
        freedom = welch_freedom(one, other)[1]
        values = tuple(np.exp(one - np.mean(other)))
        return Measurement("x", values, "times", tuple(interval), "runs", freedom=freedom)

    def draw(truth, rng):
        return measured(rng.normal(math.log(truth), spread, slow), rng.normal(0, spread, fast))

    return draw, lambda truth: measured(
        math.log(truth) + spread * standard(slow), spread * standard(fast)
    )


def square_and_add(images=1_000):
    def measured(one, other):
        value, interval = sum_interval([(1, (one, images)), (-1, (other, images))])
        return Measurement("x", (value,), "share", interval, "test images")

    def draw(truth, rng):
        return measured(*rng.binomial(images, [0.6 + truth / 2, 0.6 - truth / 2]))

    return draw, lambda truth: measured(*(round(images * (0.6 + it * truth / 2)) for it in (1, -1)))


def paired(draws=8, images=400):
    """Errors of a model over another's in several training draws, paired by image."""

    def measured(saved):
        value, interval, freedom = paired_ratio(saved, np.ones_like(saved))
        return Measurement("x", (value,), "times", interval, "draws", freedom=freedom)

    def drawn(truth, rng):
        each = rng.normal(0, 0.02, (draws, 1)) + rng.normal(0, 0.3, (1, images))
        return truth + each + rng.normal(0, 0.3, (draws, images))

    def typical(truth):
        rng = np.random.default_rng(1)
        several = [measured(drawn(truth, rng)) for _ in range(200)]
        half = math.sqrt(np.mean([math.log(it.interval[1] / it.mean) ** 2 for it in several]))
        freedom = float(np.median([it.freedom for it in several]))
        ends = (truth * math.exp(-half), truth * math.exp(half))
        return Measurement("x", (truth,), "times", ends, "draws", freedom=freedom)

    return (lambda truth, rng: measured(drawn(truth, rng))), typical


def kendall(runs=40):
    """The rank correlation of normal variables, tau = 2 / pi arcsin(r)."""

    def measured(x, y):
        tau, interval = kendall_interval(list(x), list(y))
        return Measurement("x", (tau,), "Kendall's tau", interval, "runs", images=runs)

    def draw(truth, rng):
        r = math.sin(math.pi / 2 * truth)
        x, e = rng.normal(size=(2, runs))
        return measured(x, r * x + math.sqrt(1 - r * r) * e)

    def typical(truth):
        return Measurement("x", (truth,), "Kendall's tau", (0.0, 1.0), "runs", images=runs)

    return draw, typical


FAMILIES = {
    "binomial": (binomial(10_000), AtMost(0.1, SOURCE), EXACT),
    "binomial-few": (binomial(200), AtLeast(0.9, SOURCE), EXACT),
    "binomial-chance": (binomial(1_000), Equivalent(0.1, 0.02, SOURCE), EXACT),
    "design-effect": (binomial(1_000, 9.0), AtMost(0.1, SOURCE), APPROXIMATE),
    "networks": (networks(6), Equivalent(0.1, 0.03, SOURCE), APPROXIMATE),
    "two-sided": (binomial(10_000), Equals(0.5, SOURCE, 0.02), APPROXIMATE),
    "student-3": (student(3), MoreThan(0.0, SOURCE), EXACT),
    "student-8": (student(8), Equivalent(0.0, 0.01, SOURCE), EXACT),
    "welch": (welch(), AtMost(3.0, SOURCE), APPROXIMATE),
    "square-and-add": (square_and_add(), Equivalent(0.0, 0.02, SOURCE), APPROXIMATE),
    "paired": (paired(), AtMost(1.0, SOURCE), APPROXIMATE),
    "kendall": (kendall(), AtLeast(0.5, SOURCE), APPROXIMATE),
}


def departed(check, departure):
    above = check.kind in ("at_most", "equivalent", "equals")
    return check.value + departure if above else check.value - departure


def refuted(draw, check, truth, draws=1_000):
    rng = np.random.default_rng(20170210)
    return np.mean([check.verdict(draw(truth, rng)) == "refuted" for _ in range(draws)])


@pytest.mark.parametrize(("family", "check", "tolerance"), FAMILIES.values(), ids=FAMILIES)
def test_at_its_resolution_a_check_refutes_in_19_of_20_repetitions(family, check, tolerance):
    draw, typical = family
    off = getattr(check, "margin", getattr(check, "tolerance", 0.0))
    bound = departed(check, off)
    stated = resolution(check, typical(bound))
    draws = 300 if draw.__qualname__.startswith("kendall") else 1_000
    assert abs(refuted(draw, check, departed(check, stated), draws) - 0.95) < tolerance + 0.01
    for factor in (0.5, 2.0):
        planted = departed(check, off + factor * (stated - off))
        rate = refuted(draw, check, planted, draws)
        assert abs(rate - 0.95) > tolerance + 0.01, f"a factor of {factor} would be seen"


@pytest.mark.parametrize(
    ("check", "measured", "expected"),
    [
        (Attains(1.0, SOURCE), binomial(256)[1](1.0), 1 / 256),
        (Equals(0.0, SOURCE, 1e-3), replace(student(3)[1](0.0), replicated=""), 1e-3),
        (Equals(391.0, SOURCE), student(3)[1](391.0), None),
        (AtMost(1.0, SOURCE), replace(student(3)[1](0.0), interval=(0.5, 0.5)), None),
        (AtMost(1.0, SOURCE), replace(student(3)[1](0.0), replicated="nothing: one run"), None),
        (AtMost(1.0, SOURCE), replace(student(3)[1](0.0), interval=(math.nan, math.nan)), None),
    ],
    ids=["attains", "equals", "exactly", "exact", "one-run", "diverged"],
)
def test_facts_have_their_own_grain_or_none(check, measured, expected):
    assert resolution(check, measured) == expected


@pytest.mark.parametrize(
    ("check", "false", "expected", "not_false"),
    [
        (AtMost(0.6, SOURCE), 1.0, 0.4, 0.5),
        (AtLeast(0.25, SOURCE), 0.0, 0.25, 0.3),
        (MoreThan(1.0, SOURCE), 1.0, 0.0, 1.5),
        (Attains(0.9, SOURCE), 0.1, 0.8, 0.95),
        (Equals(0.5, SOURCE, tolerance=0.1), 0.7, 0.2, None),
        (Equivalent(0.1, 0.04, SOURCE), 0.17, 0.07, 0.12),
    ],
)
def test_what_a_false_claim_would_give_lies_outside_the_claim(check, false, expected, not_false):
    assert departure(check, false) == pytest.approx(expected)
    if not_false is not None:
        with pytest.raises(HarnessError, match="is no sign of a false claim"):
            departure(check, not_false)


def test_chance_is_in_what_was_sampled_alone():
    sampled = student(3)[1](0.0)
    assert has_chance(AtMost(1.0, SOURCE), sampled)
    assert not has_chance(AtMost(1.0, SOURCE), replace(sampled, replicated="nothing: one run"))
    assert not has_chance(AtMost(1.0, SOURCE), replace(sampled, replicated=""))
    assert not has_chance(Attains(1.0, SOURCE), sampled)
    assert not has_chance(Equals(391.0, SOURCE), sampled)
    assert has_chance(Equals(391.0, SOURCE, tolerance=0.5), sampled)
