"""A finished run: recipe, outcome, and where, when and with what it was made."""

import hashlib
import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Self, TypeVar

from harness.environment import commit, describe, now
from harness.errors import HarnessError
from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import SolveRecipe, recipe_from_dict
from harness.training.outcome import Curve, Outcome
from harness.training.recipe import Recipe

AnyRecipe = Recipe | SolveRecipe
R = TypeVar("R", Recipe, SolveRecipe)
F = TypeVar("F", Outcome, SolveOutcome)


class DamagedRun(Exception):
    """The file is not a run, or not all of one."""


@dataclass(frozen=True)
class FinishedRun(Generic[R, F]):
    """What the store keeps of a training (`Run`) or of a linear solve (`Solve`)."""

    FILE: ClassVar[str]
    FORMAT: ClassVar[int]
    key: str
    recipe: R
    outcome: F
    precision: str
    """In which a training trained, or a kernel matrix was factored."""
    device: str
    seconds: float
    """Training time over all epochs, evaluation included, data preparation not; or of all of a
    solve: features, factorisation, refinement, prediction."""
    finished: str
    environment: dict[str, Any]

    @property
    def device_kind(self) -> str:
        """ "cpu" or "cuda"."""
        return self.device.partition(":")[0]

    @property
    def machine(self) -> str:
        """The hardware in words, with the number of threads on a CPU."""
        facts = self.environment
        if self.device_kind == "cuda":
            return str(facts.get("gpu") or "a GPU")
        threads = facts.get("threads", 1)
        return f"{facts.get('processor', 'a CPU')}, {threads} thread{'s' * (threads != 1)}"

    @classmethod
    def made_here(cls, *, environment: dict[str, Any], **values: Any) -> Self:
        """A run that has just finished in this process, with this machine's facts."""
        facts = {**describe(), **commit(), **environment}
        return cls(**values, finished=now(), environment=facts)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        content = {field.name: getattr(self, field.name) for field in fields(self)}
        return {**content, "recipe": self.recipe.as_dict(), "outcome": self.outcome.as_dict()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """The inverse of `as_dict`; raises as Python does, or HarnessError, on anything else."""
        raise NotImplementedError

    def to_json(self) -> bytes:
        """With a checksum of the content."""
        return sealed({"format": self.FORMAT, **self.as_dict()}).encode()

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Raises DamagedRun unless every byte is as written."""
        try:
            content = unsealed(text)
            if content.pop("format") != cls.FORMAT:
                raise DamagedRun("it is of another format")
            return cls.from_dict(content)
        # HarnessError: a folder of images that it was trained on may be gone.
        except (ValueError, TypeError, AttributeError, LookupError, HarnessError) as error:
            raise DamagedRun(f"it cannot be read: {error!r}") from error


class Run(FinishedRun[Recipe, Outcome]):
    """A finished training; see `Outcome` for the figures."""

    FILE, FORMAT = "run.json", 1

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        recipe, outcome = Recipe(**content["recipe"]), Outcome.from_dict(content["outcome"])
        return cls(**{**content, "recipe": recipe, "outcome": outcome})

    @property
    def diverged(self) -> bool:
        """Whether the loss became infinite or NaN; accuracies are NaN then."""
        return self.outcome.status == "diverged"

    @property
    def train_accuracy(self) -> float:
        """Final training accuracy in evaluation mode, a share."""
        return self.outcome.train_accuracy

    @property
    def test_accuracy(self) -> float:
        """Final test accuracy, a share."""
        return self.outcome.test_accuracy

    @property
    def curve(self) -> Curve:
        """One entry an epoch."""
        return self.outcome.curve


class Solve(FinishedRun[SolveRecipe, SolveOutcome]):
    """A finished solve of a linear model; see `SolveOutcome` for the figures."""

    FILE, FORMAT = "solve.json", 2

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the precision stands in the recipe."""
        content = super().as_dict()
        del content["precision"]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Self:
        """The inverse of `as_dict`."""
        recipe = recipe_from_dict(content["recipe"])
        outcome = SolveOutcome.from_dict(content["outcome"])
        made = {"recipe": recipe, "outcome": outcome, "precision": recipe.precision}
        return cls(**{**content, **made})


AnyRun = Run | Solve


def sealed(content: dict[str, Any], indent: int | None = None) -> str:
    """A run's content as JSON, with its checksum."""
    content = json.loads(json.dumps(content))  # As it will be read: tuples become lists.
    return json.dumps({"checksum": checksum(content), **content}, indent=indent)


def unsealed(text: bytes) -> dict[str, Any]:
    """The content that `sealed` wrote; raises DamagedRun where it is no longer the same."""
    try:
        content = json.loads(text)
        written = content.pop("checksum")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise DamagedRun(f"it is not the JSON of a run: {error!r}") from error
    if written != checksum(content):
        raise DamagedRun("it was changed after it was written: its checksum does not match")
    return content


def checksum(content: dict[str, Any]) -> str:
    """Of a run's content, in any order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
