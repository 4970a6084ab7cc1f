"""Bounds that section 2.2 speaks of, with their constants written out. Does not import torch."""

import math
from dataclasses import dataclass

from harness.data.catalogue import dataset_spec
from harness.errors import CapacityError, UnknownName
from harness.training.recipe import Recipe


def generalization_bound(complexity: float, points: int, failure: float = 0.05) -> float:
    """How far the error may exceed the training error, at most, with probability 1 - ``failure``.

    R + 3 sqrt(ln(2 / failure) / (2 n)), for all classifiers of a class at once, R its empirical
    Rademacher complexity on the sample as section 2.2 defines it. Bartlett & Mendelson 2003: by
    their theorem 5 the gap is at most half their complexity (which has a factor 2, and so is R's
    expectation) plus sqrt(ln(1/f) / (2n)); R is within sqrt(2 ln(1/f) / n) of its expectation
    (McDiarmid: one point moves it by 2/n); f = failure / 2 for each. Above 1 it says nothing.
    """
    if not (points >= 1 and 0 < failure < 1 and math.isfinite(complexity)):
        raise CapacityError(
            f"a complexity of {complexity:g}, {points} points and a failure probability of"
            f" {failure:g}: take a finite complexity, at least one point and a probability between"
            " 0 and 1"
        )
    return complexity + 3 * math.sqrt(math.log(2 / failure) / (2 * points))


def massart_bound(functions: int, points: int) -> float:
    """A class of ``functions`` with values in [-1, 1]: at most sqrt(2 ln N / n) (Massart 2000)."""
    _require_counts(functions=functions, points=points)
    return math.sqrt(2 * math.log(functions) / points)


def linear_bound(bound: float, radius: float, points: int) -> float:
    """Linear functions of norm ``bound`` on points of norm ``radius``: B R / sqrt(n), by Jensen."""
    _require_counts(points=points)
    return bound * radius / math.sqrt(points)


def concentration(points: int, draws: int, failure: float = 0.05) -> float:
    """How far the mean over ``draws`` sign vectors may exceed its expectation, by McDiarmid.

    sqrt(2 ln(1 / failure) / (n k)): each of the n k signs moves the mean of k suprema by at most
    2 / (n k). It supposes nothing of the class but values in [-1, 1].
    """
    _require_counts(points=points, draws=draws)
    return math.sqrt(2 * math.log(1 / failure) / (points * draws))


def _require_counts(**counts: int) -> None:
    """Raises CapacityError for fewer than one of anything."""
    for name, count in counts.items():
        if not count >= 1:
            raise CapacityError(f"{name} = {count}, but it should be at least 1")


@dataclass(frozen=True)
class Regularity:
    """Of logistic regression, as a function of its weights, on images of norm at most ``radius``.

    Two rows of weights and biases, softmax: the loss is log(1 + exp(-m)) of a margin m whose
    gradient has norm sqrt(2) sqrt(radius^2 + 1), the 1 being the bias's input.
    """

    radius: float

    @property
    def lipschitz(self) -> float:
        """L of the cross-entropy."""
        return math.sqrt(2 * (self.radius**2 + 1))

    @property
    def smoothness(self) -> float:
        """Of the cross-entropy: its second derivative in m is at most 1/4."""
        return self.lipschitz**2 / 4

    @property
    def lipschitz_of_error(self) -> float:
        """L of the probability of a wrong answer, 1/(1 + exp(m)), of slope at most 1/4 in m."""
        return self.lipschitz / 4


def image_radius(recipe: Recipe) -> float:
    """The largest norm of a whitened image: sqrt(N) for N values, whatever is on it.

    Whitening divides by at least the standard deviation (appendix A), so that the mean square is
    at most 1.
    """
    channels, height, width = dataset_spec(recipe.dataset).shape
    return math.sqrt(channels * min(height, recipe.crop) * min(width, recipe.crop))


def step_sizes(recipe: Recipe) -> float:
    """The sum of the learning rates of all steps."""
    steps = recipe.steps_per_epoch * recipe.epochs
    blocks, rest = divmod(steps, recipe.decay_every)
    whole = sum(recipe.decay**block for block in range(blocks)) * recipe.decay_every
    return recipe.learning_rate * (whole + rest * recipe.decay**blocks)


def stability_bound(recipe: Recipe, loss: str = "cross-entropy") -> float:
    """Uniform stability of SGD on logistic regression, from the recipe alone (Hardt et al. 2016).

    Theorem 3.8: 2 L^2 / n times the sum of the step sizes, for a convex and smooth loss with
    steps of at most 2 / smoothness, on single examples. For the ``"error"`` (the probability of a
    wrong answer) one L is that loss's own: the proof bounds the distance of the weights by 2 L / n
    times the sum. At a constant step size it holds for every order that visits each example once
    an epoch, not in expectation alone. Raises CapacityError where the theorem does not apply.
    """
    regularity = Regularity(image_radius(recipe))
    largest = 2 / regularity.smoothness
    for holds, what, remedy in (
        (recipe.model == "linear", f"model = {recipe.model!r}", "the loss is convex for 'linear'"),
        (recipe.labels == "two groups", f"labels = {recipe.labels!r}", "take 'two groups'"),
        (recipe.momentum == 0, f"momentum = {recipe.momentum:g}", "plain SGD has 0"),
        (recipe.batch_size == 1, f"batch_size = {recipe.batch_size}", "plain SGD has 1"),
        (recipe.decay == 1, f"decay = {recipe.decay:g}", "keep the step size constant with 1"),
        (recipe.redraw == "never", f"redraw = {recipe.redraw!r}", "take 'never'"),
        (
            recipe.inputs in ("true", "shuffled pixels"),
            f"inputs = {recipe.inputs!r}",
            "images alone have that norm",
        ),
        (
            not recipe.stop_at_zero_error,
            "stop_at_zero_error = True",
            "a rule that looks at the labels is not covered: take False",
        ),
        (
            recipe.learning_rate <= largest,
            f"learning_rate = {recipe.learning_rate:g}",
            f"steps may be at most 2 / smoothness = {largest:.4g}",
        ),
    ):
        if not holds:
            raise CapacityError(f"{what}: the theorem does not cover it; {remedy}")
    constants = {
        "cross-entropy": regularity.lipschitz,
        "error": regularity.lipschitz_of_error,
    }
    if loss not in constants:
        raise UnknownName("loss", loss, constants)
    of_loss = constants[loss]
    return 2 * regularity.lipschitz * of_loss / recipe.images * step_sizes(recipe)


def ridge_bound(radius: float, penalty: float, points: int) -> float:
    """Uniform stability of ridge regression, 2 radius^2 / (penalty n), in the loss (1 - y h)/2.

    Bousquet & Elisseeff 2002, theorem 22: an example left out moves the function by at most
    s radius^2 / (2 penalty n) anywhere; replaced, twice that; s = 4 is the slope of (f - y)^2 for
    values of f in [-1, 1], which holds where penalty >= radius^2; the loss has slope 1/2.
    """
    _require_counts(points=points)
    if penalty < radius**2:
        raise CapacityError(
            f"a penalty of {penalty:g}: values stay in [-1, 1] from {radius**2:g} up"
        )
    return 2 * radius**2 / (penalty * points)
