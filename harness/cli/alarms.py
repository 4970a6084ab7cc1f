"""``python -m harness alarms EVIDENCE...``: how often would each check fail by chance?"""

import argparse
import json
import math
from pathlib import Path
from typing import Any

from rich.table import Table

from harness.cli.common import sessions
from harness.errors import HarnessError
from harness.evidence.alarms import Alarm, alarms, left_out
from harness.files import write_atomically
from harness.report.terminal import console, plain_table

FAILED = 1
SHOWN = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("evidence", nargs="+", type=Path, metavar="EVIDENCE")
    parser.add_argument("--all", action="store_true", help=f"more than the likeliest {SHOWN}")
    parser.add_argument("--out", type=Path, metavar="FILE", help="all of it, as JSON")


def run(options: argparse.Namespace) -> int:
    """Print the table; exit code 1 if a check failed in any session.

    Raises HarnessError for files that cannot be read, too few files, or files of one base seed.
    """
    sources = sessions(options.evidence)
    found = alarms([(source.records, source.runs) for source in sources])
    if not found:
        raise HarnessError(
            "the sessions have no check in common: name files that pytest --evidence FILE has"
            " written of one tier"
        )
    screen = console()
    screen.print(_table(found if options.all else found[:SHOWN]))
    screen.print(_summary(found))
    if partly := left_out([source.records for source in sources]):
        screen.print(f"judged in some sessions alone, and left out: {'; '.join(partly)}")
    if options.out:
        write_atomically(options.out, (json.dumps(_as_json(found), indent=1) + "\n").encode())
        screen.print(f"written: {options.out}")
    return FAILED if any(it.failures for it in found) else 0


def _table(found: list[Alarm]) -> Table:
    table = plain_table("claim", "check", ">failed", ">deviations", "false alarms")
    for it in found:
        name = f"control: {it.first.check}" if it.first.control else it.first.check
        failed = f"{it.failures} of {it.sessions}"
        table.add_row(it.first.claim, name, failed, _deviations(it), rate_in_words(it))
    return table


def _deviations(it: Alarm) -> str:
    """The mean slack in standard deviations."""
    if len(it.slacks) < it.sessions:
        return "-"
    return "unmoved" if it.is_constant else f"{it.mean / it.deviation:.1f}"


def rate_in_words(it: Alarm) -> str:
    """The rate as one in how many sessions."""
    if it.rate is None:
        return f"none in {it.sessions}"
    if it.rate == 0:
        return "none: proved" if it.is_proved else "none: chance does not move it"
    if it.rate < 1e-12:
        return "below 1 in 10^12"
    return f"1 in {1 / it.rate:,.0f}" if it.rate > 1e-6 else f"1 in 10^{-math.log10(it.rate):.0f}"


def _summary(found: list[Alarm]) -> str:
    total = sum(it.rate or 0.0 for it in found)
    failures = sum(it.failures for it in found)
    unknown = sum(it.rate is None for it in found)
    constant = sum(it.rate == 0 for it in found)
    together = f"1 in {1 / total:,.0f} sessions" if total else "none"
    return (
        f"{len(found)} checks over {found[0].sessions} sessions, {failures} failures;"
        f" {constant} unmoved or proved, {unknown} without slack to measure; all together,"
        f" at most: {together}"
    )


def _as_json(found: list[Alarm]) -> dict[str, Any]:
    return {
        "sessions": found[0].sessions,
        "together": sum(it.rate or 0.0 for it in found),
        "checks": [
            {
                "claim": it.first.claim,
                "check": it.first.check,
                "control": it.first.control,
                "tier": it.first.tier,
                "failures": it.failures,
                "mean slack": float(f"{it.mean:.4g}") if it.slacks else None,
                "deviation": float(f"{it.deviation:.3g}") if len(it.slacks) > 1 else None,
                "measured in": it.measured_in,
                "rate": None if it.rate is None else float(f"{it.rate:.3g}"),
            }
            for it in found
        ],
    }
