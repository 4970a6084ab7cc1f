"""The randomisation test at the paper's size (pytest -m cpu_full --recorded --measure NAME).

MLP 1x512 on all of CIFAR-10, labels corrupted with probability 0, 0.1 ... 1, one seed: the runs of
Figure 1c. Built-in measures alone, from the summary of the weights that such a run keeps. One size
and one network: tau is within one size, and how a measure grows with the sample, or whether it is
the same for the same function, is asked of digits.
"""

import pytest

from claims.measures.recipes import ANY
from claims.section2_capacity.recipes import ELEVEN, at_level, on_cifar10
from harness.evidence import AtLeast, AtMost, MoreThan, exact, trend
from harness.evidence.complexity import broken_bounds, rank_correlation, smallest_bound

LEVELS = [on_cifar10("mlp-1x512", at_level(level)) for level in ELEVEN]


def at_the_papers_size(test):
    for mark in (pytest.mark.cpu_full, pytest.mark.needs(levels=LEVELS), pytest.mark.measures()):
        test = mark(test)
    return test


GROWS = MoreThan(0.0, source="what does not see the labels has no trend with them in the mean")
RANKED = AtLeast(0.3, source="Jiang et al. 2020: their best measures reach a tau of 0.3 or more")
SAYS_SOMETHING = AtMost(1.0, source="a bound above the error of a guess says nothing")
NONE_BROKEN = AtMost(0.0, source="a bound that holds is not broken by any of eleven networks")


def judge_trend(judge, name, networks, runs):
    by_level = {it.corrupted: [it.value] for it in networks}
    judge(
        trend(f"{name}: trend with the share of random labels", by_level, runs.all),
        GROWS,
        otherwise=ANY,
    )


@pytest.mark.claim("M-labels")
@at_the_papers_size
def test_it_grows_with_the_share_of_random_labels(measured, runs, judge):
    judge_trend(judge, measured.name, measured.networks, runs)


@pytest.mark.control("M-labels")
@at_the_papers_size
def test_the_share_of_true_labels_does_not(measured, runs, judge):
    networks = measured.with_values(lambda it: 1 - it.corrupted)
    judge_trend(judge, "share of true labels", networks, runs)


@pytest.mark.claim("M-gaps")
@at_the_papers_size
def test_it_ranks_the_gaps(measured, judge):
    judge(rank_correlation(measured.name, measured.networks), RANKED, otherwise=ANY)


@pytest.mark.control("M-gaps")
@at_the_papers_size
def test_the_negative_gap_does_not(measured, judge):
    networks = measured.with_values(lambda it: -it.gap)
    judge(rank_correlation("the negative gap", networks), RANKED)


@pytest.mark.claim("M-bound")
@at_the_papers_size
def test_its_bound_says_something(measured, judge):
    if not measured.has_bound:
        pytest.skip(f"{measured.name} gives no bound on the test error")
    judge(smallest_bound(measured.name, measured.networks), SAYS_SOMETHING)
    broken = broken_bounds(measured.name, measured.networks).values
    judge(
        exact(f"{measured.name}: share of networks above their bound", broken, "share"), NONE_BROKEN
    )


@pytest.mark.control("M-bound")
@at_the_papers_size
def test_a_bound_of_1_says_nothing(measured, judge):
    networks = measured.with_values(lambda it: 0.0, bound=1.0)
    judge(smallest_bound("a bound of 1 for every network", networks), SAYS_SOMETHING)
