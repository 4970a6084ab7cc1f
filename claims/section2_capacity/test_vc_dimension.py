"""2.2-vc: networks realise every labeling of a sample, and by a margin; affine functions cannot.

Eight images in six principal coordinates: two points more than affine functions can shatter.
"""

import pytest

from harness.evidence import Equals, exact
from harness.plugin.trials import reseed
from harness.training.protocol import paper_recipe

POINTS, DIMENSIONS = 8, 6
MARGIN = 0.9
SOURCE = "Section 2.2: every labeling of the sample"

DATASETS = [
    pytest.param("digits", marks=pytest.mark.fast),
    pytest.param("cifar10", marks=[pytest.mark.cpu_full, pytest.mark.needs_data("cifar10")]),
]


def training(dataset, base_seed):
    """Any training will do that finds the functions: a rate above the paper's, for speed."""
    recipe = paper_recipe(
        "mlp-1x512",
        dataset,
        "random-signs",
        train_size=POINTS,
        learning_rate=0.5,
        epochs=40,
        evaluation="at the end",
        seed=90,
    )
    return reseed(recipe, base_seed)


def sample(dataset, root, base_seed):
    from harness.capacity.samples import image_points, principal_coordinates

    return principal_coordinates(image_points(training(dataset, base_seed), root), DIMENSIONS)


def judge_shattering(judge, name, functions, points, margin=0.0):
    """All 2^n of them, counted once each, whatever was enumerated."""
    from harness.capacity.shattering import realised_labelings
    from harness.capacity.signs import all_signs

    realised = realised_labelings(functions, points, margin)
    different = {tuple(signs) for signs in all_signs(len(points))[realised]}
    by = f" by a margin of {margin:g}" if margin else ""
    judge(
        exact(
            f"{name}, {len(points)} points in {points.shape[1]} dimensions:"
            f" labelings realised{by}, of {2 ** len(points)}",
            [len(different)],
            "labelings",
        ),
        Equals(2 ** len(points), source=SOURCE),
    )


@pytest.mark.claim("2.2-vc")
@pytest.mark.parametrize("dataset", DATASETS)
def test_trained_networks_shatter_a_sample_by_a_margin(dataset, laboratory, judge, base_seed):
    """One margin for both: shattered at a width of 0.9 is shattered."""
    from harness.capacity.networks import TrainedNetworks

    recipe = training(dataset, base_seed)
    judge.computed_on(recipe)
    networks = TrainedNetworks(recipe)
    points = sample(dataset, laboratory.data_root, base_seed)
    judge_shattering(judge, "MLP 1x512, trained", networks, points, MARGIN)


@pytest.mark.fast
@pytest.mark.claim("2.2-vc")
def test_theorem_1_shatters_a_sample_by_the_whole_margin(laboratory, judge, base_seed):
    from harness.capacity.classes import Theorem1Networks

    points = sample("digits", laboratory.data_root, base_seed)
    judge_shattering(judge, "Theorem 1", Theorem1Networks(), points)
    judge_shattering(judge, "Theorem 1", Theorem1Networks(), points, margin=1 - 1e-9)


@pytest.mark.fast
@pytest.mark.claim("2.2-vc")
def test_affine_functions_shatter_one_point_more_than_dimensions(laboratory, judge, base_seed):
    """So that their failure below is theirs, not the linear program's."""
    from harness.capacity.classes import AffineFunctions

    points = sample("digits", laboratory.data_root, base_seed)[: DIMENSIONS + 1]
    judge_shattering(judge, "affine functions", AffineFunctions(), points)


@pytest.mark.fast
@pytest.mark.control("2.2-vc")
def test_affine_functions_never_shatter_two_points_more(laboratory, judge, base_seed):
    """On the very sample that the networks shatter."""
    from harness.capacity.classes import AffineFunctions

    points = sample("digits", laboratory.data_root, base_seed)
    judge_shattering(judge, "affine functions", AffineFunctions(), points)
