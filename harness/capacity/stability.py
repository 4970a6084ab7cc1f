"""Uniform stability, measured: how far a loss moves if one example of the sample is replaced.

The loss is (1 - y h(x)) / 2 with h = p(1 | x) - p(-1 | x), the probability of a wrong answer: in
[0, 1], and 1/2 for a coin. Uniform stability (Bousquet & Elisseeff 2002) is the supremum over
samples, replacements and points; a measurement at some of them is a lower bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from harness.errors import CapacityError
from harness.runs.pairs import paired

if TYPE_CHECKING:
    from harness.runs.run import Run


def losses(run: "Run") -> np.ndarray:
    """The loss of a run on its sample, then on as many examples that it left out.

    Raises CapacityError for a run that diverged, or whose recipe keeps no answers.
    """
    outcome = run.outcome
    if not outcome.answers:
        why = "it diverged" if run.diverged else "set keep_answers=True"
        raise CapacityError(f"{run.recipe} has no answers to compare: {why}")
    signs = 2 * np.array(outcome.probe_labels) - 1
    return (1 - signs * np.tanh(np.array(outcome.answers) / 2)) / 2


@dataclass(frozen=True)
class Replacements:
    """The effect of replacing examples, one at a time, on a trained function."""

    indices: np.ndarray
    """Of the examples that were replaced, (replacements,)."""
    changes: np.ndarray
    """Absolute changes of the loss, (replacements, sample and examples left out)."""
    points: int

    @property
    def largest(self) -> float:
        """Over points and replacements: a lower bound on the coefficient of uniform stability."""
        return float(self.changes.max())

    @property
    def at_the_example(self) -> np.ndarray:
        """Mean change at the replaced and the replacing example, (replacements,)."""
        left_out = self.changes.shape[1] - self.points
        rows = np.arange(len(self.indices))
        replacing = self.points + self.indices % left_out
        return (self.changes[rows, self.indices] + self.changes[rows, replacing]) / 2


def replacements(base: "Run", others: Sequence["Run"]) -> Replacements:
    """Compare runs that differ from ``base`` in one replaced example each.

    Raises HarnessError if one differs in anything else: see `harness.runs.pairs`; and in its labels
    but for the example's.
    """
    paired("a replaced example", [base] * len(others), others, varied={"replaced"})
    for other in others:
        _require_same_labels(base, other)
    before = losses(base)
    return Replacements(
        np.array([other.recipe.replaced for other in others]),
        np.abs(np.stack([losses(other) for other in others]) - before),
        base.recipe.images,
    )


def _require_same_labels(base: "Run", other: "Run") -> None:
    import torch

    from harness.data.streams import digest

    labels, n, index = base.outcome.probe_labels, base.recipe.images, other.recipe.replaced
    trained_on = labels[:n]
    if index is not None:
        trained_on[index] = labels[n + index % (len(labels) - n)]
    same = digest(torch.tensor(trained_on)) == other.outcome.label_digest
    if other.outcome.probe_labels != labels or not same:
        raise CapacityError(
            f"{other.recipe} has other labels than {base.recipe}, and not those of one replaced"
            " example alone"
        )


def samples_of(runs: Sequence["Run"]) -> list[Sequence["Run"]]:
    """The runs sample by sample: one in which nothing is replaced, then those that differ from it.

    Raises CapacityError if the first has an example replaced.
    """
    starts = [index for index, run in enumerate(runs) if run.recipe.replaced is None]
    if not starts or starts[0] != 0:
        raise CapacityError("the first run must be of a sample in which nothing is replaced")
    return [runs[start:end] for start, end in pairwise([*starts, len(runs)])]


def by_sample(runs: Sequence["Run"]) -> list[Replacements]:
    """`replacements` of each sample: a run, then those that differ from it in one example.

    Raises CapacityError if the first has an example replaced, or one differs in anything else.
    """
    return [replacements(base, others) for base, *others in samples_of(runs)]


def on_average_stability(runs: Sequence["Run"], shift: int = 0) -> float:
    """Of a sample and its replacements: the mean rise of the loss at an example by its removal.

    On-average replace-one stability (Shalev-Shwartz et al. 2010, definition 5): in expectation over
    samples it equals the generalisation gap. Each pair of networks counts twice, since the second
    sample with its example replaced by the first's is the first sample. ``shift`` takes another
    example than the replaced one.
    """
    base, *others = runs
    indices, n = replacements(base, others).indices, base.recipe.images
    before, after = losses(base), np.stack([losses(other) for other in others])
    rows, left_out = np.arange(len(others)), after.shape[1] - n
    seen = (indices + shift) % n
    unseen = n + seen % left_out
    rises = (after[rows, seen] - before[seen]) + (before[unseen] - after[rows, unseen])
    return float(rises.mean() / 2)


def generalization_gap(run: "Run") -> float:
    """Mean loss on examples that the sample left out, minus that on the sample."""
    every, n = losses(run), run.recipe.images
    return float(every[n:].mean() - every[:n].mean())
