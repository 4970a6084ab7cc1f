"""Each interval sees the level that it says is replicated, and no other.

The data vary at one level alone: between images, with all runs alike, or between runs, of so many
images that those hardly count. Resampling at another level would give another width. Over 300
lines, since each level is shown by comparing measurements with each other.
"""

import math

import numpy as np
import pytest

from claims.section2_capacity.test_uniform_stability import change_at_the_example
from harness.capacity.stability import Replacements
from harness.evidence import (
    accuracy,
    accuracy_as_drawn,
    correlation_with_signs,
    corruption_cost,
    difference_in_accuracy,
    difference_in_steps,
    epochs_of_descent,
    error_on_the_same_images,
    error_ratio,
    gain_of_early_stopping,
    log_log_slope,
    online_accuracy,
    roughness_ratio,
    share_of_errors,
    slowdown,
    spread_between_and_within,
    wrong_ratio,
)
from harness.evidence.regularization import sum_of_accuracies, top5_accuracy
from harness.evidence.statistics import (
    DESIGN_EFFECT,
    clopper_pearson,
    paired_ratio,
    sum_interval,
    t_interval,
    welch_interval,
)
from harness.tests.evidence_helpers import solved, trained, width

MANY = 10**9
"""Images of which no sampling is seen beside the runs' spread."""
SHARES = (0.3, 0.5, 0.9)


def run(share=0.5, images=100, setting="true-labels", curve=(0.5,), epochs=10, **changes):
    """A run that has this share of everything right."""
    right = round(share * images)
    counts = dict.fromkeys(("train_correct", "test_correct", "corrupted_test_correct"), right)
    counts |= dict.fromkeys(("train_among_five", "test_among_five"), right)
    return trained(
        setting,
        train_total=images,
        test_total=images,
        loss=[2.0] * (epochs - 1) + [0.1],
        online_accuracy=[share] * (epochs - 1) + [1.0],
        test_accuracy=curve,
        validation_accuracy=[1.0, *[0.0] * (len(curve) - 1)],
        label_digest=f"{setting} {changes.get('label_draw', 0)}",
        **counts,
        **{"train_size": 64, **changes},
    )


# --- Accuracies: over runs, never narrower than over all their images ------------------------


def online(share, images):
    """A run whose batches had this share right in every epoch."""
    return trained(online_accuracy=[share] * 10, train_total=images)


ACCURACIES = {
    "accuracy": lambda pairs: accuracy("x", [run(*it) for it in pairs], "test"),
    "top 5": lambda pairs: top5_accuracy("x", [run(*it) for it in pairs], "test"),
    "online": lambda pairs: online_accuracy("x", [online(*it) for it in pairs]),
    "as drawn": lambda pairs: accuracy_as_drawn("x", [run(*it) for it in pairs]),
    "errors": lambda pairs: share_of_errors(
        "x",
        [solved(correct=round((1 - share) * images), total=images) for share, images in pairs],
        "true labels",
    ),
}


@pytest.mark.parametrize("measure", ACCURACIES.values(), ids=ACCURACIES)
def test_an_accuracy_sees_images_of_one_run_and_runs_of_several(measure):
    one, alike = measure([(0.5, 100)]), measure([(0.5, 100)] * 4)
    apart = measure([(share, MANY) for share in SHARES])
    assert "images" in one.replicated and "run" not in one.replicated.split("images")[0]
    assert one.interval == pytest.approx(clopper_pearson(50, 100))
    assert alike.interval == pytest.approx(clopper_pearson(200, 400))
    low, high = t_interval(SHARES)
    assert apart.interval == pytest.approx((max(low, 0), min(high, 1)), abs=1e-4)
    assert "runs" in apart.replicated


def test_signs_are_over_vectors_and_never_narrower_than_over_all_their_signs():
    def measure(pairs):
        runs = [run(*it, setting="random-signs", label_draw=draw) for draw, it in enumerate(pairs)]
        return correlation_with_signs("x", runs)

    alike, apart = measure([(0.5, 100)] * 4), measure([(share, MANY) for share in (0.4, 0.5, 0.6)])
    assert width(alike) == pytest.approx(2 * width(clopper_pearson(200, 400)))
    assert width(apart) == pytest.approx(2 * width(t_interval((0.4, 0.5, 0.6))), abs=1e-4)
    assert apart.replicated.startswith("sign vectors")


def test_a_drawn_label_is_over_images_whatever_the_runs():
    """Runs that differ say nothing more of how labels were drawn."""

    def cost(pairs):
        runs = [run(*it, setting="corrupted-0.5", score_corrupted_test=True) for it in pairs]
        return corruption_cost("x", runs)

    assert width(cost([(0.5, 400)])) == pytest.approx(width(cost([(0.5, 100)] * 4)))
    assert width(cost([(share, MANY) for share in SHARES])) < 1e-3
    assert "test images" in cost([(0.5, 100)]).replicated


