"""What the page's templates need of text and numbers."""

import re

from harness.evidence.run_record import RunRecord


def slug(text: str) -> str:
    """A verdict as a class of the style sheet."""
    return text.lower().replace(" ", "-")


def spark(run: RunRecord, name: str, width: int, height: int, most: int = 60) -> str:
    """The points of a curve in a box; the curve's own largest value, or 1, is the top."""
    values = run.curve.get(name, [])
    steps = run.curve.get("step", [])
    points = [(x, y) for x, y in zip(steps, values, strict=True) if x is not None and y is not None]
    if len(points) < 2:
        return ""
    stride = -(-len(points) // most)
    points = [*points[:-1:stride], points[-1]]
    first, last = points[0][0], points[-1][0]
    top = max(1.0, *(y for _, y in points))
    return " ".join(
        f"{(x - first) / (last - first or 1) * width:.1f},{(1 - max(y, 0) / top) * height:.1f}"
        for x, y in points
    )


LONG = 220
"""Characters of a note from which on it is folded."""


def brief(note: str) -> tuple[str, str]:
    """A long note's first clause, and the rest; a short one whole, and nothing."""
    head, _, rest = note.partition("; ")
    return (head, rest) if len(note) > LONG and rest else (note, "")


def command(line: str) -> str:
    """A shell command as markup: it breaks between words, and in one only where it is longer than
    a line, after ``/``, ``::`` and ``_``. What is copied is the command itself.
    """
    from markupsafe import Markup, escape

    broken = (re.sub(r"(::|[/_])(?=.)", r"\1<wbr>", str(escape(word))) for word in line.split(" "))
    return Markup(" ").join(Markup(f"<span>{word}</span>") for word in broken)
