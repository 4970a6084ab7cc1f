"""Networks under a constraint on their norm, and the bound on their complexity."""

import math

import pytest
import torch

from harness.capacity.bounds import restricted_bound
from harness.capacity.networks import ProjectedGroup
from harness.training.backend import Backend
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.protocol import paper_recipe

RECIPE = paper_recipe(
    "mlp-1x16", "digits", "random-signs", train_size=16, epochs=1, evaluation="at the end"
)
"""An epoch of a single step."""


def trained(kind, norm):
    data = prepared_data(RECIPE, None, "cpu", "fp32")
    group = kind([RECIPE] * 2, [data] * 2, Backend("cpu", 1))
    group.norm = norm
    group.run_epoch()
    return [torch.cat([p.flatten() for p in it.model.parameters()]) for it in group.members]


def test_a_step_is_the_one_of_sgd_scaled_down_to_the_norm():
    plain = trained(GroupTraining, math.inf)
    for norm in (0.5, 2.0):
        for weights, free in zip(trained(ProjectedGroup, norm), plain, strict=True):
            assert free.norm() > norm
            assert torch.allclose(weights, free * norm / free.norm(), atol=1e-6)


def test_a_norm_that_is_not_reached_changes_nothing():
    for weights, free in zip(
        trained(ProjectedGroup, 1_000.0), trained(GroupTraining, math.inf), strict=True
    ):
        assert torch.equal(weights, free)


def test_the_bound_by_hand():
    # r = 1 and n = 4: (sqrt(2) * 1 + sqrt(2)) / 4
    assert restricted_bound(1.0, 0.0, 4) == pytest.approx(math.sqrt(2) / 2)
    assert restricted_bound(2.0, math.sqrt(8), 4) == pytest.approx((12 + 2) * math.sqrt(2) / 4)


@pytest.mark.parametrize("norm", [0.1, 0.5, 1.0])
def test_the_bound_holds_for_the_best_network_of_one_point(norm):
    """A hidden unit along the point, output weights of both signs; no better use of the norm."""
    radius = 3.0
    layer = norm / math.sqrt(2)
    margin = layer * math.sqrt(2) * layer * math.sqrt(radius**2 + 1)
    best = math.tanh(margin / 2)
    assert best <= restricted_bound(norm, radius, 1) <= 3 * max(best, norm)
