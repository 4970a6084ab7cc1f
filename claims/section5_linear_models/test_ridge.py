"""5-no-gain: a ridge does not lower the error of the kernel models of MNIST.

Gaussian kernels on pixels and on Gabor wavelets; the ridge is chosen on held-out images. cpu_full:
5,000 images of MNIST. gpu_full: all of it, with a ridge and without. Digits are too few for a claim
that nothing is gained; the controls are on digits.
"""

from dataclasses import replace

import pytest

from claims.section5_linear_models import recipes
from claims.section5_linear_models.recipes import TRUE
from claims.section5_linear_models.table3 import CIFAR_CONVNET, CIFAR_RIDGE, wrong
from harness import linear
from harness.evidence import AtLeast, FigureData, wrong_ratio
from harness.linear.recipe import fit_label

DIGITS = {"pixels": recipes.PIXELS[0], "Gabor wavelets": recipes.GABOR[0]}
PART = {"train_size": 5_000, "held_out": 10_000, "corruptions": (0.0,)}
PART_OF_MNIST = {
    "pixels": replace(recipes.MNIST, **PART),
    "Gabor wavelets": replace(recipes.MNIST_GABOR, **PART),
}
RIDGES = (0.0, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 1.0)
SOURCE = "Section 5: regularization does not improve either model"
ON_CIFAR = CIFAR_RIDGE / CIFAR_CONVNET
NO_LESS = 0.96
"""Of the error without a ridge. MNIST's 10,000 test images would refute the 0.88 that the paper has
on CIFAR-10 in 19 of 20 repetitions from this bound on, and not from the middle between both."""


def judge_saving(judge, name, without, ridge, figure=None):
    """``without`` and ``ridge`` say of each test image, a list a solve, whether it is wrong."""
    judge(
        wrong_ratio(f"{name}: error with a ridge over that without", ridge, without),
        AtLeast(NO_LESS, source=f"{SOURCE}; it does on CIFAR-10: {ON_CIFAR.where}"),
        figure=figure,
        otherwise=ON_CIFAR,
    )


def judge_best_ridge(judge, name, drawn, data_root):
    """With the ridge that is best on held-out images, for each draw; the first path is drawn."""
    judge.computed_on(*drawn)
    paths = [linear.choose_ridge(recipe, RIDGES, data_root) for recipe in drawn]
    path = paths[0]
    data = {
        "model": name,
        "where": f"{drawn[0].dataset}, n = {drawn[0].images:,}",
        "ridges": list(path.ridges),
        "held_out": list(path.held_out_errors),
        "test": list(path.test_errors),
        "chosen": path.best,
    }
    judge_saving(
        judge,
        name,
        [it.wrong[0] for it in paths],
        [it.wrong[it.best] for it in paths],
        figure=FigureData("ridge-path", data),
    )


@pytest.mark.cpu_full
@pytest.mark.control("5-no-gain")
@pytest.mark.parametrize("features", DIGITS)
def test_a_ridge_saves_something_where_labels_are_noisy(features, data_root, judge, reseeded):
    """4 draws of 400 digits for training and 397 held out; a fifth of the labels is noise."""
    chosen = {"train_size": 400, "held_out": 397, "corruptions": (0.2,)}
    drawn = [reseeded(replace(DIGITS[features], seed=seed, **chosen)) for seed in range(4)]
    judge_best_ridge(judge, f"digits, {features}, noisy labels", drawn, data_root)


@pytest.mark.cpu_full
@pytest.mark.control("5-no-gain")
@pytest.mark.needs(ridged=recipes.RIDGED)
def test_a_ridge_saves_something_on_random_filters(runs, judge):
    """As in Table 3 on CIFAR-10; 44 draws of 300 digits."""
    without, ridge = (
        [wrong(solve, fit_label(recipes.TYPICAL, value)) for solve in runs["ridged"]]
        for value in (0.0, recipes.DIGITS_RIDGE)
    )
    judge_saving(judge, "digits, random conv-net", without, ridge)


@pytest.mark.cpu_full
@pytest.mark.claim("5-no-gain")
@pytest.mark.needs_data("mnist")
@pytest.mark.parametrize("features", PART_OF_MNIST)
def test_a_ridge_saves_nothing_on_part_of_mnist(features, data_root, judge, reseeded):
    """5,000 images: one eigendecomposition for all ridges."""
    drawn = [reseeded(PART_OF_MNIST[features])]
    judge_best_ridge(judge, f"MNIST, {features}", drawn, data_root)


@pytest.mark.gpu_full
@pytest.mark.claim("5-no-gain")
@pytest.mark.parametrize(
    "features",
    [
        pytest.param(name, marks=pytest.mark.needs(without=[without], ridge=[ridge]))
        for name, without, ridge in (
            ("pixels", recipes.MNIST, recipes.MNIST_RIDGE),
            ("Gabor wavelets", recipes.MNIST_GABOR, recipes.MNIST_GABOR_RIDGE),
        )
    ],
)
def test_a_ridge_saves_nothing_on_mnist(features, runs, judge):
    without, ridge = ([wrong(runs[it][0], TRUE)] for it in ("without", "ridge"))
    judge_saving(judge, f"MNIST, {features}, {recipes.RIDGE:g}", without, ridge)
