"""2.1-unchanged: the labels are randomised, and nothing else is changed.

The five networks on 256 digits: the recipes with true and with random labels, and the tensors that
a training begins with. Nothing is trained.
"""

import pytest

from claims.section2_capacity.recipes import NETWORKS, on_digits
from harness import training
from harness.evidence import Equals, exact
from harness.models import MODELS
from harness.training.recipe import differing_fields

pytestmark = pytest.mark.fast


def judge_recipes(judge, name, true, random):
    unexpected = set(differing_fields(true, random)) ^ {"label_corruption"}
    judge(
        exact(f"{name}: fields changed, or labels not", [len(unexpected)], "fields"),
        Equals(0, source="Section 1.1: randomizing labels is solely a data transformation"),
    )


def judge_tensors(judge, name, true, random):
    unexpected = training.what_differs(true, random) ^ {"training labels"}
    judge(
        exact(f"{name}: tensors changed, or labels not", [len(unexpected)], "things"),
        Equals(0, source="Section 1.1: all other properties are left unchanged"),
    )


@pytest.mark.claim("2.1-unchanged")
@pytest.mark.parametrize("network", NETWORKS)
def test_nothing_changes_but_the_labels(network, judge, reseeded):
    settings = ("true-labels", "random-labels")
    true, random = (reseeded(on_digits(network, setting)) for setting in settings)
    judge_recipes(judge, MODELS[network].paper_name, true, random)
    judge_tensors(judge, MODELS[network].paper_name, true, random)


TRUE = on_digits("mlp-1x512", "true-labels")
BROKEN = {
    "another learning rate too": on_digits("mlp-1x512", "random-labels", learning_rate=0.02),
    "another seed too": on_digits("mlp-1x512", "random-labels", 99),
    "other inputs too": on_digits("mlp-1x512", "random-labels", inputs="gaussian"),
    "another learning rate instead": on_digits("mlp-1x512", "true-labels", learning_rate=0.02),
    "nothing changed": TRUE,
}


@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("broken", BROKEN)
def test_another_field_changed_is_noticed(broken, judge):
    judge_recipes(judge, broken, TRUE, BROKEN[broken])


@pytest.mark.control("2.1-unchanged")
@pytest.mark.parametrize("broken", ["another seed too", "other inputs too", "nothing changed"])
def test_other_tensors_are_noticed(broken, judge):
    judge_tensors(judge, broken, TRUE, BROKEN[broken])
