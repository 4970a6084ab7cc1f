"""5-mnist, 5-mnist-gabor, 5-cifar, 5-cifar-conv, 5-cifar-l2, 5-resources: Table 3, row by row.

A solve at the paper's size takes minutes to an hour; each has a test of its own, to be left out by
name, and what it comes to is kept in the run store.
"""

import pytest

from claims.section5_linear_models import machines as m
from harness.evidence import (
    AtMost,
    Equals,
    Exhibit,
    error_on_the_same_images,
    error_ratio,
    figures_of,
    published_row,
    share_of_errors,
    wrong_ratio,
)
from harness.linear.recipe import fit_label

PRINTED = 0.0005
"""Half of the last digit of an error printed to 0.1 %."""
PRINTED_WHOLE = 0.005
SMALL = 0.09
"""For digits: a tenth of chance's 90 %."""
HALF_OF_CHANCE = 0.45
TWO_THIRDS = 2 / 3
MIDWAY = 0.75
"""For digits: between the published half and no gain at all."""


def published_error(dataset, preprocessing):
    return published_row(
        "table3_kernels", "test_error", dataset=dataset, preprocessing=preprocessing
    )


MNIST_PIXELS = published_error("MNIST", "none")
MNIST_WAVELETS = published_error("MNIST", "gabor filters")
CIFAR_PIXELS = published_error("CIFAR10", "none")
CIFAR_CONVNET = published_error("CIFAR10", "random conv-net, 32000 filters")
CIFAR_RIDGE = published_error("CIFAR10", "random conv-net, 32000 filters, with l2 regularization")


def row(model, solve, label, published):
    fit = solve.outcome[label]
    where = f"{solve.recipe.dataset}, n = {fit.train_total:,}"
    return Exhibit(
        "kernel-errors",
        {
            "model": model,
            "where": where,
            "error": fit.test_error,
            "published": published.value if published else None,
        },
    )


def judge_full(judge, name, solve, label, published, margin, slack_words):
    """The test error, on the paper's own test images, against what the paper printed."""
    judge.scale = "paper"
    judge(
        error_on_the_same_images(f"{name}: test error", solve, label),
        AtMost(published.value + margin, source=f"{published.where}, {slack_words}"),
        published,
        row(name, solve, label, published) if label == m.TRUE else None,
    )


def judge_scaled(judge, name, solves, label, bound):
    judge.scale = "scaled"
    judge(
        share_of_errors(f"digits, {name}: test error", solves, label),
        AtMost(bound, source="Table 3, at reduced scale: a share of chance's 90 %"),
    )


def judge_interpolation(judge, name, solve, label):
    fit = solve.outcome[label]
    judge(
        figures_of(
            f"{name}: largest |f(x) - y| at a training point", [fit.worst_error], "", [solve]
        ),
        Equals(0, source="Section 5: fitting the training labels exactly", tolerance=1e-3),
    )


# --- 5-mnist ---------------------------------------------------------------------------------


