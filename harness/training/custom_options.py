"""Custom networks on a command line: ``--arch`` and the options that go with it."""

import argparse
import ast
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from harness.errors import NetworkError
from harness.models.registry import Options
from harness.training.custom import CustomNetwork


def add_network_options(add: Callable[..., Any]) -> None:
    """Declare the options; ``add`` is the parser's method for one.

    ``arch`` becomes a list of pairs: a network's name, and its options.
    """
    add(
        "--arch",
        action=AddNetwork,
        metavar="NETWORK",
        help="torchvision:NAME, PACKAGE.MODULE:FACTORY, ./FILE.py:FACTORY, or one of the paper's"
        " (inception, alexnet, mlp-1x512 ...); again for more, which are compared",
    )
    add(
        "--arch-option",
        action=AddOption,
        dest="arch",
        metavar="KEY=VALUE",
        help="an argument for the factory of the --arch before it",
    )
    add(
        "--optimizer",
        metavar="PACKAGE.MODULE:CLASS",
        help="another optimiser than SGD with momentum: torch.optim:AdamW, ./FILE.py:CLASS ...",
    )
    add(
        "--optimizer-option",
        action="append",
        type=key_and_value,
        metavar="KEY=VALUE",
        help="an argument of the optimiser's class",
    )
    for name, kind, what in (
        ("--arch-lr", float, "learning rate (default: 0.01; the paper's networks: their own)"),
        ("--arch-batch-size", int, "images in a batch (default: the paper's 128)"),
        ("--image-size", int, "crop images to this size, or enlarge them bilinearly"),
    ):
        add(name, type=above_zero(kind), metavar="N", help=what)


def custom_networks(
    asked: Sequence[tuple[str, Options]], **protocol: Any
) -> tuple[CustomNetwork, ...]:
    """The networks, all with one protocol; raises NetworkError if two have the same title."""
    networks = tuple(CustomNetwork(model, options, **protocol) for model, options in asked)
    titles = [network.title for network in networks]
    if twice := sorted({title for title in titles if titles.count(title) > 1}):
        raise NetworkError(
            f"--arch: {twice[0]} is named twice, with the same options: name it once, or give one"
            " of them another --arch-option or file name"
        )
    return networks


class AddNetwork(argparse.Action):
    """Appends a network without options."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """A new list: pytest parses its arguments more than once."""
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), (values, ())])


class AddOption(argparse.Action):
    """Gives the last network one more option."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        """The value is a Python literal, or text."""
        *others, last = getattr(namespace, self.dest) or [None]
        if last is None:
            parser.error(f"--arch-option {values}: it belongs behind the --arch that it is for")
        try:
            key, value = key_and_value(values)
        except argparse.ArgumentTypeError as error:
            parser.error(f"--arch-option {error}")
        network, options = last
        if key in dict(options):
            parser.error(f"--arch-option {key} is given twice for {network}: give it once")
        setattr(namespace, self.dest, [*others, (network, (*options, (key, value)))])


def key_and_value(text: str) -> tuple[str, Any]:
    """An argument of a factory: its name and its value, a Python literal, true, false or text."""
    key, equals, value = text.partition("=")
    if not (equals and key.isidentifier()):
        raise argparse.ArgumentTypeError(f"{text!r} should be KEY=VALUE, as in width=64")
    if value in ("true", "false"):
        return key, value == "true"
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value


def above_zero(kind: type, or_zero: bool = False) -> Callable[[str], Any]:
    """Reads a finite number above zero, or from zero up."""

    def read(text: str) -> Any:
        with suppress(ValueError):
            value = kind(text)
            if 0 < value < float("inf") or (or_zero and value == 0):
                return value
        what = "whole number" if kind is int else "number"
        raise argparse.ArgumentTypeError(
            f"{text!r}, but it should be a {what} {'from 0 up' if or_zero else 'above 0'}"
        )

    return read
