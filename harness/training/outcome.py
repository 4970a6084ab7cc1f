"""What a training leaves behind: a curve and its final figures. Does not import torch."""

from dataclasses import dataclass, field
from typing import Any, Literal

from harness.errors import HarnessError


@dataclass
class Curve:
    """One entry an epoch; accuracies are shares, None where nothing was evaluated."""

    step: list[int] = field(default_factory=list)
    """Steps since the start, at the end of the epoch."""
    loss: list[float] = field(default_factory=list)
    """Mean training loss over the epoch, as the batches came (Figure 1a)."""
    online_accuracy: list[float] = field(default_factory=list)
    """Share of training images classified correctly as their batch came."""
    online_accuracy_corrupted: list[float] = field(default_factory=list)
    """The same, of the images whose label is not the true one. This and the next two are kept where
    a share of the labels strictly between 0 and 1 is corrupted, and empty otherwise."""
    online_accuracy_intact: list[float] = field(default_factory=list)
    """The same, of the images whose label is the true one."""
    online_true_corrupted: list[float] = field(default_factory=list)
    """Share of the images whose label is not the true one that were given their true class."""
    train_accuracy: list[float | None] = field(default_factory=list)
    """In evaluation mode, over the whole training set."""
    test_accuracy: list[float | None] = field(default_factory=list)
    validation_accuracy: list[float | None] = field(default_factory=list)
    """On the images held out for validation."""
    train_top5: list[float | None] = field(default_factory=list)
    """Top-5 accuracy; empty where there are ten classes or fewer."""
    test_top5: list[float | None] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    """At the epoch's first step."""
    seconds: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> int:
        """The number of epochs."""
        return len(self.step)


@dataclass
class Outcome:
    """The curve, the final counts, and what baselines pin."""

    status: Literal["finished", "diverged"]
    curve: Curve
    train_correct: int
    train_total: int
    test_correct: int
    test_total: int
    first_losses: list[float]
    """The loss of each of the first 1,000 steps."""
    label_digest: str
    """Hash of the training labels."""
    order_digest: str
    """Hash of the first epoch's order."""
    epochs_to_fit: int | None
    """The first epoch after which an evaluation found no training error."""
    answers: list[float] = field(default_factory=list)
    """The final network's second logit minus the first, where the recipe keeps them: on the sample
    before any replacement, then on images that it left out."""
    probe_labels: list[int] = field(default_factory=list)
    """The labels of these images, 0 or 1, drawn as the sample's."""
    validation_correct: int = 0
    validation_total: int = 0
    corrupted_test_correct: int = 0
    """Against test labels that are corrupted as the training labels are, if the recipe asks."""
    train_among_five: int = 0
    """Top-5 hits, counted where there are more than ten classes."""
    test_among_five: int = 0
    skipped: int = 0
    """Photographs that did not decode, and were left out."""
    corrupted_total: int = 0
    """Training images whose label is not the true one. This and the next three come from
    `harness.training.summary`, for the runs that it covers."""
    true_correct: int = 0
    """Training images given their true class."""
    corrupted_true_correct: int = 0
    """Those of them whose training label is another class."""
    summary: dict[str, Any] = field(default_factory=dict)
    """Norms of the weights, margins, loss under noise."""
    digests: dict[str, str] = field(default_factory=dict)
    """Hashes of the initial weights, of the first epoch's augmentation and of the first dropout
    mask, by the names of `harness.runs.pairs.DECIDED_BY`; empty for runs of earlier code."""
    not_finite: str = ""
    """Of a run that diverged: which loss or parameter is not finite, and in which step."""

    @property
    def train_accuracy(self) -> float:
        """Final share of training images classified correctly; NaN where the run diverged."""
        return self._share(self.train_correct, self.train_total)

    @property
    def test_accuracy(self) -> float:
        """Final share of test images classified correctly; NaN where the run diverged."""
        return self._share(self.test_correct, self.test_total)

    @property
    def train_top5(self) -> float:
        """Final top-5 training accuracy."""
        return self._share(self.train_among_five, self.train_total)

    @property
    def test_top5(self) -> float:
        """Final top-5 test accuracy."""
        return self._share(self.test_among_five, self.test_total)

    @property
    def best_test_accuracy(self) -> float:
        """The highest of all epochs, chosen on the test set: Table 2's figure in parentheses."""
        return _highest(self.curve.test_accuracy)

    @property
    def best_test_top5(self) -> float:
        """The highest top-5 test accuracy of all epochs."""
        return _highest(self.curve.test_top5)

    @property
    def validation_accuracy(self) -> float:
        """Final share of held-out images classified correctly; NaN where the run diverged."""
        return self._share(self.validation_correct, self.validation_total)

    @property
    def corrupted_test_accuracy(self) -> float:
        """Final accuracy against corrupted test labels (Figure 1c)."""
        return self._share(self.corrupted_test_correct, self.test_total)

    @property
    def best_epoch(self) -> int:
        """The first epoch, from 1, of the highest validation accuracy: where early stopping stops.

        Raises HarnessError where no epoch was validated.
        """
        seen = [share for share in self.curve.validation_accuracy if share is not None]
        if not seen:
            raise HarnessError(
                "no epoch was validated; give the recipe a validation_size, and an evaluation of"
                " 'every epoch' or 'test every epoch'"
            )
        return self.curve.validation_accuracy.index(max(seen)) + 1

    def epochs_until(self, online_accuracy: float) -> int | None:
        """The first epoch whose online training accuracy is at least this; None if none is."""
        reached = (i for i, it in enumerate(self.curve.online_accuracy, 1) if it >= online_accuracy)
        return next(reached, None)

    def _share(self, correct: int, total: int) -> float:
        return correct / total if self.status == "finished" and total else float("nan")

    def steps_until_loss_below(self, level: float, window: int) -> tuple[float, int] | None:
        """Steps until the mean loss of the last ``window`` steps is below ``level``.

        Also the resolution of that number. In a run of up to 1,000 steps it is one step, and the
        mean is taken as linear between two steps. In a longer run it is ``window``, which must then
        be the steps of an epoch. None if the loss never falls below the level.
        """
        losses, curve = self.first_losses, self.curve
        if curve.step and len(losses) == curve.step[-1]:
            means = [sum(losses[i - window : i]) / window for i in range(window, len(losses) + 1)]
            at = next((i for i, mean in enumerate(means) if mean < level), None)
            if not at:
                return None if at is None else (float(window), 1)
            above, below = means[at - 1], means[at]
            return window + at - (level - below) / (above - below), 1
        steps = zip(curve.step, curve.loss, strict=True)
        step = next((step for step, mean in steps if mean < level), None)
        return None if step is None else (step, window)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {**vars(self), "curve": vars(self.curve)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Outcome":
        """From `as_dict`; raises TypeError on unknown or missing fields."""
        return cls(**{**values, "curve": Curve(**values["curve"])})


def _highest(shares: list[float | None]) -> float:
    return max((share for share in shares if share is not None), default=float("nan"))
