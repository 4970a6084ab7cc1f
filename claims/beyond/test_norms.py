"""B-norms-grow: a norm of networks trained on true labels, over the size of the sample.

MLP 1x512 on 64, 128, 256 and 512 digits, 4 seeds each, to zero training error: the trainings of
claims/measures. The distance from the initial weights is that of harness/capacity/measures.py.
Nagarajan & Kolter also name spectral complexity, and Jiang et al. (2020) rank the gaps by measures:
with 4 seeds neither is decided here, one way or the other, and neither is judged.
"""

import pytest

from claims.measures.recipes import NETWORKS
from harness.evidence import AtMost, MoreThan
from harness.evidence.complexity import growth_with_images

TRUE_LABELS = [it for it in NETWORKS if it.label_corruption == 0]
GROWS = MoreThan(0.0, source="Nagarajan & Kolter 2019: the norms grow with the training set")
FALLS = AtMost(0.0, source="Nagarajan & Kolter 2019: the test error falls with it")
DIRECTION = "they give a direction and no size"
GAP = "generalisation gap"


@pytest.mark.fast
@pytest.mark.claim("B-norms-grow")
def test_the_distance_from_the_initial_weights_grows_while_the_gap_falls(measure_on, judge):
    judge(
        growth_with_images("distance", measure_on("distance", TRUE_LABELS)),
        GROWS,
        otherwise=DIRECTION,
    )
    judge(growth_with_images(GAP, measure_on("gap", TRUE_LABELS)), FALLS, otherwise=DIRECTION)


@pytest.mark.fast
@pytest.mark.control("B-norms-grow")
def test_the_gap_does_not_grow(measure_on, judge):
    judge(growth_with_images(GAP, measure_on("gap", TRUE_LABELS)), GROWS)


@pytest.mark.fast
@pytest.mark.control("B-norms-grow")
def test_the_distance_does_not_fall(measure_on, judge):
    judge(growth_with_images("distance", measure_on("distance", TRUE_LABELS)), FALLS)
