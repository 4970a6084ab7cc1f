"""The six randomisations of section 2.1: pure, and each changes only its subject.

Statistical bounds are six standard deviations wide: one false alarm in five hundred million.
"""

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.data import streams
from harness.data.randomization import (
    corrupt_labels,
    gaussian,
    pixel_permutation,
    random_pixels,
    shuffled_pixels,
)

CLASSES = 10
RANDOMISATIONS = {
    "true labels": lambda images, labels, g: corrupt_labels(labels, 0.0, CLASSES, g),
    "corrupted labels": lambda images, labels, g: corrupt_labels(labels, 0.4, CLASSES, g),
    "random labels": lambda images, labels, g: corrupt_labels(labels, 1.0, CLASSES, g),
    "shuffled pixels": lambda images, labels, g: shuffled_pixels(
        images, pixel_permutation(*images.shape[-2:], g)
    ),
    "random pixels": lambda images, labels, g: random_pixels(images, g),
    "gaussian": lambda images, labels, g: gaussian(images, 0.4, 0.2, g),
}
PURPOSES = [
    streams.LABELS,
    streams.PIXELS,
    f"{streams.PIXELS}/train",
    f"{streams.PIXELS}/test",
    streams.SUBSET,
    streams.INITIALIZATION,
    streams.ORDER,
    streams.REDRAW,
]

seeds = st.integers(0, 2**40)
shapes = st.tuples(st.integers(2, 5), st.integers(1, 3), st.integers(4, 7), st.integers(4, 7))
"""At least 16 pixels: with 16! permutations no two are equal by accident."""
few = settings(deadline=None, max_examples=20)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered(shape: tuple[int, ...]) -> torch.Tensor:
    """Images in which every value occurs once."""
    return torch.arange(torch.Size(shape).numel(), dtype=torch.float32).view(shape)


def origins(images: torch.Tensor, moved: torch.Tensor) -> torch.Tensor:
    """The index of each value of `moved` in its channel of `images`: (N, C, H * W)."""
    return (moved.flatten(2) - images[..., :1, :1].flatten(2)).to(torch.int64)


@pytest.mark.parametrize("name", RANDOMISATIONS)
@given(seed=seeds, shape=shapes)
@few
def test_the_same_generator_state_gives_the_same_result(name, seed, shape):
    images, labels = numbered(shape), torch.arange(shape[0]) % CLASSES
    first, second = (RANDOMISATIONS[name](images, labels, generator(seed)) for _ in range(2))
    assert torch.equal(first, second)
    assert torch.equal(images, numbered(shape)), "the images were modified"
    assert torch.equal(labels, torch.arange(shape[0]) % CLASSES), "the labels were modified"


@pytest.mark.parametrize("name", RANDOMISATIONS)
def test_global_generators_are_neither_read_nor_advanced(name):
    images, labels = numbered((50, 3, 8, 8)), torch.arange(50) % CLASSES
    results = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - the global generator is the subject
        random.seed(seed)
        before = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002
        results.append(RANDOMISATIONS[name](images, labels, generator(7)))
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
        assert random.getstate() == before[2]
    assert torch.equal(*results)


@given(seed=seeds, true=st.integers(0, 9))
@few
def test_a_share_of_1_is_uniform_whatever_the_true_label(seed, true):
    n = 5_000
    drawn = corrupt_labels(torch.full((n,), true), 1.0, CLASSES, generator(seed))
    counts = torch.bincount(drawn, minlength=CLASSES)
    assert len(counts) == CLASSES, "a label beyond the classes"
    assert (counts - n / 10).abs().max() < 6 * (n * 0.1 * 0.9) ** 0.5
    assert torch.equal(
        drawn, corrupt_labels(torch.zeros(n, dtype=int), 1.0, CLASSES, generator(seed))
    )


