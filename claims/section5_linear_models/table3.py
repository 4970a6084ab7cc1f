"""Table 3's published errors, and how a solve at the paper's size is held against them."""

from typing import TYPE_CHECKING

from claims.section5_linear_models import machines as m
from harness.evidence import AtMost, FigureData, error_on_the_same_images, published_row

if TYPE_CHECKING:
    from harness.evidence.published import Published
    from harness.plugin.judge import Judge
    from harness.runs.run import Solve

TWO_THIRDS = 2 / 3


def published_error(dataset: str, preprocessing: str) -> "Published":
    """The error of one row, as a share of the test images."""
    return published_row(
        "table3_kernels", "test_error", dataset=dataset, preprocessing=preprocessing
    )


MNIST_PIXELS = published_error("MNIST", "none")
MNIST_WAVELETS = published_error("MNIST", "gabor filters")
CIFAR_PIXELS = published_error("CIFAR10", "none")
CIFAR_CONVNET = published_error("CIFAR10", "random conv-net, 32000 filters")
CIFAR_RIDGE = published_error("CIFAR10", "random conv-net, 32000 filters, with l2 regularization")


def row(model: str, solve: "Solve", label: str, published: "Published") -> FigureData:
    """The row as the report shows it."""
    fit = solve.outcome[label]
    where = f"{solve.recipe.dataset}, n = {fit.train_total:,}"
    return FigureData(
        "kernel-errors",
        {
            "model": model,
            "where": where,
            "error": fit.test_error,
            "published": published.value,
        },
    )


def judge_full(
    judge: "Judge",
    name: str,
    solve: "Solve",
    label: str,
    published: "Published",
    margin: float,
    slack_words: str,
) -> None:
    """The test error, on the paper's own test images, against what the paper printed."""
    judge(
        error_on_the_same_images(f"{name}: test error", solve, label),
        AtMost(published.value + margin, source=f"{published.where}, {slack_words}"),
        published,
        row(name, solve, label, published) if label == m.TRUE else None,
    )
