"""2.2-vc: networks realise every labeling of a sample, and by a margin; affine functions cannot.

Eight images in their six principal coordinates: one point more than affine functions can shatter.
MLP 1x512 is trained on each of the 256 labelings.
"""

import pytest

from harness import capacity
from harness.evidence import Equals, exact
from harness.plugin.experiments import datasets
from harness.training.protocol import paper_recipe

POINTS, DIMENSIONS = 8, 6
MARGIN = 0.9


@pytest.fixture
def training(request, reseeded):
    """A rate above the paper's, for speed: any training will do that finds the functions."""
    dataset = request.node.callspec.params["dataset"] if hasattr(request.node, "callspec") else ""
    return reseeded(
        paper_recipe(
            "mlp-1x512",
            dataset or "digits",
            "random-signs",
            train_size=POINTS,
            learning_rate=0.5,
            epochs=40,
            evaluation="at the end",
            seed=90,
        )
    )


@pytest.fixture
def points(training, data_root):
    """The sample (8, 6)."""
    return capacity.principal_coordinates(capacity.image_points(training, data_root), DIMENSIONS)


def judge_shattering(judge, name, functions, points, margin=0.0):
    """All 2^n labelings are realised."""
    realised = capacity.realised_labelings(functions, points, margin)
    different = {tuple(signs) for signs in capacity.all_signs(len(points))[realised]}
    by = f" by a margin of {margin:g}" if margin else ""
    judge(
        exact(
            f"{name}, {len(points)} points in {points.shape[1]} dimensions:"
            f" labelings realised{by}, of {2 ** len(points)}",
            [len(different)],
            "labelings",
        ),
        Equals(2 ** len(points), source="Section 2.2: every labeling of the sample"),
    )


@pytest.mark.claim("2.2-vc")
@datasets(fast=["digits"], cpu_full=["cifar10"])
def test_trained_networks_shatter_a_sample_by_a_margin(dataset, training, points, judge):
    judge.computed_on(training)
    networks = capacity.TrainedNetworks(training)
    judge_shattering(judge, "MLP 1x512, trained", networks, points, MARGIN)


@pytest.mark.fast
@pytest.mark.claim("2.2-vc")
def test_theorem_1_shatters_a_sample_by_the_whole_margin(points, judge):
    judge_shattering(judge, "Theorem 1", capacity.Theorem1Networks(), points)
    judge_shattering(judge, "Theorem 1", capacity.Theorem1Networks(), points, margin=1 - 1e-9)


@pytest.mark.fast
@pytest.mark.claim("2.2-vc")
def test_affine_functions_shatter_one_point_more_than_dimensions(points, judge):
    """The linear program finds separating functions where they exist: seven points in six."""
    judge_shattering(
        judge, "affine functions", capacity.AffineFunctions(), points[: DIMENSIONS + 1]
    )


@pytest.mark.fast
@pytest.mark.control("2.2-vc")
def test_affine_functions_never_shatter_two_points_more(points, judge):
    """The very sample that the networks shatter: eight points in six dimensions."""
    judge_shattering(judge, "affine functions", capacity.AffineFunctions(), points)
