"""Tables and text, at the terminal and in Markdown."""

import io
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console, RenderableType
from rich.table import Table


def console(log_width: int = 110) -> Console:
    """Standard output as rich writes to it, without guesses at numbers and markup.

    So many columns wide where it is no terminal.
    """
    width = None if sys.stdout.isatty() else log_width
    return Console(width=width, highlight=False, markup=False)


def as_text(parts: Iterable[RenderableType], width: int, colour: bool = False) -> str:
    """Tables and text as rich prints them, one below the other, ``width`` columns wide."""
    buffer = io.StringIO()
    screen = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    for part in parts:
        screen.print(part, markup=False)
    return "".join(f"{line.rstrip()}\n" for line in buffer.getvalue().splitlines())


def plain_table(*columns: str, caption: str | None = None) -> Table:
    """A table without lines; a column named ">..." is set flush right and never wrapped."""
    table = Table(box=None, padding=(0, 2, 0, 0), caption=caption, caption_justify="left")
    for name in columns:
        if name.startswith(">"):
            table.add_column(name[1:], justify="right", no_wrap=True)
        else:
            table.add_column(name)
    return table


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = ["".join(f" {it} |" if it else " |" for it in cells) for cells in (head, *rows)]
    return "".join(f"|{line}\n" for line in (lines[0], "---|" * len(head), *lines[1:]))


def warn(text: str) -> None:
    """Print a notice."""
    print(f"notice: {text}")
