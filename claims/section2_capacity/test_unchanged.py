"""2.1-unchanged: the labels are randomised, and nothing else is changed."""

import pytest

from claims.section2_capacity.trials import NETWORKS, fast
from harness.evidence import Equals, exact
from harness.models import MODELS
from harness.plugin.trials import reseed
from harness.training.recipe import differing_fields


def judge_recipes(judge, name, true, random):
    unexpected = set(differing_fields(true, random)) ^ {"label_corruption"}
    judge(
        exact(f"{name}: fields changed, or labels not", [len(unexpected)], "fields"),
        Equals(0, source="Section 1.1: randomizing labels is solely a data transformation"),
    )


def judge_tensors(judge, name, true, random):
    from harness.training.comparison import what_differs

    unexpected = what_differs(true, random) ^ {"training labels"}
    judge(
        exact(f"{name}: tensors changed, or labels not", [len(unexpected)], "things"),
        Equals(0, source="Section 1.1: all other properties are left unchanged"),
    )


@pytest.mark.fast
@pytest.mark.claim("2.1-unchanged")
@pytest.mark.parametrize("network", NETWORKS)
def test_nothing_changes_but_the_labels(network, judge, base_seed):
    """Neither in the recipe nor in the tensors that it comes to."""
    settings = ("true-labels", "random-labels")
    true, random = (reseed(fast(network, setting), base_seed) for setting in settings)
    judge_recipes(judge, MODELS[network].paper_name, true, random)
    judge_tensors(judge, MODELS[network].paper_name, true, random)


BROKEN = {
    "another learning rate too": ("random-labels", {"learning_rate": 0.02}),
    "another seed too": ("random-labels", {"seed": 99}),
    "other inputs too": ("random-labels", {"inputs": "gaussian"}),
    "another learning rate instead": ("true-labels", {"learning_rate": 0.02}),
    "nothing changed": ("true-labels", {}),
}


@pytest.mark.fast
@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("broken", BROKEN)
def test_another_field_changed_is_noticed(broken, judge):
    setting, changes = BROKEN[broken]
    other = fast("mlp-1x512", setting, **changes)
    judge_recipes(judge, broken, fast("mlp-1x512", "true-labels"), other)


@pytest.mark.fast
@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("broken", ["another seed too", "other inputs too", "nothing changed"])
def test_other_tensors_are_noticed(broken, judge):
    setting, changes = BROKEN[broken]
    other = fast("mlp-1x512", setting, **changes)
    judge_tensors(judge, broken, fast("mlp-1x512", "true-labels"), other)
