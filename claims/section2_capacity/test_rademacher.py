"""2.2-rademacher: networks correlate with random signs; what that makes of the bound.

h is the network's decision, -1 or 1. With any h in [-1, 1] that is its clipped output the supremum
is the same, for the last layer can be scaled. What training finds is a lower bound on it.
"""

import pytest

from claims.section2_capacity.capacity_trials import (
    FAST_SIZES,
    SIGN_VECTORS,
    own_sign_trials,
    sign_trials,
)
from claims.section2_capacity.trials import title
from harness.evidence import (
    AtLeast,
    AtMost,
    Equals,
    Equivalent,
    FigureData,
    MoreThan,
    correlation_with_signs,
    exact,
    log_log_slope,
    mean_over,
)
from harness.plugin.trials import reseed, trials
from harness.training.protocol import paper_recipe

ABOUT_1 = 0.99
SECTION = "Section 2.2: the complexity is about 1, here to one per cent"
ROUNDING = 1e-9
ENUMERATED = 8
LARGE = {"digits": (*FAST_SIZES, 512), "cifar10": (50_000,)}


def judge_complexity(judge, measured, figure=None):
    judge(measured, AtLeast(ABOUT_1, source=SECTION), figure=figure)


def judge_emptiness(judge, name, complexity, points):
    from harness.capacity.bounds import generalization_bound

    judge(
        exact(
            f"{name}: bound on error minus training error, n = {points:,}",
            [generalization_bound(complexity, points)],
            "error",
        ),
        MoreThan(1.0, source="an error is at most 1: a bound above it is empty"),
    )


def curve(name, dataset, measurements):
    """Measurements by sample size, as the figure draws them."""
    return FigureData(
        "rademacher-complexity",
        {
            "class": name,
            "of": dataset,
            "n": list(measurements),
            "mean": [it.mean for it in measurements.values()],
            "low": [it.interval[0] for it in measurements.values()],
            "high": [it.interval[1] for it in measurements.values()],
        },
    )


@pytest.mark.claim("2.2-rademacher")
@trials(*sign_trials(), own=own_sign_trials)
def test_trained_networks_correlate_with_random_signs(trial, laboratory, judge):
    """A lower bound on the complexity, and what it makes of the bound on the gap.

    The latter takes the mean less McDiarmid's deviation, which supposes nothing of the networks.
    """
    from harness.capacity.bounds import concentration

    groups = laboratory.runs(trial)
    name = title(trial, trial.all_recipes[0])
    by_size = {runs[0].recipe.images: runs for runs in groups.values()}
    measured = {
        n: correlation_with_signs(
            f"{name}, trained: correlation with signs (a lower bound), n = {n:,}", runs
        )
        for n, runs in by_size.items()
    }
    drawn = curve("trained network", trial.all_recipes[0].dataset, measured)
    for n, correlation in measured.items():
        judge_complexity(judge, correlation, drawn)
        surely = correlation.mean - concentration(n, len(correlation.values))
        judge_emptiness(judge, f"{name}, trained", surely, n)
    for n, runs in by_size.items():
        drawn_signs = {run.outcome.label_digest for run in runs}
        judge(
            exact(f"{name}: different sign vectors, n = {n:,}", [len(drawn_signs)], ""),
            Equals(len(runs), source="Section 2.2: the expectation is over signs"),
        )


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_theorem_1_has_complexity_1_on_every_sign_vector_of_a_small_sample(judge, base_seed):
    from harness.capacity.classes import Theorem1Networks
    from harness.capacity.rademacher import best_correlations
    from harness.capacity.samples import image_points
    from harness.capacity.signs import all_signs

    points = image_points(sample("digits", ENUMERATED, base_seed))
    values = best_correlations(Theorem1Networks(), points, all_signs(ENUMERATED))
    judge_complexity_1(judge, "digits", ENUMERATED, values)


@pytest.mark.claim("2.2-rademacher")
@pytest.mark.parametrize(
    "dataset",
    [
        pytest.param("digits", marks=pytest.mark.fast),
        pytest.param("cifar10", marks=[pytest.mark.cpu_full, pytest.mark.needs_data("cifar10")]),
    ],
)
def test_theorem_1_has_complexity_1_on_a_large_sample(dataset, laboratory, judge, base_seed):
    from harness.capacity.classes import Theorem1Networks
    from harness.capacity.rademacher import best_correlations
    from harness.capacity.samples import image_points
    from harness.capacity.signs import random_signs

    for n in LARGE[dataset]:
        recipe = sample(dataset, n, base_seed)
        points = image_points(recipe, laboratory.data_root)
        signs = random_signs(n, SIGN_VECTORS, recipe.seed)
        values = best_correlations(Theorem1Networks(), points, signs)
        judge_complexity_1(judge, dataset, n, values)


