"""``python -m harness bench``: tables of speeds, all measured in this run."""

import argparse

import torch

from harness.bench.constructions import constructions
from harness.bench.groups import groups
from harness.bench.kernel import kernel
from harness.bench.measure import Setup
from harness.bench.photographs import images
from harness.bench.steps import at_once, steps
from harness.bench.training import loaded, training
from harness.cli.common import add_precision
from harness.environment import describe
from harness.errors import UnknownName
from harness.models.registry import MODELS, model_spec
from harness.report.terminal import console
from harness.training.backend import resolve_backend
from harness.training.custom_options import above_zero

SECTIONS = {
    each.__name__: each
    for each in (training, loaded, steps, at_once, groups, constructions, kernel, images)
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--only", nargs="+", metavar="SECTION", help=", ".join(SECTIONS))
    parser.add_argument("--models", nargs="+", metavar="MODEL", help="default: the paper's five")
    parser.add_argument(
        "--seconds", type=above_zero(float), default=8.0, help="for each measurement"
    )
    add_precision(parser)
    parser.add_argument("--steps", choices=["eager", "graph", "auto"], default="eager")
    parser.add_argument(
        "--points", type=above_zero(int), default=16_000, help="of the kernel that is solved"
    )


def run(options: argparse.Namespace) -> int:
    """Measure and print these sections (default: all; with --models, training).

    Raises HarnessError for sections and networks that are unknown.
    """
    chosen = options.only or (["training"] if options.models else list(SECTIONS))
    for name in chosen:
        if name not in SECTIONS:
            raise UnknownName("section of the benchmark", name, SECTIONS)
    models = options.models or [name for name in MODELS if name != "linear"]
    for name in models:
        model_spec(name)
    backend = resolve_backend(options.device, steps=options.steps)
    torch.set_num_threads(backend.threads)
    precision = backend.precision(options.precision)
    setup = Setup(backend, precision, models, options.seconds, options.points)
    facts, screen = describe(), console()
    where = facts.get("gpu") or f"{facts['processor']}, {backend.threads} threads"
    screen.print(f"{where}, torch {facts['torch']}, {precision}")
    for name in SECTIONS:
        if name in chosen:
            for part in SECTIONS[name](setup):
                screen.print(part)
    return 0
