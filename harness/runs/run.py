"""A finished run: recipe, outcome, and where, when and with what it was trained."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any, ClassVar

from harness.errors import HarnessError
from harness.training.outcome import Curve, Outcome
from harness.training.recipe import Recipe

FORMAT = 1


class DamagedRun(Exception):
    """The file is not a run, or not all of one."""


@dataclass(frozen=True)
class Run:
    """What the store keeps; see `Outcome` for the figures."""

    FILE: ClassVar[str] = "run.json"
    key: str
    recipe: Recipe
    outcome: Outcome
    precision: str
    device: str
    seconds: float
    """Training time over all epochs, evaluation included, data preparation not."""
    finished: str
    environment: dict[str, Any]

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

    def to_json(self) -> bytes:
        """With a checksum of the content."""
        content = {
            "format": FORMAT,
            "key": self.key,
            "recipe": self.recipe.as_dict(),
            "outcome": self.outcome.as_dict(),
            "precision": self.precision,
            "device": self.device,
            "seconds": self.seconds,
            "finished": self.finished,
            "environment": self.environment,
        }
        return sealed(content)

    @classmethod
    def from_json(cls, text: bytes) -> "Run":
        """Raises DamagedRun unless every byte is as written."""
        try:
            content = unsealed(text, FORMAT)
            return cls(
                **{
                    **content,
                    "recipe": Recipe(**content["recipe"]),
                    "outcome": Outcome.from_dict(content["outcome"]),
                }
            )
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            LookupError,
            HarnessError,
        ) as error:
            # A folder of images that it was trained on may be gone: HarnessError.
            raise DamagedRun(f"it cannot be read: {error!r}") from error


def sealed(content: dict[str, Any]) -> bytes:
    """A record's content as JSON, with its checksum."""
    content = json.loads(json.dumps(content))  # As it will be read: tuples become lists.
    return json.dumps({"checksum": checksum(content), **content}, indent=1).encode()


def unsealed(text: bytes, form: int) -> dict[str, Any]:
    """The content that `sealed` wrote, without its format.

    Raises DamagedRun where the checksum or the format differs, ValueError, KeyError, TypeError or
    AttributeError where it is no such record at all.
    """
    content = json.loads(text)
    if content.pop("checksum") != checksum(content):
        raise DamagedRun("the checksum does not match")
    if content.pop("format") != form:
        raise DamagedRun("it is of another format")
    return content


def checksum(content: dict[str, Any]) -> str:
    """Of a record's content, in any order."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
