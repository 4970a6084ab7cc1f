"""Appendix A's preprocessing, and the preparation of a recipe's data."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from harness.data import audit
from harness.data import prepare as preparation
from harness.data.audit import audit_pipeline
from harness.data.catalogue import DatasetSpec
from harness.data.prepare import DataSpec, prepare, redraw_inputs
from harness.data.preprocessing import centre_crop, whiten
from harness.data.sources import ImageSet

INPUTS = ["true", "shuffled pixels", "random pixels", "gaussian"]
SPEC = DataSpec("toy", None, 28, 0.0, "true", 0)

image_batches = hnp.arrays(
    np.float32,
    st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6), st.integers(1, 6)),
    elements=st.floats(0, 1, width=32),
)


def toy(size: int = 10, channels: int = 3) -> ImageSet:
    """Random images, numbered by their first pixel; test and training images are equal."""
    generator = torch.Generator().manual_seed(5)
    images = torch.randint(256, (40, channels, size, size), generator=generator, dtype=torch.uint8)
    images[:, :, 0, 0] = torch.arange(40, dtype=torch.uint8)[:, None]
    labels = torch.randint(10, (40,), generator=generator)
    spec = DatasetSpec("toy", "a toy", (channels, size, size), 10, 40, 40, {})
    return ImageSet(spec, images, labels, images.clone(), labels.flip(0), "")


def same(images: torch.Tensor) -> torch.Tensor:
    """No whitening, so that pixels stay recognisable."""
    return images


def numpy_whitening(images: np.ndarray) -> np.ndarray:
    """TensorFlow's per_image_whitening, line by line, in float64."""
    images = images.astype(np.float64)
    result = np.empty_like(images)
    for index, image in enumerate(images):
        variance = max(0.0, np.mean(image**2) - np.mean(image) ** 2)
        result[index] = (image - image.mean()) / max(variance**0.5, 1 / image.size**0.5)
    return result


@pytest.mark.parametrize(
    ("size", "crop", "rows", "columns"),
    [
        ((32, 32), 28, (2, 29), (2, 29)),
        ((28, 28), 28, (0, 27), (0, 27)),
        ((8, 8), 28, (0, 7), (0, 7)),
        ((32, 20), 28, (2, 29), (0, 19)),
        ((31, 33), 28, (1, 28), (2, 29)),
    ],
)
def test_images_are_cropped_from_the_centre(size, crop, rows, columns):
    row = torch.arange(size[0])[:, None].expand(size)
    column = torch.arange(size[1])[None, :].expand(size)
    cropped = centre_crop(torch.stack([row, column])[None], crop)[0]
    assert (cropped[0].min(), cropped[0].max()) == rows
    assert (cropped[1].min(), cropped[1].max()) == columns
    assert cropped.shape == (2, rows[1] - rows[0] + 1, columns[1] - columns[0] + 1)


@given(images=image_batches)
@example(images=np.full((2, 3, 4, 4), 0.7, np.float32))
@example(images=np.full((1, 1, 1, 1), 0.3, np.float32))
@example(images=0.5 + 1e-4 * np.eye(5, dtype=np.float32)[None, None])
@settings(deadline=None, max_examples=60)
def test_whitening_is_tensorflows(images):
    given = torch.from_numpy(images.copy())
    # float32 sums of at most 108 values, divided by at least 1/sqrt(108): 1e-7 * 10 * 10.
    np.testing.assert_allclose(whiten(given).numpy(), numpy_whitening(images), atol=2e-5, rtol=1e-4)
    assert np.array_equal(given.numpy(), images), "the images were modified"


@pytest.mark.parametrize("inputs", INPUTS)
@pytest.mark.parametrize("corruption", [0.0, 0.5, 1.0])
def test_test_labels_and_the_data_set_do_not_change(inputs, corruption):
    images = toy()
    prepared = prepare(images, replace(SPEC, inputs=inputs, label_corruption=corruption))
    for now, before in zip(vars(images).values(), vars(toy()).values(), strict=True):
        assert torch.equal(now, before) if isinstance(now, torch.Tensor) else now == before
    assert torch.equal(prepared.test_labels, toy().test_labels)
    assert torch.equal(prepared.train_labels, toy().train_labels) == (corruption == 0)


