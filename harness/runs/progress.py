"""How far the making of a run is."""

from dataclasses import dataclass

from harness.runs.run import AnyRecipe


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
