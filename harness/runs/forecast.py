"""How long trainings will take, from what the store's finished runs took. Does not import torch."""

import statistics
from collections.abc import Iterable

from harness.models.address import is_custom
from harness.runs.run import Run
from harness.training.recipe import Recipe


class Forecast:
    """Seconds that a recipe takes if all its epochs run, on the machine of the finished runs.

    ``runs`` are one machine's, oldest first; those on the newest run's device count. A network that
    has not trained on a dataset is estimated by its arithmetic, from networks that have. Another
    dataset says nothing: the time per operation depends on the size of the images.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        found = [run for run in runs if run.curve.epochs and run.seconds > 0]
        self.device = found[-1].device if found else ""
        per_unit: dict[tuple[str, str], list[float]] = {}
        for run in (run for run in found if run.device == self.device):
            cost = run.recipe.cost * run.curve.epochs / run.recipe.epochs
            pair = (run.recipe.model, run.recipe.dataset)
            per_unit.setdefault(pair, []).append(run.seconds / cost)
        self.per_unit = {pair: statistics.median(values) for pair, values in per_unit.items()}

    def seconds(self, recipe: Recipe) -> tuple[float, bool] | None:
        """Seconds, and whether this network has trained on this dataset before; None if unknown."""
        known = self.per_unit.get((recipe.model, recipe.dataset))
        if known is not None:
            return recipe.cost * known, True
        others = [unit for (_, name), unit in self.per_unit.items() if name == recipe.dataset]
        if not others or is_custom(recipe.model):
            return None  # A custom network's arithmetic is not known.
        return recipe.cost * statistics.median(others), False
