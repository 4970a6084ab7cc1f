"""``python -m harness figures --out DIR``: Figures 1a, 1b, 1c and 2b from the store alone."""

from pathlib import Path

from harness.evidence.run_record import run_record
from harness.files import write_atomically
from harness.report.curves import curves_of
from harness.report.drawings import figures_as_svg
from harness.runs.store import Store, default_store


def run_figures(out: Path, runs: Path | None) -> int:
    """Draw the store's runs that follow the paper's protocol, beside the paper's own curves.

    Raises StoreError where the folder cannot be written.
    """
    store = Store(runs or default_store(), notice=lambda text: print(f"notice: {text}"))
    curves = curves_of(run_record(run) for run in store.trainings())
    if not curves:
        print(f"nothing to draw: {store.folder} has no run by the paper's protocol")
    drawn = figures_as_svg([], curves, warn=lambda text: print(f"notice: {text}"))
    for name, svg in drawn.items():
        path = out / f"{name}.svg"
        write_atomically(path, svg.encode())
        print(f"{name}: {len(curves[name])} curves or points, {path}")
    return 0