# --- Differences of accuracies ---------------------------------------------------------------


def test_a_difference_sees_runs_and_is_never_narrower_than_over_all_images():
    def measure(pairs):
        return difference_in_accuracy(
            "x", [run(*it) for it in pairs], [run(0.2, images) for _, images in pairs]
        )

    alike, apart = measure([(0.5, 100)] * 4), measure([(share, MANY) for share in SHARES])
    assert alike.interval == pytest.approx(sum_interval([(1, (200, 400)), (-1, (80, 400))])[1])
    assert apart.interval == pytest.approx(t_interval([it - 0.2 for it in SHARES]), abs=1e-4)
    assert apart.replicated.startswith("runs") and "images" in measure([(0.5, 100)]).replicated


def test_a_single_pair_scatters_as_its_memoriser_does_in_either_order():
    pair = [run(0.9, 100)], [run(0.1, 100, setting="random-labels")]
    for one, other in (pair, pair[::-1]):
        assert difference_in_accuracy("x", one, other).design == DESIGN_EFFECT


def test_early_stopping_sees_runs_that_gain_differently_and_not_runs_that_gain_alike():
    def measure(pairs):
        runs = [run(last, images, curve=(best, last)) for best, last, images in pairs]
        return gain_of_early_stopping("x", runs)

    alike = measure([(share, share - 0.2, MANY) for share in SHARES])
    assert width(alike) < 1e-3, "the runs differ, their gains do not"
    gains = [0.1, 0.2, 0.4]
    apart = measure([(0.5 + it, 0.5, MANY) for it in gains])
    assert apart.interval == pytest.approx(t_interval(gains), abs=1e-4)
    by_images = measure([(0.7, 0.5, 100)] * 3)
    assert by_images.interval == pytest.approx(sum_interval([(1, (210, 300)), (-1, (150, 300))])[1])


