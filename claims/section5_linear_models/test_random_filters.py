"""5-cifar-conv, 5-cifar-l2: Table 3's rows of a convolutional network with random filters.

The filters are random patches of training images; a linear model is solved on their responses.
fast: digits, 24 draws of 100 (5-cifar-conv) or 44 of 300 (5-cifar-l2). cpu_full: CIFAR-10, 2,000
filters. gpu_full: CIFAR-10, the paper's 32,000. One solve each.
"""

import math

import pytest

from claims.section5_linear_models import recipes
from claims.section5_linear_models.recipes import TRUE
from claims.section5_linear_models.table3 import (
    CIFAR_CONVNET,
    CIFAR_PIXELS,
    CIFAR_RIDGE,
    TWO_THIRDS,
    judge_full,
    wrong,
)
from harness import linear
from harness.evidence import AtMost, FigureData, error_ratio, wrong_ratio
from harness.linear.recipe import fit_label


def label(filters, ridge=0.0):
    return fit_label(filters, ridge)


# --- 5-cifar-conv ----------------------------------------------------------------------------


def judge_convnet(judge, name, solves, filters, on_pixels):
    """Against a list, one a solve, of which test images the model on pixels gets wrong."""
    judge(
        wrong_ratio(
            f"{name}, {filters:,} filters: test error over that on pixels",
            [wrong(solve, label(filters)) for solve in solves],
            on_pixels,
        ),
        AtMost(TWO_THIRDS, source="Table 3: 17 % against 46 %; a third less, at least"),
        CIFAR_CONVNET / CIFAR_PIXELS,
        otherwise=1.0,
    )


def judge_digits_convnet(judge, solves, data_root, filters):
    """Linear models both: minimum norm on the features, least squares on the pixels."""
    on_pixels = [linear.least_squares_on_pixels(it.recipe, data_root) for it in solves]
    judge_convnet(judge, "digits, minimum norm", solves, filters, on_pixels)


@pytest.mark.fast
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.needs(convnets=recipes.CONVNETS)
def test_random_filters_lower_the_error_on_digits(runs, data_root, judge):
    judge_digits_convnet(judge, runs.all, data_root, recipes.WIDE)


@pytest.mark.fast
@pytest.mark.control("5-cifar-conv")
@pytest.mark.needs(convnets=recipes.CONVNETS)
def test_few_filters_do_not(runs, data_root, judge):
    """Nearly as many features as examples, where the minimum-norm error peaks."""
    judge_digits_convnet(judge, runs.all, data_root, recipes.NARROW)


@pytest.mark.cpu_full
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.needs(convnet=[recipes.CIFAR_CONVNET], pixels=[recipes.CIFAR])
def test_random_filters_lower_the_error_on_cifar(runs, judge):
    """Fewer filters than the paper's, and fewer features than examples: least squares."""
    (solve,), (pixels,) = runs["convnet"], runs["pixels"]
    filters = max(solve.recipe.filters)
    judge_convnet(judge, "CIFAR-10, least squares", [solve], filters, [wrong(pixels, TRUE)])


@pytest.mark.gpu_full
@pytest.mark.claim("5-cifar-conv")
@pytest.mark.needs(convnet=[recipes.CIFAR_CONVNET_FULL])
def test_32000_random_filters_on_cifar(runs, judge):
    judge_full(
        judge,
        "CIFAR-10, random conv-net",
        runs.all[0],
        label(recipes.FULL_FILTERS),
        CIFAR_CONVNET,
    )


# --- 5-cifar-l2 ------------------------------------------------------------------------------


SAVED = CIFAR_RIDGE / CIFAR_CONVNET
MIDWAY = AtMost(math.sqrt(SAVED.value), source=f"midway between no difference and {SAVED.where}")
A_THIRD_LESS = AtMost(TWO_THIRDS, source="Section 5: lower with l2 regularization; a third less")
"""For digits, whose test images would not notice at `MIDWAY` that a ridge changes nothing."""


def judge_ridge(judge, name, solves, filters, ridge, figure=None):
    judge(
        error_ratio(
            f"{name}, {filters:,} filters: test error with a ridge over that without",
            solves,
            label(filters, ridge),
            solves,
            label(filters),
        ),
        A_THIRD_LESS if solves[0].recipe.dataset == "digits" else MIDWAY,
        SAVED,
        figure,
        otherwise=1.0,
    )


def curve(name, solve):
    """The test error by number of filters, a line for each ridge."""
    recipe, fits = solve.recipe, solve.outcome
    lines = {
        f"{ridge:g}": [fits[label(filters, ridge)].test_error for filters in recipe.filters]
        for ridge in recipe.ridges
    }
    data = {"where": name, "n": fits.fits[0].train_total, "filters": list(recipe.filters)}
    return FigureData("filters-curve", {**data, "errors": lines})


@pytest.mark.fast
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.needs(ridged=recipes.RIDGED, curve=recipes.CURVE)
def test_a_ridge_lowers_the_error_on_digits(runs, judge):
    name = "digits, random conv-net"
    drawn = curve(name, runs["curve"][0])
    judge_ridge(judge, name, runs["ridged"], recipes.TYPICAL, recipes.DIGITS_RIDGE, drawn)


@pytest.mark.fast
@pytest.mark.control("5-cifar-l2")
@pytest.mark.needs(ridged=recipes.RIDGED)
def test_a_ridge_far_too_large_does_not(runs, judge):
    name = "digits, random conv-net"
    judge_ridge(judge, name, runs["ridged"], recipes.TYPICAL, recipes.CRUSHING_RIDGE)


@pytest.mark.cpu_full
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.needs(convnet=[recipes.CIFAR_CONVNET])
def test_a_ridge_lowers_the_error_on_cifar(runs, judge):
    name = "CIFAR-10, random conv-net"
    (solve,) = runs.all
    filters = max(solve.recipe.filters)
    judge_ridge(judge, name, [solve], filters, recipes.CONVNET_RIDGE, curve(name, solve))


@pytest.mark.gpu_full
@pytest.mark.claim("5-cifar-l2")
@pytest.mark.needs(convnet=[recipes.CIFAR_CONVNET_FULL])
def test_a_ridge_with_32000_filters_on_cifar(runs, judge):
    judge_full(
        judge,
        "CIFAR-10, random conv-net, ridge",
        runs.all[0],
        label(recipes.FULL_FILTERS, recipes.CONVNET_RIDGE),
        CIFAR_RIDGE,
    )
