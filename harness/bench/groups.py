"""Many small trainings as one vectorised job, beside the same trainings one by one."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from rich.console import RenderableType

from harness.bench.measure import Setup, fastest
from harness.report.terminal import plain_table
from harness.training.batching import weights_of
from harness.training.group import GroupTraining
from harness.training.inputs import prepared_data
from harness.training.loop import Training
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe
from harness.training.steps import chosen_steps

ROUNDS = 5
ALONE = 20
"""Of a group's members, so many also train one by one."""


def jobs() -> list[tuple[str, list[Recipe]]]:
    """The groups of Section 2.2 on the fast tier's digits."""

    def variants(field: str, count: int, model: str, **changes: Any) -> list[Recipe]:
        base = paper_recipe(model, "digits", "random-signs", evaluation="at the end", **changes)
        numbers: list[dict[str, Any]] = [{field: number} for number in range(count)]
        return [replace(base, **number) for number in numbers]

    one_by_one = {"batch_size": 1, "momentum": 0.0, "learning_rate": 0.005}
    return [
        ("sign vectors of 8 images", variants("label_draw", 256, "mlp-1x512", train_size=8)),
        ("sign vectors of 64", variants("label_draw", 20, "mlp-1x512", train_size=64)),
        ("sign vectors of 256", variants("label_draw", 20, "mlp-1x512", train_size=256)),
        ("replaced examples of 256", variants("replaced", 20, "mlp-1x128", train_size=256)),
        ("single steps on 64", variants("replaced", 20, "linear", train_size=64, **one_by_one)),
    ]


def groups(setup: Setup) -> Iterator[RenderableType]:
    """Milliseconds an epoch and training, the best of several rounds in turns."""
    table = plain_table(
        *("train together", "network", ">runs", ">weights"),
        *(">one by one, ms", ">together, ms", ">times"),
        caption=f"an epoch of one run; one by one: the first {ALONE}",
    )
    for name, recipes in jobs():
        backend = replace(setup.backend, steps=chosen_steps(recipes[0], setup.backend))
        # Without an end: only a last epoch evaluates.
        endless = [replace(recipe, epochs=10**9, precision="fp32") for recipe in recipes]
        data = [prepared_data(recipe, None, backend.device, "fp32") for recipe in endless]
        group = GroupTraining(endless, data, backend)
        pairs = zip(endless[:ALONE], data[:ALONE], strict=True)
        singles = [Training(recipe, of_it, backend) for recipe, of_it in pairs]

        def one_by_one(singles: list[Training] = singles) -> None:
            for single in singles:
                single.run_epoch()

        seconds = setup.seconds / ROUNDS
        rounds = [
            (fastest(group.run_epoch, seconds), fastest(one_by_one, seconds)) for _ in range(ROUNDS)
        ]
        together, alone = map(min, zip(*rounds, strict=True))
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
    yield table
