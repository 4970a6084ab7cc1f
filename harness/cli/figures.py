"""``python -m harness figures --out DIR``: Figures 1a, 1b, 1c and 2b from the store alone."""

import argparse
from pathlib import Path

from harness.cli.common import add_store, store_of
from harness.evidence.record import run_record
from harness.files import write_atomically
from harness.report.curves import curves_of
from harness.report.drawings import figures_as_svg
from harness.report.terminal import warn


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Draw the store's runs that follow the paper's protocol, beside the paper's own curves.

    Raises StoreError if the folder cannot be written.
    """
    store = store_of(options)
    curves = curves_of(run_record(run) for run in store.trainings())
    if not curves:
        print(f"nothing to draw: {store.folder} has no run by the paper's protocol")
    for name, svg in figures_as_svg([], curves, warn=warn).items():
        path = options.out / f"{name}.svg"
        write_atomically(path, svg.encode())
        print(f"{name}: {len(curves[name])} curves or points, {path}")
    return 0
