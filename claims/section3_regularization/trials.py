"""The trainings behind section 3, at three tiers. Their weight decay: see `coefficients`."""

from typing import Any

from claims.section2_capacity.trials import FAST_SEEDS, NETWORKS, fast, full
from claims.section3_regularization.coefficients import MLP_WEIGHT_DECAY, WEIGHT_DECAY
from harness.models import MODELS
from harness.plugin.trials import Trial
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

MLPS = ["mlp-3x512", "mlp-1x512"]
EPOCHS = 69
"""As many as Figure 1a draws; nothing stops earlier."""
CROP = ("random crop",)
TURN = ("flip", "rotation")
TABLE_1 = [
    (network, crop, decay)
    for network in NETWORKS
    for crop in (False, True)
    for decay in (False, True)
    if not crop or network in ("inception", "alexnet")
]
"""(network, random crop, weight decay): the 14 rows with true labels, plain ones first."""


def regularized(network: str, crop: bool, decay: bool) -> dict[str, Any]:
    """The recipe's fields for a row of Table 1."""
    return {
        "augmentation": CROP if crop else (),
        "weight_decay": WEIGHT_DECAY[network] if decay else (),
    }


def table_1(network: str, crop: bool = False, decay: bool = False) -> Recipe:
    """A row of Table 1 with true labels, trained to the end; the plain Inceptions draw Fig. 2b."""
    drawn = network.startswith("inception") and not crop and not decay
    return paper_recipe(
        network,
        "cifar10",
        "true-labels",
        epochs=EPOCHS,
        evaluation="every epoch" if drawn else "test every epoch",
        **regularized(network, crop, decay),
    )


def label_of(network: str, crop: bool, decay: bool) -> str:
    """A row in words, for a test's name."""
    return "-".join([network, *(["crop"] * crop), *(["decay"] * decay)])


def table_1_trials() -> list[Trial]:
    """A test a row: those of the MLPs on a CPU, all on a GPU."""
    return [
        Trial(tier, label_of(*row), "paper", {"row": [table_1(*row)]})
        for tier, networks in (("cpu_full", MLPS), ("gpu_full", NETWORKS))
        for row in TABLE_1
        if row[0] in networks
    ]


def plain_trials() -> list[Trial]:
    """Each network without regularisers on true labels."""
    small = [
        Trial(
            "fast",
            network,
            "scaled",
            {"true labels": [fast(network, "true-labels", s) for s in FAST_SEEDS[network]]},
        )
        for network in NETWORKS
    ]
    return small + [
        Trial(tier, network, "paper", {"true labels": [table_1(network)]})
        for tier, networks in (("cpu_full", MLPS), ("gpu_full", NETWORKS))
        for network in networks
    ]


def whole_table_trial() -> Trial:
    """All rows of Table 1 with true labels, by network, the plain one first."""
    by_network = {
        network: [table_1(*row) for row in TABLE_1 if row[0] == network] for network in NETWORKS
    }
    return Trial("gpu_full", "table-1", "paper", by_network)


def augmentation_or_decay_trials() -> list[Trial]:
    """Random crops alone against weight decay alone, for the two networks that had both."""
    return [
        Trial(
            "gpu_full",
            network,
            "paper",
            {
                "random crop": [table_1(network, crop=True)],
                "weight decay": [table_1(network, decay=True)],
            },
        )
        for network in ("inception", "alexnet")
    ]


def decayed_trials() -> list[Trial]:
    """Table 4, weight decay: random labels, as 2.1-fit trains them, with weight decay on."""
    small = [
        Trial(
            "fast",
            f"{network}-decay",
            "scaled",
            {"random labels": [fast(network, "random-labels", weight_decay=WEIGHT_DECAY[network])]},
        )
        for network in MLPS
    ]
    return small + [
        Trial(
            tier,
            f"{network}-decay",
            "paper",
            {"random labels": [full(network, "random-labels", weight_decay=WEIGHT_DECAY[network])]},
        )
        for tier, networks in (
            ("cpu_full", MLPS),
            ("gpu_full", ["inception", "alexnet", *MLPS]),
        )
        for network in networks
    ]


