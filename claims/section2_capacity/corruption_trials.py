"""The trainings behind Figures 1b and 1c: label corruption from none to all, at three tiers.

fast: digits, MLP 1x512, eight seeds a level; only the ends for the other networks.
cpu_full, gpu_full: all of CIFAR-10, to zero training error or 100 epochs. The test error is counted
against true labels and against labels corrupted with the same probability.
"""

from dataclasses import replace

from claims.section2_capacity.trials import (
    FAST_SEEDS,
    NETWORKS,
    ON_DIGITS,
    fast,
    full,
)
from harness.plugin.trials import Trial
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

FIGURE_1 = {"inception": "Inception", "alexnet": "AlexNet", "mlp-1x512": "MLP 1x512"}
"""The networks of Figures 1b and 1c, and what the figures call them."""

ELEVEN = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
LEVELS = {"fast": [0.0, 0.25, 0.5, 0.75, 1.0], "cpu_full": ELEVEN, "gpu_full": ELEVEN}
FULL_SIZE = [("cpu_full", "mlp-1x512"), *(("gpu_full", network) for network in FIGURE_1)]
OWN_SCALES = {"fast": "scaled", "cpu_full": "paper", "gpu_full": "paper"}
BARELY = "mlp-1x20"
"""A network barely above capacity, or below: of 104 runs, eight at each of thirteen base seeds, 24
fitted 256 random labels within 1,000 epochs, in 383 at the least and at most five of the eight;
true labels are fitted in 38 to 113."""


TRUE_LABELS_SEEDS = {"mlp-1x512": [*FAST_SEEDS["mlp-1x512"], *range(500, 516)]}
"""More runs of true labels, which are cheap: they are fitted in 15 to 31 epochs of two steps, which
varies twice as much as what random labels take, 114 to 159."""


def corrupted(tier: str, network: str, level: float, number: int = 0) -> Recipe:
    """A network at a corruption level; at 0 and 1 the trainings of other claims do."""
    setting = {0.0: "true-labels", 1.0: "random-labels"}.get(level, f"corrupted-{level:g}")
    counted = {"score_corrupted_test": True} if 0 < level < 1 else {}
    if tier != "fast":
        return full(network, setting, **counted)
    # Between the ends, seeds of a level's own: other images, labels and weights.
    own = 0 if level in (0, 1) else 100 * LEVELS["fast"].index(level)
    return fast(network, setting, FAST_SEEDS[network][number] + own, **counted)


def level_trials() -> list[Trial]:
    """Each network of the figures, all levels."""
    network = "mlp-1x512"
    small = Trial(
        "fast",
        network,
        "scaled",
        {
            f"{level:g}": [corrupted("fast", network, level, number) for number in range(8)]
            for level in LEVELS["fast"]
        },
    )
    return [small] + [
        Trial(
            tier,
            network,
            "paper",
            {f"{level:g}": [corrupted(tier, network, level)] for level in LEVELS[tier]},
        )
        for tier, network in FULL_SIZE
    ]


def time_trials() -> list[Trial]:
    """All levels; on digits, where each has several runs, all but true labels.

    That random labels take longer than true ones 2.1-slowdown tells. In the trend over all levels
    the pairs with true labels, which any corruption slows, would hide that the others do not rise.
    At full size a level is one run, and too few would be left to tell.
    """
    small, *full_size = level_trials()
    corrupted_ones = {level: runs for level, runs in small.recipes.items() if float(level) > 0}
    return [replace(small, recipes=corrupted_ones), *full_size]


def single_level_trials() -> list[Trial]:
    """Each network at each level, a test of its own at full size, so that each has its verdict."""
    return [trial for trial in level_trials() if trial.tier == "fast"] + [
        Trial(
            tier,
            f"{network}-{level:g}",
            "paper",
            {f"{level:g}": [corrupted(tier, network, level)]},
        )
        for tier, network in FULL_SIZE
        for level in LEVELS[tier]
    ]


def slowdown_trials() -> list[Trial]:
    """No corruption against all of it: all five networks on digits, those of Figure 1b in full."""
    ends, settings = (0.0, 1.0), ("true-labels", "random-labels")
    small = [
        Trial(
            "fast",
            network,
            "scaled",
            {
                f"{level:g}": [
                    fast(network, setting, seed)
                    for seed in (seeds if level == 0 else FAST_SEEDS[network])
                ]
                for level, setting in zip(ends, settings, strict=True)
            },
        )
        for network, seeds in ((it, TRUE_LABELS_SEEDS.get(it, FAST_SEEDS[it])) for it in NETWORKS)
    ]
    return small + [
        Trial(
            tier,
            network,
            "paper",
            {f"{level:g}": [corrupted(tier, network, level)] for level in ends},
        )
        for tier, network in FULL_SIZE
    ]


def own_slowdown_trials(network: str) -> list[Trial]:
    """As `slowdown_trials`, for one network that somebody puts in the place of the paper's."""
    return [
        Trial(
            tier, "", scale, {f"{level:g}": [of_own(tier, network, level)] for level in (0.0, 1.0)}
        )
        for tier, scale in OWN_SCALES.items()
    ]


def own_level_trials(network: str) -> list[Trial]:
    """As `single_level_trials`, for one network; between the ends, which other claims try."""
    return [
        Trial(tier, f"{level:g}", scale, {f"{level:g}": [of_own(tier, network, level)]})
        for tier, scale in OWN_SCALES.items()
        for level in LEVELS["fast"]
    ]


def of_own(tier: str, network: str, level: float) -> Recipe:
    """Nothing but the labels changes from level to level."""
    setting = {0.0: "true-labels", 1.0: "random-labels"}.get(level, f"corrupted-{level:g}")
    return (fast if tier == "fast" else full)(network, setting)


def barely_above_capacity() -> Trial:
    """As few hidden units as fit random labels at all, or nearly."""
    return Trial(
        "fast",
        BARELY,
        "scaled",
        {
            level: [
                paper_recipe(
                    BARELY,
                    "digits",
                    {"0": "true-labels", "1": "random-labels"}[level],
                    **{**ON_DIGITS, "epochs": 1_000, "seed": seed},
                )
                for seed in range(110, 118)
            ]
            for level in "01"
        },
    )


def one_network_over_another() -> Trial:
    """Random labels by the network that is slowest to fit, true ones by that which is fastest."""
    fastest, slowest = fast("inception", "true-labels"), fast("alexnet", "random-labels")
    return Trial("fast", "alexnet-over-inception", "scaled", {"0": [fastest], "1": [slowest]})
