"""3-table4: random labels are fitted with weight decay, cropping or augmentation switched on.

fast: weight decay on 256 digits, 3 seeds of MLP 1x512; at cpu_full crops, flips and rotations, too.
cpu_full (the MLPs) and gpu_full: all of CIFAR-10. Else 1 seed each. Measured: the training
accuracy, against Table 4; at reduced scale against zero training error.
"""

import pytest

from claims.section2_capacity.recipes import CHANCE, MLPS, on_cifar10, on_digits
from claims.section3_regularization.recipes import (
    CONVERGED,
    CROP,
    CROPPED_DIGITS,
    MLP_WEIGHT_DECAY,
    MORE_EPOCHS,
    TURN,
    TURNED_DIGITS,
    augmented,
    decayed,
    decayed_on_digits,
    name_of,
    with_coefficient,
)
from harness.evidence import (
    AtLeast,
    AtMost,
    Attains,
    accuracy,
    no_lower,
    online_accuracy,
    published_row,
)
from harness.plugin.experiments import experiments


def published(network, regularizer):
    return published_row(
        "table4_random_labels_despite_regularizers_cifar10",
        "train",
        model=name_of(network),
        regularizer=regularizer,
    )


def judge_decayed(judge, runs):
    recipe = runs.all[0].recipe
    name = f"{name_of(recipe.model)}: training accuracy with weight decay"
    number = published(recipe.model, "weight decay")
    check = Attains(1.0, source=f"{number.where}; Section 3: still fits random labels")
    if runs.at_papers_size:
        check = no_lower(number)
    judge(
        with_coefficient(accuracy(name, runs.all, "train"), recipe), check, number, otherwise=CHANCE
    )


NOT_ALL_OF_THEM = (
    "98.84 % of 50,000 random labels after 100 epochs in fp32 and 98.94 % in bf16 with the"
    " coefficient 0.0005, where the paper has 99.21 % with one that it does not give; without"
    " weight decay 99.24 % are fitted (99.28 % in bf16)"
)


@pytest.mark.claim("3-table4")
@experiments(
    fast={
        "mlp-3x512-decay": [decayed_on_digits("mlp-3x512")],
        "mlp-1x512-decay": [decayed_on_digits("mlp-1x512", seed) for seed in (620, 621, 622)],
    },
    cpu_full={f"{network}-decay": [decayed(network)] for network in MLPS},
    gpu_full={f"{network}-decay": [decayed(network)] for network in ["inception", *MLPS]},
    known={
        "cpu_full-mlp-1x512-decay": NOT_ALL_OF_THEM,
        "gpu_full-mlp-1x512-decay": NOT_ALL_OF_THEM,
    },
)
def test_random_labels_are_fitted_with_weight_decay(runs, judge):
    judge_decayed(judge, runs)


@pytest.mark.control("3-table4")
@experiments(
    fast={
        "mlp-1x512-decay-times-100": [
            on_digits(
                "mlp-1x512",
                "random-labels",
                weight_decay=(("weights", 100 * MLP_WEIGHT_DECAY),),
                epochs=200,
            )
        ]
    }
)
def test_a_hundred_times_the_weight_decay_is_too_much(runs, judge):
    judge_decayed(judge, runs)


def judge_failure(judge, runs):
    recipe = runs.all[0].recipe
    name = f"Alexnet: training accuracy, {recipe.regularizers or 'plain'}"
    judge(
        with_coefficient(accuracy(name, runs.all, "train"), recipe),
        AtMost(CONVERGED, source="Table 4: Alexnet with weight decay failed to converge"),
        otherwise=0.99,
    )


@pytest.mark.claim("3-table4")
@experiments(gpu_full={"alexnet-decay": [decayed("alexnet")]})
def test_alexnet_with_weight_decay_fails_to_converge(runs, judge):
    judge_failure(judge, runs)


@pytest.mark.control("3-table4")
@experiments(gpu_full={"alexnet-plain": [on_cifar10("alexnet", "random-labels")]})
def test_alexnet_without_weight_decay_converges(runs, judge):
    judge_failure(judge, runs)


REGULARIZERS = {
    CROP: "random cropping",
    TURN: "augmentation: left-right flip and rotation up to 25 degrees",
}
"""As Table 4 names them."""


def judge_online(judge, name, runs, number=None):
    """Online accuracy: of the batches as they came, for an image is another one every epoch."""
    check = AtLeast(CONVERGED, source="Table 4: what converges there is above 0.99")
    if number:
        check = no_lower(number)
    judge(online_accuracy(f"{name}: online accuracy", runs), check, number, otherwise=CHANCE)


@pytest.mark.claim("3-table4")
@experiments(
    cpu_full={
        "mlp-3x512-crop": [CROPPED_DIGITS],
        "mlp-3x512-flip-and-rotation": [TURNED_DIGITS],
    },
    gpu_full={
        "inception-crop": [augmented(CROP)],
        "inception-flip-and-rotation": [augmented(TURN)],
    },
)
def test_random_labels_are_fitted_with_augmentation(runs, judge):
    recipe, number = runs.all[0].recipe, None
    if runs.at_papers_size:
        number = published(recipe.model, REGULARIZERS[recipe.augmentation])
    judge_online(judge, f"{name_of(recipe.model)}, {runs.label}", runs.all, number)


PIXELS_ANEW = {"inputs": "random pixels", "redraw": "inputs each access"}


@pytest.mark.control("3-table4")
@experiments(
    cpu_full={
        "the-image-is-replaced": [
            on_digits("mlp-3x512", "random-labels", epochs=170, **PIXELS_ANEW, **MORE_EPOCHS)
        ]
    }
)
def test_random_labels_are_not_fitted_with_an_augmentation_that_replaces_the_image(runs, judge):
    """Its pixels are permuted anew at each access. With crops, as many epochs fit 90 %."""
    judge_online(judge, "MLP 3x512, pixels permuted anew", runs.all)
