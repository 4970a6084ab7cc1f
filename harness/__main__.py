"""The command line: ``python -m harness COMMAND``; see `COMMANDS`."""

import argparse
import contextlib
import logging
import os
import sys
import time
import warnings
from collections.abc import Collection
from importlib import import_module

from harness.errors import HarnessError

COMMANDS = {
    "data": "fetch and check datasets",
    "train": "train one recipe by hand",
    "runs": "list the store of finished runs; put them into the records, and back",
    "report": "one page of the evidence of several sessions",
    "figures": "the paper's figures from the store alone",
    "bench": "speed, beside the machine's own rate and peers",
    "compare": "two evidence files check by check: precisions, devices, seeds",
    "alarms": "false-alarm rates, from sessions with different base seeds",
    "profile": "how many random labels a network memorises within a budget, and how fast",
    "sabotage": "plant faults in a copy, and see whether the fast tier notices",
}
"""Each is a module of `harness.cli`, with ``add_options`` and ``run``."""
CLOSED = 141
"""The exit code if nobody reads the output any more: a shell's for SIGPIPE."""
RANKS_WAIT = 10.0
"""Seconds; torchrun looks at its processes ten times a second."""


def main(arguments: list[str] | None = None) -> int:
    """Run one command; an error that the user can repair is one sentence and exit code 2."""
    logging.basicConfig(format="%(message)s")
    logging.getLogger("harness").setLevel(logging.INFO)  # Matplotlib's too would be noise.
    warnings.filterwarnings("ignore", "Image size .* exceeds limit", RuntimeWarning)
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parser_for(arguments).parse_args(arguments)
    try:
        code = options.run(options) or 0
        sys.stdout.flush()
        return code
    except BrokenPipeError:  # Of a reader such as `head`.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CLOSED
    except HarnessError as error:
        _wait_for_the_first_rank()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ninterrupted; finished runs and the last checkpoint are kept", file=sys.stderr)
        return 130


def _wait_for_the_first_rank() -> None:
    """Let only one process of torchrun report an error of all: torchrun then kills the others.

    A process with an error of its own reports it after the wait.
    """
    if "TORCHELASTIC_RUN_ID" in os.environ and os.environ.get("LOCAL_RANK", "0") != "0":
        with contextlib.suppress(KeyboardInterrupt):
            time.sleep(RANKS_WAIT)


def parser_for(arguments: Collection[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of those that the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m harness", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(name, help=purpose, description=purpose)
        if name in arguments:  # The others' modules are not loaded.
            module = import_module(f"harness.cli.{name}")
            module.add_options(command)
            command.set_defaults(run=module.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
