"""``python -m harness compare FIRST SECOND``: do two sessions' verdicts agree, check by check?"""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue
from harness.evidence.comparison import Comparison, Pair, compare, settings
from harness.evidence.formatting import quantity
from harness.report.claim_tests import CLAIMS
from harness.report.sources import Sources, read_sources

DISAGREE = 1


def add_parser(commands: Any) -> None:
    """``compare`` among the commands."""
    parser = commands.add_parser(
        "compare", help="two evidence files check by check: precisions, devices, seeds"
    )
    parser.add_argument("first", type=Path, metavar="EVIDENCE")
    parser.add_argument("second", type=Path, metavar="EVIDENCE")
    parser.add_argument("--all", action="store_true", help="also the controls that agree")
    parser.set_defaults(command=run_compare)


def run_compare(options: argparse.Namespace) -> int:
    """Print the table; exit code 1 where a verdict differs.

    Raises HarnessError for files that cannot be read or have no check in common.
    """
    catalogue = load_catalogue(CLAIMS / "catalogue.toml")
    sources = [read_sources([path], catalogue) for path in (options.first, options.second)]
    for source in sources:
        for notice in source.notices:
            print(f"notice: {notice}")
    found = compare(*(source.records for source in sources))
    if not found.pairs:
        raise HarnessError(
            f"{options.first} and {options.second} have no check in common: name two files that"
            " pytest --evidence FILE has written of the same tier"
        )
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    for place, source in zip(("first", "second"), sources, strict=True):
        console.print(f"{place}: {_told(source)}", markup=False)
    console.print(_table(found, options.all))
    console.print(_summary(found), markup=False)
    return DISAGREE if found.disagreements else 0


def _told(source: Sources) -> str:
    name, checks = source.files[0]
    return f"{name}, {checks} checks, {settings(source.records, source.runs)}"


def _table(found: Comparison, everything: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("claim", "check", "first", "second", "verdicts"):
        right = column in ("first", "second")
        table.add_column(column, justify="right" if right else "left", no_wrap=right)
    for pair in found.pairs:
        if everything or not pair.agrees or not pair.first.control:
            name = f"control: {pair.first.check}" if pair.first.control else pair.first.check
            table.add_row(pair.first.claim, name, _value(pair, 0), _value(pair, 1), _verdicts(pair))
    return table


def _value(pair: Pair, which: int) -> str:
    """One value, or the least and the greatest of several."""
    record = (pair.first, pair.second)[which]
    values = sorted(value for value in record.values if value is not None)
    if not values:
        return "-"
    ends = dict.fromkeys(quantity(value, record.unit) for value in (values[0], values[-1]))
    return " to ".join(ends)


def _verdicts(pair: Pair) -> str:
    if pair.agrees:
        return f"both {pair.first.verdict}"
    return f"DIFFER: {pair.first.verdict}, {pair.second.verdict}"


def _summary(found: Comparison) -> str:
    alone = f"{len(found.only_first)} checks are in the first alone, {len(found.only_second)} in"
    return (
        f"{len(found.pairs)} checks in common: {len(found.disagreements)} verdicts differ;"
        f" {alone} the second"
    )
