"""2.2-rademacher: networks correlate with random signs, so their complexity of about 1 is no bound.

The complexity of a class on n images is the expected largest correlation of its functions h with n
random signs. h is a network's decision, -1 or 1; a clipped output has the same supremum. Training
finds a lower bound: the correlation that one network reaches.

fast: MLP 1x512 on 64 digits (60 sign vectors) and on 256 (20). cpu_full: MLP 3x512 on all of
CIFAR-10 (2), MLP 1x512 on 10,000 images (3). gpu_full: Inception and Alexnet on all of it (2).
Controls: linear functions of bounded norm, whose complexity falls as 1 / sqrt(n).
"""

import pytest

from claims.section2_capacity.recipes import TO_THE_FIT
from harness import capacity
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
from harness.plugin.experiments import datasets, experiments
from harness.training.protocol import paper_recipe

ROUNDING = 1e-9
SIZES = (64, 128, 256, 512)
"""Numbers of digits."""


def signs(network, dataset, n, draws, **changes):
    """A training for each sign vector on one sample; nothing else differs."""
    chosen = {**TO_THE_FIT, "train_size": n, **changes}
    return [
        paper_recipe(network, dataset, "random-signs", label_draw=draw, **chosen)
        for draw in range(draws)
    ]


def judge_complexity(judge, measured, figure=None):
    check = AtLeast(0.99, source="Section 2.2: the complexity is about 1, here to one per cent")
    judge(measured, check, figure=figure, otherwise=0.5)


