"""Tables and text at the terminal."""

import sys

from rich.console import Console
from rich.table import Table

LOG_WIDTH = 110
"""Columns where the output is no terminal."""


def console() -> Console:
    """Standard output as rich writes to it, without guesses at numbers and markup."""
    width = None if sys.stdout.isatty() else LOG_WIDTH
    return Console(width=width, highlight=False, markup=False)


def plain_table(*columns: str, caption: str | None = None) -> Table:
    """A table without lines; a column named ">..." is set flush right and never wrapped."""
    table = Table(box=None, padding=(0, 2, 0, 0), caption=caption, caption_justify="left")
    for name in columns:
        if name.startswith(">"):
            table.add_column(name[1:], justify="right", no_wrap=True)
        else:
            table.add_column(name)
    return table


def warn(text: str) -> None:
    """Print a notice."""
    print(f"notice: {text}")
