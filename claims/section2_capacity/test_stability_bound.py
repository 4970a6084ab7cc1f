"""2.2-stability-blind: a bound by uniform stability is the same number whatever the labels.

The bound of Hardt et al. 2016 for logistic regression by plain SGD, one example a step. fast: 80
samples of 64 digits, 20 passes. cpu_full: 20 samples of 500 images of CIFAR-10, 10 passes. Each
sample is trained on with true labels and with random ones; and one of them for one pass, with 20
examples replaced in turn. The control is a planted fault: a bound that sees the labels.
"""

import pytest

from claims.section2_capacity.recipes import SMALL_STEPS, stability_recipe, with_replacements
from harness import capacity
from harness.evidence import AtMost, Equals, MoreThan, exact, mean_over, paired
from harness.plugin.experiments import experiments
from harness.training.recipe import differing_fields

SETTINGS = {"true labels": "two-groups", "random labels": "random-signs"}
LARGEST_STEPS = {"digits": 0.02, "cifar10": 0.0016}
"""Nearly 2 / smoothness, 4 / (N + 1) for N pixel values; at these the model overfits."""


def logistic(dataset, setting, n, **changes):
    """One example a step, at a constant step size."""
    plain = {"batch_size": 1, "momentum": 0.0, "decay": 1.0}
    return stability_recipe("linear", dataset, setting, n, **plain, **changes)


def both_labelings(dataset, n, samples, passes):
    many = {"epochs": passes, "learning_rate": LARGEST_STEPS[dataset]}
    one = {"epochs": 1, "learning_rate": SMALL_STEPS[dataset], "seed": 100}
    groups = {}
    for labels, setting in SETTINGS.items():
        groups[labels] = [
            logistic(dataset, setting, n, seed=100 + sample, **many) for sample in range(samples)
        ]
        groups[f"{labels}, replaced"] = with_replacements(logistic(dataset, setting, n, **one), 20)
    return groups


LOGISTIC = experiments(
    fast={"digits": both_labelings("digits", 64, samples=80, passes=20)},
    cpu_full={"cifar10": both_labelings("cifar10", 500, samples=20, passes=10)},
)


@pytest.mark.claim("2.2-stability-blind")
@LOGISTIC
def test_the_bound_is_the_same_whatever_the_labels(runs, judge):
    """The bound follows from the recipe; nothing is trained for it."""
    for kind in ("", ", replaced"):
        pairs = [*zip(*(runs.recipes[f"{labels}{kind}"] for labels in SETTINGS), strict=True)]
        other = {field for pair in pairs for field in differing_fields(*pair)}
        off = max(
            abs(capacity.stability_bound(true) - capacity.stability_bound(random))
            for true, random in pairs
        )
        bound = capacity.stability_bound(pairs[0][0])
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
@LOGISTIC
def test_the_gaps_differ_all_the_same(runs, judge):
    name = "logistic regression: gap with random minus gap with true labels"
    both = (runs["random labels"], runs["true labels"])
    differences = [
        capacity.generalization_gap(random) - capacity.generalization_gap(true)
        for random, true in paired(name, *both, {"label_corruption"})
    ]
    replicated = "samples, orders, initial weights, label draws"
    judge(
        mean_over(name, differences, "loss", replicated, [run for runs in both for run in runs]),
        MoreThan(0.0, source="Section 2.2: what the bound cannot see"),
        otherwise="the paper gives a direction and no size",
    )


@pytest.mark.claim("2.2-stability-blind")
@LOGISTIC
def test_what_is_measured_stays_below_the_bound(runs, judge):
    """At step sizes at which the bound is non-vacuous."""
    for labels in SETTINGS:
        base, *others = runs[f"{labels}, replaced"]
        judge(
            exact(
                f"logistic regression, one pass, {labels}: largest change of the loss",
                [capacity.replacements(base, others).largest],
                "loss",
            ),
            AtMost(
                capacity.stability_bound(base.recipe, loss="error"),
                source="Hardt et al. 2016, theorem 3.8, in this loss",
            ),
        )
