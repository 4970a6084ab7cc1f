"""The scorecard: section by section, a row a claim and a row a check, in a hundred columns.

Supported checks with the same outcome share a row, and only the first few have rows: the page lists
them all. A check with any other outcome always has a row of its own, in full.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from harness.evidence.catalogue import Claim
from harness.evidence.formatting import bound, interval, measured, notices, published
from harness.evidence.record import Evidence
from harness.report.networks import LATER_WORK, by_network, is_of_measure, note_on, of_the_paper
from harness.report.terminal import as_text
from harness.report.verdicts import (
    APART,
    claim_verdicts,
    counts_in_words,
    seconds_of,
    section_title,
    verdict_words,
)

WIDTH = 100
CUSTOM = "verdicts of its own; published numbers are those of the paper's networks"
STYLES = {
    "supported": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "not run": "dim",
    "control refuted": "dim green",
    "control NOT refuted": "bold red",
    "does not reproduce": "magenta",
}
HEADINGS = ("published", "measured", "interval", "notices", "verdict", "scale", "s")
VERDICT = 4
LEFT = (VERDICT, 5)
"""The columns that are set flush left."""
TWO_LINES = "does not reproduce"
"""The longest verdict, which does not widen its column."""
MOST_PUBLISHED, MOST_OTHERS, MOST_RECORDED = 8, 3, 4
"""Supported checks of a claim that get rows, with a published number and without; recorded ones."""


@dataclass(frozen=True)
class Row:
    """A name, the cells of `HEADINGS` beside it, and how it is shown."""

    name: str
    cells: tuple[str, ...] = ("",) * len(HEADINGS)
    style: str = ""
    verdict: str = ""
    whole: bool = False
    """Whether a name that is too long is continued on the next line instead of being cut."""
    below: tuple[str, ...] = ()
    """Sentences below it, in full."""


def scorecard(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    width: int = WIDTH,
    colour: bool = False,
    recorded: Sequence[Evidence] = (),
) -> str:
    """The table and its totals as text.

    ``recorded`` checks stand below those of the claims that were judged, and count for none; of
    other claims there is the verdict alone.
    """
    table = _table(records, catalogue, recorded) if records else ()
    return as_text([*table, *totals(records, catalogue, recorded)], width, colour)


def _table(
    records: Sequence[Evidence], catalogue: Mapping[str, Claim], recorded: Sequence[Evidence]
) -> Iterable[RenderableType]:
    rows = [Row("claim and check", HEADINGS, "bold")]
    rows += _rows(of_the_paper(records), catalogue, recorded)
    for network, checks in by_network(records).items():
        title = f"On {network}: {CUSTOM}"
        if is_of_measure(checks[0]):
            title = f"{network}: verdicts of its own"
        elif network == LATER_WORK:
            title = "Beyond the paper: these count for none of its claims"
        below = tuple(filter(None, [note_on(checks)]))
        rows += [Row(""), Row(title, style="bold", below=below), *_rows(checks, catalogue)]
    widths = [max(map(len, column)) for column in zip(*(it.cells for it in rows), strict=True)]
    short = {row.cells[VERDICT] for row in rows} - {TWO_LINES}
    widths[VERDICT] = max(map(len, short | {"reproduce"}))
    for row in rows:
        yield _line(row, widths)
        yield from (Padding(Text(it, style="dim"), (0, 0, 0, 4)) for it in row.below)
    yield ""


def _line(row: Row, widths: Sequence[int]) -> RenderableType:
    """The row as a grid, in which its name takes the place of the empty cells beside it."""
    filled = next((i for i, cell in enumerate(row.cells) if cell), len(row.cells))
    grid = Table.grid(padding=(0, 1), pad_edge=False, expand=True)
    grid.add_column(ratio=1, no_wrap=not row.whole, overflow="fold" if row.whole else "ellipsis")
    for i in range(filled, len(row.cells)):
        grid.add_column(width=widths[i], justify="left" if i in LEFT else "right")
    cells = [Text(cell) for cell in row.cells]
    cells[VERDICT].stylize(STYLES.get(row.verdict, ""))
    indent = len(row.name) - len(row.name.lstrip())
    name = Padding(Text(row.name.lstrip()), (0, 0, 0, indent))
    grid.add_row(name, *cells[filled:], style=row.style)
    return grid


def _rows(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    recorded: Sequence[Evidence] = (),
) -> Iterable[Row]:
    verdicts = claim_verdicts(records)
    section = None
    for claim in dict.fromkeys(record.claim for record in records):
        known = catalogue.get(claim)
        if known is not None and known.section != section:
            section = known.section
            yield Row("")
            yield Row(section_title(section), style="underline")
        own = [record for record in records if record.claim == claim]
        checks = [record for record in own if not record.control]
        verdict = verdicts.get(claim, "not run")  # Only its controls were selected.
        scales = {record.scale for record in checks if record.scale}
        scale = scales.pop() if len(scales) == 1 else ""
        sentence = f"{claim}  {known.sentence}" if known else claim
        yield Row(sentence, ("", "", "", "", verdict, scale, _seconds(checks)), "bold", verdict)
        yield from _checks(checks)
        yield from _recorded([record for record in recorded if record.claim == claim])
        yield from _controls([record for record in own if record.control])


def _checks(checks: Sequence[Evidence]) -> Iterable[Row]:
    supported = [record for record in checks if verdict_words(record) == "supported"]
    yield from (_in_full(record) for record in checks if record not in supported)
    outcomes = Counter((_aspect(record), *_cells(record)) for record in checks)
    alike: dict[tuple[str, ...], list[Evidence]] = {}
    for record in supported:
        # Networks with a published number each have a row each, unless many are alike.
        many = outcomes[_aspect(record), *_cells(record)] > (1 + (record.published is not None))
        name = _aspect(record) if many else _name(record)
        alike.setdefault((name, *_cells(record)), []).append(record)
    left = {True: MOST_PUBLISHED, False: MOST_OTHERS}
    rest: list[Evidence] = []
    # Trained checks come before computed ones.
    for (name, *_), same in sorted(alike.items(), key=lambda it: not it[1][0].runs):
        compared = same[0].published is not None
        if not left[compared]:
            rest += same
            continue
        left[compared] -= 1
        yield _row(f"{len(same)} x {name}" if len(same) > 1 else _name(same[0]), same)
    if rest:
        more = f"  and {len(rest)} more check{'s' * (len(rest) > 1)}"
        yield Row(more, ("", "", "", "", "supported", "", _seconds(rest)), "dim", "supported")


def _recorded(checks: Sequence[Evidence]) -> Iterable[Row]:
    """A few of the recorded checks, first those that are not supported."""
    rows: dict[tuple[str, ...], Row] = {}
    for record in sorted(checks, key=lambda record: verdict_words(record) == "supported"):
        name, cells = f"  {_name(record)}", (*_cells(record)[:5], "recorded", "")
        # One run may be judged at two tiers.
        rows.setdefault((name, *cells), Row(name, cells, verdict=verdict_words(record)))
    yield from list(rows.values())[:MOST_RECORDED]
    if (more := len(rows) - MOST_RECORDED) > 0:
        name = f"  and {more} more recorded check{'s' * (more > 1)}"
        yield Row(name, ("", "", "", "", "", "recorded", ""), "dim")


def _controls(controls: Sequence[Evidence]) -> Iterable[Row]:
    refuted = [record for record in controls if record.verdict == "refuted"]
    yield from (_in_full(record) for record in controls if record not in refuted)
    if refuted:
        name = f"  controls: {len(refuted)} of {len(controls)}"
        yield Row(name, ("", "", "", "", "refuted", "", _seconds(refuted)), "dim")


def _name(record: Evidence) -> str:
    """The check's name, without the custom network that the heading above it names."""
    name = record.check.removesuffix(": counterexamples")  # The measured value says "none found".
    return name.removeprefix(record.network).lstrip(":, ") if record.network else name


