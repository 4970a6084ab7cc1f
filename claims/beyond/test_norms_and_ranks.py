"""B-norms-grow, B-ranks: norms of networks trained on true labels, over the size of the sample.

MLP 1x512 on 64, 128, 256 and 512 digits, 4 seeds each, to zero training error: the trainings of
claims/measures. The norms are those of harness/capacity/measures.py.
"""

import pytest

from claims.measures.recipes import NETWORKS
from harness.evidence import AtMost, ClaimNotSupported, MoreThan
from harness.evidence.complexity import growth_with_images, rank_correlation

TRUE_LABELS = [it for it in NETWORKS if it.label_corruption == 0]
ONE_SAMPLE_SIZE = [it for it in NETWORKS if it.train_size == 256]
GROWS = MoreThan(0.0, source="Nagarajan & Kolter 2019: the norms grow with the training set")
FALLS = AtMost(0.0, source="Nagarajan & Kolter 2019: the test error falls with it")
ANY_MARGIN = (
    "spectral complexity grows by 4 % a doubling, and its interval has zero in it. Nagarajan &"
    " Kolter train until 99 % of the images have a given margin; these trainings end at zero"
    " training errors, with any margin"
)


def not_seen(test):
    return pytest.mark.xfail(raises=ClaimNotSupported, strict=True, reason=ANY_MARGIN)(test)


@pytest.mark.fast
@pytest.mark.claim("B-norms-grow")
def test_the_distance_from_the_initial_weights_grows_while_the_gap_falls(measure_on, judge):
    judge(growth_with_images("distance", measure_on("distance", TRUE_LABELS)), GROWS)
    judge(growth_with_images("generalisation gap", measure_on("gap", TRUE_LABELS)), FALLS)


@pytest.mark.fast
@pytest.mark.claim("B-norms-grow")
@not_seen
def test_the_spectral_bound_grows(measure_on, judge):
    judge(growth_with_images("spectral", measure_on("spectral", TRUE_LABELS)), GROWS)


@pytest.mark.fast
@pytest.mark.control("B-norms-grow")
def test_the_number_of_parameters_does_not_grow(measure_on, judge):
    judge(growth_with_images("parameters", measure_on("parameters", TRUE_LABELS)), GROWS)


@pytest.mark.fast
@pytest.mark.control("B-norms-grow")
def test_the_distance_does_not_fall(measure_on, judge):
    judge(growth_with_images("distance", measure_on("distance", TRUE_LABELS)), FALLS)


WRONG_WAY = AtMost(0.0, source="Jiang et al. 2020: a negative correlation with generalisation")
RIGHT_WAY = MoreThan(0.0, source="Jiang et al. 2020: measures of sharpness perform best")


@pytest.mark.fast
@pytest.mark.claim("B-ranks")
def test_sharpness_ranks_the_gaps(measure_on, judge):
    judge(rank_correlation("sharpness", measure_on("sharpness", TRUE_LABELS)), RIGHT_WAY)


@pytest.mark.fast
@pytest.mark.claim("B-ranks")
@not_seen
def test_the_spectral_bound_ranks_the_gaps_the_wrong_way_round(measure_on, judge):
    judge(rank_correlation("spectral", measure_on("spectral", TRUE_LABELS)), WRONG_WAY)


@pytest.mark.fast
@pytest.mark.control("B-ranks")
def test_over_the_labels_of_one_sample_size_the_spectral_bound_ranks_them(measure_on, judge):
    networks = measure_on("spectral", ONE_SAMPLE_SIZE)
    judge(rank_correlation("spectral, 256 images", networks), WRONG_WAY)
