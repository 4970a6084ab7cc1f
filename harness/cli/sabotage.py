"""``python -m harness sabotage``: plant each fault in turn; does the fast tier notice?"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from harness.files import write_atomically
from harness.sabotage.fault import Fault, choose, load_faults
from harness.sabotage.trial import Verdict, try_fault


def run_sabotage(options: argparse.Namespace) -> int:
    """List or try the faults; exit code 1 if one that should be caught survived, or the reverse."""
    faults = choose(load_faults(), options.only)
    if options.list:
        print("\n".join(_described(faults)))
        return 0
    console = Console(width=None if sys.stdout.isatty() else 110, highlight=False)
    verdicts: list[Verdict] = []
    for number, fault in enumerate(faults, 1):
        with console.status(f"{number}/{len(faults)} {fault.name}"):
            verdict = try_fault(fault, options.workers)
        verdicts.append(verdict)
        console.print(_line(verdict), markup=False)
        if options.report:
            write_atomically(options.report, _as_json(verdicts))
    survivors = [verdict for verdict in verdicts if not verdict.caught]
    wrong = [verdict for verdict in verdicts if not verdict.as_it_should]
    console.print(
        f"\n{len(verdicts)} faults: {len(verdicts) - len(survivors)} caught,"
        f" {len(survivors)} survived, {len(wrong)} of all not as expected",
        markup=False,
    )
    return 1 if wrong else 0


def _described(faults: Sequence[Fault]) -> list[str]:
    width = max(len(fault.area) for fault in faults)
    return [
        f"{fault.area:{width}}  {fault.name} (harness/{fault.file})"
        + (f"; survives: {fault.survives}" if fault.survives else "")
        for fault in faults
    ]


def _line(verdict: Verdict) -> str:
    if verdict.caught_by:
        how = f"caught by {verdict.caught_by[0]}"
    elif verdict.trouble:
        how = f"caught: the session broke down ({verdict.trouble.strip().splitlines()[-1][:80]})"
    else:
        why = verdict.fault.survives
        how = f"SURVIVED, as expected: {why}" if why else "SURVIVED"
    return f"{verdict.seconds:4.0f} s  {verdict.fault.area}: {verdict.fault.name}\n        {how}"


def _as_json(verdicts: Sequence[Verdict]) -> bytes:
    lines = [json.dumps(asdict(verdict) | {"caught": verdict.caught}) for verdict in verdicts]
    return ("\n".join(lines) + "\n").encode()


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "sabotage", help="plant faults in a copy, and see whether the fast tier notices"
    )
    parser.add_argument("--list", action="store_true", help="list the faults, and try none")
    parser.add_argument(
        "--only",
        nargs="+",
        action="extend",
        default=[],
        metavar="WORD",
        help="of a fault's name, or its area",
    )
    parser.add_argument("--workers", type=int, metavar="N", help="default: as many as cores")
    parser.add_argument("--report", type=Path, metavar="FILE", help="a JSON line for each fault")
    parser.set_defaults(command=run_sabotage)
