"""A finished solve of a linear model: recipe, outcome, and where, when and with what."""

from dataclasses import dataclass
from typing import Any, ClassVar

from harness.linear.outcome import SolveOutcome
from harness.linear.recipe import SolveRecipe, recipe_from_dict
from harness.runs.run import DamagedRun, sealed, unsealed

FORMAT = 2


@dataclass(frozen=True)
class Solve:
    """What the store keeps of a linear solve; see `SolveOutcome` for the figures."""

    FILE: ClassVar[str] = "solve.json"
    key: str
    recipe: SolveRecipe
    outcome: SolveOutcome
    device: str
    seconds: float
    """All of it: features, factorisation, refinement, prediction."""
    finished: str
    environment: dict[str, Any]

    def to_json(self) -> bytes:
        """With a checksum of the content."""
        content = {
            "format": FORMAT,
            "key": self.key,
            "recipe": self.recipe.as_dict(),
            "outcome": self.outcome.as_dict(),
            "device": self.device,
            "seconds": self.seconds,
            "finished": self.finished,
            "environment": self.environment,
        }
        return sealed(content)

    @classmethod
    def from_json(cls, text: bytes) -> "Solve":
        """Raises DamagedRun unless every byte is as written."""
        try:
            content = unsealed(text, FORMAT)
            content["recipe"] = recipe_from_dict(content["recipe"])
            content["outcome"] = SolveOutcome.from_dict(content["outcome"])
            return cls(**content)
        except (ValueError, KeyError, TypeError, AttributeError, LookupError) as error:
            raise DamagedRun(f"it cannot be read: {error!r}") from error