def judge_emptiness(judge, name, complexity, n):
    judge(
        exact(
            f"{name}: bound on error minus training error, n = {n:,}",
            [capacity.generalization_bound(complexity, n)],
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


FASTER = {"learning_rate": 0.05, "epochs": 300, "seed": 70}
"""On digits. A supremum does not ask how a function was found."""
EMPTY_FROM = 256
"""Images. Of 64 the bound would be empty from a complexity of 0.49 on; of 256 it is from 0.75 on,
of 10,000 from 0.96."""
TWENTY_EPOCHS = {"evaluation": "at the end", "stop_at_zero_error": False, "epochs": 20}
"""Before the last few of 50,000 images are fitted: the claim is "about 1"."""


@pytest.mark.claim("2.2-rademacher")
@experiments(
    fast={
        "mlp-1x512": {
            "64": signs("mlp-1x512", "digits", 64, 60, **FASTER),
            "256": signs("mlp-1x512", "digits", 256, 20, **FASTER),
        }
    },
    cpu_full={
        "mlp-3x512": {"50000": signs("mlp-3x512", "cifar10", None, 2, **TWENTY_EPOCHS)},
        "mlp-1x512": {"10000": signs("mlp-1x512", "cifar10", 10_000, 3)},
    },
    gpu_full={
        network: {"50000": signs(network, "cifar10", None, 2)}
        for network in ("inception", "alexnet")
    },
)
def test_trained_networks_correlate_with_random_signs(runs, judge):
    """The bound takes the mean correlation less McDiarmid's deviation for so few sign vectors."""
    recipe = runs.all[0].recipe
    name = f"{recipe.title}, trained"
    measured = {
        int(n): correlation_with_signs(
            f"{name}: correlation with signs (a lower bound), n = {int(n):,}", of_size
        )
        for n, of_size in runs.items()
    }
    figure = curve("trained network", recipe.dataset, measured)
    for n, correlation in measured.items():
        judge_complexity(judge, correlation, figure)
        if n >= EMPTY_FROM:
            surely = correlation.mean - capacity.concentration(n, len(correlation.values))
            judge_emptiness(judge, name, surely, n)
    for n, of_size in runs.items():
        vectors = {run.outcome.label_digest for run in of_size}
        judge(
            exact(f"{recipe.title}: different sign vectors, n = {int(n):,}", [len(vectors)], ""),
            Equals(len(of_size), source="Section 2.2: the expectation is over signs"),
        )


# --- The network of Theorem 1 ----------------------------------------------------------------


def sample(dataset, n):
    """The recipe whose images are the sample; nothing is trained."""
    return paper_recipe("mlp-1x512", dataset, "random-signs", train_size=n, seed=70)


def judge_complexity_1(judge, dataset, n, values):
    """The smallest and the largest correlation stand for all."""
    name = f"Theorem 1, {len(values)} sign vectors of {n:,} images: correlation"
    measured = exact(name, [min(values), max(values)], "")
    judge(
        measured,
        Equals(1, source="Theorem 1; float64 rounding over the sample", tolerance=ROUNDING),
        figure=curve("network of Theorem 1", dataset, {n: measured}),
    )


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_theorem_1_has_complexity_1_on_every_sign_vector_of_a_small_sample(judge, reseeded):
    """All 256 sign vectors of 8 digits."""
    points = capacity.image_points(reseeded(sample("digits", 8)))
    values = capacity.best_correlations(capacity.Theorem1Networks(), points, capacity.all_signs(8))
    judge_complexity_1(judge, "digits", 8, values)


@pytest.mark.claim("2.2-rademacher")
@datasets(fast=["digits"], cpu_full=["cifar10"])
def test_theorem_1_has_complexity_1_on_a_large_sample(dataset, data_root, judge, reseeded):
    """20 random sign vectors at each size."""
    for n in {"digits": SIZES, "cifar10": (50_000,)}[dataset]:
        recipe = reseeded(sample(dataset, n))
        points = capacity.image_points(recipe, data_root)
        values = capacity.best_correlations(
            capacity.Theorem1Networks(), points, capacity.random_signs(n, 20, recipe.seed)
        )
        judge_complexity_1(judge, dataset, n, values)


# --- Classes whose complexity is known -------------------------------------------------------

BATCHES, DRAWS = 40, 250
"""10,000 sign vectors; a value is the mean over a batch of them."""
BATCHWISE = "batches of 250 sign vectors"
HALFSPACES = 100
"""Functions in the finite class."""


def correlations(judge, functions, base_seed, reseeded):
    """By number of digits: the points, the signs, and the largest correlation with each vector."""
    recipes = {n: reseeded(sample("digits", n)) for n in SIZES}
    judge.computed_on(*recipes.values())
    points = {n: capacity.image_points(recipe) for n, recipe in recipes.items()}
    signs = {n: capacity.random_signs(n, BATCHES * DRAWS, base_seed) for n in SIZES}
    values = {n: capacity.best_correlations(functions, points[n], signs[n]) for n in SIZES}
    return points, signs, values


def batch_means(values):
    return {n: of_it.reshape(BATCHES, DRAWS).mean(axis=1) for n, of_it in values.items()}


def complexities(name, means):
    return {
        n: mean_over(f"{name}, n = {n}", of_it, "correlation", BATCHWISE)
        for n, of_it in means.items()
    }


def linear_functions():
    return capacity.LinearFunctions(1 / capacity.image_radius(sample("digits", None)))


def judge_falling(judge, name, means):
    """Student's interval over slopes, one for each batch of sign vectors."""
    judge(
        log_log_slope(
            f"{name}: exponent of n",
            list(means),
            list(zip(*means.values(), strict=True)),
            BATCHWISE,
        ),
        Equivalent(-0.5, 0.1, source="B R / sqrt(n) and sqrt(2 ln N / n)"),
        otherwise=0.0,
    )


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_the_measure_finds_known_complexities_of_linear_functions(judge, base_seed, reseeded):
    """The closed form, and no more than B R / sqrt(n) in the mean, falling as it does."""
    functions = linear_functions()
    points, signs, values = correlations(judge, functions, base_seed, reseeded)
    off = max(
        abs(capacity.linear_supremum(functions.bound, points[n], signs[n]) - values[n]).max()
        for n in SIZES
    )
    judge(
        exact("linear functions: largest distance from the closed form", [off], ""),
        Equals(0, source="sup = B |mean of sigma_i x_i|; float64 rounding", tolerance=ROUNDING),
    )
    means = batch_means(values)
    for n, complexity in complexities("linear functions", means).items():
        bound = capacity.linear_bound(functions.bound, 1 / functions.bound, n)
        judge(
            complexity, AtMost(bound, source="B R / sqrt(n), by Jensen's inequality"), otherwise=1.0
        )
    judge_falling(judge, "linear functions", means)


@pytest.mark.fast
@pytest.mark.claim("2.2-rademacher")
def test_the_measure_stays_below_massarts_bound_for_a_finite_class(judge, base_seed, reseeded):
    functions = capacity.RandomHalfspaces(HALFSPACES, seed=base_seed)
    means = batch_means(correlations(judge, functions, base_seed, reseeded)[2])
    measured = complexities(f"{HALFSPACES} halfspaces", means)
    figure = curve("halfspaces, at random", "digits", measured)
    for n, complexity in measured.items():
        bound = capacity.massart_bound(HALFSPACES, n)
        judge(complexity, AtMost(bound, source="Massart 2000"), figure=figure, otherwise=1.0)
    judge_falling(judge, f"{HALFSPACES} halfspaces", means)


@pytest.mark.fast
@pytest.mark.control("2.2-rademacher")
def test_linear_functions_of_bounded_norm_do_not_correlate(judge, base_seed, reseeded):
    """The same two checks as for trained networks; the bound takes the interval's upper end."""
    values = correlations(judge, linear_functions(), base_seed, reseeded)[2]
    measured = complexities("linear functions", batch_means(values))
    figure = curve("linear, bounded norm", "digits", measured)
    for n, complexity in measured.items():
        judge_complexity(judge, complexity, figure)
        judge_emptiness(judge, "linear functions", complexity.interval[1], n)
