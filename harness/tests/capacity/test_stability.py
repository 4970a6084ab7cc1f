"""Stability: bounds from a recipe, ridge against brute force, runs against arithmetic."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from harness.capacity import bounds
from harness.capacity.ridge import Ridge
from harness.capacity.samples import image_points, labelled_points
from harness.capacity.stability import (
    generalization_gap,
    losses,
    on_average_stability,
    replacements,
)
from harness.data.streams import digest
from harness.errors import CapacityError, HarnessError
from harness.tests.evidence_helpers import trained
from harness.training.protocol import paper_recipe


def logistic(**changes):
    one_by_one = {"train_size": 50, "batch_size": 1, "momentum": 0.0, "decay": 1.0}
    fields = {**one_by_one, "learning_rate": 0.01, "epochs": 2, **changes}
    return replace(paper_recipe("linear", "digits", "two-groups"), **fields)


# --- Bounds ----------------------------------------------------------------------------------


def test_the_generalization_bound_holds_on_a_class_that_can_be_enumerated():
    """Thresholds on a line, coin labels: the true gap of the best is below the bound."""
    draw = np.random.default_rng(0)
    exceeded = 0
    for _ in range(200):
        x, y = draw.random(100), np.where(draw.random(100) < 0.5, -1.0, 1.0)
        steps = np.sign(x[:, None] - np.linspace(0, 1, 50)[None] + 1e-12)
        functions = np.hstack([steps, -steps])
        gap = 0.5 - (functions != y[:, None]).mean(axis=0).min()
        signs = np.where(draw.random((50, 100)) < 0.5, -1.0, 1.0)
        complexity = (signs @ functions / 100).max(axis=1).mean()
        exceeded += gap > bounds.generalization_bound(complexity, 100)
    assert exceeded <= 0.05 * 200


def test_the_stability_bound_is_the_theorems():
    recipe = logistic()
    # 192 pixel values and a bias: L^2 = 2 * 193; 100 steps of 0.01 over 50 examples.
    assert bounds.stability_bound(recipe) == pytest.approx(2 * 2 * 193 / 50 * 100 * 0.01)
    assert bounds.stability_bound(recipe, "error") == pytest.approx(
        bounds.stability_bound(recipe) / 4
    )
    assert bounds.image_radius(replace(recipe, dataset="cifar10")) == pytest.approx(
        28 * math.sqrt(3)
    )


@pytest.mark.parametrize("changes", [{}, {"batch_size": 16, "decay": 0.95, "decay_every": 3}])
def test_the_nonconvex_bound_reaches_1_where_the_recursion_says(changes):
    """Hardt et al. 2016, proof of theorem 3.12: one step of the weights' distance at a time."""
    recipe = paper_recipe("mlp-1x512", "digits", "random-labels", train_size=256, **changes)
    constant = bounds.lipschitz(bounds.image_radius(recipe))
    n = 256

    def bound(steps):
        def after(start):
            apart = 0.0
            for step in range(start, steps):
                rate = recipe.learning_rate * recipe.decay ** (step // recipe.decay_every)
                grown = (1 + rate * constant**2 / 4) * apart
                apart = grown + 2 * rate * constant / n
            return start * recipe.batch_size / n + constant / 4 * apart

        return min(after(start) for start in range(steps + 1))

    steps = round(bounds.passes_until_vacuous(recipe) * recipe.steps_per_epoch)
    assert bound(steps - 1) < 1 <= bound(steps)


def test_the_nonconvex_bound_lasts_where_steps_are_small():
    recipe = paper_recipe("mlp-1x512", "digits", "random-labels", learning_rate=1e-6)
    assert bounds.passes_until_vacuous(recipe) == math.inf
    with pytest.raises(CapacityError, match="take mlp-1x512"):
        bounds.passes_until_vacuous(replace(recipe, model="alexnet"))


@pytest.mark.parametrize("inputs", ["true", "shuffled pixels"])
def test_no_image_exceeds_the_radius_of_its_recipe(inputs):
    recipe = replace(logistic(), train_size=None, inputs=inputs)
    norms = np.linalg.norm(image_points(recipe), axis=1)
    assert norms.max() <= bounds.image_radius(recipe) * (1 + 1e-6)
    assert norms.max() >= 0.999 * bounds.image_radius(recipe), "and the bound is tight"


def test_lipschitz_and_smoothness_are_those_of_the_loss_that_trains():
    """Largest gradient and curvature of the loss over weights, at an image of that norm."""
    constant = bounds.lipschitz(3.0)
    image = torch.tensor([1.8, 2.4, 1.0], dtype=torch.float64)  # Norm 3, and the bias's 1.

    def loss(weights, kind="cross-entropy"):
        logits = (weights.view(2, 3) * image).sum(dim=1)[None]
        if kind == "error":
            return 1 - logits.softmax(dim=1)[0, 0]
        return torch.nn.functional.cross_entropy(logits, torch.tensor([0]))

    for shift, kind, expected in (
        (-20.0, "cross-entropy", constant),
        (0.0, "error", constant / 4),
    ):
        weights = torch.tensor([shift, 0, 0, 0, 0, 0], dtype=torch.float64, requires_grad=True)
        (gradient,) = torch.autograd.grad(loss(weights, kind), weights)
        assert float(gradient.norm()) == pytest.approx(expected, rel=1e-6)
    flat = torch.zeros(6, dtype=torch.float64)
    curvature = torch.autograd.functional.hessian(loss, flat)
    assert float(torch.linalg.eigvalsh(curvature).max()) == pytest.approx(constant**2 / 4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "mlp-1x16"}, "model = 'mlp-1x16', but the theorem covers 'linear' only"),
        ({"labels": "classes"}, "labels = 'classes'"),
        ({"momentum": 0.9}, "momentum = 0.9, but the theorem covers 0 only"),
        ({"learning_rate": 0.03}, "learning_rate = 0.03.*2 / smoothness = 0.02073"),
        ({"stop_at_zero_error": True}, "stop_at_zero_error = True"),
        ({"inputs": "gaussian"}, "inputs = 'gaussian', .* covers 'true' or 'shuffled pixels' only"),
        ({"label_corruption": 1.0, "redraw": "labels each epoch"}, "redraw = 'labels each epoch'"),
    ],
)
def test_what_the_theorem_does_not_cover_is_refused(changes, message):
    with pytest.raises(CapacityError, match=message):
        bounds.stability_bound(logistic(**changes))


