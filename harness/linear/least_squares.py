"""Linear models on the features of a random convolutional layer, of minimum norm or with a ridge.

With no more features than examples the normal equations (Phi^T Phi + ridge n) w = Phi^T Y are
solved: without a ridge, least squares, which does not interpolate. With more, equation (3),
(Phi Phi^T + ridge n) alpha = Y, whose matrix is summed over chunks of features, so that they are
never all in memory. Either way the factor is refined against float64 residuals.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

from harness.data.catalogue import dataset_spec
from harness.data.streams import digest
from harness.linear.convnet import RandomLayer, columns_of, random_layer
from harness.linear.examples import Examples
from harness.linear.machine import refuse_duplicates
from harness.linear.memory import peak_bytes, require, reset_peak
from harness.linear.outcome import Fit, SolveOutcome, packed
from harness.linear.recipe import ConvNetRecipe, fit_label
from harness.linear.refinement import Product, Refined, refine
from harness.linear.triangle import Triangle, triangle_bytes

TOLERANCE = 1e-6
FILTERS_AT_A_TIME = 256
ROWS = 2_048
DTYPES = {"fp32": torch.float32, "fp64": torch.float64}

Told = Callable[[str, float], None]
Chunk = tuple[torch.Tensor, torch.Tensor]
"""Standardised features of some filters, (n, c) and (test images, c)."""


@dataclass
class Design:
    """The features of a recipe's examples, made chunk by chunk, and kept where they fit."""

    layer: RandomLayer
    data: Examples
    kept: list[Chunk] | None
    """None where they are made anew each time."""
    told: Told
    products: dict[tuple[int, int], torch.Tensor] | None = None
    """Rows of ``Phi^T Phi`` by first and last, for other ridges and more filters; None: not kept.
    """

    def chunks(self, filters: int) -> Iterator[Chunk]:
        """The constant, then the features of the first filters, in order."""
        device = self.layer.weight.device
        ones = [
            torch.ones(len(it), 1, device=device)
            for it in (self.data.images, self.data.test_images)
        ]
        yield ones[0], ones[1]
        for number, first in enumerate(range(0, filters, FILTERS_AT_A_TIME)):
            last = min(first + FILTERS_AT_A_TIME, filters)
            if self.kept is not None and number < len(self.kept):
                train, test = self.kept[number]
            else:
                full = min(first + FILTERS_AT_A_TIME, len(self.layer.weight))
                self.told(f"features of filters {first:,} to {full:,}", 0.0)
                train, test = self._make(first, last if self.kept is None else full)
                if self.kept is not None:
                    self.kept.append((train, test))
            width = columns_of(last - first) - 1
            yield train[:, :width], test[:, :width]

    def _make(self, first: int, last: int) -> Chunk:
        train = self.layer.features(self.data.images, first, last)
        test = self.layer.features(self.data.test_images, first, last)
        mean, std = train.mean(0), train.std(0).clamp(min=1e-6)
        return train.sub_(mean).div_(std), test.sub_(mean).div_(std)


def solve_convnet(
    recipe: ConvNetRecipe, data: Examples, device: str, told: Told = lambda what, share: None
) -> SolveOutcome:
    """Every number of filters with every ridge; see `ConvNetRecipe`.

    Raises NotEnoughMemory before anything large is allocated, SingularKernel with the pair where
    equal images are to be interpolated, NotPositiveDefinite with the pivot where the features are
    linearly dependent.
    """
    started, before = time.perf_counter(), reset_peak(device)
    dtype = DTYPES[recipe.precision]
    require(bytes_needed(recipe), f"{recipe}", device)
    again = len(recipe.filters) * len(recipe.ridges) > 1
    design = Design(
        random_layer(recipe, data, device),
        data,
        None if recipe.streamed else [],
        told,
        {} if again else None,
    )
    targets = data.one_hot(data.labels).to(device)
    if 0.0 in recipe.ridges and columns_of(max(recipe.filters)) > len(targets):
        refuse_duplicates(data.images.flatten(1), targets)
    fits, residuals, ends = [], [], {}
    for filters in recipe.filters:
        for ridge in recipe.ridges:
            told(f"{filters:,} filters, ridge {ridge:g}", 0.0)
            added = ridge * len(data.images)
            fitted, outputs, norm, refined, factor = _solve(
                design, filters, targets, added, dtype, told
            )
            residuals.append(refined.history[-1])
            label = fit_label(filters, ridge)
            ends[label] = list(factor.spectrum_ends())
            del factor
            fits.append(_fit(label, data, targets, fitted, outputs, norm))
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


def bytes_needed(recipe: ConvNetRecipe) -> int:
    """The triangle, and ``Phi^T Phi`` where it serves again; features of training and test images:
    all, or those of one chunk.
    """
    spec, most = dataset_spec(recipe.dataset), max(recipe.filters)
    kept = min(most, FILTERS_AT_A_TIME) if recipe.streamed else most
    features = 4 * (recipe.images + (recipe.held_out or spec.test_size)) * columns_of(kept)
    size = min(columns_of(most), recipe.images)
    again = len(recipe.filters) * len(recipe.ridges) > 1 and columns_of(most) <= recipe.images
    return features + (1 + again) * triangle_bytes(size, DTYPES[recipe.precision])


