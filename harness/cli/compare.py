"""``python -m harness compare FIRST SECOND``: do two sessions' verdicts agree, check by check?"""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from harness.cli.common import sessions
from harness.errors import HarnessError
from harness.evidence.formatting import quantity
from harness.evidence.record import Evidence, RunRecord, last_of_each
from harness.report.terminal import console, plain_table


@dataclass(frozen=True)
class Pair:
    """One check as two sessions judged it."""

    first: Evidence
    second: Evidence

    @property
    def agrees(self) -> bool:
        """Whether the verdicts are the same; the values may differ."""
        return self.first.verdict == self.second.verdict


@dataclass(frozen=True)
class Comparison:
    """What two sessions have in common, in the first one's order, and what only one has."""

    pairs: tuple[Pair, ...]
    only_first: tuple[Evidence, ...]
    only_second: tuple[Evidence, ...]

    @property
    def disagreements(self) -> tuple[Pair, ...]:
        """The pairs whose verdicts differ."""
        return tuple(pair for pair in self.pairs if not pair.agrees)


def compare(first: Iterable[Evidence], second: Iterable[Evidence]) -> Comparison:
    """Match the checks of two sessions; tests that ended before they judged count as well."""
    ours, theirs = last_of_each(first), last_of_each(second)
    return Comparison(
        tuple(Pair(ours[key], theirs[key]) for key in ours if key in theirs),
        tuple(ours[key] for key in ours if key not in theirs),
        tuple(theirs[key] for key in theirs if key not in ours),
    )


def settings(records: Iterable[Evidence], runs: Mapping[str, RunRecord]) -> str:
    """What a session ran on, in words: machine, PyTorch, precision of its runs, base seed."""
    machines, versions, precisions, seeds = set(), set(), set(), set()
    for record in records:
        facts = record.environment
        machines.add(str(facts.get("gpu") or facts.get("processor") or ""))
        versions.add(f"torch {facts['torch']}" if facts.get("torch") else "")
        precisions |= {runs[key].precision for key in record.runs if key in runs}
        seeds.add(f"base seed {record.seed}")
    parts = [sorted(found - {""}) for found in (machines, versions, precisions, seeds)]
    return ", ".join(" and ".join(part) for part in parts if part)


DISAGREE = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("first", type=Path, metavar="EVIDENCE")
    parser.add_argument("second", type=Path, metavar="EVIDENCE")
    parser.add_argument("--all", action="store_true", help="also the controls that agree")


def run(options: argparse.Namespace) -> int:
    """Print the table; exit code 1 if a verdict differs.

    Raises HarnessError for files that cannot be read or have no check in common.
    """
    sources = sessions([options.first, options.second])
    found = compare(*(source.records for source in sources))
    if not found.pairs:
        raise HarnessError(
            f"{options.first} and {options.second} have no check in common: name two files that"
            " pytest --evidence FILE has written of the same tier"
        )
    screen = console()
    for position, source in zip(("first", "second"), sources, strict=True):
        ((name, checks),) = source.files
        facts = settings(source.records, source.runs)
        screen.print(f"{position}: {name}, {checks} checks, {facts}")
    screen.print(_table(found, options.all))
    screen.print(
        f"{len(found.pairs)} checks in common: {len(found.disagreements)} verdicts differ;"
        f" {len(found.only_first)} checks are in the first alone, {len(found.only_second)} in the"
        " second"
    )
    return DISAGREE if found.disagreements else 0


def _table(found: Comparison, everything: bool) -> Table:
    table = plain_table("claim", "check", ">first", ">second", "verdicts")
    for pair in found.pairs:
        if everything or not pair.agrees or not pair.first.control:
            name = f"control: {pair.first.check}" if pair.first.control else pair.first.check
            values = (_value(pair.first), _value(pair.second))
            table.add_row(pair.first.claim, name, *values, _verdicts(pair))
    return table


def _value(record: Evidence) -> str:
    """The value, or the least and the greatest of several."""
    values = sorted(value for value in record.values if value is not None)
    if not values:
        return "-"
    ends = dict.fromkeys(quantity(value, record.unit) for value in (values[0], values[-1]))
    return " to ".join(ends)


def _verdicts(pair: Pair) -> str:
    if pair.agrees:
        return f"both {pair.first.verdict}"
    return f"DIFFER: {pair.first.verdict}, {pair.second.verdict}"