@pytest.mark.fast
@pytest.mark.claim("5-mnist")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_digits_generalises(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    judge_scaled(judge, "pixels", solves, m.TRUE, SMALL)
    judge_interpolation(judge, "digits, pixels", solves[0], m.TRUE)


@pytest.mark.fast
@pytest.mark.control("5-mnist")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_random_labels_of_digits_does_not(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    judge_scaled(judge, "pixels, random labels", solves, m.RANDOM, SMALL)


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
    judge.scale = "scaled"
    solves, pixels = ([solver.solve(recipe) for recipe in its] for its in (m.GABOR, m.PIXELS))
    judge_ratio(judge, "digits, Gabor wavelets", solves, pixels, MIDWAY)


@pytest.mark.fast
@pytest.mark.control("5-mnist-gabor")
@pytest.mark.solves(*m.PIXELS, *m.NOISE)
def test_noise_in_place_of_wavelets_does_not(solver, judge):
    judge.scale = "scaled"
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
    judge_scaled(judge, "in place of CIFAR-10, pixels", solves, m.TRUE, HALF_OF_CHANCE)


@pytest.mark.fast
@pytest.mark.control("5-cifar")
@pytest.mark.solves(*m.MORE_PIXELS)
def test_interpolating_random_labels_is_not(solver, judge):
    solves = [solver.solve(recipe) for recipe in m.MORE_PIXELS]
    name = "in place of CIFAR-10, pixels, random labels"
    judge_scaled(judge, name, solves, m.RANDOM, HALF_OF_CHANCE)


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


# --- 5-cifar-conv ----------------------------------------------------------------------------


def label(filters, ridge=0.0):
    return fit_label(filters, ridge)


def judge_convnet(judge, name, solves, filters, reference):
    """Against a list, one a solve, of which test images the model on pixels gets wrong."""
    wrong = [[not it for it in solve.outcome[label(filters)].is_right()] for solve in solves]
    judge(
        wrong_ratio(
            f"{name}, {filters:,} filters: test error over that on pixels", wrong, reference
        ),
        AtMost(TWO_THIRDS, source="Table 3: 17 % against 46 %; a third less, at least"),
        CIFAR_CONVNET / CIFAR_PIXELS,
    )


def judge_digits_convnet(judge, solver, laboratory, filters):
    """Linear models both: minimum norm on the features, least squares on the pixels."""
    from harness.linear.pixels import least_squares_on_pixels

    judge.scale = "scaled"
    solves = [solver.solve(recipe) for recipe in m.CONVNETS]
    reference = [least_squares_on_pixels(it.recipe, laboratory.data_root) for it in solves]
    judge_convnet(judge, "digits, minimum norm", solves, filters, reference)


@pytest.mark.fast
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.solves(*m.CONVNETS)
def test_random_filters_lower_the_error_on_digits(solver, laboratory, judge):
    judge_digits_convnet(judge, solver, laboratory, m.WIDE)


@pytest.mark.fast
@pytest.mark.control("5-cifar-conv")
@pytest.mark.solves(*m.CONVNETS)
def test_few_filters_do_not(solver, laboratory, judge):
    """Nearly as many features as examples, where the minimum-norm error peaks."""
    judge_digits_convnet(judge, solver, laboratory, m.NARROW)


@pytest.mark.cpu_full
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.solves(m.CIFAR_CONVNET, m.CIFAR)
def test_random_filters_lower_the_error_on_cifar(solver, judge):
    """Fewer filters than the paper's, and fewer features than examples: least squares."""
    judge.scale = "scaled"
    solve = solver.solve(m.CIFAR_CONVNET)
    name = "CIFAR-10, least squares"
    pixels = [not right for right in solver.solve(m.CIFAR).outcome[m.TRUE].is_right()]
    judge_convnet(judge, name, [solve], max(solve.recipe.filters), [pixels])


@pytest.mark.gpu_full
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.solves(m.CIFAR_CONVNET_FULL)
def test_32000_random_filters_on_cifar(solver, judge):
    solve = solver.solve(m.CIFAR_CONVNET_FULL)
    judge_full(
        judge,
        "CIFAR-10, random conv-net",
        solve,
        label(m.FULL_FILTERS),
        CIFAR_CONVNET,
        PRINTED_WHOLE,
        "printed to 1 %",
    )


# --- 5-cifar-l2 ------------------------------------------------------------------------------


def judge_ridge(judge, name, solves, filters, ridge, exhibit=None):
    judge(
        error_ratio(
            f"{name}, {filters:,} filters: test error with a ridge over that without",
            solves,
            label(filters, ridge),
            solves,
            label(filters),
        ),
        AtMost(1.0, source="Section 5: 15 % with l2 regularization, 17 % without"),
        CIFAR_RIDGE / CIFAR_CONVNET,
        exhibit,
    )


def curve(name, solve, ridges):
    recipe, fits = solve.recipe, solve.outcome
    lines = {
        f"{ridge:g}": [fits[label(filters, ridge)].test_error for filters in recipe.filters]
        for ridge in ridges
    }
    data = {"where": name, "n": fits.fits[0].train_total, "filters": list(recipe.filters)}
    return Exhibit("filters-curve", {**data, "errors": lines})


@pytest.mark.fast
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.solves(*m.RIDGED, m.CURVE)
def test_a_ridge_lowers_the_error_on_digits(solver, judge):
    judge.scale = "scaled"
    solves = [solver.solve(recipe) for recipe in m.RIDGED]
    exhibit = curve("digits, random conv-net", solver.solve(m.CURVE), m.CURVE.ridges)
    judge_ridge(judge, "digits, random conv-net", solves, m.TYPICAL, m.DIGITS_RIDGE, exhibit)


@pytest.mark.fast
@pytest.mark.control("5-cifar-l2")
@pytest.mark.solves(*m.RIDGED)
def test_a_ridge_far_too_large_does_not(solver, judge):
    judge.scale = "scaled"
    solves = [solver.solve(recipe) for recipe in m.RIDGED]
    judge_ridge(judge, "digits, random conv-net", solves, m.TYPICAL, m.CRUSHING_RIDGE)


@pytest.mark.cpu_full
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.solves(m.CIFAR_CONVNET)
def test_a_ridge_lowers_the_error_on_cifar(solver, judge):
    judge.scale = "scaled"
    solve = solver.solve(m.CIFAR_CONVNET)
    recipe = solve.recipe
    exhibit = curve("CIFAR-10, random conv-net", solve, recipe.ridges)
    name = "CIFAR-10, random conv-net"
    judge_ridge(judge, name, [solve], max(recipe.filters), recipe.ridges[-1], exhibit)


@pytest.mark.gpu_full
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.solves(m.CIFAR_CONVNET_FULL)
def test_a_ridge_with_32000_filters_on_cifar(solver, judge):
    solve = solver.solve(m.CIFAR_CONVNET_FULL)
    judge_full(
        judge,
        "CIFAR-10, random conv-net, ridge",
        solve,
        label(m.FULL_FILTERS, m.CONVNET_RIDGE),
        CIFAR_RIDGE,
        PRINTED_WHOLE,
        "printed to 1 %",
    )


# --- 5-resources -----------------------------------------------------------------------------


def published_resource(field):
    return published_row("section5_resources", field)


@pytest.mark.cpu_full
@pytest.mark.claim("5-resources")
@pytest.mark.solves(m.MNIST)
def test_the_mnist_solve_takes_less_than_the_authors_had(solver, judge):
    """Memory, and core-minutes: the authors' 24 cores took nearly 3 minutes each."""
    judge.scale = "paper"
    solve = solver.solve(m.MNIST)
    facts = solve.outcome.facts
    memory = published_resource("mnist_kernel_memory_gb")
    judge(
        figures_of("MNIST, n = 60,000: peak memory", [facts["peak_bytes"] / 1e9], "GB", [solve]),
        AtMost(memory.value, source=memory.where),
        memory,
    )
    authors = published_resource("mnist_solve_minutes_below") * published_resource(
        "workstation_cores"
    )
    wall = {phase: facts[f"{phase}_seconds"] for phase in ("fill", "factor", "refine", "predict")}
    note = (
        f"on {solve.environment['cores']} cores: matrix {wall['fill']:.0f} s, factorisation"
        f" {wall['factor']:.0f} s at {facts['gflops']:.0f} GFLOP/s, refinement"
        f" {wall['refine']:.0f} s to {facts['residuals'][-1]:.1e}, prediction"
        f" {wall['predict']:.0f} s; what neighbours took of the cores is not counted"
    )
    used = solve.environment["cpu_seconds"] / 60
    judge(
        figures_of(
            "MNIST, n = 60,000: minutes of a core", [used], "minutes x cores", [solve], note
        ),
        AtMost(authors.value, source=authors.where),
        authors,
    )


@pytest.mark.fast
@pytest.mark.claim("5-resources")
def test_no_second_copy_of_the_matrix_is_made(judge):
    """The lower triangle in panels: n^2 / 2 words, and the rest within 15 % of them."""
    from harness.linear.machine import bytes_needed

    judge.scale = "scaled"
    n, pixels, targets = 60_000, 784, 20
    ratio = bytes_needed(n, pixels, targets) / (n**2 / 2 * 4)
    judge(
        figures_of(
            "MNIST, n = 60,000: what a solve asks for, over n^2 / 2 words", [ratio], "times", []
        ),
        AtMost(1.15, source="half of a symmetric matrix, and 15 % for everything else"),
    )
