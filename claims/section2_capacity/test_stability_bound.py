"""2.2-stability-blind: a bound by uniform stability is the same number whatever the labels.

That of Hardt et al. 2016 for logistic regression, trained one example a step; computed from the
recipe alone. What is planted in its stead is in harness/sabotage: a bound that sees the labels.
"""

import pytest

from claims.section2_capacity.capacity_trials import (
    LARGEST_STEPS,
    SMALL_STEPS,
    logistic_recipe,
    with_replacements,
)
from harness.evidence import AtMost, Equals, MoreThan, exact, mean_over, paired
from harness.plugin.trials import Trial, trials
from harness.training.recipe import differing_fields

SETTINGS = {"true labels": "two-groups", "random labels": "random-signs"}

PAIRS = {"digits": 80, "cifar10": 20}
"""Samples, each with its true labels and with random ones."""


def logistic_trial(tier, dataset, n, passes):
    """Pairs that differ in the labels alone, many passes; and one pass with replacements."""
    groups = {}
    for label, setting in SETTINGS.items():
        groups[label] = [
            logistic_recipe(
                dataset,
                setting,
                n,
                epochs=passes,
                learning_rate=LARGEST_STEPS[dataset],
                seed=100 + pair,
            )
            for pair in range(PAIRS[dataset])
        ]
        one_pass = logistic_recipe(
            dataset, setting, n, epochs=1, learning_rate=SMALL_STEPS[dataset], seed=100
        )
        groups[f"{label}, replaced"] = with_replacements(one_pass, 20)
    return Trial(tier, dataset, "scaled", groups)


LOGISTIC = [
    logistic_trial("fast", "digits", 64, 20),
    logistic_trial("cpu_full", "cifar10", 500, 10),
]


@pytest.mark.claim("2.2-stability-blind")
@trials(*LOGISTIC)
def test_the_bound_is_the_same_whatever_the_labels(trial, judge):
    """The labels are all that differs, and the bound is the same number."""
    from harness.capacity.bounds import stability_bound

    for kind in ("", ", replaced"):
        pairs = [
            *zip(*(trial.recipes[f"{label}{kind}"] for label in SETTINGS), strict=True),
        ]
        other = {field for pair in pairs for field in differing_fields(*pair)}
        off = max(abs(stability_bound(true) - stability_bound(random)) for true, random in pairs)
        bound = stability_bound(pairs[0][0])
        passes = "one pass" if kind else f"{pairs[0][0].epochs} passes"
        judge(
            exact(
                f"logistic regression, {passes}: fields that differ",
                [len(other ^ {"label_corruption"})],
                "",
            ),
            Equals(0, source="Section 2.2: only the labels are other"),
        )
        judge(
            exact(
                f"logistic regression, {passes}: bound {bound:.3g}, minus the other labels' bound",
                [off],
                "",
            ),
            Equals(0, source="Hardt et al. 2016, theorem 3.8: 2 L^2 / n times the sum of steps"),
        )


@pytest.mark.claim("2.2-stability-blind")
@trials(*LOGISTIC)
def test_the_gaps_differ_all_the_same(trial, laboratory, judge):
    from harness.capacity.stability import generalization_gap

    runs = laboratory.runs(trial)
    name = "logistic regression: gap with random minus gap with true labels"
    pairs = paired(name, runs["random labels"], runs["true labels"], {"label_corruption"})
    differences = [generalization_gap(random) - generalization_gap(true) for random, true in pairs]
    judge(
        mean_over(
            name,
            differences,
            "loss",
            "samples, orders, initial weights, label draws",
            [*runs["random labels"], *runs["true labels"]],
        ),
        MoreThan(0.0, source="Section 2.2: what the bound cannot see"),
    )


@pytest.mark.claim("2.2-stability-blind")
@trials(*LOGISTIC)
def test_what_is_measured_stays_below_the_bound(trial, laboratory, judge):
    """With both labelings: this algorithm's bound it is, and one that says something."""
    from harness.capacity.bounds import stability_bound
    from harness.capacity.stability import replacements

    runs = laboratory.runs(trial)
    for label in SETTINGS:
        base, *others = runs[f"{label}, replaced"]
        judge(
            exact(
                f"logistic regression, one pass, {label}: largest change of the loss",
                [replacements(base, others).largest],
                "loss",
            ),
            AtMost(
                stability_bound(base.recipe, loss="error"),
                source="Hardt et al. 2016, theorem 3.8, in this loss",
            ),
        )
