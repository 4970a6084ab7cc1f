"""The result of a solve: a few figures a fit, small enough for JSON. Does not import torch."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from harness.errors import HarnessError

Progress = Callable[[str, float], None]
"""``on_progress(phase, share)``: the phase in words, and the share of it that is done."""


def silent(phase: str, share: float) -> None:
    """Report no progress."""


@dataclass(frozen=True)
class Fit:
    """One fitted model: on one set of labels, or with one number of filters and one ridge."""

    label: str
    train_correct: int
    train_total: int
    test_correct: int
    test_total: int
    right: str
    """One bit a test image, as hex digits: whether it is classified correctly."""
    norm: float
    """Root of the sum of the outputs' squared norms: sqrt(trace(alpha^T K alpha))."""
    worst_error: float
    """Largest distance of a prediction from its target at a training point."""

    @property
    def test_error(self) -> float:
        """A share."""
        return 1 - self.test_correct / self.test_total

    @property
    def train_error(self) -> float:
        """A share."""
        return 1 - self.train_correct / self.train_total

    def is_right(self) -> list[bool]:
        """For each test image, whether it is classified correctly."""
        bits = np.unpackbits(np.frombuffer(bytes.fromhex(self.right), np.uint8))
        return bits[: self.test_total].astype(bool).tolist()


def packed(right: list[bool]) -> str:
    """The bits as hex digits, whole bytes of them; see `Fit.is_right`."""
    return np.packbits(np.array(right, bool)).tobytes().hex()


@dataclass(frozen=True)
class SolveOutcome:
    """All fits of a recipe, by label, and what the solve took."""

    fits: tuple[Fit, ...]
    facts: Mapping[str, Any]
    """Seconds of each phase, bytes, residuals: JSON's own types."""

    def __getitem__(self, label: str) -> Fit:
        """The fit of that label."""
        for fit in self.fits:
            if fit.label == label:
                return fit
        raise HarnessError(f"no fit {label!r}; there are: {', '.join(f.label for f in self.fits)}")

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"fits": [asdict(fit) for fit in self.fits], "facts": dict(self.facts)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "SolveOutcome":
        """The inverse of `as_dict`."""
        return cls(tuple(Fit(**fit) for fit in content["fits"]), content["facts"])
