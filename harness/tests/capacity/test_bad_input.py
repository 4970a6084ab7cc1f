"""What no bound can be stated for is refused, with what would do."""

import pytest

from harness.capacity.bounds import (
    concentration,
    generalization_bound,
    linear_bound,
    massart_bound,
    ridge_bound,
    stability_bound,
)
from harness.errors import CapacityError, UnknownName
from harness.training.protocol import paper_recipe


@pytest.mark.parametrize(
    "bound",
    [
        lambda: massart_bound(0, 3),
        lambda: massart_bound(3, 0),
        lambda: linear_bound(1.0, 1.0, 0),
        lambda: concentration(0, 5),
        lambda: concentration(5, 0),
        lambda: ridge_bound(1.0, 2.0, 0),
        lambda: generalization_bound(0.5, 0),
        lambda: generalization_bound(0.5, 3, failure=1.0),
        lambda: generalization_bound(float("nan"), 3),
    ],
)
def test_counts_below_one_and_what_is_no_number_are_refused(bound):
    with pytest.raises(CapacityError, match=r"should be at least 1|take a finite complexity"):
        bound()


def test_an_unknown_loss_is_named_with_the_known_ones():
    plain = {"momentum": 0.0, "batch_size": 1, "decay": 1.0, "learning_rate": 0.001}
    recipe = paper_recipe("linear", "digits", "two-groups", **plain)
    with pytest.raises(UnknownName, match="cross-entropy"):
        stability_bound(recipe, loss="entropy")
