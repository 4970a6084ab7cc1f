"""The bounds of section 2.2, with their constants. Does not import torch."""

import math

import numpy as np

from harness.data.catalogue import dataset_spec
from harness.errors import CapacityError
from harness.models.registry import model_spec
from harness.training.recipe import Recipe

LARGEST_EXPONENT = 700.0
"""Of e in double precision."""
FAILURE = 0.05
"""The probability with which a bound may fail."""


def generalization_bound(complexity: float, points: int) -> float:
    """The largest gap of error and training error, with probability 1 - FAILURE.

    R + 3 sqrt(ln(2 / FAILURE) / (2 n)), for all classifiers of a class at once, R its empirical
    Rademacher complexity on the sample as section 2.2 defines it. Bartlett & Mendelson 2003: by
    their theorem 5 the gap is at most half their complexity (which has a factor 2, and so is R's
    expectation) plus sqrt(ln(1/f) / (2n)); R is within sqrt(2 ln(1/f) / n) of its expectation
    (McDiarmid: one point moves it by 2/n); f = FAILURE / 2 for each. Above 1 it is vacuous.
    """
    return complexity + 3 * math.sqrt(math.log(2 / FAILURE) / (2 * points))


def massart_bound(functions: int, points: int) -> float:
    """A class of ``functions`` with values in [-1, 1]: at most sqrt(2 ln N / n) (Massart 2000)."""
    return math.sqrt(2 * math.log(functions) / points)


def linear_bound(bound: float, radius: float, points: int) -> float:
    """Linear functions of norm ``bound`` on points of norm ``radius``: B R / sqrt(n), by Jensen."""
    return bound * radius / math.sqrt(points)


def restricted_bound(norm: float, radius: float, points: int) -> float:
    """Two-class networks with one hidden layer of ReLU, all weights and biases of norm ``norm``.

    For h = tanh(m / 2), m the difference of the two logits, on points of norm ``radius``. A point
    gets a 1 for the hidden biases, its norm is then r = sqrt(radius^2 + 1). With Frobenius norms
    A and B of the layers the complexity of m is at most 2 A sqrt(2) B r / sqrt(n) (Neyshabur et al.
    2015, theorem 1; sqrt(2) B bounds the norm of the difference of the two rows), and A B is at
    most norm^2 / 2. The output biases add sqrt(2) norm / sqrt(n). tanh(m / 2) has slope 1/2 at
    most, which halves it (Talagrand's contraction).
    """
    hidden = math.sqrt(2) * norm**2 * math.sqrt(radius**2 + 1)
    return (hidden + math.sqrt(2) * norm) / (2 * math.sqrt(points))


def concentration(points: int, draws: int) -> float:
    """The largest excess of the mean over ``draws`` sign vectors over its expectation (McDiarmid).

    sqrt(2 ln(1 / FAILURE) / (n k)): each of the n k signs moves the mean of k suprema by at most
    2 / (n k). For any class with values in [-1, 1].
    """
    return math.sqrt(2 * math.log(1 / FAILURE) / (points * draws))


def lipschitz(radius: float) -> float:
    """L of the cross-entropy of logistic regression, in its weights, on images of such norms.

    Two rows of weights and biases, softmax: the loss is log(1 + exp(-m)) of a margin m whose
    gradient has norm sqrt(2) sqrt(radius^2 + 1), the 1 being the bias's input. Its second
    derivative in m is at most 1/4, so its smoothness is L^2 / 4. The probability of a wrong answer,
    1 / (1 + exp(m)), has a slope of at most 1/4 in m, so its constant is L / 4.
    """
    return math.sqrt(2 * (radius**2 + 1))


def image_radius(recipe: Recipe) -> float:
    """The largest norm of a whitened image: sqrt(N) for N values.

    Whitening divides by at least the standard deviation (appendix A): the mean square is at most 1.
    """
    channels, height, width = dataset_spec(recipe.dataset).shape
    return math.sqrt(channels * min(height, recipe.crop) * min(width, recipe.crop))


