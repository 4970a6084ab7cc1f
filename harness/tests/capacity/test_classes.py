"""Classes of known complexity, sign vectors, shattering: against theorems, on any sample."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from harness.capacity import bounds
from harness.capacity.classes import (
    LinearFunctions,
    RandomHalfspaces,
    Theorem1Networks,
    linear_supremum,
)
from harness.capacity.networks import TrainedNetworks
from harness.capacity.samples import (
    all_signs,
    best_correlations,
    random_signs,
    realised_labelings,
    solved_labelings,
    with_a_constant,
)
from harness.errors import CapacityError, HarnessError, InvalidRecipe
from harness.training.protocol import paper_recipe

LATTICE = st.integers(-8, 8)
"""Coordinates: small integers, so that what is on one line is so exactly."""


def lattice(points, dimensions):
    return arrays(np.float64, (points, dimensions), elements=LATTICE)


def gaussian(n, d, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d))


def shatters(functions, points, margin=0.0):
    return bool(realised_labelings(functions, points, margin).all())


class Fixed:
    """A class of one function, or one a labeling."""

    def __init__(self, values):
        self.values = np.asarray(values, dtype=float)

    def fit(self, points, signs):
        return np.broadcast_to(self.values, signs.shape)


def test_random_signs_are_coins_and_the_seed_decides():
    signs = random_signs(100, 100, 3)
    assert set(np.unique(signs)) == {-1, 1} and abs(signs.mean()) < 0.06  # six deviations
    assert np.array_equal(signs, random_signs(100, 100, 3))
    assert not np.array_equal(signs, random_signs(100, 100, 4))


@given(lattice(5, 3), st.integers(0, 99))
def test_no_linear_function_of_that_norm_correlates_better_than_the_closed_form(points, seed):
    radius = max(np.linalg.norm(points, axis=1).max(), 1.0)
    signs = all_signs(5)
    found = best_correlations(LinearFunctions(1 / radius), points, signs)
    assert found == pytest.approx(linear_supremum(1 / radius, points, signs), abs=1e-12)
    rivals = gaussian(50, 3, seed)
    rivals /= np.linalg.norm(rivals, axis=1, keepdims=True) * radius
    assert (signs @ points @ rivals.T / 5 <= found[:, None] + 1e-12).all()
    assert found.mean() <= bounds.linear_bound(1 / radius, radius, 5) + 1e-12, "over all signs"


@given(st.integers(1, 40), st.integers(0, 99))
def test_a_finite_class_stays_below_massarts_bound_in_the_mean(size, seed):
    points, signs = gaussian(8, 2, seed), all_signs(8)
    values = best_correlations(RandomHalfspaces(size, seed), points, signs)
    assert values.mean() <= bounds.massart_bound(size, 8) + 1e-12


@given(lattice(7, 2))
def test_theorem_1_correlates_exactly_with_every_labeling_or_refuses_equal_points(points):
    functions = Theorem1Networks()
    if len(np.unique(points, axis=0)) < len(points):
        with pytest.raises(HarnessError):
            functions.fit(points, all_signs(7))
    else:
        values = best_correlations(functions, points, all_signs(7))
        assert values == pytest.approx(np.ones(128), abs=1e-9)
        assert shatters(functions, points, margin=1 - 1e-9)


def test_a_large_sample_goes_through_the_sorted_breakpoints(monkeypatch):
    monkeypatch.setattr("harness.capacity.classes.AS_MODULE", 10)
    points, signs = gaussian(11, 3), random_signs(11, 4, 0)
    assert Theorem1Networks().fit(points, signs) == pytest.approx(signs, abs=1e-12)


def test_every_point_must_have_the_margin():
    points, signs = gaussian(2, 1), all_signs(2)
    half = Fixed(signs * [[1.0, 0.5]])
    assert shatters(half, points, margin=0.5) and not shatters(half, points, margin=0.51)
    assert not shatters(Fixed(signs * 0.0), points), "zero is on neither side"
    assert realised_labelings(Fixed([1.0, 1.0]), points).tolist() == [False, False, False, True]


def network(**changes):
    fields = {"train_size": 3, "epochs": 60, "learning_rate": 0.5, "evaluation": "at the end"}
    return TrainedNetworks(
        paper_recipe("mlp-1x32", "digits", "random-signs", **{**fields, **changes})
    )


def test_trained_networks_shatter_where_affine_functions_do_not():
    points = np.array([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    assert solved_labelings(with_a_constant(points), all_signs(4)).rank == 3
    assert shatters(network(), points, margin=0.5)
    untrained = realised_labelings(network(epochs=1, learning_rate=1e-9), points)
    assert untrained.sum() <= 1, "one function has one labeling"


def test_labelings_in_several_jobs_come_back_in_their_order(monkeypatch):
    points, signs = gaussian(3, 2), all_signs(3)
    together = network(epochs=2).fit(points, signs)
    monkeypatch.setattr("harness.capacity.networks.TOGETHER", 3)
    assert network(epochs=2).fit(points, signs) == pytest.approx(together, abs=1e-6)
    assert together.shape == (8, 3) and np.abs(together).max() <= 1


def test_networks_that_cannot_train_in_a_group_are_refused():
    with pytest.raises(HarnessError, match="cannot train in a group"):
        TrainedNetworks(paper_recipe("alexnet", "digits", "random-signs", train_size=2)).fit(
            gaussian(2, 1), np.ones((1, 2))
        )
    with pytest.raises(InvalidRecipe, match="train_size"):
        network().fit(gaussian(798, 1), np.ones((1, 798)))


def test_a_diverged_training_is_reported():
    with pytest.raises(CapacityError, match=r"diverged on 4 of 4 labelings.*smaller learning_rate"):
        realised_labelings(network(learning_rate=1e20, epochs=5), gaussian(2, 1))


def test_features_of_rank_n_solve_every_labeling_and_others_do_not():
    points = np.random.default_rng(0).standard_normal((6, 5))
    full = solved_labelings(with_a_constant(points), all_signs(6))
    assert full.rank == 6 and full.smallest_margin == pytest.approx(1)
    less = solved_labelings(points, all_signs(6))
    assert less.rank == 5 and less.smallest_margin < 0