def test_a_subset_holds_distinct_images_with_their_true_labels():
    prepared = prepare(toy(), replace(SPEC, train_size=16), whitening=same)
    numbers = (prepared.train_images[:, 0, 0, 0] * 255).round().long()
    assert len(numbers.unique()) == 16
    assert torch.equal(prepared.train_labels, toy().train_labels[numbers])
    assert len(prepared.test_images) == 40
    other = prepare(toy(), replace(SPEC, train_size=16, seed=1), whitening=same)
    assert not torch.equal(other.train_images, prepared.train_images)


@pytest.mark.parametrize(
    ("inputs", "alike"),
    [("true", True), ("shuffled pixels", True), ("random pixels", False), ("gaussian", False)],
)
def test_training_and_test_images_have_separate_noise(inputs, alike):
    prepared = prepare(toy(), replace(SPEC, inputs=inputs))
    assert torch.equal(prepared.train_images, prepared.test_images) == alike


@pytest.mark.parametrize("inputs", ["shuffled pixels", "random pixels"])
def test_pixels_are_permuted_after_the_crop(inputs):
    images = toy(size=32)
    border = torch.ones(32, 32, dtype=torch.bool)
    border[2:30, 2:30] = False
    images.train_images.clamp_(max=254)[:, :, border] = 255
    prepared = prepare(images, replace(SPEC, inputs=inputs), whitening=same)
    assert prepared.shape == (3, 28, 28)
    assert prepared.train_images.max() < 1, "a pixel of the border came in"


@pytest.mark.parametrize("inputs", INPUTS)
def test_layout_and_bfloat16_change_no_value(inputs):
    spec = replace(SPEC, inputs=inputs)
    plain = prepare(toy(), spec).train_images
    last = prepare(toy(), spec, memory_format=torch.channels_last).train_images
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(last, plain)
    short = prepare(toy(), spec, dtype=torch.bfloat16).train_images
    assert torch.equal(short, plain.to(torch.bfloat16))


@pytest.mark.parametrize("inputs", ["true", "shuffled pixels"])
def test_chunks_change_no_image(inputs, monkeypatch):
    whole = prepare(toy(), replace(SPEC, inputs=inputs)).train_images
    monkeypatch.setattr(preparation, "CHUNK", 7)
    assert torch.equal(prepare(toy(), replace(SPEC, inputs=inputs)).train_images, whole)


def test_gaussian_inputs_have_the_datasets_mean_and_std():
    images = toy(size=32)
    images.train_images[:, :, 2:30, 2:30] //= 4
    values = images.train_images[:, :, 2:30, 2:30].numpy() / 255
    mean, std = preparation._moments(images.train_images[:, :, 2:30, 2:30])
    assert (mean, std) == (pytest.approx(values.mean()), pytest.approx(values.std()))
    for part in ("train_images", "test_images"):
        noise = getattr(prepare(images, replace(SPEC, inputs="gaussian"), whitening=same), part)
        # 94,080 values: six standard deviations of their mean are 0.02 of a std.
        assert abs(noise.mean() - mean) < 0.02 * std and abs(noise.std() / std - 1) < 0.02


@pytest.mark.parametrize("inputs", ["random pixels", "gaussian"])
def test_redrawn_inputs_are_new_and_whitened(inputs):
    fixed = prepare(toy(), replace(SPEC, inputs=inputs)).train_images
    generator = torch.Generator().manual_seed(0)
    one, other = (redraw_inputs(fixed, inputs, generator) for _ in range(2))
    assert not torch.equal(one, other) and not torch.equal(one, fixed)
    for images in (one, other):
        torch.testing.assert_close(images.mean((1, 2, 3)), torch.zeros(40), atol=1e-6, rtol=0)
        torch.testing.assert_close(images.square().mean((1, 2, 3)), torch.ones(40))


@pytest.mark.parametrize(("offset", "sound"), [(0, True), (2, False)])
def test_the_audit_detects_a_crop_off_the_centre(offset, sound, monkeypatch):
    monkeypatch.setattr(audit, "load", lambda name, root: toy(size=32))
    monkeypatch.setattr(
        preparation, "centre_crop", lambda images, size: images[..., 2 + offset : 30 + offset, 2:30]
    )
    found = audit_pipeline("toy")
    worst = max(value for value in vars(found).values() if isinstance(value, float))
    assert (worst < 1e-5) == sound, found
