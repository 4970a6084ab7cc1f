"""``python -m harness runs``: what the store holds."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from harness.runs.store import Store, default_store


def run_runs(folder: Path | None) -> int:
    """A table of the finished runs, oldest first, and the number of interrupted ones.

    Raises StoreError for a folder that cannot be read.
    """
    store = Store(folder or default_store(), notice=lambda text: print(f"notice: {text}"))
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("key", "recipe", "epochs", "train", "test", "seconds", "where", "finished"):
        table.add_column(name, justify="right" if name in ("epochs", "seconds") else "left")
    count = 0
    for run in store.trainings():
        count += 1
        table.add_row(
            run.key,
            str(run.recipe),
            str(run.curve.epochs),
            "diverged" if run.diverged else f"{100 * run.train_accuracy:.2f} %",
            "" if run.diverged else f"{100 * run.test_accuracy:.2f} %",
            f"{run.seconds:.1f}",
            f"{run.device}, {run.precision}",
            run.finished,
        )
    if count:
        Console(width=None if Console().is_terminal else 200).print(table)
    unfinished = len(store.unfinished())
    interrupted = f", {unfinished} interrupted, which will resume" if unfinished else ""
    print(f"{count} finished runs{interrupted} in {store.folder}")
    return 0
