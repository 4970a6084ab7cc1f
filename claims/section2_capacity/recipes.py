"""The trainings that the tests of section 2 share.

fast: scikit-learn's digits, 8x8 pixels, 256 of them for training. A linear model cannot memorise as
many, for its inputs have rank 64 at most. cpu_full, gpu_full: all 50,000 images of CIFAR-10, the
paper's protocol, at most 100 epochs (the paper gives no number).
"""

import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from harness.evidence import Published, published_row
from harness.models import MODELS
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

NETWORKS = ["inception", "inception-without-batchnorm", "alexnet", "mlp-3x512", "mlp-1x512"]
MLPS = ["mlp-3x512", "mlp-1x512"]
AT_FAST = ["inception", *MLPS]
"""The fast tier has no time for the other two: on digits they are at cpu_full."""
RANDOMISED_INPUTS = ["shuffled-pixels", "random-pixels", "gaussian"]
FIGURE_1 = {"inception": "Inception", "alexnet": "AlexNet", "mlp-1x512": "MLP 1x512"}
"""The networks of Figures 1b and 1c, and what the figures call them."""
ELEVEN = [level / 10 for level in range(11)]
"""The corruption levels of Figures 1b and 1c."""

CHANCE = 0.1
"""Among ten classes: what a network would have on labels from which nothing is learned."""
HALFWAY = math.log(10) / 2
"""Half the loss of a guess among ten classes: a network below it has started to converge."""

TO_THE_FIT: dict[str, Any] = {"stop_at_zero_error": True, "evaluation": "once nearly fitted"}
DIGITS: dict[str, Any] = {"train_size": 256, "batch_norm_momentum": 0.5, **TO_THE_FIT}
"""BatchNorm's averages follow twice as fast as usual: an epoch has two steps."""
EPOCHS = {
    "inception": 240,
    "inception-without-batchnorm": 240,
    "alexnet": 1_000,
    "mlp-3x512": 600,
    "mlp-1x512": 1_000,
    "linear": 250,
}
"""On digits, at most: over four times what random labels take, and over ten times what true labels
do, so that a slowdown of an order of magnitude would show. The Inception's last images took 41
epochs on one processor and 19 on another."""
SEEDS = {
    "inception": [0],
    "inception-without-batchnorm": [10],
    "alexnet": [20],
    "mlp-3x512": [30, 31, 32, 33, 34],
    "mlp-1x512": [40, 41, 42, 46, 47, 51, 52, 53],
    "linear": [50],
}
"""On digits. Each network has its own seeds, so no two share a label draw."""
DRAWN_ANEW: dict[str, Any] = {"redraw": "labels each epoch", "epochs": 350}
"""The broken premise. MLP 1x512 needs at most 230 epochs for labels that stay."""


def on_digits(network: str, setting: str, seed: int | None = None, **changes: Any) -> Recipe:
    """A network on 256 digits, by default with the first of its seeds."""
    chosen = {
        **DIGITS,
        "epochs": EPOCHS.get(network, 1_000),
        "seed": SEEDS.get(network, [0])[0] if seed is None else seed,
        **changes,
    }
    return paper_recipe(network, "digits", setting, **chosen)


def at_levels_on_digits() -> dict[str, list[Recipe]]:
    """MLP 1x512 at four levels of corruption, 8 seeds each.

    Each level between the ends has its own seeds: images, labels and weights.
    """
    levels: dict[str, list[Recipe]] = {}
    for index, level in enumerate((0, 0.25, 0.5, 1)):
        apart, counted = (100 * index, {"score_corrupted_test": True}) if 0 < level < 1 else (0, {})
        levels[f"{level:g}"] = [
            on_digits("mlp-1x512", at_level(level), seed + apart, **counted)
            for seed in SEEDS["mlp-1x512"]
        ]
    return levels


LEFT_TRUE = {
    f"{level:g}": [
        on_digits("mlp-1x32", "true-labels", 700 + 20 * index + number) for number in range(16)
    ]
    for index, level in enumerate((0, 0.25, 0.5, 0.75, 1))
}
"""The labels of every level left true, 16 seeds each: nothing grows. MLP 1x32 is near its capacity
there: where labels are corrupted its epochs grow with the level (Kendall's tau 0.77), while those
of MLP 1x512 hardly do (0.2 to 0.4).
"""


def on_cifar10(network: str, setting: str, **changes: Any) -> Recipe:
    """A network on all of CIFAR-10, to the fit; the MLPs, which cost little, evaluated throughout.

    Partly corrupted labels are also counted on test labels corrupted alike, as Figure 1c has it.
    """
    often = {"evaluation": "every epoch"} if network in MLPS else {}
    counted = {"score_corrupted_test": True} if setting.startswith("corrupted") else {}
    return paper_recipe(
        network, "cifar10", setting, **{**TO_THE_FIT, **often, **counted, **changes}
    )


def at_level(level: float) -> str:
    """The setting whose labels are corrupted with probability ``level``."""
    return {0.0: "true-labels", 1.0: "random-labels"}.get(level, f"corrupted-{level:g}")


def table1(
    network: str, part: str, labels: str = "true", crop: bool = False, decay: bool = False
) -> Published:
    """An accuracy of Table 1: of the "train" or the "test" images."""
    row: dict[str, Any] = {"model": MODELS[network].paper_name, "labels": labels}
    if labels == "true":
        row |= {"random_crop": crop, "weight_decay": decay}
    return published_row("table1_cifar10", part, **row)


# --- Section 2.2: uniform stability -----------------------------------------------------------

SMALL_STEPS = {"digits": 0.005, "cifar10": 0.0004}
"""Step sizes at which the bound of Hardt et al. for one pass is non-vacuous."""


def stability_recipe(network: str, dataset: str, setting: str, n: int, **changes: Any) -> Recipe:
    """A training whose answers are kept. The number of passes is fixed: no rule sees the labels."""
    chosen = {"evaluation": "at the end", "keep_answers": True, "train_size": n, **changes}
    return paper_recipe(network, dataset, setting, **chosen)


def with_replacements(base: Recipe, replacements: int, samples: int = 1) -> list[Recipe]:
    """Samples; each followed by itself with its first examples replaced, one at a time.

    A sample has its own seed for images, labels, order and initial weights.
    """

    def of_one(sample: Recipe) -> Iterator[Recipe]:
        yield sample
        for index in range(replacements):
            yield replace(sample, replaced=index)

    seeds = [base.seed + 10 * number for number in range(samples)]
    return [recipe for seed in seeds for recipe in of_one(replace(base, seed=seed))]


DIGITS_SIZES, CIFAR10_SIZES = (64, 128, 256), (500, 1_000, 2_000, 4_000)


def samples_of_digits(
    setting: str, n: int, passes: int = 60, replacements: int = 10, samples: int = 6
) -> list[Recipe]:
    """Samples of digits, at a rate above the paper's, with replacements in each."""
    base = stability_recipe(
        "mlp-1x128", "digits", setting, n, epochs=passes, learning_rate=0.1, seed=180 + n // 64
    )
    return with_replacements(base, replacements, samples)


def samples_of_cifar10(setting: str, n: int, passes: int = 20) -> list[Recipe]:
    """Samples of CIFAR-10: five replacements in each of six; of the larger ones two, for time."""
    base = stability_recipe("mlp-1x512", "cifar10", setting, n, epochs=passes, seed=n // 500)
    return with_replacements(base, 5, 6 if n <= 500 else 2)
