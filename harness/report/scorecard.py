"""The scorecard: a row a check, published against measured, with interval, verdict and scale."""

import io
from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.evidence.catalogue import Claim
from harness.evidence.record import Evidence
from harness.evidence.words import quantity

WIDTH = 100
STYLES = {
    "supported": "green",
    "refuted": "red",
    "inconclusive": "yellow",
    "not run": "dim",
    "control refuted": "dim green",
    "control NOT refuted": "bold red",
    "does not reproduce": "yellow",
}


def verdict_words(record: Evidence) -> str:
    """The verdict, and for controls and expected failures what it means."""
    if record.verdict == "not run":
        return "not run"
    if record.control:
        return "control refuted" if record.verdict == "refuted" else "control NOT refuted"
    if not record.expected and record.verdict != "supported":
        return "does not reproduce"
    return record.verdict


def scorecard(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    written: set[str],
    width: int = WIDTH,
    colour: bool = False,
) -> str:
    """The table and its totals as text; ``written`` are the claims that have a test."""
    table = Table(box=None, padding=(0, 1, 0, 0), expand=True, width=width, header_style="bold")
    table.add_column("claim and check", ratio=1)
    for name, justify in (
        ("published", "right"),
        ("measured", "right"),
        ("interval", "right"),
        ("verdict", "left"),
        ("scale", "left"),
        ("s", "right"),
    ):
        table.add_column(name, justify=justify, no_wrap=name not in ("verdict",))
    for claim in dict.fromkeys(record.claim for record in records):
        table.add_row(Text(claim, style="bold"))
        own = [record for record in records if record.claim == claim]
        controls = [record for record in own if record.control]
        refuted = [record for record in controls if record.verdict == "refuted"]
        for record in own:
            if record not in refuted:
                table.add_row(*_cells(record))
        if refuted:
            told = f"  controls: {len(refuted)} of {len(controls)}"
            table.add_row(told, "", "", "", "refuted", "", _seconds(refuted), style="dim")
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    if records:
        console.print(table)
        console.print()
    for line in totals(records, catalogue, written):
        console.print(line, markup=False)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _cells(record: Evidence) -> list[RenderableType]:
    words = verdict_words(record)
    where = f" [{record.tier}]" if record.tier not in ("", "fast") else ""
    finite = [value for value in record.values if value is not None]
    measured = quantity(sum(finite) / len(finite), record.unit) if finite else "none"
    if len(finite) < len(record.values):
        measured = "diverged" if record.unit == "share" else "never"
    return [
        Padding(Text(f"{record.check}{where}"), (0, 0, 0, 2)),
        Text(quantity(record.published, record.unit) if record.published is not None else ""),
        Text("" if record.verdict == "not run" else measured),
        Text(_interval(record)),
        Text(words, style=STYLES[words]),
        Text(record.scale),
        Text(_seconds([record])),
    ]


def _seconds(records: Sequence[Evidence]) -> str:
    return f"{sum(record.seconds for record in records):.0f}"


def _interval(record: Evidence) -> str:
    if not record.interval or None in record.interval or len(set(record.interval)) == 1:
        return ""
    low, high = (quantity(end, record.unit).removesuffix(" %") for end in record.interval)
    return f"{low} to {high}"


def totals(
    records: Sequence[Evidence], catalogue: Mapping[str, Claim], written: set[str]
) -> list[str]:
    """Claims by verdict (a claim is as good as its worst check), controls, and what was not run."""
    worst: dict[str, str] = {}
    order = ["refuted", "inconclusive", "not run", "does not reproduce", "supported"]
    controls = Counter(verdict_words(record) for record in records if record.control)
    for record in records:
        if not record.control:
            words = verdict_words(record)
            known = worst.setdefault(record.claim, words)
            worst[record.claim] = min(known, words, key=order.index)
    counts = Counter(worst.values())
    verdicts = ", ".join(f"{counts[words]} {words}" for words in reversed(order) if counts[words])
    judged = sum(n for words, n in counts.items() if words != "not run")
    lines = [f"{judged} of {len(catalogue)} claims judged: {verdicts or 'none'}"]
    if controls:
        told = ", ".join(f"{n} {words.removeprefix('control ')}" for words, n in controls.items())
        lines.append(f"{sum(controls.values())} controls: {told}")
    if scaled := {r.claim for r in records if r.scale == "scaled" and not r.control}:
        lines.append(
            f"{len(scaled)} judged at reduced scale, which never counts as the paper's own number"
        )
    idle = [claim for claim in catalogue if claim in written and claim not in worst]
    if idle:
        lines.append(f"not run in this session: {', '.join(idle)}")
    if unwritten := [claim for claim in catalogue if claim not in written]:
        lines.append(f"not written yet: {len(unwritten)} claims ({', '.join(unwritten)})")
    return lines
