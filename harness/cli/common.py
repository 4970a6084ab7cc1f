"""What several commands share: options and evidence."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from harness.evidence.catalogue import load_catalogue
from harness.report.sources import Sources, read_sources
from harness.report.terminal import warn
from harness.runs.store import Store, default_store


def add_store(parser: argparse.ArgumentParser, fresh: bool = False) -> None:
    """Options that say where finished runs are, and whether to take them."""
    parser.add_argument("--runs", type=Path, metavar="DIR", help="the store of finished runs")
    if fresh:
        parser.add_argument("--fresh", action="store_true", help="train even if the store has it")


def store_of(options: argparse.Namespace) -> Store:
    """The store that the options name."""
    fresh_since = time.time() if getattr(options, "fresh", False) else None
    return Store(options.runs or default_store(), fresh_since=fresh_since, notice=warn)


def add_precision(parser: argparse.ArgumentParser) -> None:
    """Options that say where and how precisely to compute."""
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")


def sessions(paths: Sequence[Path]) -> list[Sources]:
    """The evidence of each file; prints what is left out. Raises HarnessError."""
    catalogue = load_catalogue()
    found = [read_sources([path], catalogue) for path in paths]
    for source in found:
        for notice in source.notices:
            warn(notice)
    return found
