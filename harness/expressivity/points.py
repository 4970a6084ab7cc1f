"""What the constructions take: finite points and targets, equal points merged."""

import logging

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import ConflictingTargets, InvalidSample

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

log = logging.getLogger(__name__)


def as_points(points: ArrayLike) -> Floats:
    """Points of shape (n, d) as float64; raises InvalidSample."""
    return _finite(points, "points", "(n, d) with n, d >= 1; flatten images first", (2,))


def as_targets(targets: ArrayLike, n: int) -> Floats:
    """Targets of shape (n,), or (n, c) for c outputs, as float64; raises InvalidSample."""
    array = _finite(targets, "targets", f"({n},) or ({n}, c)", (1, 2))
    if len(array) != n:
        raise InvalidSample(f"{n} points and {len(array)} targets; give one target a point")
    return array


def _finite(values: ArrayLike, name: str, shape: str, dimensions: tuple[int, ...]) -> Floats:
    try:
        array = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: a tensor with gradients
        raise InvalidSample(f"{name} should be an array of real numbers ({error})") from error
    if array.ndim not in dimensions or 0 in array.shape:
        raise InvalidSample(f"{name} have the shape {array.shape}, but it should be {shape}")
    if not np.isfinite(array).all():
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        at = ", ".join(map(str, where))
        raise InvalidSample(
            f"{name}[{at}] = {array[where]}, but all should be finite; drop that row"
        )
    return array


def warn_merged(pairs: list[tuple[int, int]]) -> None:
    """Log, as a warning, the pairs (kept, dropped) of equal points, if there are any."""
    if pairs:
        kept, dropped = pairs[0]
        log.warning(
            "%d repeated points were merged, the first: %d repeats %d", len(pairs), dropped, kept
        )


def merge_equal(points: Floats, targets: Floats, candidates: Indices) -> Indices:
    """Merge equal points with equal targets among the candidates (indices, any order).

    Returns the indices of the distinct points of the whole sample, ascending. Raises
    ConflictingTargets, with the pair, for equal points with different targets.
    """
    seen: dict[bytes, int] = {}
    pairs = []
    for index in sorted(map(int, candidates)):
        # Adding zero turns -0.0 into 0.0: they are the same point.
        first = seen.setdefault((points[index] + 0.0).tobytes(), index)
        if first == index:
            continue
        if not np.array_equal(targets[first], targets[index]):
            one, other = (targets[i].tolist() for i in (first, index))
            raise ConflictingTargets(
                first, index, *((one[0], other[0]) if len(one) == 1 else (one, other))
            )
        pairs.append((first, index))
    warn_merged(pairs)
    kept = np.ones(len(points), dtype=bool)
    kept[[dropped for _, dropped in pairs]] = False
    return np.flatnonzero(kept)
