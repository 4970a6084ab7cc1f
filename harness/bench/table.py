"""``python -m harness bench``: one table, everything in it measured in this run."""

import sys

from rich.console import Console
from rich.table import Table

from harness.environment import describe
from harness.errors import HarnessError, UnknownName
from harness.models.registry import MODELS, model_spec

ROUNDS = 4
SECTIONS = ("training", "loaded", "steps", "groups", "constructions", "kernel", "images")


def run_bench(
    sections: list[str] | None,
    models: list[str] | None,
    seconds: float,
    device: str,
    precision: str,
    points: int,
) -> int:
    """Measure and print these sections (default: all).

    ``seconds`` for each measurement; ``points`` of the kernel that is solved.
    """
    if not seconds > 0:
        raise HarnessError(f"--seconds {seconds:g}, but it should be above 0")
    chosen = sections or (["training"] if models else list(SECTIONS))
    for name in chosen:
        if name not in SECTIONS:
            raise UnknownName("section of the benchmark", name, SECTIONS)
    console = Console(width=None if sys.stdout.isatty() else 110)
    if "training" in chosen:
        bench_training(console, models, seconds, device, precision)
    if "loaded" in chosen:
        from harness.bench.loaded import loaded_table

        console.print(loaded_table(models, seconds, device, precision))
    if "steps" in chosen:
        from harness.bench.steps import steps_table

        console.print(steps_table(models, seconds, device, precision))
    if "groups" in chosen:
        from harness.bench.groups import groups_table

        console.print(groups_table(seconds, device))
    if "constructions" in chosen:
        from harness.bench.constructions import constructions_table

        console.print(constructions_table(seconds))
    if "kernel" in chosen:
        from harness.bench.kernel import bench_kernel

        bench_kernel(console, points, device)
    if "images" in chosen:
        bench_images(console, seconds, device, precision)
    return 0


def bench_images(console: Console, seconds: float, device: str, precision: str) -> None:
    """The input pipeline beside Inception v3, and what a row of Table 2 would take."""
    from harness.bench.photographs import hours_in_words, images_table
    from harness.training.backend import resolve_backend

    backend = resolve_backend(device)
    precision = backend.precision(precision)
    facts = describe()
    where = facts.get("gpu") or facts["processor"]
    console.print(
        f"{where}, {backend.threads} threads, torch {facts['torch']}, {precision}, Inception v3,"
        " JPEG files of 500x375",
        markup=False,
    )
    table, trained = images_table(seconds, backend, precision)
    console.print(table)
    console.print("times: the slower of decoded and augmented over trained")
    console.print(hours_in_words(trained), markup=False)


def bench_training(
    console: Console, models: list[str] | None, seconds: float, device: str, precision: str
) -> None:
    """Images a second of each network, beside the machine's own rate and a plain loop."""
    import torch

    from harness.bench.measure import matrix_product_rate, operations_per_image, training_rate
    from harness.bench.plain import plain_rate
    from harness.training.backend import resolve_backend

    chosen = models or [name for name in MODELS if name != "linear"]
    for name in chosen:
        model_spec(name)
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    precision = backend.precision(precision)
    facts = describe()
    where = facts.get("gpu") or f"{facts['processor']}, {backend.threads} threads"
    console.print(f"{where}, torch {facts['torch']}, {precision}, batch 128, 28x28x3", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in (
        "train",
        "images/s",
        "plain loop",
        "times",
        "GFLOP/image",
        "GFLOP/s",
        "machine",
        "share",
    ):
        justify = "left" if column == "train" else "right"
        table.add_column(column, justify=justify, no_wrap=True)
    for name in chosen:
        ours = machine = 0.0
        for _ in range(ROUNDS):
            # In turns: clocks and neighbours change within a minute.
            machine += matrix_product_rate(precision, backend.device, seconds / ROUNDS) / 1e9
            ours += training_rate(name, backend, precision, seconds / ROUNDS)
        ours, machine = ours / ROUNDS, machine / ROUNDS
        plain = plain_rate(name, backend, seconds)
        work = operations_per_image(name) / 1e9
        table.add_row(
            model_spec(name).paper_name,
            f"{ours:,.0f}",
            f"{plain:,.0f}",
            f"{ours / plain:.1f}",
            f"{work:.4f}",
            f"{ours * work:.0f}",
            f"{machine:.0f}",
            f"{100 * ours * work / machine:.0f} %",
        )
    console.print(table)
    console.print("machine: GFLOP/s of a large matrix product in the same precision, in turns")
