"""Linear models on the features of a random convolutional layer, of minimum norm or with a ridge.

With no more features than examples the normal equations (Phi^T Phi + ridge n) w = Phi^T Y are
solved: without a ridge, least squares, which does not interpolate. With more, equation (3),
(Phi Phi^T + ridge n) alpha = Y, whose matrix is summed over chunks of features, so that they need
not all be in memory. Either way the solution is refined against float64 residuals.
"""

import copy
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import torch

from harness.data.catalogue import dataset_spec
from harness.data.streams import digest
from harness.linear.convnet import RandomLayer, columns_of, random_layer
from harness.linear.examples import Examples
from harness.linear.machine import TOLERANCE, refuse_duplicates
from harness.linear.memory import available_bytes, peak_bytes, require, reset_peak
from harness.linear.outcome import Progress, SolveOutcome, silent
from harness.linear.recipe import ConvNetRecipe, fit_label
from harness.linear.refinement import refine
from harness.linear.triangle import DTYPES, Triangle, triangle_bytes

FILTERS_AT_A_TIME = 256
ROWS = 2_048
KEPT_SHARE = 0.9
"""Of a GPU's free memory, that streamed features may fill: products need some, too."""

Chunk = tuple[torch.Tensor, torch.Tensor]
"""Standardised features of some filters, (n, c) and (test images, c)."""


