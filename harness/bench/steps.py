"""The ways to take a step side by side: eager, compiled, and on a GPU a CUDA graph of the whole."""

import torch
from rich.table import Table

from harness.bench.measure import matrix_product_rate, operations_per_image, training_rate
from harness.models.registry import MODELS, model_spec
from harness.training.backend import Backend, resolve_backend
from harness.training.steps import STEPS

CIFAR10 = 50_000


def steps_table(models: list[str] | None, seconds: float, device: str, precision: str) -> Table:
    """Measure: images a second, seconds an epoch of CIFAR-10, share of the machine's own rate."""
    backend = resolve_backend(device)
    torch.set_num_threads(backend.threads)
    precision = backend.precision(precision)
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("train", no_wrap=True)
    for column in ("steps", "images/s", "s/epoch", "share", "memory"):
        table.add_column(column, justify="left" if column == "steps" else "right", no_wrap=True)
    for name in models or [name for name in MODELS if name != "linear"]:
        work = operations_per_image(name)
        for steps in STEPS:
            if steps == "graph" and backend.kind != "cuda":
                continue
            machine = matrix_product_rate(precision, backend.device, seconds)
            if backend.kind == "cuda":
                torch.cuda.reset_peak_memory_stats()
            taken = Backend(backend.device, backend.threads, steps)
            rate = training_rate(name, taken, precision, seconds)
            table.add_row(
                model_spec(name).paper_name,
                steps,
                f"{rate:,.0f}",
                f"{CIFAR10 / rate:.2f}",
                f"{100 * rate * work / machine:.0f} %",
                _memory(backend),
            )
    table.caption = f"{precision}; share: of a large matrix product's rate in the same precision"
    table.caption_justify = "left"
    return table


def _memory(backend: Backend) -> str:
    if backend.kind != "cuda":
        return "-"
    return f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB"
