"""Gabor wavelets, random convolutional layers, and the linear models on them."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from skimage.filters import gabor_kernel
from torch.nn.functional import avg_pool2d, conv2d, unfold

from harness.data.sources import load
from harness.errors import InvalidRecipe
from harness.linear import convnet, least_squares
from harness.linear.examples import Examples, examples
from harness.linear.gabor import gabor_features, gabor_wavelets
from harness.linear.least_squares import KEPT_SHARE, Features, bytes_needed, solve_convnet
from harness.linear.recipe import (
    ConvNetRecipe,
    GaborBank,
    KernelRecipe,
    fit_label,
)
from harness.linear.ridge import RidgePath, choose_ridge

CONVNET = ConvNetRecipe(
    dataset="digits", patch=3, train_size=60, held_out=50, filters=(4, 12), precision="fp64"
)


def images(n=5, side=8, channels=3):
    draw = torch.Generator().manual_seed(0)
    return torch.randint(256, (n, channels, side, side), generator=draw, dtype=torch.uint8)


# --- Gabor -----------------------------------------------------------------------------------


def test_gabor_features_are_pooled_magnitudes_of_filtered_images():
    bank = GaborBank(orientations=4, frequencies=(0.2,), pool=3)
    got = gabor_features(bank, images()).view(5, 4, 3, 3)
    grey = images().float().mean(1, keepdim=True) / 255
    for number in range(4):
        wavelet = gabor_wavelets(bank, 15)[number]
        filtered = conv2d(grey, wavelet[:, None], padding=7)
        magnitude = filtered.square().sum(1, keepdim=True).sqrt()
        expected = avg_pool2d(magnitude, 3, ceil_mode=True)[:, 0]
        torch.testing.assert_close(got[:, number], expected)


def test_wavelets_are_scikit_images_with_the_mean_removed():
    (wavelet,) = gabor_wavelets(GaborBank(orientations=1, frequencies=(0.3,)), 41)
    theirs = gabor_kernel(0.3)
    top, left = (41 - theirs.shape[0]) // 2, (41 - theirs.shape[1]) // 2
    inside = wavelet[:, top : 41 - top, left : 41 - left].numpy()
    np.testing.assert_allclose(inside[0], theirs.real - theirs.real.mean(), atol=1e-7)
    np.testing.assert_allclose(inside[1], theirs.imag, atol=1e-7)
    assert wavelet.sum() == pytest.approx(0, abs=1e-6)


def test_noise_in_place_of_wavelets_is_as_strong_and_seeded():
    bank = GaborBank(frequencies=(0.3,))
    wavelets = gabor_wavelets(bank, 41).flatten(1)
    noise, other = (
        gabor_wavelets(replace(bank, noise_seed=seed), 41).flatten(1) for seed in (1, 2)
    )
    torch.testing.assert_close(noise.norm(dim=1), wavelets.norm(dim=1))
    assert not torch.allclose(noise, other)


# --- Random filters --------------------------------------------------------------------------


def test_convolutional_features_by_hand():
    layer = convnet.random_layer(CONVNET, examples(CONVNET, None), "cpu")
    got = layer.features(images(), 2, 4).view(5, 2, 2, 4)
    patches = unfold(images().float(), 3)
    centred = patches - patches.mean(1, keepdim=True)
    normal = centred / (patches.var(1, correction=0, keepdim=True) + 10).sqrt()
    response = (layer.weight[2:4] @ normal - layer.offset[2:4]).view(5, 2, 6, 6)
    for sign in (0, 1):
        part = (response * (1, -1)[sign] - 0.25).clamp(min=0)
        corners = [part[..., :3, :3], part[..., :3, 3:], part[..., 3:, :3], part[..., 3:, 3:]]
        expected = torch.stack([corner.mean((2, 3)) for corner in corners], dim=2)
        torch.testing.assert_close(got[:, :, sign], expected, atol=1e-5, rtol=1e-4)


def equal_directions(values):
    """In how many directions rows (variables, samples) vary, if equally: 1 over the sum of squares
    of the shares that their covariance's eigenvalues have.
    """
    eigenvalues = torch.linalg.eigvalsh(torch.cov(values.double()))
    return float(eigenvalues.sum() ** 2 / eigenvalues.square().sum())


def test_whitened_patches_are_white():
    """Patches of 3x3 in equal channels vary in eight directions: one of nine is their mean's."""
    recipe = replace(CONVNET, source="gaussian", filters=(400,))
    data = examples(recipe, None)
    layer = convnet.random_layer(recipe, data, "cpu")
    patches = layer.patches(data.images).movedim(1, 2).flatten(0, 1).mT
    # Unit filters in random directions see every direction of the whitened patches alike.
    response = layer.weight @ patches - layer.offset
    assert equal_directions(patches) < 5
    assert equal_directions(response) > 7
    assert abs(float(response.mean())) < 0.2


def test_more_filters_than_patches_differ_are_refused():
    blank = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)
    labels = torch.zeros(3, dtype=torch.int64)
    with pytest.raises(InvalidRecipe, match="12 filters, but among 20,000 patches only 0 differ"):
        convnet.random_layer(CONVNET, Examples(blank, labels, blank, labels, 10), "cpu")


