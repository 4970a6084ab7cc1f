"""Where and how runs are made."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.runs.progress import Progress
from harness.runs.run import AnyRecipe, AnyRun
from harness.runs.store import Store
from harness.training.outcome import Curve
from harness.training.recipe import Recipe


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