def judge_complexity_1(judge, dataset, n, values):
    """The smallest and the largest correlation stand for all."""
    name = f"Theorem 1, {len(values)} sign vectors of {n:,} images: correlation"
    measured = exact(name, [min(values), max(values)], "")
    judge(
        measured,
        Equals(1, source="Theorem 1; float64 rounding over the sample", tolerance=ROUNDING),
        figure=curve("network of Theorem 1", dataset, {n: measured}),
    )


def sample(dataset, n, base_seed):
    """The images alone matter."""
    recipe = paper_recipe("mlp-1x512", dataset, "random-signs", train_size=n, seed=70)
    return reseed(recipe, base_seed)


# --- Classes whose complexity is known -------------------------------------------------------

BATCHWISE = "batches of 250 sign vectors"

FEW = 100
"""Functions in the finite class."""

BATCHES, DRAWS = 40, 250
"""Sign vectors for classes that need no training: a value is the mean over a batch of them."""


def complexities(judge, functions, base_seed):
    """Samples and sign vectors by size, correlations for each, and their means by batch."""
    from harness.capacity.rademacher import best_correlations
    from harness.capacity.samples import image_points
    from harness.capacity.signs import random_signs

    samples = {n: sample("digits", n, base_seed) for n in (*FAST_SIZES, 512)}
    judge.computed_on(*samples.values())
    points = {n: image_points(recipe) for n, recipe in samples.items()}
    signs = {n: random_signs(n, BATCHES * DRAWS, base_seed) for n in points}
    values = {n: best_correlations(functions, points[n], signs[n]) for n in points}
    means = {n: of_it.reshape(BATCHES, DRAWS).mean(axis=1) for n, of_it in values.items()}
    return points, signs, values, means


def linear_functions():
    from harness.capacity.bounds import image_radius
    from harness.capacity.classes import LinearFunctions

    return LinearFunctions(1 / image_radius(sample("digits", None, 0)))


def falling(judge, name, means):
    """Student's interval over slopes, one for each batch of sign vectors."""
    judge(
        log_log_slope(
            f"{name}: exponent of n",
            list(means),
            list(zip(*means.values(), strict=True)),
            BATCHWISE,
        ),
        Equivalent(-0.5, 0.1, source="B R / sqrt(n) and sqrt(2 ln N / n)"),
    )


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_the_measure_finds_known_complexities_of_linear_functions(judge, base_seed):
    """The closed form, and no more than B R / sqrt(n) in the mean, falling as it does."""
    from harness.capacity.bounds import linear_bound
    from harness.capacity.classes import linear_supremum

    functions = linear_functions()
    points, signs, values, means = complexities(judge, functions, base_seed)
    off = max(
        abs(linear_supremum(functions.bound, points[n], signs[n]) - values[n]).max() for n in points
    )
    judge(
        exact("linear functions: largest distance from the closed form", [off], ""),
        Equals(0, source="sup = B |mean of sigma_i x_i|; float64 rounding", tolerance=ROUNDING),
    )
    for n in points:
        judge(
            mean_over(f"linear functions, n = {n}", means[n], "correlation", BATCHWISE),
            AtMost(
                linear_bound(functions.bound, 1 / functions.bound, n),
                source="B R / sqrt(n), by Jensen's inequality",
            ),
        )
    falling(judge, "linear functions", means)


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_the_measure_stays_below_massarts_bound_for_a_finite_class(judge, base_seed):
    from harness.capacity.bounds import massart_bound
    from harness.capacity.classes import RandomHalfspaces

    _, _, _, means = complexities(judge, RandomHalfspaces(FEW, seed=base_seed), base_seed)
    measured = {
        n: mean_over(f"{FEW} halfspaces, n = {n}", means[n], "correlation", BATCHWISE)
        for n in means
    }
    drawn = curve("halfspaces, at random", "digits", measured)
    for n, complexity in measured.items():
        judge(complexity, AtMost(massart_bound(FEW, n), source="Massart 2000"), figure=drawn)
    falling(judge, f"{FEW} halfspaces", means)


@pytest.mark.fast
@pytest.mark.control("2.2-rademacher")
def test_linear_functions_of_bounded_norm_do_not_correlate(judge, base_seed):
    """And the bound on their gap, taken at the interval's upper end, says something."""
    _, _, _, means = complexities(judge, linear_functions(), base_seed)
    measured = {
        n: mean_over(f"linear functions, n = {n}", means[n], "correlation", BATCHWISE)
        for n in means
    }
    drawn = curve("linear, bounded norm", "digits", measured)
    for n, complexity in measured.items():
        judge_complexity(judge, complexity, drawn)
        judge_emptiness(judge, "linear functions", complexity.interval[1], n)