def augmented_trials() -> list[Trial]:
    """Table 4, augmentation: a learning rate that falls by 0.999 an epoch, and more epochs.

    "More" is 300 of the paper's epochs here. On digits it is the MLP 3x512 that is augmented, its
    images cropped to 7x7 of 8x8 for 300 epochs of two steps, or flipped and turned for 500.
    """
    more: dict[str, Any] = {"decay": 0.999, "evaluation": "at the end", "stop_at_zero_error": False}
    return [
        trial
        for name, augmentation, crop, epochs in (
            ("crop", CROP, 7, 300),
            ("flip-and-rotation", TURN, 28, 500),
        )
        for trial in (
            Trial(
                "fast",
                f"mlp-3x512-{name}",
                "scaled",
                {
                    "random labels": [
                        fast(
                            "mlp-3x512",
                            "random-labels",
                            augmentation=augmentation,
                            crop=crop,
                            epochs=epochs,
                            **more,
                        )
                    ]
                },
            ),
            Trial(
                "gpu_full",
                f"inception-{name}",
                "paper",
                {
                    "random labels": [
                        full(
                            "inception",
                            "random-labels",
                            augmentation=augmentation,
                            epochs=300,
                            **more,
                        )
                    ]
                },
            ),
        )
    ]


def plain_alexnet() -> Trial:
    """2.1-fit's training of Alexnet on digits."""
    seed = FAST_SEEDS["alexnet"][0]
    recipes = {"random labels": [fast("alexnet", "random-labels", seed)]}
    return Trial("fast", "alexnet-plain", "scaled", recipes)


def too_much_decay() -> Trial:
    """Weight decay 100 times larger."""
    decay = (("weights", 100 * MLP_WEIGHT_DECAY),)
    return Trial(
        "fast",
        "mlp-1x512-decay-times-100",
        "scaled",
        {"random labels": [fast("mlp-1x512", "random-labels", weight_decay=decay, epochs=200)]},
    )


VALIDATED: dict[str, Any] = {"evaluation": "test every epoch", "stop_at_zero_error": False}


def early_stopping_trials() -> list[Trial]:
    """Runs to the end that hold images out, on which the best epoch is chosen."""
    small = {
        "true labels": [
            fast("mlp-1x512", "true-labels", seed, epochs=80, validation_size=300, **VALIDATED)
            for seed in range(200, 220)
        ]
    }
    held_out = {"train_size": 45_000, "validation_size": 5_000, "epochs": EPOCHS}
    return [
        Trial("fast", "mlp-1x512", "scaled", small),
        *[
            Trial(
                "gpu_full",
                network,
                "scaled",
                {
                    "true labels": [
                        paper_recipe(
                            network,
                            "cifar10",
                            "true-labels",
                            evaluation="test every epoch",
                            **held_out,
                        )
                    ]
                },
            )
            for network in ("inception", "inception-without-batchnorm")
        ],
    ]


def overfitting_late() -> Trial:
    """Half of the labels noise: the network learns the clean ones first, and then memorises."""
    return Trial(
        "fast",
        "noisy-labels",
        "scaled",
        {
            "noisy labels": [
                fast(
                    "mlp-1x512",
                    "corrupted-0.5",
                    seed,
                    epochs=150,
                    validation_size=300,
                    **VALIDATED,
                )
                for seed in range(140, 150)
            ]
        },
    )


def batch_norm_trials() -> list[Trial]:
    """The Inception with BatchNorm and without, on true labels."""
    with_it, without = "inception", "inception-without-batchnorm"
    return [
        Trial(
            "fast",
            "digits",
            "scaled",
            {name: [fast(name, "true-labels")] for name in (with_it, without)},
        ),
        Trial(
            "gpu_full",
            "cifar10",
            "paper",
            {name: [table_1(name)] for name in (with_it, without)},
        ),
    ]


def name_of(network: str) -> str:
    """As Table 1 names it."""
    return MODELS[network].paper_name
