"""2.2-stability-fails: what the measure gives for ridge regression, which is uniformly stable.

On random labels, on the digits (fast) and CIFAR-10 (cpu_full) of test_uniform_stability.py.
"""

import pytest

from claims.section2_capacity.recipes import (
    CIFAR10_SIZES,
    DIGITS_SIZES,
    samples_of_cifar10,
    samples_of_digits,
)
from claims.section2_capacity.test_uniform_stability import figure, judge_instability, judge_slope
from harness import capacity
from harness.evidence import Equivalent, ProvedAtMost, exact, log_log_slope
from harness.plugin.experiments import datasets

PENALTIES = (4, 16, 64)
"""In units of the squared norm of an image, above which the penalty outweighs the data."""
REPLACED = {"digits": range(64), "cifar10": range(20)}
BOTH_DATASETS = datasets(fast=["digits"], cpu_full=["cifar10"])


@pytest.fixture
def ridge_samples(dataset, judge, data_root, reseeded):
    """The norm of an image, and by size samples with their random labels: six, of CIFAR-10 one."""
    if dataset == "digits":
        made = {n: samples_of_digits("random-signs", n, replacements=0) for n in DIGITS_SIZES}
    else:
        made = {n: samples_of_cifar10("random-signs", n)[:1] for n in CIFAR10_SIZES}
    recipes = {n: [reseeded(it) for it in each] for n, each in made.items()}
    judge.computed_on(*(it for each in recipes.values() for it in each))
    radius = capacity.image_radius(recipes[min(recipes)][0])
    return radius, {
        n: [capacity.labelled_points(it, data_root) for it in each] for n, each in recipes.items()
    }


@pytest.mark.claim("2.2-stability-fails")
@BOTH_DATASETS
def test_the_measure_recovers_the_rate_of_ridge_regression(dataset, ridge_samples, judge):
    """Left out one at a time, in closed form: the change falls as 1/(penalty n)."""
    radius, samples = ridge_samples
    indices = REPLACED[dataset]
    products, moves = [], []
    for n, ((points, labels, others, other_labels), *_) in samples.items():
        for multiple in PENALTIES:
            ridge = capacity.Ridge(multiple * radius**2)
            products.append(ridge.penalty * n)
            moves.append(ridge.leave_one_out(points, labels)[list(indices)])
        change = ridge.replaced(points, labels, others, other_labels, indices).largest
        judge(
            exact(f"ridge, n = {n:,}: largest change of the loss", [change], "loss"),
            ProvedAtMost(
                capacity.ridge_bound(radius, ridge.penalty, n),
                source="Bousquet & Elisseeff 2002, theorem 22",
            ),
        )
    judge(
        log_log_slope(
            "ridge: exponent of penalty times n",
            products,
            [list(of_one) for of_one in zip(*moves, strict=True)],
            "examples left out",
        ),
        Equivalent(-1.0, 0.1, source="1/(lambda n): Bousquet & Elisseeff 2002"),
        otherwise=0.0,
    )


@pytest.mark.control("2.2-stability-fails")
@BOTH_DATASETS
def test_ridge_regression_with_a_fixed_penalty_is_stable(dataset, ridge_samples, judge):
    radius, samples = ridge_samples
    ridge = capacity.Ridge(radius**2)
    measured = {
        n: [ridge.replaced(*sample, REPLACED[dataset]) for sample in each]
        for n, each in samples.items()
    }
    drawn = figure("ridge, random labels", dataset, "n", measured)
    judge_instability(judge, "ridge, random labels", measured, drawn=drawn)
    if dataset == "digits":
        moved = {
            n: [float(it.at_the_example.mean()) for it in each] for n, each in measured.items()
        }
        judge_slope(judge, "ridge, random labels", moved, "samples: images, labels")
    else:
        moved = {n: it.at_the_example.tolist() for n, (it,) in measured.items()}
        judge_slope(judge, "ridge, random labels", moved, "replaced examples of one sample")