def by_numpy(recipe, filters, ridge):
    """The same model with scipy on the whole feature matrix."""
    data = examples(recipe, None)
    layer = convnet.random_layer(recipe, data, "cpu")
    train = layer.features(data.images, 0, filters)
    test = layer.features(data.test_images, 0, filters)
    mean, std = train.mean(0), train.std(0)
    train, test = (
        torch.hstack([torch.ones(len(it), 1), (it - mean) / std]) for it in (train, test)
    )
    x, y = train.double().numpy(), data.one_hot(data.labels).double().numpy()
    if ridge == 0:
        weights = np.linalg.pinv(x) @ y
    else:
        system = x.T @ x + ridge * len(x) * np.eye(x.shape[1])
        weights = np.linalg.solve(system, x.T @ y)
    outputs = test.double().numpy() @ weights
    errors = (outputs.argmax(1) != data.test_labels.numpy()).mean()
    return errors, np.linalg.norm(weights), np.abs(x @ weights - y).max()


@pytest.mark.parametrize("filters", [4, 12])
@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_linear_models_on_features_are_numpys(filters, ridge):
    """Four filters make 33 features, fewer than the 60 examples; twelve make 97."""
    recipe = replace(CONVNET, ridges=(ridge,))
    fit = solve_convnet(recipe, examples(recipe, None), "cpu")[fit_label(filters, ridge)]
    error, norm, misfit = by_numpy(recipe, filters, ridge)
    assert fit.test_error == pytest.approx(error)
    assert fit.norm == pytest.approx(norm, rel=1e-4)
    assert fit.worst_error == pytest.approx(misfit, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("room", "kept"), [(0, 0), (25_000, 1), (1e9, 3)])
def test_streaming_changes_nothing_but_what_is_made_anew(monkeypatch, room, kept):
    """A GPU keeps the chunks of features that fit beside all else."""
    monkeypatch.setattr(least_squares, "FILTERS_AT_A_TIME", 4)
    made, make = [], Features._make
    monkeypatch.setattr(
        Features, "_make", lambda self, *span: made.append(span) or make(self, *span)
    )
    held = replace(CONVNET, filters=(12,), ridges=(0.0, 0.1))
    data = examples(held, None)
    one = solve_convnet(held, data, "cpu")
    assert made == [(0, 4), (4, 8), (8, 12)], "once"
    made.clear()
    streamed = replace(held, streamed=True)
    space = bytes_needed(streamed) + room
    monkeypatch.setattr(least_squares, "available_bytes", lambda device: space / KEPT_SHARE)
    monkeypatch.setattr(least_squares, "require", lambda *needed: None)
    fits = min(3, least_squares.chunks_that_fit(streamed, "cuda"))
    assert (fits, least_squares.chunks_that_fit(streamed, "cpu")) == (kept, 0)
    monkeypatch.setattr(least_squares, "chunks_that_fit", lambda recipe, device: fits)
    other = solve_convnet(streamed, data, "cpu")
    for a, b in zip(one.fits, other.fits, strict=True):
        assert a.right == b.right and a.norm == pytest.approx(b.norm)
    assert all((made.count((4 * i, 4 * i + 4)) == 1) == (i < kept) for i in range(3))


# --- Examples and recipes --------------------------------------------------------------------

KERNEL = KernelRecipe(dataset="digits", gamma=0.05, train_size=60, held_out=50)


def test_held_out_images_are_not_trained_on():
    data = examples(KERNEL, None)
    everything = examples(KernelRecipe(dataset="digits", gamma=1.0), None)
    assert len(data.images) == 60 and len(data.test_images) == 50
    together = {image.numpy().tobytes() for image in data.images}
    held = {image.numpy().tobytes() for image in data.test_images}
    test = {image.numpy().tobytes() for image in everything.test_images}
    assert not held & together and not held & test


def test_labels_are_corrupted_for_training_alone_and_by_the_seed():
    data = examples(KERNEL, None)
    assert torch.equal(data.corrupted(0.0, 0), data.labels)
    changed = (data.corrupted(1.0, 0) != data.labels).double().mean()
    assert 0.75 < float(changed) < 1.0
    assert not torch.equal(data.corrupted(1.0, 0), data.corrupted(1.0, 1))


def test_a_ridge_is_chosen_by_the_images_held_out():
    """Errors on them and on the test images by NumPy; the two would choose otherwise."""
    recipe = replace(KERNEL, train_size=60, held_out=100, corruptions=(0.2,))
    ridges = (0.0, 1e-3, 1e-2, 0.1, 0.3, 1.0, 3.0)
    data, test = examples(recipe, None), load("digits")

    def gram(left, right):
        x, z = (it.flatten(1).double().numpy() / 255 for it in (left, right))
        return np.exp(-recipe.gamma * ((x[:, None] - z[None]) ** 2).sum(2))

    matrix = gram(data.images, data.images)
    targets = np.eye(10)[data.corrupted(0.2, recipe.seed).numpy()]
    path = choose_ridge(recipe, ridges)
    for index, ridge in enumerate(ridges):
        alpha = np.linalg.solve(matrix + ridge * np.eye(60), targets)
        for images, labels, found in (
            (data.test_images, data.test_labels, path.held_out_errors[index]),
            (test.test_images, test.test_labels, path.test_errors[index]),
        ):
            answers = (gram(images, data.images) @ alpha).argmax(1)
            assert found == pytest.approx((answers != labels.numpy()).mean())


@pytest.mark.parametrize(
    ("held_out", "best"), [((0.3, 0.2, 0.1), 2), ((0.1, 0.2, 0.2), 1), ((0.3, 0.1, 0.2), 1)]
)
def test_the_best_ridge_has_the_fewest_errors_held_out(held_out, best):
    """The least of equals, and never ridge 0, to which it is compared; no test error counts."""
    for wrong in itertools.product([True, False], repeat=3):
        path = RidgePath((0.0, 0.1, 1.0), held_out, tuple((it,) for it in wrong))
        assert path.best == best