def _aspect(record: Evidence) -> str:
    """What is checked, without the network or dataset that it is checked on."""
    return _name(record).partition(": ")[2] or _name(record)


def _cells(record: Evidence) -> tuple[str, ...]:
    """All cells of a check but the seconds."""
    verdict = verdict_words(record).removeprefix("control ")
    scale = record.scale if record.tier in ("", "fast") else f"{record.scale} {record.tier}"
    once = [it for it in ("one run", "one draw") if f"nothing: {it}" in record.replicated]
    noticed = notices(record) or "".join(once)
    figures = (published(record), measured(record), interval(record), noticed)
    return (*figures, verdict, scale.removesuffix("_full"))


def _row(name: str, records: Sequence[Evidence], **shown: Any) -> Row:
    cells = (*_cells(records[0]), _seconds(records))
    return Row(f"  {name}", cells, verdict=verdict_words(records[0]), **shown)


def _in_full(record: Evidence) -> Row:
    """A check that is not supported: its whole name, the bound, and why it was expected."""
    if record.verdict == "not run":
        below = [record.reason]
    else:
        known = verdict_words(record) == "does not reproduce" and record.reason
        below = [f"bound: {bound(record)}, from {record.source}"]
        below += [f"known: {record.reason}"] * bool(known)
    name = f"control: {_name(record)}" if record.control else _name(record)
    return _row(name, [record], whole=True, below=tuple(filter(None, below)))