@pytest.mark.parametrize(
    "measure",
    [
        lambda images: sum_of_accuracies(
            "x", {"a": (1, (images // 2, images)), "b": (-1, (images // 5, images))}
        ),
        lambda images: spread_between_and_within(
            "x", {"a": [run(0.9, images), run(0.5, images)], "b": [run(0.2, images)]}
        )[0],
    ],
    ids=["sum", "spread"],
)
def test_what_is_over_images_alone_narrows_with_them(measure):
    assert width(measure(100)) == pytest.approx(10 * width(measure(10_000)), rel=0.1)
    assert measure(100).replicated.startswith("test images")


# --- Paired test images ----------------------------------------------------------------------

IMAGES = 200
HALF = [image % 2 == 0 for image in range(IMAGES)]
ALL, NONE, QUARTER = [True] * IMAGES, [False] * IMAGES, [image % 4 == 0 for image in range(IMAGES)]
PAIRED = {
    "wrong_ratio": lambda wrong, its: wrong_ratio("x", wrong, its),
    "error_ratio": lambda wrong, its: error_ratio(
        "x",
        [solved([not it for it in row]) for row in wrong],
        "true labels",
        [solved([not it for it in row]) for row in its],
        "true labels",
    ),
}


@pytest.mark.parametrize("measure", PAIRED.values(), ids=PAIRED)
def test_paired_models_see_their_training_draws_and_the_test_images(measure):
    """Each level alone: draws that save more or less on the very same images; images, alike in all
    draws; and cells that differ from draw to draw and image to image, which are not counted twice.
    """
    one, four = measure([QUARTER], [HALF]), measure([QUARTER] * 4, [HALF] * 4)
    assert width(one) == pytest.approx(width(four), rel=0.01) and width(one) > 0.02
    assert "draws" not in one.replicated and "4 training draws" in four.replicated
    assert width(measure([HALF], [HALF])) == 0, "the pairs are kept"
    # Draws alone: their errors are fewer by a half or by all of the images, the same everywhere.
    saved = measure([ALL, ALL, HALF, HALF], [ALL] * 4)
    assert width(saved) > 0.5 > width(measure([ALL] * 4, [ALL] * 4)) == 0


def draws(rng, of_draws, of_images, of_cells, shape=(12, 200)):
    """Differences whose spread lies at these levels."""
    d, n = shape
    return (
        of_draws * rng.normal(size=(d, 1))
        + of_images * rng.normal(size=(1, n))
        + of_cells * rng.normal(size=shape)
    )


@pytest.mark.parametrize("levels", [(0.3, 0, 0), (0, 1, 0), (0, 0, 1), (0.1, 1, 1)])
def test_crossed_draws_and_images_are_covered_at_whatever_level_they_vary(levels):
    rng = np.random.default_rng(20170210)
    within = []
    for _ in range(1_000):
        _, (low, high), _ = paired_ratio(10 + draws(rng, *levels), np.full((12, 200), 10))
        within.append(low <= 1 <= high)
    assert abs(np.mean(within) - 0.95) < 0.03


def test_errors_on_the_papers_own_images_are_no_sample():
    assert width(error_on_the_same_images("x", solved(HALF), "true labels")) == 0


# --- Replicates, curves ----------------------------------------------------------------------


def test_a_slope_sees_replicates_and_not_how_far_their_points_are_off_the_line():
    x = [1, 2, 4, 8]
    bent = np.array([1.0, 0.2, 0.9, 0.1])
    assert width(log_log_slope("x", x, [bent, 3 * bent, 5 * bent], "replicates")) < 1e-9
    slopes = [-1.0, -0.8, -0.3]
    curves = [np.array(x, float) ** slope for slope in slopes]
    assert log_log_slope("x", x, curves, "replicates").interval == pytest.approx(t_interval(slopes))


def fits_after(epochs):
    return run(epochs=epochs)


def test_a_slowdown_sees_the_runs_of_both_sides():
    slow, fast = [[fits_after(it) for it in its] for its in ((40, 60, 90), (10, 20))]
    measured = slowdown("x", slow, fast)
    logs = [[math.log(it) for it in its] for its in ((40, 60, 90), (10, 20))]
    assert measured.interval == pytest.approx(np.exp(welch_interval(*logs)))
    assert width(slowdown("x", slow[:1] * 3, fast[:1] * 2)) == pytest.approx(0)
    assert width(slowdown("x", slow[:1] * 3, fast)) > 0 < width(slowdown("x", slow, fast[:1] * 2))


@pytest.mark.parametrize(
    "measure",
    [
        lambda runs: difference_in_steps("x", runs, [fits_after(1)] * len(runs), 1.0),
        lambda runs: epochs_of_descent("x", runs, 3.0, 1.0),
    ],
    ids=["steps", "descent"],
)
def test_times_see_runs_and_are_known_to_an_epoch(measure):
    far, alike = measure([fits_after(it) for it in (20, 60, 300)]), measure([fits_after(50)] * 3)
    assert far.interval == pytest.approx(t_interval(far.values))
    assert width(alike) == pytest.approx(2), "an epoch of one step, either way"
    assert far.replicated.startswith("runs")


def curve_of(second_differences):
    return run(curve=np.cumsum(np.cumsum([0, 0, *second_differences])))


def test_one_pairs_roughness_is_over_blocks_of_epochs():
    """Within each block of four epochs any order is as rough; between blocks it is not."""
    within = [0.001, 0.004, 0.001, 0.008] * 10
    between = [0.001] * 20 + [0.008] * 20
    smooth = curve_of([0.002] * 40)
    assert width(roughness_ratio("x", [curve_of(within)], [smooth])) < 1e-9
    alone = roughness_ratio("x", [curve_of(between)], [smooth])
    single = 2 * 1.96 * np.std(between) / 0.002 / math.sqrt(40)
    assert width(alone) > 1.5 * single, "blocks, not single epochs"
    assert alone.replicated == "blocks of epochs within a run"


def test_several_pairs_roughness_is_over_runs():
    smooth = curve_of([0.002] * 40)
    rough = [curve_of([0.001] * 20 + [0.008] * 20)] * 3
    assert width(roughness_ratio("x", rough, [smooth] * 3)) < 1e-9, "blocks differ, runs do not"
    sizes = [0.002, 0.004, 0.01]
    measured = roughness_ratio("x", [curve_of([it] * 40) for it in sizes], [smooth] * 3)
    logs = t_interval([math.log(it / 0.002) for it in sizes])
    assert measured.interval == pytest.approx(np.exp(logs)) and measured.replicated == "runs"


def test_a_change_at_the_example_is_over_samples_where_there_are_several():
    """Replaced examples of one sample move together: they are no replicates beside samples."""
    within = Replacements(np.arange(2), np.array([[0.2] * 4, [0.8] * 4]), 2)
    alike = change_at_the_example("x", [within] * 3)
    assert width(alike) < 1e-9 and alike.replicated.startswith("samples")
    means = [0.2, 0.4, 0.9]
    apart = [Replacements(np.arange(2), np.full((2, 4), mean), 2) for mean in means]
    assert change_at_the_example("x", apart).interval == pytest.approx(t_interval(means))
    alone = change_at_the_example("x", [within])
    assert alone.interval == pytest.approx(t_interval([0.2, 0.8]))
    assert alone.replicated == "replaced examples of one sample"
