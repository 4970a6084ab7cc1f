"""Table 3's published errors, and how a solve at the paper's size is held against them."""

from typing import Any

from claims.section5_linear_models.recipes import TRUE
from harness.evidence import (
    FigureData,
    Published,
    error_on_the_same_images,
    no_higher,
    published_row,
)

HALVED = {"digits": 0.75, "mnist": 0.6}
"""By data set, the largest ratio of two errors that counts as about a half. On digits midway to no
change; MNIST's 10,000 test images would refute no change in 19 of 20 repetitions from 0.6 down."""
TWO_THIRDS = 2 / 3


def published_error(dataset: str, preprocessing: str) -> Published:
    """The error of one row, as a share of the test images."""
    return published_row(
        "table3_kernels", "test_error", dataset=dataset, preprocessing=preprocessing
    )


MNIST_PIXELS = published_error("MNIST", "none")
MNIST_WAVELETS = published_error("MNIST", "gabor filters")
CIFAR_PIXELS = published_error("CIFAR10", "none")
CIFAR_CONVNET = published_error("CIFAR10", "random conv-net, 32000 filters")
CIFAR_RIDGE = published_error("CIFAR10", "random conv-net, 32000 filters, with l2 regularization")


def judge_full(
    judge: Any,
    name: str,
    solve: Any,
    label: str,
    published: Published,
) -> None:
    """The test error, on the paper's own test images: no higher than the paper printed."""
    fit = solve.outcome[label]
    row = {
        "model": name,
        "where": f"{solve.recipe.dataset}, n = {fit.train_total:,}",
        "error": fit.test_error,
        "published": published.value,
    }
    judge(
        error_on_the_same_images(f"{name}: test error", solve, label),
        no_higher(published),
        published,
        FigureData("kernel-errors", row) if label == TRUE else None,
    )


def wrong(solve: Any, fit: str) -> list[bool]:
    """For each test image, whether the fit has it wrong."""
    return [not right for right in solve.outcome[fit].is_right()]
