"""4-theorem1, 4-fewer: a two-layer ReLU network with 2n + d weights fits any n distinct points.

The network is constructed, not trained. Hypothesis draws samples of at most nine points: in
rational arithmetic every target is met exactly; in float64 to within a bound that is known before
the network is evaluated. fast: all 1,797 digits, random labels. cpu_full: all of CIFAR-10, MNIST.
"""

import pytest

from harness import expressivity
from harness.evidence import (
    AtMost,
    Attains,
    Equals,
    FigureData,
    ProvedAtMost,
    exact,
    find_counterexample,
)
from harness.expressivity import adversarial, examples

SOURCE = "Theorem 1"


def judge_representation(judge, samples, smallest=True):
    judge(
        find_counterexample(
            "every target exactly, with 2n + d weights",
            expressivity.is_represented,
            samples,
            smallest,
        ),
        Equals(0, source=SOURCE),
    )


@pytest.mark.fast
@pytest.mark.claim("4-theorem1")
def test_any_sample_of_distinct_points_is_represented(judge):
    """Points anywhere, on a lattice, on a line, nearly equal; and with one point given twice."""
    judge_representation(judge, adversarial.samples())
    judge_representation(judge, adversarial.samples_with_a_repetition(conflicting=False))


@pytest.mark.fast
@pytest.mark.claim("4-theorem1")
def test_equal_points_with_different_targets_are_refused_by_name(judge):
    judge(
        find_counterexample(
            "equal points with different targets: refused, with the pair",
            expressivity.conflict_is_named,
            adversarial.samples_with_a_repetition(conflicting=True),
        ),
        Equals(0, source=f"{SOURCE}: distinct points, or none takes both"),
    )


@pytest.mark.fast
@pytest.mark.claim("4-theorem1")
def test_float64_stays_within_its_bounds_or_refuses_two_points(judge):
    judge(
        find_counterexample(
            "float64: within the stated bounds, or refused for two close points",
            expressivity.is_fitted_or_refused,
            adversarial.samples(),
        ),
        Equals(0, source=f"{SOURCE}; bounds of harness.expressivity.bounds"),
        figure=FigureData("theorem1-function", examples.fitted_function(placement=0.0)),
    )
    judge(
        find_counterexample(
            "float64, points on a lattice: within the stated bounds",
            expressivity.is_fitted_or_refused,
            adversarial.easy_samples(),
        ),
        Equals(0, source=f"{SOURCE}; bounds of harness.expressivity.bounds"),
        figure=FigureData("theorem1-function", examples.fitted_function(placement=0.5)),
    )


@pytest.mark.fast
@pytest.mark.control("4-theorem1")
def test_equal_points_with_different_targets_are_not_represented(judge):
    samples = adversarial.samples_with_a_repetition(conflicting=True)
    judge_representation(judge, samples, smallest=False)


def judge_labels(judge, dataset, data_root, labels, seed, one_hot=False):
    seen, recovered = expressivity.represent_labels(dataset, data_root, labels, seed, one_hot)
    what = f"{dataset}, {seen.n:,} images, {labels} labels{', one-hot' * one_hot}"
    judge(
        exact(f"{what}: labels recovered", [recovered], "share"),
        Attains(1.0, source=SOURCE),
    )
    judge(
        exact(f"{what}: weights of the module", [seen.weights], "weights"),
        Equals((seen.outputs + 1) * seen.n + seen.d, source=f"{SOURCE}: 2n + d; one w an output"),
    )
    for path, error, bound in (
        ("forward pass", seen.network_error, seen.network_bound),
        ("through sorted breakpoints", seen.sorted_error, seen.sorted_bound),
    ):
        check = ProvedAtMost if bound <= 0.5 else AtMost
        judge(
            exact(f"{what}: largest error, {path}", [error], ""),
            check(min(bound, 0.5), source="the bound stated before, and one half of a label"),
        )


@pytest.mark.fast
@pytest.mark.claim("4-theorem1")
@pytest.mark.parametrize("one_hot", [False, True], ids=["numbers", "one-hot"])
def test_all_digits_are_memorised_without_training(one_hot, data_root, judge, base_seed):
    judge_labels(judge, "digits", data_root, "random", base_seed, one_hot)


@pytest.mark.cpu_full
@pytest.mark.claim("4-theorem1")
@pytest.mark.parametrize(
    ("dataset", "labels"),
    [
        pytest.param("cifar10", "random", marks=pytest.mark.needs_data("cifar10")),
        pytest.param("mnist", "random", marks=pytest.mark.needs_data("mnist")),
        pytest.param("mnist", "true", marks=pytest.mark.needs_data("mnist")),
    ],
)
def test_a_whole_dataset_is_memorised_without_training(
    dataset, labels, data_root, judge, base_seed
):
    judge_labels(judge, dataset, data_root, labels, base_seed)


SIZES = {"digits": (1_797, 192), "CIFAR-10": (50_000, 3_072), "MNIST": (60_000, 784)}


@pytest.mark.fast
@pytest.mark.claim("4-fewer")
@pytest.mark.parametrize("name", SIZES)
def test_the_weights_are_far_fewer_than_those_of_livni_et_al(name, judge):
    """The paper quotes their count as O(dn), without a constant; here it is d n."""
    n, d = SIZES[name]
    ours = expressivity.weights_of_theorem1(n, d)
    where = f"{name}, n = {n:,}, d = {d:,}"
    judge(exact(f"{where}: weights", [ours], "weights"), Equals(2 * n + d, source=SOURCE))
    judge(
        exact(
            f"{where}: weights, of the {d * n:,} of Livni et al. 2014", [ours / (d * n)], "share"
        ),
        AtMost(0.1, source="Section 1.1: 'far more parameters, namely O(dn)'; a tenth of d n"),
    )