# --- Ridge regression ------------------------------------------------------------------------


def sample(n, d, seed, radius=2.0):
    draw = np.random.default_rng(seed)
    points = draw.standard_normal((n, d))
    points *= radius / np.linalg.norm(points, axis=1, keepdims=True)
    return points, np.where(draw.random(n) < 0.5, -1.0, 1.0)


@given(st.integers(2, 12), st.integers(1, 6), st.floats(0.01, 10), st.integers(0, 999))
def test_ridge_minimises_what_it_says(n, d, penalty, seed):
    points, labels = sample(n, d, seed)
    weights = Ridge(penalty).fit(points, labels)
    gradient = points.T @ (points @ weights - labels) / n + penalty * weights
    assert gradient == pytest.approx(np.zeros(d), abs=1e-9)


@given(st.integers(2, 10), st.integers(1, 6), st.floats(0.05, 10), st.integers(0, 999))
def test_closed_forms_equal_a_new_fit(n, d, penalty, seed):
    points, labels = sample(n, d, seed)
    others, other_labels = sample(n, d, seed + 1)
    ridge = Ridge(penalty)
    before = ridge.fit(points, labels)
    places = np.arange(n)
    measured = ridge.replaced(points, labels, others, other_labels, places)
    left_out = ridge.leave_one_out(points, labels)
    everything, signs = np.vstack([points, others]), np.r_[labels, other_labels]

    def loss(weights):
        return (1 - signs * np.clip(everything @ weights, -1, 1)) / 2

    for place in places:
        changed, changed_labels = points.copy(), labels.copy()
        changed[place], changed_labels[place] = others[place], other_labels[place]
        after = ridge.fit(changed, changed_labels)
        assert measured.changes[place] == pytest.approx(abs(loss(after) - loss(before)), abs=1e-8)
        rest = np.arange(n) != place
        without = Ridge(penalty * n / (n - 1)).fit(points[rest], labels[rest])
        moved = abs(points[place] @ (without - before))
        assert left_out[place] == pytest.approx(moved, abs=1e-8)