def stability_bound(recipe: Recipe, loss: str = "cross-entropy") -> float:
    """Uniform stability of SGD on logistic regression, from the recipe alone (Hardt et al. 2016).

    Theorem 3.8: 2 L^2 / n times the sum of the step sizes, for a convex and smooth loss with
    steps of at most 2 / smoothness, on single examples. For the ``"error"`` (the probability of a
    wrong answer) one L is that loss's own: the proof bounds the distance of the weights by 2 L / n
    times the sum. At a constant step size it holds for every order that visits each example once
    an epoch, not in expectation alone. Raises CapacityError if the theorem does not apply.
    """
    constant = lipschitz(image_radius(recipe))
    largest = 2 / (constant**2 / 4)
    covered = {
        "model": ("linear",),
        "labels": ("two groups",),
        "inputs": ("true", "shuffled pixels"),
        "momentum": (0,),
        "batch_size": (1,),
        "decay": (1,),
        "redraw": ("never",),
        "stop_at_zero_error": (False,),
    }
    for name, values in covered.items():
        if (value := getattr(recipe, name)) not in values:
            remedy = " or ".join(map(repr, values))
            raise CapacityError(f"{name} = {value!r}, but the theorem covers {remedy} only")
    if recipe.learning_rate > largest:
        raise CapacityError(
            f"learning_rate = {recipe.learning_rate:g}, but steps may be at most 2 / smoothness"
            f" = {largest:.4g}"
        )
    of_loss = {"cross-entropy": constant, "error": constant / 4}[loss]
    steps = recipe.learning_rate * (recipe.steps_per_epoch * recipe.epochs)
    return 2 * constant * of_loss / recipe.images * steps


def passes_until_vacuous(recipe: Recipe) -> float:
    """Passes over the data after which the stability bound for non-convex losses reaches 1.

    The recursion behind theorem 3.12 of Hardt et al. 2016 at the recipe's own step sizes a_t:
    weights that differ by D grow to (1 + a_t s) D + 2 a_t L / n in expectation, for a smoothness s;
    the first t0 steps count only where they see the replaced example, t0 batch / n. The loss is the
    probability of a wrong answer, of constant L / 4, as in `stability_bound`. Then the bound is
    t0 batch / n + 2 / n (product of 1 + a_t s over the steps after t0, minus 1), for the best t0.

    Generous twice: it takes no account of momentum, and L and s are those of logistic regression on
    images of the largest norm, which a ReLU network's cannot be below: with one unit of norm 1 in
    each hidden layer the output layer sees that very norm. Infinity if it lasts as long as the
    recipe. Raises CapacityError for other networks than MLPs.
    """
    if model_spec(recipe.model).hidden is None:
        raise CapacityError(f"{recipe.title}: the constants are those of an MLP; take mlp-1x512")
    smoothness = lipschitz(image_radius(recipe)) ** 2 / 4
    n, seen, grown = recipe.images, [0.0], [0.0]
    for step in range(recipe.steps_per_epoch * recipe.epochs):
        rate = recipe.learning_rate * recipe.decay ** (step // recipe.decay_every)
        seen.append(min(1.0, (step + 1) * recipe.batch_size / n))
        grown.append(grown[-1] + math.log1p(rate * smoothness))
        apart = 2 / n * np.expm1(np.minimum(grown[-1] - np.array(grown), LARGEST_EXPONENT))
        if (np.array(seen) + apart).min() >= 1:
            return (step + 1) / recipe.steps_per_epoch
    return math.inf


def ridge_bound(radius: float, penalty: float, points: int) -> float:
    """Uniform stability of ridge regression, 2 radius^2 / (penalty n), in the loss (1 - y h)/2.

    Bousquet & Elisseeff 2002, theorem 22: an example left out moves the function by at most
    s radius^2 / (2 penalty n) anywhere; replaced, twice that; s = 4 is the slope of (f - y)^2 for
    values of f in [-1, 1], which holds if penalty >= radius^2; the loss has slope 1/2.
    """
    if penalty < radius**2:
        raise CapacityError(
            f"a penalty of {penalty:g}: values stay in [-1, 1] from {radius**2:g} up"
        )
    return 2 * radius**2 / (penalty * points)
