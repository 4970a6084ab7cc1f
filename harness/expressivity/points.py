"""What the constructions take: finite points and targets, equal points merged."""

import logging
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.errors import ConflictingTargets, InvalidSample

log = logging.getLogger(__name__)

LARGEST_INTEGER = 2**53
"""Up to here float64 holds every integer."""


def as_points(points: ArrayLike) -> NDArray[np.float64]:
    """Points of shape (n, d) as float64; integers (image bytes, say) keep their values.

    Raises InvalidSample for another shape, no points, no dimensions, or what is not finite.
    """
    array = _finite(points, "points")
    if array.ndim != 2 or 0 in array.shape:
        raise InvalidSample(
            f"points have the shape {array.shape}, but it should be (n, d) with n, d >= 1;"
            " flatten images first: images.reshape(len(images), -1)"
        )
    return np.ascontiguousarray(array)


def as_targets(targets: ArrayLike, n: int) -> NDArray[np.float64]:
    """Targets of shape (n,), or (n, c) for c outputs, as float64; raises InvalidSample."""
    array = _finite(targets, "targets")
    if array.ndim not in (1, 2) or len(array) != n or 0 in array.shape:
        raise InvalidSample(
            f"targets have the shape {array.shape}, but it should be ({n},) or ({n}, c):"
            f" one row for each of the {n} points"
        )
    return np.ascontiguousarray(array)


def _finite(values: ArrayLike, name: str) -> NDArray[np.float64]:
    try:
        array = np.asarray(values)
        if array.dtype.itemsize > 8 and array.dtype.kind == "f":
            raise TypeError(f"dtype {array.dtype}, of more digits than float64 holds")
        if array.dtype.kind in "iu" and array.size:
            low, high = int(array.min()), int(array.max())
            if max(abs(low), abs(high)) > LARGEST_INTEGER:
                raise InvalidSample(
                    f"{name} hold the integer {low if -low > high else high}, and float64 holds"
                    " all integers up to 2^53 only; scale them"
                )
        elif array.dtype.kind not in "bf":
            raise TypeError(f"dtype {array.dtype}")
        array = array.astype(np.float64, copy=False)
    except (TypeError, ValueError, RuntimeError) as error:  # RuntimeError: a tensor with gradients
        if isinstance(error, InvalidSample):
            raise
        raise InvalidSample(f"{name} should be an array of real numbers ({error})") from error
    if not np.isfinite(array).all():
        where = tuple(int(index) for index in np.argwhere(~np.isfinite(array))[0])
        at = ", ".join(map(str, where))
        raise InvalidSample(
            f"{name}[{at}] = {array[where]}, but all should be finite; drop that row"
        )
    return array


@dataclass(frozen=True)
class Merged:
    """The distinct points of a sample."""

    kept: NDArray[np.intp]
    """Indices of the distinct points, ascending."""
    pairs: tuple[tuple[int, int], ...]
    """(kept, dropped) for every point that repeats an earlier one."""

    def __str__(self) -> str:
        """A sentence for people."""
        first = f", the first: {self.pairs[0][1]} repeats {self.pairs[0][0]}" if self.pairs else ""
        return f"{len(self.pairs)} repeated points were merged{first}"

    def say(self) -> None:
        """Log that points were merged, as a warning, where any were."""
        if self.pairs:
            log.warning("%s", self)


def whole_number(value: object, name: str, least: int) -> int:
    """A whole number from ``least`` up, NumPy's ones too; raises InvalidSample."""
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if isinstance(value, bool) or number < least:
        raise InvalidSample(f"{name} = {value!r}, but it should be an integer from {least} up")
    return number


def merge_equal(
    points: NDArray[np.float64], targets: NDArray[np.float64], candidates: NDArray[np.intp]
) -> Merged:
    """Merge equal points with equal targets among the candidates (indices, any order).

    Raises ConflictingTargets, with the pair, for equal points with different targets.
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
    kept = np.ones(len(points), dtype=bool)
    kept[[dropped for _, dropped in pairs]] = False
    return Merged(np.flatnonzero(kept), tuple(pairs))
