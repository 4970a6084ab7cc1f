"""The trainings behind section 2.2: random signs, and samples with one example replaced.

fast: scikit-learn's digits, below five against five and above. A linear model separates at most
some 2 x 65 of them at random (their rank is at most 64): at n = 256 networks memorise. Rates above
the paper's, chosen for speed: a supremum does not ask how a function was found, and a coefficient
of stability is that of the algorithm at hand. cpu_full: CIFAR-10, vehicles against animals, the
paper's protocol. gpu_full: the convolutional networks, which a CPU would take hours for.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from claims.section2_capacity.trials import FAST_EPOCHS, ON_DIGITS, OWN_EPOCHS, TO_THE_FIT
from harness.plugin.trials import Trial
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

SIGN_VECTORS = 20
FAST_SIZES = (64, 128, 256)


def signs(network: str, dataset: str, n: int | None, draws: int, **changes: Any) -> list[Recipe]:
    """One recipe for each sign vector of one sample; nothing else differs."""
    chosen = {**TO_THE_FIT, "train_size": n, **changes}
    return [
        paper_recipe(network, dataset, "random-signs", label_draw=draw, **chosen)
        for draw in range(draws)
    ]


def sign_trials() -> list[Trial]:
    """Groups are sample sizes, as text.

    At full size each run stops after 20 epochs, before its last few images: the claim is "about
    1". The small network takes 10,000 images, which it fits to the last in thirty epochs.
    """
    small = {
        str(n): signs("mlp-1x512", "digits", n, draws, learning_rate=0.05, epochs=300, seed=70)
        for n, draws in ((FAST_SIZES[0], 3 * SIGN_VECTORS), (FAST_SIZES[-1], SIGN_VECTORS))
    }
    whole = {"evaluation": "at the end", "stop_at_zero_error": False, "epochs": 20}
    return [
        Trial("fast", "mlp-1x512", "scaled", small),
        Trial(
            "cpu_full",
            "mlp-3x512",
            "paper",
            {"50000": signs("mlp-3x512", "cifar10", None, 2, **whole)},
        ),
        Trial(
            "cpu_full", "mlp-1x512", "scaled", {"10000": signs("mlp-1x512", "cifar10", 10_000, 3)}
        ),
        *[
            Trial("gpu_full", network, "paper", {"50000": signs(network, "cifar10", None, 2)})
            for network in ("inception", "alexnet")
        ],
    ]


OWN_DRAWS = {"fast": 3, "cpu_full": 3, "gpu_full": 2}
"""Sign vectors for a network that somebody puts in the place of the paper's: few, for time.
Three samples of 256 that are fitted put the interval just above 0.99."""


def own_sign_trials(network: str) -> list[Trial]:
    """As `sign_trials`, for one network, at the learning rate of its protocol."""
    return [
        Trial(
            "fast",
            "",
            "scaled",
            {"256": own_signs(network, "digits", 256, OWN_DRAWS["fast"], **ON_DIGITS)},
        ),
        *[
            Trial(tier, "", "scaled", {"10000": signs(network, "cifar10", 10_000, OWN_DRAWS[tier])})
            for tier in ("cpu_full", "gpu_full")
        ],
    ]


def own_signs(network: str, dataset: str, n: int, draws: int, **changes: Any) -> list[Recipe]:
    """Sign vectors of one sample of digits; as many epochs as the fast tier gives the network."""
    epochs = FAST_EPOCHS.get(network, OWN_EPOCHS)
    return signs(network, dataset, n, draws, **{**changes, "epochs": epochs, "train_size": n})


def with_replacements(base: Recipe, replacements: int, samples: int = 1) -> list[Recipe]:
    """A sample, then the same with its first examples replaced, one at a time; and further samples.

    Each sample has images, labels, order and initial weights of its own: what all replacements in a
    sample have in common moves all their changes together.
    """
    return [
        recipe
        for number in range(samples)
        for own in [replace(base, seed=base.seed + 10 * number)]
        for recipe in [own, *(replace(own, replaced=place) for place in range(replacements))]
    ]


def stability_recipe(network: str, dataset: str, setting: str, n: int, **changes: Any) -> Recipe:
    """A training whose answers are kept; the number of passes is fixed, so that no rule looks
    at the labels.
    """
    chosen = {"evaluation": "at the end", "keep_answers": True, "train_size": n, **changes}
    return paper_recipe(network, dataset, setting, **chosen)


MANY_PASSES = {"digits": 60, "cifar10": 20}
"""Enough to memorise: training losses of 0.02 at the largest samples."""


SAMPLES = 6
"""Samples of digits a size: of fewer, Student's interval is now and then twice as wide."""


def digits_sample(setting: str, n: int, passes: int = MANY_PASSES["digits"]) -> list[Recipe]:
    """Ten replacements in each of six samples of digits; a small network: all train as one job."""
    base = stability_recipe(
        "mlp-1x128", "digits", setting, n, epochs=passes, learning_rate=0.1, seed=180 + n // 64
    )
    return with_replacements(base, 10, SAMPLES)


def cifar_sample(setting: str, n: int, passes: int = MANY_PASSES["cifar10"]) -> list[Recipe]:
    """Five replacements in each of six samples of 500 images of CIFAR-10, where a size is judged
    by itself; in each of two larger ones, for time.
    """
    base = stability_recipe("mlp-1x512", "cifar10", setting, n, epochs=passes, seed=n // 500)
    return with_replacements(base, 5, SAMPLES if n <= 500 else 2)


def convolutional_sample(network: str, setting: str, n: int) -> list[Recipe]:
    """Five replacements in each of two samples, for a network that needs a GPU."""
    base = stability_recipe(network, "cifar10", setting, n, epochs=60, seed=n // 500)
    return with_replacements(base, 5, 2)


def one_plain_pass(make: Any, n: int) -> list[Recipe]:
    """Random labels, a single pass of many small steps without momentum, as in Hardt et al. 2016.

    Batches of eight: at 128 a pass over so few images would be a step or four, after which nothing
    is stable or unstable yet. Step sizes are those of logistic regression below: one pass at the
    paper's rate of 0.01 is short, but moved the loss at some image of CIFAR-10 by 0.67.
    """
    recipes = make("random-signs", n, 1)
    small = SMALL_STEPS[recipes[0].dataset]
    return [replace(it, batch_size=8, learning_rate=small, momentum=0.0) for it in recipes]


def over_sizes(make: Any, setting: str, sizes: Iterable[int]) -> dict[str, list[Recipe]]:
    """Groups by sample size, as text."""
    return {str(n): make(setting, n) for n in sizes}


def over_passes(make: Any, setting: str, n: int, passes: Iterable[int]) -> dict[str, list[Recipe]]:
    """Groups by number of passes, as text."""
    return {str(number): make(setting, n, number) for number in passes}


ONE_EXAMPLE_A_STEP: dict[str, Any] = {"batch_size": 1, "momentum": 0.0, "decay": 1.0}
"""Plain SGD at a constant step size, as Hardt et al. 2016 have it."""

SMALL_STEPS = {"digits": 0.005, "cifar10": 0.0004}
"""At which the bound for one pass is below 1: it says something."""

LARGEST_STEPS = {"digits": 0.02, "cifar10": 0.0016}
"""Nearly 2 / smoothness, 4 / (N + 1) for N pixel values; at these the model overfits."""


def logistic_recipe(dataset: str, setting: str, n: int, **changes: Any) -> Recipe:
    """Logistic regression by plain SGD."""
    return stability_recipe("linear", dataset, setting, n, **{**ONE_EXAMPLE_A_STEP, **changes})
