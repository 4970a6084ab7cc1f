"""5-mnist, 5-mnist-gabor and 5-cifar: Table 3's rows of Gaussian kernels, one by one.

A solve at the paper's size takes minutes to an hour; each has a test of its own, to be left out by
name, and what it comes to is kept in the run store.
"""

import pytest

from claims.section5_linear_models import machines as m
from claims.section5_linear_models.table3 import (
    CIFAR_PIXELS,
    MNIST_PIXELS,
    MNIST_WAVELETS,
    TWO_THIRDS,
    judge_full,
)
from harness.evidence import AtMost, Equals, error_ratio, exact, share_of_errors

PRINTED = 0.0005
"""Half of the last digit of an error printed to 0.1 %."""
SMALL = 0.09
"""For digits: a tenth of chance's 90 %."""
HALF_OF_CHANCE = 0.45
MIDWAY = 0.75
"""For digits: between the published half and no gain at all."""


def judge_digits(judge, name, solves, label, bound):
    judge(
        share_of_errors(f"digits, {name}: test error", solves, label),
        AtMost(bound, source="Table 3, at reduced scale: a share of chance's 90 %"),
    )


def judge_interpolation(judge, name, solve, label):
    fit = solve.outcome[label]
    judge(
        exact(f"{name}: largest |f(x) - y| at a training point", [fit.worst_error], "", [solve]),
        Equals(0, source="Section 5: fitting the training labels exactly", tolerance=1e-3),
    )


# --- 5-mnist ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.claim("5-mnist")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_digits_generalises(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    judge_digits(judge, "pixels", solves, m.TRUE, SMALL)
    judge_interpolation(judge, "digits, pixels", solves[0], m.TRUE)


@pytest.mark.fast
@pytest.mark.control("5-mnist")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_random_labels_of_digits_does_not(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    judge_digits(judge, "pixels, random labels", solves, m.RANDOM, SMALL)


@pytest.mark.cpu_full
@pytest.mark.claim("5-mnist")
@pytest.mark.solves(m.MNIST)
def test_interpolating_mnist_generalises(solver, judge):
    solve = solver.solve(m.MNIST)
    judge_full(judge, "MNIST, pixels", solve, m.TRUE, MNIST_PIXELS, PRINTED, "printed to 0.1 %")
    judge_interpolation(judge, "MNIST, pixels", solve, m.TRUE)


@pytest.mark.cpu_full
@pytest.mark.control("5-mnist")
@pytest.mark.solves(m.MNIST)
def test_interpolating_random_labels_of_mnist_does_not(solver, judge):
    name = "MNIST, pixels, random labels"
    solve = solver.solve(m.MNIST)
    judge_full(judge, name, solve, m.RANDOM, MNIST_PIXELS, PRINTED, "printed to 0.1 %")


# --- 5-mnist-gabor ---------------------------------------------------------------------------


def judge_ratio(judge, name, solves, references, bound, label=m.TRUE, its_label=m.TRUE):
    judge(
        error_ratio(
            f"{name}: test error over that on pixels", solves, label, references, its_label
        ),
        AtMost(
            bound, source="Table 3: 0.6 % against 1.2 % would be a half; a third less, at least"
        ),
        MNIST_WAVELETS / MNIST_PIXELS,
    )


@pytest.mark.fast
@pytest.mark.claim("5-mnist-gabor")
@pytest.mark.solves(*m.PIXELS, *m.GABOR)
def test_wavelets_lower_the_error_on_digits(solver, judge):
    solves, pixels = ([solver.solve(recipe) for recipe in its] for its in (m.GABOR, m.PIXELS))
    judge_ratio(judge, "digits, Gabor wavelets", solves, pixels, MIDWAY)


@pytest.mark.fast
@pytest.mark.control("5-mnist-gabor")
@pytest.mark.solves(*m.PIXELS, *m.NOISE)
def test_noise_in_place_of_wavelets_does_not(solver, judge):
    solves, pixels = ([solver.solve(recipe) for recipe in its] for its in (m.NOISE, m.PIXELS))
    judge_ratio(judge, "digits, noise in place of wavelets", solves, pixels, MIDWAY)


@pytest.mark.cpu_full
@pytest.mark.claim("5-mnist-gabor")
@pytest.mark.solves(m.MNIST_GABOR, m.MNIST)
def test_wavelets_halve_the_error_on_mnist(solver, judge):
    """At most 0.8 %: the paper gives no bank, and another's 0.6 % may be our 0.8 %."""
    solve = solver.solve(m.MNIST_GABOR)
    judge_full(
        judge, "MNIST, Gabor wavelets", solve, m.TRUE, MNIST_WAVELETS, 0.002, "for another bank"
    )
    judge_ratio(judge, "MNIST, Gabor wavelets", [solve], [solver.solve(m.MNIST)], TWO_THIRDS)


# --- 5-cifar ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.claim("5-cifar")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_pixels_is_far_from_chance(solver, judge):
    """On digits, which stand in: no colour images come with a dependency."""
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    judge_digits(judge, "in place of CIFAR-10, pixels", solves, m.TRUE, HALF_OF_CHANCE)


@pytest.mark.fast
@pytest.mark.control("5-cifar")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_random_labels_is_not(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    name = "in place of CIFAR-10, pixels, random labels"
    judge_digits(judge, name, solves, m.RANDOM, HALF_OF_CHANCE)


@pytest.mark.cpu_full
@pytest.mark.claim("5-cifar")
@pytest.mark.solves(m.CIFAR)
def test_interpolating_cifar_is_far_from_chance(solver, judge):
    solve = solver.solve(m.CIFAR)
    judge_full(judge, "CIFAR-10, pixels", solve, m.TRUE, CIFAR_PIXELS, 0.0, "printed to 1 %")
    judge_interpolation(judge, "CIFAR-10, pixels", solve, m.TRUE)


@pytest.mark.cpu_full
@pytest.mark.control("5-cifar")
@pytest.mark.solves(m.CIFAR)
def test_interpolating_random_labels_of_cifar_is_not(solver, judge):
    name = "CIFAR-10, pixels, random labels"
    solve = solver.solve(m.CIFAR)
    judge_full(judge, name, solve, m.RANDOM, CIFAR_PIXELS, 0.0, "printed to 1 %")
