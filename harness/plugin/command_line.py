"""The options of a session for the paper's claims; those of a custom network are in custom.py."""

import argparse
import re
from pathlib import Path

import pytest

from harness.runs.store import default_store
from harness.training.custom_options import above_zero


def pytest_addoption(parser: pytest.Parser) -> None:
    """Names are specific, so that they collide with no other plugin's."""
    group = parser.getgroup("claims", "claims of the paper")
    group.addoption(
        "--device",
        type=_device,
        default="auto",
        metavar="DEVICE",
        help="where networks train: auto, cpu, cuda, cuda:N (default: auto)",
    )
    group.addoption(
        "--data-root",
        type=Path,
        metavar="DIR",
        help="folder of CIFAR-10 and MNIST (default: $RETHINKING_DATA or the cache)",
    )
    group.addoption(
        "--runs",
        type=Path,
        default=default_store(),
        metavar="DIR",
        help="the store of finished runs (default: the platform's cache)",
    )
    group.addoption(
        "--fresh",
        action="store_true",
        help="train everything anew instead of taking finished runs from the store",
    )
    group.addoption(
        "--plan",
        action="store_true",
        help="list the trainings that the selected tests need, and train nothing",
    )
    group.addoption(
        "--budget",
        type=above_zero(float, or_zero=True),
        metavar="SECONDS",
        help="make runs for so long, in the order of claims/order.txt; then judge what is complete",
    )
    group.addoption(
        "--base-seed",
        type=above_zero(int, or_zero=True),
        default=0,
        metavar="N",
        help="another number, other seeds for all but the baselines (default: 0)",
    )
    group.addoption(
        "--precision",
        choices=["auto", "fp32", "bf16"],
        default="auto",
        help="bf16 autocast or fp32; auto: bf16 where the hardware has it",
    )
    group.addoption(
        "--steps",
        choices=["eager", "compiled", "graph", "auto"],
        default="eager",
        help="how a training that is alone takes its steps: by torch.compile, as a CUDA graph, or"
        " as a graph where that can be",
    )
    group.addoption(
        "--at-once",
        type=above_zero(int),
        default=1,
        metavar="K",
        help="so many trainings take turns in a process, step by step; on a GPU they overlap"
        " (default: 1)",
    )
    group.addoption(
        "--evidence",
        type=Path,
        metavar="FILE",
        help="write every judged check there, one JSON object a line",
    )
    group.addoption(
        "--report",
        type=Path,
        metavar="DIR",
        help="write there report.html, the scorecard as text, and the figures",
    )


def _device(text: str) -> str:
    """A device from the command line; whether it is here is looked at later."""
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"unknown device {text!r}; known: auto, cpu, cuda, cuda:N")
    return text
