"""The command line.

``python -m harness data|train|runs|report|compare|alarms|figures|bench|profile|sabotage``.
"""

import argparse
import contextlib
import logging
import os
import sys
import time
import warnings
from pathlib import Path

from harness.cli.alarms import add_parser as add_alarms
from harness.cli.compare import add_parser as add_compare
from harness.cli.profile import add_parser as add_profile
from harness.cli.sabotage import add_parser as add_sabotage
from harness.errors import HarnessError

CLOSED = 141
"""The exit code where nobody reads the output any more: a shell's for SIGPIPE."""
RANKS_WAIT = 10.0
"""Seconds; torchrun looks at its processes ten times a second."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error that the user can mend is one sentence and exit code 2."""
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    warnings.filterwarnings("ignore", "Image size .* exceeds limit", RuntimeWarning)
    options = _parser().parse_args(arguments)
    try:
        code = options.command(options) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # As of `head`, which has read enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except HarnessError as error:
        _let_the_first_rank_speak()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; finished runs and the last checkpoint are kept", file=sys.stderr)
        return 130


def _let_the_first_rank_speak() -> None:
    """Of what ends all processes of torchrun one sentence: it kills the others with the first.

    A process whose error is its own says it all the same, after the wait.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("LOCAL_RANK", "0") != "0":
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(RANKS_WAIT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    data = commands.add_parser("data", help="fetch and check datasets")
    data.add_argument("action", choices=["list", "fetch", "check"])
    data.add_argument("name", nargs="?", help="cifar10, mnist or imagenet")
    data.add_argument("--data-root", type=Path, metavar="DIR")
    data.set_defaults(command=_data)

    train = commands.add_parser("train", help="train one recipe by hand")
    train.add_argument(
        "recipe", nargs="?", help="MODEL/DATASET/SETTING, or a recipe's JSON file; none: list them"
    )
    train.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="change fields of the recipe; may be given several times",
    )
    train.add_argument("--device", default="auto")
    train.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    train.add_argument(
        "--checkpoint-seconds", type=_seconds, default=30.0, metavar="S", help="between checkpoints"
    )
    train.add_argument("--steps", choices=["eager", "compiled", "graph"], default="eager")
    train.add_argument("--data-root", type=Path, metavar="DIR")
    train.add_argument("--runs", type=Path, metavar="DIR", help="the store of finished runs")
    train.add_argument("--fresh", action="store_true", help="train even if the store has it")
    train.set_defaults(command=_train)

    runs = commands.add_parser(
        "runs", help="list the store of finished runs; put them into the records, and back"
    )
    runs.add_argument(
        "action",
        nargs="?",
        choices=["list", "record", "take-up", "page"],
        default="list",
        help="record: put runs into fixtures/records; take-up: put the records into the store;"
        " page: judge the records and write the results page (default: list)",
    )
    runs.add_argument(
        "recipe",
        nargs="*",
        help="record: keys, MODEL/DATASET/SETTING, or a solve's DATASET; before the options",
    )
    runs.add_argument("--all", action="store_true", help="record: every run at the paper's size")
    runs.add_argument("--yes", action="store_true", help="record: replace without asking")
    runs.add_argument("--runs", type=Path, metavar="DIR", help="the store of finished runs")
    runs.set_defaults(command=_runs)

    report = commands.add_parser("report", help="one page of the evidence of several sessions")
    report.add_argument("evidence", nargs="+", type=Path, metavar="EVIDENCE")
    report.add_argument("--out", type=Path, required=True, metavar="DIR")
    report.add_argument("--runs", type=Path, metavar="DIR", help="where missing curves may be")
    report.add_argument(
        "--no-records", action="store_true", help="leave out what is recorded in fixtures/records"
    )
    report.set_defaults(command=_report)

    figures = commands.add_parser("figures", help="the paper's figures from the store alone")
    figures.add_argument("--out", type=Path, required=True, metavar="DIR")
    figures.add_argument("--runs", type=Path, metavar="DIR", help="the store of finished runs")
    figures.set_defaults(command=_figures)

    bench = commands.add_parser("bench", help="speed, beside the machine's own rate and peers")
    bench.add_argument(
        "--only",
        nargs="+",
        metavar="SECTION",
        help="training, loaded, steps, groups, constructions, kernel, images",
    )
    bench.add_argument("--models", nargs="+", metavar="MODEL", help="default: the paper's five")
    bench.add_argument("--seconds", type=float, default=8.0, help="for each measurement")
    bench.add_argument("--device", default="auto")
    bench.add_argument("--precision", choices=["auto", "fp32", "bf16"], default="auto")
    bench.add_argument("--points", type=int, default=16_000, help="of the kernel that is solved")
    bench.set_defaults(command=_bench)

    add_compare(commands)
    add_alarms(commands)
    add_profile(commands)
    add_sabotage(commands)
    return parser


def _seconds(text: str) -> float:
    """A time from the command line."""
    with contextlib.suppress(ValueError):
        if 0 <= (value := float(text)) < float("inf"):
            return value
    raise argparse.ArgumentTypeError(f"{text!r}, but it should be a number of seconds from 0 up")


def _data(options: argparse.Namespace) -> int:
    from harness.cli.data import run_data

    return run_data(options.action, options.name, options.data_root)


def _train(options: argparse.Namespace) -> int:
    from harness.cli.train import run_train

    return run_train(options)


def _runs(options: argparse.Namespace) -> int:
    if options.recipe and options.action != "record":
        raise HarnessError(f"runs {options.action} takes no names: leave {options.recipe[0]} out")
    if options.action == "list":
        from harness.cli.runs import run_runs

        return run_runs(options.runs)
    from harness.cli import records

    if options.action == "record":
        return records.run_record(options.recipe, options.runs, options.all, options.yes)
    return records.run_take_up(options.runs) if options.action == "take-up" else records.run_page()


def _report(options: argparse.Namespace) -> int:
    from harness.cli.report import run_report

    return run_report(options.evidence, options.out, options.runs, not options.no_records)


def _figures(options: argparse.Namespace) -> int:
    from harness.cli.figures import run_figures

    return run_figures(options.out, options.runs)


def _bench(options: argparse.Namespace) -> int:
    from harness.bench.table import run_bench

    return run_bench(
        options.only,
        options.models,
        options.seconds,
        options.device,
        options.precision,
        options.points,
    )


if __name__ == "__main__":
    sys.exit(main())