def _seconds(records: Sequence[Evidence]) -> str:
    return f"{seconds_of(records):.0f}"


def totals(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    recorded: Sequence[Evidence] = (),
) -> list[str]:
    """Claims by verdict (a claim is as good as its worst check), controls, and what was not run.

    A custom network has a line to itself, and does not count for the paper's claims.
    """
    lines = []
    for network, checks in by_network(records).items():
        verdicts = claim_verdicts(checks)
        counts = counts_in_words(Counter(verdicts.values()))
        lines.append(f"{network}: {counts}, of {len(verdicts)} claims")
    paper = of_the_paper(records)
    if paper or not lines:
        lines += _totals(paper, catalogue)
    here = {record.claim for record in paper}
    if beside := [record for record in recorded if record.claim in here]:
        kept = Counter(claim_verdicts(beside).values())
        lines.append(
            f"recorded at the paper's size: {kept.total()} claims, {counts_in_words(kept)};"
            " see fixtures/records/README.md"
        )
        lines += sorted({record.recorded for record in beside})[:MOST_RECORDED]
    others: dict[str, list[str]] = {}
    for claim, verdict in claim_verdicts(recorded).items():
        if paper and claim not in here:
            others.setdefault(verdict, []).append(claim)
    if others:
        each = "; ".join(f"{verdict}: {', '.join(claims)}" for verdict, claims in others.items())
        lines.append(f"not run here, recorded at the paper's size: {each}")
    return lines


def _totals(records: Sequence[Evidence], catalogue: Mapping[str, Claim]) -> Iterable[str]:
    worst = claim_verdicts(records)
    catalogue = {claim: it for claim, it in catalogue.items() if it.section not in APART}
    counts = Counter(worst.values())
    judged = counts.total() - counts["not run"]
    yield f"{judged} of {len(catalogue)} claims judged: {counts_in_words(counts) or 'none'}"
    if controls := Counter(verdict_words(record) for record in records if record.control):
        by_verdict = ", ".join(f"{n} {it.removeprefix('control ')}" for it, n in controls.items())
        yield f"{controls.total()} control{'s' * (controls.total() > 1)}: {by_verdict}"
    if scaled := {r.claim for r in records if r.scale == "scaled" and not r.control}:
        yield f"{len(scaled)} judged at reduced scale, which never counts as the paper's own number"
    if idle := [claim for claim in catalogue if claim not in worst]:
        yield f"not run: {', '.join(idle)}"
