"""2.2-stability-fails: many passes over random labels are not uniformly stable.

The loss is the probability of a wrong answer, in [0, 1]. One example of the sample is replaced by
another that the sample left out, with a label drawn as the others; initial weights, order and all
other examples stay. The largest change over points and replacements is a lower bound on the
coefficient of uniform stability, and needs no interval: it is a witness.
"""

import pytest

from claims.section2_capacity.capacity_trials import (
    FAST_SIZES,
    cifar_sample,
    convolutional_sample,
    digits_sample,
    one_plain_pass,
    over_passes,
    over_sizes,
)
from harness.evidence import (
    AtLeast,
    Equivalent,
    FigureData,
    MoreThan,
    ProvedAtMost,
    exact,
    log_log_slope,
    mean_over,
    paired,
)
from harness.models import model_spec
from harness.plugin.trials import Trial, reseed, trials

PASSES = (1, 4, 16, 60)
PASSES_AT = 128
"""Sample size of the digits on which passes are counted."""

GAP_OF_A_MEMORISER = 0.5
WITNESS = AtLeast(
    GAP_OF_A_MEMORISER,
    source="Bousquet & Elisseeff 2002: the expected gap is at most the coefficient, and a network"
    " that has memorised random signs has a gap of 1/2",
)
ORDER_1 = AtLeast(
    GAP_OF_A_MEMORISER / 2,
    source="half of 1/2: a memoriser knows a random label that it was given, and guesses one that"
    " it was not",
)


def largest(samples):
    """Over replacements and points of all samples."""
    return max(it.largest for it in samples)


def change_at_the_example(name, samples, runs=()):
    """A mean a sample; of a single one, a value a replaced example."""
    if len(samples) > 1:
        means = [float(it.at_the_example.mean()) for it in samples]
        return mean_over(name, means, "loss", "samples: images, labels, orders, weights", runs)
    changes = samples[0].at_the_example.tolist()
    return mean_over(name, changes, "loss", "replaced examples of one sample", runs)


def stability_figure(name, dataset, over, measured):
    """Replacements by sample size or passes, as the figure draws them."""
    means = {x: change_at_the_example("", it) for x, it in measured.items()}
    return FigureData(
        "uniform-stability",
        {
            "class": name,
            "of": dataset,
            "over": over,
            "x": list(measured),
            "mean": [it.mean for it in means.values()],
            "low": [it.interval[0] for it in means.values()],
            "high": [it.interval[1] for it in means.values()],
            "largest": [largest(it) for it in measured.values()],
        },
    )


def judge_instability(judge, name, measured, runs=(), figure=None):
    """Order 1: the largest change at each sample size, and the mean at the example over all."""
    for n, samples in measured.items():
        judge(
            exact(f"{name}, n = {n:,}: largest change of the loss", [largest(samples)], "loss"),
            WITNESS,
            figure=figure,
        )
    judge(
        change_at_the_example(
            f"{name}: change of the loss at the replaced example",
            [sample for samples in measured.values() for sample in samples],
            runs,
        ),
        ORDER_1,
    )


def dataset_of(trial):
    return trial.all_recipes[0].dataset


def measure(groups):
    """Samples with their replacements, by number, from groups of base runs and their variants."""
    from harness.capacity.stability import by_sample

    return {int(x): by_sample(runs) for x, runs in groups.items()}


# --- 2.2-stability-fails ---------------------------------------------------------------------


@pytest.mark.claim("2.2-stability-fails")
@trials(
    Trial("fast", "digits", "scaled", over_sizes(digits_sample, "random-signs", FAST_SIZES)),
    Trial(
        "cpu_full",
        "cifar10",
        "scaled",
        over_sizes(cifar_sample, "random-signs", (500, 1_000, 2_000, 4_000)),
    ),
    *[
        Trial(
            "gpu_full",
            network,
            "scaled",
            {str(n): convolutional_sample(network, "random-signs", n) for n in (500, 2_000)},
        )
        for network in ("inception", "alexnet")
    ],
)
def test_many_passes_on_random_labels_move_the_loss_by_order_1(trial, laboratory, judge):
    groups = laboratory.runs(trial)
    measured = measure(groups)
    runs = [run for group in groups.values() for run in group]
    name = f"{model_spec(trial.all_recipes[0].model).paper_name}, random labels"
    drawn = stability_figure("random labels", dataset_of(trial), "n", measured)
    judge_instability(judge, name, measured, runs, drawn)


@pytest.mark.claim("2.2-stability-fails")
@trials(
    Trial("fast", "digits", "scaled", over_sizes(digits_sample, "two-groups", FAST_SIZES)),
    Trial("cpu_full", "cifar10", "scaled", over_sizes(cifar_sample, "two-groups", (500, 2_000))),
)
def test_even_on_true_labels_some_loss_moves_by_order_1(trial, laboratory, judge):
    """Uniform stability asks for the worst example; the mean over examples is small here, as is
    the gap, and that is what "the weakest stability measure" would see.
    """
    measured = measure(laboratory.runs(trial))
    drawn = stability_figure("true labels", dataset_of(trial), "n", measured)
    for n, it in measured.items():
        judge(
            exact(f"true labels, n = {n:,}: largest change of the loss", [largest(it)], "loss"),
            WITNESS,
            figure=drawn,
        )


def pass_trials(setting):
    """The same sample after one pass, a few, and as many as it takes to memorise."""
    return [
        Trial("fast", "digits", "scaled", over_passes(digits_sample, setting, PASSES_AT, PASSES)),
        Trial("cpu_full", "cifar10", "scaled", over_passes(cifar_sample, setting, 500, (1, 5, 20))),
    ]


