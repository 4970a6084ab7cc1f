"""5-mnist ..."""

import pytest

from claims.section5_linear_models.machines import MNIST, TRUE
from harness.evidence import AtMost, error_on_the_same_images, published_row


def published_error(**row):
    return published_row("table3_kernels", "test_error", **row)


@pytest.mark.cpu_full
@pytest.mark.claim("5-mnist")
@pytest.mark.solves(MNIST)
def test_interpolating_mnist_generalises(solver, judge):
    judge.scale = "paper"
    published = published_error(dataset="MNIST", preprocessing="none")
    judge(
        error_on_the_same_images("MNIST pixels: test error", solver.solve(MNIST), TRUE),
        AtMost(published.value + 0.0005, source=f"{published.where}, printed to 0.1 %"),
        published,
    )
