"""The recipes of Tables 1 and 4 and of Figure 1c differ in what the paper switches, and no more.

Accuracies would not show it: the rows of one network are within each other's tolerance.
"""

import pytest

from claims.section2_capacity.recipes import ELEVEN, FIGURE_1, NETWORKS, at_level, on_cifar10
from claims.section3_regularization.recipes import (
    CROP,
    TABLE_1,
    TURN,
    WEIGHT_DECAY,
    augmented,
    decayed,
    label_of,
    table_1,
)
from harness.evidence.published import published_table
from harness.training.recipe import differing_fields

HOW_OFTEN_EVALUATED = {"evaluation", "stop_at_zero_error"}
TABLE_4 = "table4_random_labels_despite_regularizers_cifar10"


def changed(recipe, plain):
    """Fields in which the training itself differs."""
    return set(differing_fields(recipe, plain)) - HOW_OFTEN_EVALUATED


@pytest.mark.parametrize("row", TABLE_1, ids=lambda row: label_of(*row))
def test_a_row_of_table_1_is_the_plain_one_with_its_regularisers_on(row):
    network, crop, decay = row
    recipe, plain = table_1(*row), table_1(network)
    switched = {"augmentation": crop, "weight_decay": decay}
    assert changed(recipe, plain) == {name for name, on in switched.items() if on}
    assert recipe.augmentation == (("random crop",) if crop else ())
    assert recipe.weight_decay == (WEIGHT_DECAY[network] if decay else ())
    assert plain.regularizers == ""


def test_all_rows_of_both_tables_are_there():
    rows = published_table("table1_cifar10")
    true, random = ([it for it in rows if it["labels"] == kind] for kind in ("true", "random"))
    assert len(TABLE_1) == len(set(TABLE_1)) == len(true) == 14
    assert len(NETWORKS) == len(random) == 5
    assert len(DECAYED) + 2 == len(published_table(TABLE_4)) == 6


DECAYED = ["inception", "alexnet", "mlp-3x512", "mlp-1x512"]


@pytest.mark.parametrize("network", DECAYED)
def test_a_decayed_row_of_table_4_is_random_labels_with_weight_decay(network):
    recipe = decayed(network)
    assert changed(recipe, on_cifar10(network, "random-labels")) == {"weight_decay"}
    assert recipe.weight_decay == WEIGHT_DECAY[network]


@pytest.mark.parametrize("augmentation", [CROP, TURN])
def test_an_augmented_row_of_table_4_decays_more_slowly_for_more_epochs(augmentation):
    """Appendix E."""
    recipe, plain = augmented(augmentation), on_cifar10("inception", "random-labels")
    assert changed(recipe, plain) == {"augmentation", "decay", "epochs"}
    assert recipe.decay == 0.999 and recipe.epochs > plain.epochs


@pytest.mark.parametrize("network", FIGURE_1)
def test_the_levels_of_a_curve_differ_in_the_corruption_alone(network):
    plain = on_cifar10(network, at_level(0.0))
    assert plain.label_corruption == 0
    for level in ELEVEN[1:]:
        recipe = on_cifar10(network, at_level(level))
        assert changed(recipe, plain) - {"score_corrupted_test"} == {"label_corruption"}
        assert recipe.label_corruption == level
        assert recipe.score_corrupted_test == (level < 1)