@given(seed=seeds, share=st.floats(0.01, 0.99))
@few
def test_the_share_of_labels_is_replaced_by_uniform_ones(seed, share):
    n = 5_000
    drawn = corrupt_labels(torch.full((n,), -1), share, CLASSES, generator(seed))
    replaced = drawn[drawn >= 0]
    spread = (n * share * (1 - share)) ** 0.5
    assert abs(len(replaced) - n * share) < 6 * spread + 1
    counts = torch.bincount(replaced, minlength=CLASSES)
    assert (counts - n * share / 10).abs().max() < 6 * (n * share / 10) ** 0.5 + 3


@pytest.mark.parametrize("name", ["shuffled pixels", "random pixels"])
@given(seed=seeds, shape=shapes)
@few
def test_pixels_are_kept_and_their_channels_stay_together(name, seed, shape):
    images = numbered(shape)
    moved = RANDOMISATIONS[name](images, None, generator(seed))
    assert moved.shape == images.shape
    assert torch.equal(moved.flatten(2).sort().values, images.flatten(2).sort().values)
    assert (origins(images, moved) == origins(images, moved)[:, :1]).all(), "a channel apart"


@given(seed=seeds, shape=shapes)
@few
def test_shuffled_pixels_apply_one_permutation_to_all_images(seed, shape):
    images, permutation = numbered(shape), pixel_permutation(*shape[-2:], generator(seed))
    found = origins(images, shuffled_pixels(images, permutation))
    assert (found == permutation).all()


@pytest.mark.parametrize("name", ["shuffled pixels", "random pixels"])
def test_permutations_are_uniform(name):
    image = numbered((1, 1, 2, 2))
    draws = [RANDOMISATIONS[name](image, None, generator(seed)).flatten() for seed in range(2_000)]
    counts = torch.bincount(torch.stack(draws)[:, 0].to(torch.int64), minlength=4)
    assert (counts - 500).abs().max() < 6 * (2_000 * 0.25 * 0.75) ** 0.5


@given(seed=seeds, mean=st.floats(-1, 1), std=st.floats(0.1, 2))
@few
def test_gaussian_noise_has_the_given_moments_and_ignores_the_image(seed, mean, std):
    images = numbered((4, 3, 28, 28))
    noise = gaussian(images, mean, std, generator(seed))
    values = noise.double().flatten()
    assert noise.shape == images.shape and noise.dtype == images.dtype
    assert abs(values.mean() - mean) < 6 * std / len(values) ** 0.5
    assert abs(values.std() - std) < 6 * std / (2 * len(values)) ** 0.5
    assert torch.equal(noise, gaussian(torch.zeros_like(images), mean, std, generator(seed)))


def test_streams_of_other_purposes_or_seeds_are_unrelated():
    draws = torch.stack(
        [
            torch.rand(2_000, generator=streams.stream(seed, purpose))
            for seed in range(4)
            for purpose in PURPOSES
        ]
    )
    correlations = torch.corrcoef(draws) - torch.eye(len(draws))
    assert correlations.abs().max() < 6 / 2_000**0.5


@pytest.mark.parametrize(
    ("seed", "random", "half", "order", "pixels"),
    [
        (0, "81236758ac435a76", "a0648fe78f0f9634", "85bea81db968afcd", "6255c52a3067cca2"),
        (1, "20fad1e77954777f", "266c071759eaed19", "d4d6f9a8c09b6891", "84cd8c3398b737e3"),
    ],
)
def test_streams_are_the_same_on_every_machine(seed, random, half, order, pixels):
    # If these change, all recorded runs were made with other draws.
    labels = torch.zeros(1_000, dtype=torch.int64)
    assert {
        "random": streams.digest(corrupt_labels(labels, 1.0, 10, streams.stream(seed, "labels"))),
        "half": streams.digest(corrupt_labels(labels, 0.5, 10, streams.stream(seed, "labels"))),
        "order": streams.digest(torch.randperm(1_000, generator=streams.stream(seed, "order"))),
        "pixels": streams.digest(pixel_permutation(28, 28, streams.stream(seed, "pixels"))),
    } == {"random": random, "half": half, "order": order, "pixels": pixels}
