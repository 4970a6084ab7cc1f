"""Many small trainings as one vectorised job, beside the same trainings one by one."""

import time
from collections.abc import Callable
from dataclasses import replace

import torch
from rich.table import Table

from harness.training.backend import resolve_backend
from harness.training.batching import weights_of
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe

ROUNDS = 5


def jobs() -> list[tuple[str, list[Recipe]]]:
    """What section 2.2 trains by the dozen, an epoch of each; digits, as the fast tier has them."""

    def variants(field: str, count: int, model: str, **changes: object) -> list[Recipe]:
        base = paper_recipe(model, "digits", "random-signs", evaluation="at the end", **changes)
        return [replace(base, **{field: number}) for number in range(count)]

    one_by_one = {"batch_size": 1, "momentum": 0.0, "learning_rate": 0.005}
    return [
        ("sign vectors of 8 images", variants("label_draw", 256, "mlp-1x512", train_size=8)),
        ("sign vectors of 64", variants("label_draw", 20, "mlp-1x512", train_size=64)),
        ("sign vectors of 256", variants("label_draw", 20, "mlp-1x512", train_size=256)),
        ("replaced examples of 256", variants("replaced", 20, "mlp-1x128", train_size=256)),
        ("single steps on 64", variants("replaced", 20, "linear", train_size=64, **one_by_one)),
    ]


def groups_table(seconds: float, device: str) -> Table:
    """Measure: milliseconds an epoch and training, the best of several rounds taken in turns."""
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("train together", no_wrap=True)
    for column in ("network", "runs", "weights", "one by one, ms", "together, ms", "times"):
        table.add_column(column, justify="left" if column == "network" else "right", no_wrap=True)
    for name, recipes in jobs():
        # Without an end, so that no epoch is the last one, which alone evaluates.
        endless = [replace(recipe, epochs=10**9, precision="fp32") for recipe in recipes]
        data = [prepared_data(recipe, None, backend.device, "fp32") for recipe in endless]
        group = GroupTraining(endless, data, backend)
        singles = [
            Training(recipe, of_it, backend)
            for recipe, of_it in zip(endless[:20], data[:20], strict=True)
        ]

        def one_by_one(singles: list[Training] = singles) -> None:
            for single in singles:
                single.run_epoch()

        together, alone = float("inf"), float("inf")
        for _ in range(ROUNDS):
            together = min(together, _best(group.run_epoch, seconds / ROUNDS))
            alone = min(alone, _best(one_by_one, seconds / ROUNDS))
        together, alone = 1e3 * together / len(endless), 1e3 * alone / len(singles)
        table.add_row(
            name,
            recipes[0].model,
            f"{len(recipes)}",
            f"{weights_of(recipes[0]):,}",
            f"{alone:.2f}",
            f"{together:.2f}",
            f"{alone / together:.1f}",
        )
    table.caption = "an epoch of one run; one by one: the first twenty"
    table.caption_justify = "left"
    return table


def _best(work: Callable[[], None], seconds: float) -> float:
    """The fewest seconds that one call took, of those that fit."""
    started, fewest = time.perf_counter(), float("inf")
    while fewest == float("inf") or time.perf_counter() - started < seconds:
        before = time.perf_counter()
        work()
        fewest = min(fewest, time.perf_counter() - before)
    return fewest
