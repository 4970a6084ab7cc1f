"""Where and how runs are made, and how far one is."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.runs.run import AnyRecipe, AnyRun
from harness.runs.store import Store
from harness.training.outcome import Curve
from harness.training.recipe import Recipe


@dataclass(frozen=True)
class Progress:
    """What is made now: a training after an epoch, or a solve in one of its phases.

    Of a group of trainings: the first member's recipe, and the mean loss and accuracy.
    """

    recipe: AnyRecipe
    phase: str
    """The epoch, or what the solve does."""
    share: float = 0.0
    """Done of a training's epochs, or of this phase of a solve."""
    seconds_left: float | None = None
    """If all epochs run, or of this phase; None where it is not known yet."""
    epoch: int = 0
    loss: float | None = None
    accuracy: float | None = None
    """Online training accuracy, a share."""
    stops_early: bool = False
    together: int = 1
    """How many train as one job."""

    def __str__(self) -> str:
        among = f" and {self.together - 1} more" if self.together > 1 else ""
        text = f"{self.recipe}{among}: {self.phase}"
        if self.accuracy is not None:
            text += f", accuracy {100 * self.accuracy:.1f} %"
        elif 0 < self.share < 1:
            text += f" {100 * self.share:.0f} %"
        if self.seconds_left is not None:
            text += f", {'at most ' * self.stops_early}{duration(self.seconds_left)} left"
        return text


def duration(seconds: float) -> str:
    """Seconds, minutes or hours, with a space that does not break lines."""
    if seconds < 1:
        return "< 1\u00a0s"
    if seconds < 100:
        return f"{seconds:.0f}\u00a0s"
    minutes = seconds / 60
    return f"{minutes:.0f}\u00a0min" if minutes < 100 else f"{minutes / 60:.1f}\u00a0h"


@dataclass(eq=False)
class Job:
    """Runs in the making, by key, and their turns: each yields a run that is finished, or None."""

    recipes: Mapping[str, AnyRecipe]
    turns: Iterator[AnyRun | None]
    made: set[str] = field(default_factory=set)


@dataclass
class Settings:
    """A store, a device, a data folder, and how trainings take their steps."""

    store: Store
    device: str = "auto"
    """As in `harness.training.backend.resolve_backend`."""
    data_root: Path | None = None
    workers: int = 1
    """Processes that share the machine's cores."""
    threads: int | None = None
    """CPU threads, where not this process's share of the cores. Rounding depends on them."""
    precision: str = "auto"
    """Overrides trainings whose own precision is auto."""
    steps: str = "eager"
    """How a single training takes its steps: "eager", "compiled", on a GPU "graph", or "auto"."""
    on_progress: Callable[[Progress], None] = lambda progress: None
    checkpoint_seconds: float = 30.0
    """Least time between two checkpoints of a training."""
    why_stop: Callable[[Mapping[Recipe, Curve]], str] = lambda unfinished: ""
    """Asked before each epoch, with the trainings of the job so far. A sentence stops them, with a
    checkpoint: the trainer raises it as OutOfTime."""
    at_once: int = 1
    """How many jobs take turns in this process. Each gives the run that it gives alone."""
    jobs: list[Job] = field(default_factory=list)
    """Those that take turns now. One that was begun for later stays between two calls."""
