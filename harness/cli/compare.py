"""``python -m harness compare FIRST SECOND``: do two sessions' verdicts agree, check by check?"""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from harness.cli.common import sessions
from harness.errors import HarnessError
from harness.evidence.formatting import quantity
from harness.evidence.record import Evidence, RunRecord, last_of_each
from harness.report.terminal import console, plain_table

DISAGREE = 1


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
    first, second = (last_of_each(source.records) for source in sources)
    common = [(first[key], second[key]) for key in first if key in second]
    if not common:
        raise HarnessError(
            f"{options.first} and {options.second} have no check in common: name two files that"
            " pytest --evidence FILE has written of the same tier"
        )
    screen = console()
    for position, source in zip(("first", "second"), sources, strict=True):
        ((name, checks),) = source.files
        facts = settings(source.records, source.runs)
        screen.print(f"{position}: {name}, {checks} checks, {facts}")
    table, differ = plain_table("claim", "check", ">first", ">second", "verdicts"), 0
    for one, other in common:
        agree = one.verdict == other.verdict
        differ += not agree
        if options.all or not agree or not one.control:
            name = f"control: {one.check}" if one.control else one.check
            verdicts = f"both {one.verdict}" if agree else f"DIFFER: {one.verdict}, {other.verdict}"
            table.add_row(one.claim, name, _value(one), _value(other), verdicts)
    screen.print(table)
    screen.print(
        f"{len(common)} checks in common: {differ} verdicts differ; {len(first) - len(common)}"
        f" checks are in the first alone, {len(second) - len(common)} in the second"
    )
    return DISAGREE if differ else 0


def _value(record: Evidence) -> str:
    """The value, or the least and the greatest of several."""
    values = sorted(value for value in record.values if value is not None)
    if not values:
        return "-"
    ends = dict.fromkeys(quantity(value, record.unit) for value in (values[0], values[-1]))
    return " to ".join(ends)
