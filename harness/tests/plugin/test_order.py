"""The order of tests is that of their recipes, whatever is stored or was measured."""

from harness.plugin.experiments import NEEDED
from harness.plugin.order import longest_first
from harness.tests.training_helpers import tiny_recipe

FIRST, SECOND, THIRD, FOURTH = (tiny_recipe(epochs=epochs) for epochs in (4, 3, 2, 1))


class Item:
    """A test as the order sees it."""

    def __init__(self, name, *recipes):
        self.name, self.stash = name, {NEEDED: {"": list(recipes)}}


def test_long_tests_come_first_and_those_that_share_a_training_behind_those_that_do_it():
    items = [
        Item("computes"),
        Item("judges what others train", FIRST, THIRD),
        Item("shares", FIRST, SECOND),
        Item("shorter", FOURTH),
        Item("short", THIRD),
        Item("long", FIRST),
    ]
    longest_first(items)
    assert [item.name for item in items] == [
        *("long", "short", "shorter", "shares", "judges what others train", "computes"),
    ]