def test_ridge_gets_the_sample_that_networks_train_on():
    from harness.training.inputs import prepared_data

    recipe = replace(logistic(), label_corruption=1.0)
    data = prepared_data(replace(recipe, keep_answers=True), None, "cpu", "fp32")
    points, signs, others, other_signs = labelled_points(recipe)
    assert np.array_equal(points, data.train_images.flatten(1).double().numpy())
    assert np.array_equal(signs, 2 * data.train_labels.numpy() - 1)
    assert np.array_equal(np.r_[signs, other_signs], 2 * data.probe_labels.numpy() - 1)
    assert others.shape == (50, 192)


# --- Runs ------------------------------------------------------------------------------------


def run(answers, labels, replaced=None, order="order", trained_on=None, **changes):
    """The left-out example of the same place replaces one, with its label."""
    fields = {"keep_answers": True, "train_size": 3, "replaced": replaced, **changes}
    if trained_on is None:
        trained_on = labels[:3]
        if replaced is not None:
            trained_on[replaced] = labels[3 + replaced]
    return trained(
        recipe=paper_recipe("linear", "digits", "random-signs", **fields),
        label_digest=digest(torch.tensor(trained_on)),
        order_digest=order,
        answers=answers,
        probe_labels=labels,
    )


def logit(probability):
    return math.log(probability / (1 - probability))


LABELS = [1, 0, 1, 0, 1, 0]


def test_a_loss_is_the_probability_of_a_wrong_answer():
    """Answers are logits of label 1; the labels 1, 0, ... want them high, low, ..."""
    answers = [logit(p) for p in (0.9, 0.9, 0.5, 0.2, 0.999, 0.001)]
    assert losses(run(answers, LABELS)) == pytest.approx([0.1, 0.9, 0.5, 0.2, 0.001, 0.001])
    assert generalization_gap(run(answers, LABELS)) == pytest.approx((0.202 - 1.5) / 3)


def test_changes_are_taken_at_all_points_and_at_the_example():
    base = run([0.0] * 6, LABELS)
    first, third = [0.0] * 6, [0.0] * 6
    first[0], first[3], first[5] = logit(0.9), logit(0.7), logit(0.99)
    third[2] = logit(0.25)
    measured = replacements(base, [run(first, LABELS, 0), run(third, LABELS, 2)])
    assert measured.changes == pytest.approx(
        np.array([[0.4, 0, 0, 0.2, 0, 0.49], [0, 0, 0.25, 0, 0, 0]]), abs=1e-12
    )
    assert measured.largest == pytest.approx(0.49)
    # Half from the example itself, half from the one in its place: left-out image 0, and 2.
    assert measured.at_the_example == pytest.approx([(0.4 + 0.2) / 2, 0.25 / 2])


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"epochs": 3}, "they differ in epochs; only replaced"),
        ({"order": "another"}, "their images come in different orders"),
        ({"trained_on": [0, 0, 1]}, "has other labels than"),
        ({"labels": [1, 0, 1, 0, 1, 1]}, "has other labels than"),
    ],
)
def test_runs_that_differ_otherwise_are_not_compared(changed, why):
    base = run([0.0] * 6, LABELS)
    assert replacements(base, [run([0.0] * 6, LABELS, replaced=1)]).largest == 0
    with pytest.raises(HarnessError, match=why):
        replacements(base, [run([0.0] * 6, **{"labels": LABELS, "replaced": 1, **changed})])


def test_the_stability_in_the_mean_is_a_rise_at_the_replaced_example():
    """The first example, replaced, is wrong with 0.9 instead of 0.2, the left-out one the other way
    round with 0.7 and 0.3: (0.7 + 0.4) / 2. Shifted by one: 0.1 and, for the next left out, 0.05.
    """
    labels = [0, 0, 0, 0, 0, 0]
    before = [logit(it) for it in (0.2, 0.5, 0.5, 0.7, 0.6, 0.5)]
    after = [logit(it) for it in (0.9, 0.6, 0.5, 0.3, 0.55, 0.5)]
    runs = [run(before, labels), run(after, labels, replaced=0)]
    assert on_average_stability(runs) == pytest.approx((0.7 + 0.4) / 2)
    assert on_average_stability(runs, shift=1) == pytest.approx((0.1 + 0.05) / 2)