def _solve(
    design: Design,
    filters: int,
    targets: torch.Tensor,
    added: float,
    dtype: torch.dtype,
    told: Told,
) -> tuple[torch.Tensor, torch.Tensor, float, Refined, Triangle]:
    """Outputs at training and test images, the weights' norm, the refined solution, the factor."""
    device, columns = targets.device, columns_of(filters)
    primal = columns <= len(targets)
    factor = Triangle(columns if primal else len(targets), dtype, str(device))
    if primal:
        right = torch.cat([_t_product(train, targets) for train, _ in design.chunks(filters)])
        parts = [train for train, _ in design.chunks(filters)]
        fill = _normal_fill(parts, added, design.products)
        factor.factor(fill, lambda share: told("factorisation", share))
    else:
        right = targets.double()
        for train, _ in design.chunks(filters):
            factor.add_products(train.to(dtype))
        for panel, (first, last) in zip(factor.panels, factor.spans, strict=True):
            panel[:, first:last].diagonal().add_(added)
        factor.factor(progress=lambda share: told("factorisation", share))
    product = _product(design, filters, added, primal)
    refined = refine(factor, product, right, TOLERANCE)
    solution = refined.coefficients
    shape = (targets.shape[1],)
    fitted = targets.new_zeros((len(targets), *shape), dtype=torch.float64)
    outputs = fitted.new_zeros((len(design.data.test_images), *shape))
    norm, start = 0.0, 0
    for train, test in design.chunks(filters):
        if primal:
            weights = solution[start : start + train.shape[1]]
            start += train.shape[1]
        else:
            weights = _t_product(train, solution)
        norm += float(weights.square().sum())
        fitted += _r_product(train, weights)
        outputs += _r_product(test, weights)
    return fitted.cpu(), outputs.cpu(), norm**0.5, refined, factor


def _normal_fill(
    parts: list[torch.Tensor],
    added: float,
    known: dict[tuple[int, int], torch.Tensor] | None = None,
) -> Callable[[int, int, torch.Tensor], None]:
    """Rows of ``Phi^T Phi``, from features that are all in memory, or as known."""
    ends = torch.tensor([part.shape[1] for part in parts]).cumsum(0).tolist()
    starts = [0, *ends[:-1]]

    def fill(first: int, last: int, out: torch.Tensor) -> None:
        if known is not None and (first, last) in known:
            out.copy_(known[first, last])
        else:
            multiply(first, last, out)
            if known is not None:
                known[first, last] = out.clone()
        out[:, first:last].diagonal().add_(added)

    def multiply(first: int, last: int, out: torch.Tensor) -> None:
        out.zero_()
        for rows, its_first, its_last in zip(parts, starts, ends, strict=True):
            top, bottom = max(first, its_first), min(last, its_last)
            if top >= bottom:
                continue
            left = rows[:, top - its_first : bottom - its_first].to(out.dtype)
            for other, start, end in zip(parts, starts, ends, strict=True):
                stop = min(end, last)
                if start < stop:
                    block = left.mT @ other[:, : stop - start].to(out.dtype)
                    out[top - first : bottom - first, start:stop] = block

    return fill


def _product(design: Design, filters: int, added: float, primal: bool) -> Product:
    """``(Phi^T Phi + added) v`` or ``(Phi Phi^T + added) v``, in float64."""

    def primal_product(v: torch.Tensor) -> torch.Tensor:
        image, start = 0.0, 0
        for train, _ in design.chunks(filters):
            image = image + _r_product(train, v[start : start + train.shape[1]])
            start += train.shape[1]
        parts = [_t_product(train, image) for train, _ in design.chunks(filters)]
        return torch.cat(parts) + added * v

    def dual_product(v: torch.Tensor) -> torch.Tensor:
        result = added * v
        for train, _ in design.chunks(filters):
            result = result + _r_product(train, _t_product(train, v))
        return result

    return primal_product if primal else dual_product


def _r_product(matrix: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``matrix @ right`` in float64, without a copy of all of the matrix."""
    right = right.double()
    return torch.cat([rows.double() @ right for rows in matrix.split(ROWS)])


def _t_product(matrix: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """``matrix.T @ right`` in float64, without a copy of all of the matrix."""
    parts = zip(matrix.split(ROWS), right.double().split(ROWS), strict=True)
    return sum(rows.double().mT @ its for rows, its in parts)


def _fit(
    label: str,
    data: Examples,
    targets: torch.Tensor,
    fitted: torch.Tensor,
    outputs: torch.Tensor,
    norm: float,
) -> Fit:
    right = outputs.argmax(1) == data.test_labels
    return Fit(
        label=label,
        train_correct=int((fitted.argmax(1) == data.labels).sum()),
        train_total=len(data.labels),
        test_correct=int(right.sum()),
        test_total=len(right),
        right=packed(right.tolist()),
        norm=norm,
        worst_error=float((fitted - targets.cpu()).abs().max()),
    )