@dataclass
class Features:
    """The features of a recipe's examples, made chunk by chunk."""

    layer: RandomLayer
    data: Examples
    most_kept: float
    """So many chunks are kept; the others are made anew each time."""
    on_progress: Progress
    kept: list[Chunk] = field(default_factory=list)

    def chunks(self, filters: int) -> Iterator[Chunk]:
        """The constant, then the features of the first filters, in order."""
        device = self.layer.weight.device
        yield (
            torch.ones(len(self.data.images), 1, device=device),
            torch.ones(len(self.data.test_images), 1, device=device),
        )
        for number, first in enumerate(range(0, filters, FILTERS_AT_A_TIME)):
            last = min(first + FILTERS_AT_A_TIME, filters)
            if number < len(self.kept):
                train, test = self.kept[number]
            else:
                full = min(first + FILTERS_AT_A_TIME, len(self.layer.weight))
                self.on_progress(f"features of filters {first:,} to {full:,}", 0.0)
                keep = number < self.most_kept
                train, test = self._make(first, full if keep else last)
                if keep:
                    self.kept.append((train, test))
            width = columns_of(last - first) - 1
            yield train[:, :width], test[:, :width]

    def _make(self, first: int, last: int) -> Chunk:
        train = self.layer.features(self.data.images, first, last)
        test = self.layer.features(self.data.test_images, first, last)
        mean, std = train.mean(0), train.std(0).clamp(min=1e-6)
        return train.sub_(mean).div_(std), test.sub_(mean).div_(std)

    def gram(self, filters: int, primal: bool, dtype: torch.dtype) -> Triangle:
        """``Phi^T Phi``, or ``Phi Phi^T`` if not ``primal``."""
        n, device = len(self.data.images), str(self.layer.weight.device)
        gram = Triangle(columns_of(filters) if primal else n, dtype, device)
        chunks = (train for train, _ in self.chunks(filters))
        if primal:
            parts = [chunk.split(ROWS) for chunk in chunks]
            for rows in zip(*parts, strict=True):
                gram.add_products(torch.cat(rows, dim=1).mT.to(dtype))
        else:
            for chunk in chunks:
                gram.add_products(chunk.to(dtype))
        return gram

    def transposed(self, filters: int, v: torch.Tensor) -> torch.Tensor:
        """``Phi^T v`` in float64, for v (n, m)."""
        return torch.cat([_t_product(train, v) for train, _ in self.chunks(filters)])

    def product(self, filters: int, primal: bool, added: float, v: torch.Tensor) -> torch.Tensor:
        """``(Phi^T Phi + added) v``, or ``(Phi Phi^T + added) v`` if not ``primal``, in float64."""
        result = added * v
        if primal:
            return result + self.transposed(filters, self.outputs(filters, v)[0])
        for train, _ in self.chunks(filters):
            result = result + _product(train, _t_product(train, v))
        return result

    def outputs(self, filters: int, weights: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Outputs at training and test images, in float64."""
        fitted = tested = 0.0
        start = 0
        for train, test in self.chunks(filters):
            its = weights[start : start + train.shape[1]]
            start += train.shape[1]
            fitted, tested = fitted + _product(train, its), tested + _product(test, its)
        return fitted, tested


def solve_convnet(
    recipe: ConvNetRecipe, data: Examples, device: str, on_progress: Progress = silent
) -> SolveOutcome:
    """Every number of filters with every ridge; see `ConvNetRecipe`.

    Raises NotEnoughMemory before anything large is allocated, SingularKernel with the pair if equal
    images are to be interpolated, and NotPositiveDefinite with the pivot if the features are
    linearly dependent.
    """
    started, before = time.perf_counter(), reset_peak(device)
    dtype = DTYPES[recipe.precision]
    require(bytes_needed(recipe), f"{recipe}", device)
    most_kept = chunks_that_fit(recipe, device) if recipe.streamed else math.inf
    features = Features(random_layer(recipe, data, device), data, most_kept, on_progress)
    targets = data.one_hot(data.labels).to(device)
    n = len(targets)
    if 0.0 in recipe.ridges and columns_of(max(recipe.filters)) > n:
        refuse_duplicates(data.images.flatten(1), targets)
    fits, residuals, ends = [], [], {}
    for filters in recipe.filters:
        primal = columns_of(filters) <= n
        gram = features.gram(filters, primal, dtype)
        right = features.transposed(filters, targets) if primal else targets
        for ridge in recipe.ridges:
            label = fit_label(filters, ridge)
            on_progress(label, 0.0)
            added = ridge * n
            factor = gram if ridge == recipe.ridges[-1] else copy.deepcopy(gram)
            factor.add_to_diagonal(added)
            factor.factor(lambda share: on_progress("factorisation", share))
            product = partial(features.product, filters, primal, added)
            refined = refine(factor, product, right, TOLERANCE)
            residuals.append(refined.history[-1])
            if recipe.train_size is None:
                ends[label] = list(factor.spectrum_ends())
            weights = refined.coefficients
            if not primal:
                weights = features.transposed(filters, weights)
            fitted, outputs = features.outputs(filters, weights)
            fits.append(data.score(label, data.labels, fitted, outputs, float(weights.norm())))
    facts = {
        "seconds": time.perf_counter() - started,
        "peak_bytes": peak_bytes(device) - before,
        "features": columns_of(max(recipe.filters)),
        "worst_residual": max(residuals),
        "spectrum_ends": ends,
        "threads": torch.get_num_threads(),
        "label_digests": {"true labels": digest(data.labels)},
    }
    return SolveOutcome(tuple(fits), facts)


def chunks_that_fit(recipe: ConvNetRecipe, device: str) -> int:
    """How many chunks of streamed features a GPU holds beside all else; none on a CPU.

    A sweep makes the others anew: with all 32,000 filters on CIFAR-10 they would take 61 GB.
    """
    if not device.startswith("cuda"):
        return 0
    left = KEPT_SHARE * (available_bytes(device) or 0) - bytes_needed(recipe)
    return max(0, int(left // _feature_bytes(recipe, FILTERS_AT_A_TIME)))


def _feature_bytes(recipe: ConvNetRecipe, filters: int) -> int:
    tested = recipe.held_out or dataset_spec(recipe.dataset).test_size
    return 4 * (recipe.images + tested) * columns_of(filters)


def bytes_needed(recipe: ConvNetRecipe) -> int:
    """A triangle, and a copy for several ridges; the features, or those of one chunk."""
    most = max(recipe.filters)
    features = _feature_bytes(recipe, min(most, FILTERS_AT_A_TIME) if recipe.streamed else most)
    triangle = triangle_bytes(min(columns_of(most), recipe.images), DTYPES[recipe.precision])
    return features + (1 + (len(recipe.ridges) > 1)) * triangle


def _product(matrix: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``matrix @ right`` in float64, without a copy of all of the matrix."""
    right = right.double()
    return torch.cat([rows.double() @ right for rows in matrix.split(ROWS)])


def _t_product(matrix: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``matrix.T @ right`` in float64, without a copy of all of the matrix."""
    parts = zip(matrix.split(ROWS), right.double().split(ROWS), strict=True)
    return sum(rows.double().mT @ its for rows, its in parts)