def after_passes(groups):
    """Samples by number of passes, and the fewest and the most passes over the very same ones."""
    measured = measure(groups)
    few, many = min(measured), max(measured)
    paired("passes", groups[str(many)], groups[str(few)], {"epochs"})
    return measured, few, many


@pytest.mark.claim("2.2-stability-fails")
@trials(*pass_trials("random-signs"))
def test_on_random_labels_the_change_grows_with_the_passes(trial, laboratory, judge):
    measured, few, many = after_passes(laboratory.runs(trial))
    judge(
        mean_over(
            f"random labels, n = {trial.all_recipes[0].images:,}: change at the example after"
            f" {many} passes minus that after {few}",
            [
                float((late.at_the_example - soon.at_the_example).mean())
                for late, soon in zip(measured[many], measured[few], strict=True)
            ],
            "loss",
            "samples: images, labels, orders, weights",
        ),
        MoreThan(0.0, source="Section 1.2: not stable for many passes"),
        figure=stability_figure("random labels", dataset_of(trial), "passes", measured),
    )


@pytest.mark.claim("2.2-stability-fails")
@trials(*pass_trials("two-groups"))
def test_on_true_labels_the_largest_change_grows_with_the_passes(trial, laboratory, judge):
    """At the example itself it need not: what the others teach covers most of it."""
    measured, few, many = after_passes(laboratory.runs(trial))
    judge(
        exact(
            f"true labels, n = {trial.all_recipes[0].images:,}: largest change after {many}"
            f" passes minus that after {few}",
            [largest(measured[many]) - largest(measured[few])],
            "loss",
        ),
        MoreThan(0.0, source="Section 1.2: not stable for many passes"),
        figure=stability_figure("true labels", dataset_of(trial), "passes", measured),
    )


# --- Its controls ----------------------------------------------------------------------------


@pytest.mark.control("2.2-stability-fails")
@trials(
    Trial("fast", "digits", "scaled", {"1": one_plain_pass(digits_sample, PASSES_AT)}),
    Trial("cpu_full", "cifar10", "scaled", {"1": one_plain_pass(cifar_sample, 500)}),
)
def test_one_short_pass_moves_the_loss_little(trial, laboratory, judge):
    measured = measure(laboratory.runs(trial))
    recipe = trial.all_recipes[0]
    name = f"one pass of plain SGD, {recipe.steps_per_epoch} steps, random labels"
    judge_instability(judge, name, {recipe.images: measured[1]})


PENALTIES = (4, 16, 64)
"""In units of the squared norm of an image, above which the penalty outweighs the data."""

RIDGE_SIZES = {"digits": FAST_SIZES, "cifar10": (500, 1_000, 2_000, 4_000)}
REPLACED = {"digits": 64, "cifar10": 20}
DATASETS = [
    pytest.param("digits", marks=pytest.mark.fast),
    pytest.param("cifar10", marks=[pytest.mark.cpu_full, pytest.mark.needs_data("cifar10")]),
]


def ridge_samples(dataset, base_seed, root):
    """The very samples that the networks train on, with their random labels, by size."""
    from harness.capacity.samples import labelled_points

    make = digits_sample if dataset == "digits" else cifar_sample
    recipes = {n: reseed(make("random-signs", n)[0], base_seed) for n in RIDGE_SIZES[dataset]}
    return recipes, {n: labelled_points(recipe, root) for n, recipe in recipes.items()}


@pytest.mark.claim("2.2-stability-fails")
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_measure_recovers_the_rate_of_ridge_regression(dataset, laboratory, judge, base_seed):
    """Left out one at a time, in closed form: 1/(penalty n), from 9 or 12 pairs of the two."""
    from harness.capacity.bounds import image_radius, ridge_bound
    from harness.capacity.ridge import Ridge

    recipes, samples = ridge_samples(dataset, base_seed, laboratory.data_root)
    judge.computed_on(*recipes.values())
    radius = image_radius(next(iter(recipes.values())))
    products, moves = [], []
    for n, (points, labels, others, other_labels) in samples.items():
        places = range(REPLACED[dataset])
        for multiple in PENALTIES:
            ridge = Ridge(multiple * radius**2)
            products.append(ridge.penalty * n)
            moves.append(ridge.leave_one_out(points, labels)[list(places)])
        largest = ridge.replaced(points, labels, others, other_labels, places).largest
        judge(
            exact(f"ridge, n = {n:,}: largest change of the loss", [largest], "loss"),
            ProvedAtMost(
                ridge_bound(radius, ridge.penalty, n),
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
    )


@pytest.mark.control("2.2-stability-fails")
@pytest.mark.parametrize("dataset", DATASETS)
def test_ridge_regression_with_a_fixed_penalty_is_stable(dataset, laboratory, judge, base_seed):
    from harness.capacity.bounds import image_radius
    from harness.capacity.ridge import Ridge

    recipes, samples = ridge_samples(dataset, base_seed, laboratory.data_root)
    judge.computed_on(*recipes.values())
    ridge = Ridge(image_radius(next(iter(recipes.values()))) ** 2)
    places = range(REPLACED[dataset])
    measured = {n: [ridge.replaced(*of_it, places)] for n, of_it in samples.items()}
    drawn = stability_figure("ridge, random labels", dataset, "n", measured)
    judge_instability(judge, "ridge, random labels", measured, figure=drawn)
