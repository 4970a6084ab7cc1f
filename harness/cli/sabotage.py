"""``python -m harness sabotage``: plant each fault in turn; does the fast tier notice?"""

import argparse
from collections.abc import Sequence

from harness.report.terminal import console
from harness.sabotage.fault import Fault, Verdict, choose, load_faults, try_fault


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
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


def run(options: argparse.Namespace) -> int:
    """List or try the faults; exit code 1 if one survived that should not, or the reverse."""
    faults = choose(load_faults(), options.only)
    if options.list:
        print("\n".join(_described(faults)))
        return 0
    screen = console()
    verdicts: list[Verdict] = []
    for number, fault in enumerate(faults, 1):
        with screen.status(f"{number}/{len(faults)} {fault.name}"):
            verdict = try_fault(fault, options.workers)
        verdicts.append(verdict)
        screen.print(_line(verdict))
    survivors = [verdict for verdict in verdicts if not verdict.caught]
    wrong = [verdict for verdict in verdicts if not verdict.as_it_should]
    screen.print(
        f"\n{len(verdicts)} faults: {len(verdicts) - len(survivors)} caught,"
        f" {len(survivors)} survived, {len(wrong)} of all not as expected"
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
