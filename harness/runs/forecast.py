"""How long trainings will take, from what the store's finished runs took. Does not import torch."""

import statistics
from collections.abc import Iterable

from harness.models.address import is_custom
from harness.runs.run import Run
from harness.training.recipe import Recipe


class Forecast:
    """Seconds a recipe takes if all its epochs are run, where and as finished runs were trained.

    ``runs`` are those of one machine, oldest first; the device is that of the newest. A network
    that never trained on a dataset there is reckoned by its arithmetic from those that did, but
    not from another dataset: images of another size keep a machine busy otherwise.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        found = [run for run in runs if run.curve.epochs and run.seconds > 0]
        self.device = found[-1].device if found else ""
        per_unit: dict[tuple[str, str], list[float]] = {}
        for run in (run for run in found if run.device == self.device):
            cost = run.recipe.cost * run.curve.epochs / run.recipe.epochs
            place = (run.recipe.model, run.recipe.dataset)
            per_unit.setdefault(place, []).append(run.seconds / cost)
        self.per_unit = {place: statistics.median(every) for place, every in per_unit.items()}

    def seconds(self, recipe: Recipe) -> tuple[float, bool] | None:
        """Seconds, and whether this network has trained on this dataset before; None if unknown."""
        known = self.per_unit.get((recipe.model, recipe.dataset))
        if known is not None:
            return recipe.cost * known, True
        others = [unit for (_, name), unit in self.per_unit.items() if name == recipe.dataset]
        if not others or is_custom(recipe.model):
            return None  # The arithmetic of a network from outside is not known.
        return recipe.cost * statistics.median(others), False
