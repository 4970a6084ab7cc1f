"""The scorecard: section by section, a row a claim and a row a check, in a hundred columns.

Supported checks that say the same of several things share a row, and beyond the first few without
a published number they are counted: the page lists them all. What did not go as it should always
has a row of its own, in full.
"""

import io
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.text import Text

from harness.evidence.catalogue import Claim
from harness.evidence.record import Evidence
from harness.report.networks import by_network, note_on, of_the_paper
from harness.report.verdicts import (
    claim_verdicts,
    seconds_of,
    section_title,
    told_counts,
    verdict_words,
)
from harness.report.words import bound, interval, measured, published

WIDTH = 100
OWN = "verdicts of its own; published numbers are those of the paper's networks"
STYLES = {
    "supported": "green",
    "refuted": "bold red",
    "inconclusive": "yellow",
    "not run": "dim",
    "control refuted": "dim green",
    "control NOT refuted": "bold red",
    "does not reproduce": "magenta",
}
HEADINGS = ("claim and check", "published", "measured", "interval", "verdict", "scale", "s")
VERDICT = 4
LEFT = (0, VERDICT, 5)
"""The columns that are set flush left."""
GAPS = ("", " ", " ", "  ", "  ", " ", " ")
"""Before each column."""
MOST_PUBLISHED, MOST_OTHERS, MOST_RECORDED = 8, 3, 4
"""Supported checks of a claim that get rows, with a published number and without; recorded ones."""


@dataclass(frozen=True)
class Row:
    """A line of the table: its cells, and how it is coloured."""

    cells: tuple[str, ...]
    style: str = ""
    verdict: str = ""
    whole: bool = False
    """Whether the first cell is continued below where it is too long, instead of being cut."""
    below: tuple[str, ...] = ()
    """What is told below it, in full."""


def scorecard(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    written: set[str],
    width: int = WIDTH,
    colour: bool = False,
    recorded: Sequence[Evidence] = (),
) -> str:
    """The table and its totals as text; ``written`` are the claims that have a test.

    ``recorded`` checks stand below those of the claims that were judged, and count for none; those
    of other claims are left to the page.
    """
    judged = {record.claim for record in records}
    recorded = [record for record in recorded if record.claim in judged]
    rows = [Row(HEADINGS, "bold"), *_rows(of_the_paper(records), catalogue, recorded)]
    for network, own in by_network(records).items():
        heading = (f"On {network}: {OWN}", *[""] * 6)
        rows += [Row(("",) * 7), Row(heading, "bold", below=(note_on(own),))]
        rows += _rows(own, catalogue)
    widths = [
        max(len(words) for row in rows for words in _two(row.cells[i]))
        for i in range(1, len(HEADINGS))
    ]
    widths.insert(0, width - sum(widths) - sum(map(len, GAPS)))
    lines = [line for row in rows for line in _lines(row, widths)] + [Text()] if records else []
    lines += [Text(line) for line in totals(records, catalogue, written, recorded)]
    buffer = io.StringIO()
    console = Console(
        file=buffer, width=width, force_terminal=colour, no_color=not colour, highlight=False
    )
    for line in lines:
        console.print(line, soft_wrap=len(line) <= width)
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


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
            yield Row(("",) * 7)
            yield Row((section_title(section), *[""] * 6), style="underline")
        own = [record for record in records if record.claim == claim]
        checks = [record for record in own if not record.control]
        words = verdicts.get(claim, "not run")  # Where its controls alone were selected.
        sentence = f"{claim}  {known.sentence}" if known else claim
        scales = {record.scale for record in checks if record.scale}
        scale = scales.pop() if len(scales) == 1 else ""
        cells = (sentence, "", "", "", words, scale, _seconds(checks))
        yield Row(cells, style="bold", verdict=words)
        yield from _checks(checks)
        yield from _recorded([record for record in recorded if record.claim == claim])
        yield from _controls([record for record in own if record.control])


def _checks(checks: Sequence[Evidence]) -> Iterable[Row]:
    wrong = [record for record in checks if verdict_words(record) != "supported"]
    for record in wrong:
        yield _in_full(record)
    alike: dict[tuple[str, ...], list[Evidence]] = {}
    for record in checks:
        if record not in wrong:
            # Networks with a published number each are told apart, unless there are many alike.
            name = _aspect(record) if _many(record, checks) else _name(record)
            alike.setdefault((name, *_figures(record)), []).append(record)
    shown = {True: 0, False: 0}
    rest: list[Evidence] = []
    # What was trained for comes before what was computed.
    for (name, *_), same in sorted(alike.items(), key=lambda it: not it[1][0].runs):
        compared = same[0].published is not None
        if shown[compared] == (MOST_PUBLISHED if compared else MOST_OTHERS):
            rest += same
            continue
        shown[compared] += 1
        times = f"{len(same)} x " if len(same) > 1 else ""
        yield _row(f"  {times}{_name(same[0]) if len(same) == 1 else name}", same)
    if rest:
        told = f"  and {len(rest)} more check{'s' * (len(rest) > 1)}"
        yield Row((told, "", "", "", "supported", "", _seconds(rest)), "dim", "supported")


def _recorded(checks: Sequence[Evidence]) -> Iterable[Row]:
    """What the repository's records say: what is wrong first, and not more than a few rows."""
    rows: dict[tuple[str, ...], Evidence] = {}
    for record in sorted(checks, key=lambda record: verdict_words(record) == "supported"):
        # One run may be judged at two tiers.
        rows.setdefault((_name(record), *_figures(record)[:4]), record)
    shown = list(rows.values())[:MOST_RECORDED]
    for record in shown:
        published_, measured_, interval_, words, _ = _figures(record)
        cells = (f"  {_name(record)}", published_, measured_, interval_, words, "recorded", "")
        yield Row(cells, verdict=verdict_words(record))
    if left := len(rows) - len(shown):
        told = f"  and {left} more recorded check{'s' * (left > 1)}"
        yield Row((told, "", "", "", "", "recorded", ""), "dim")


def _many(record: Evidence, checks: Sequence[Evidence]) -> bool:
    """Whether checks of one aspect with one outcome may share a row."""
    key = (_aspect(record), *_figures(record))
    same = sum((_aspect(other), *_figures(other)) == key for other in checks)
    return same > (2 if record.published is not None else 1)


def _controls(controls: Sequence[Evidence]) -> Iterable[Row]:
    refuted = [record for record in controls if record.verdict == "refuted"]
    for record in controls:
        if record not in refuted:
            yield _in_full(record)
    if refuted:
        told = f"  controls: {len(refuted)} of {len(controls)}"
        cells = (told, "", "", "", "refuted", "", _seconds(refuted))
        yield Row(cells, style="dim")


def _name(record: Evidence) -> str:
    """The check; not the network that the heading above names, which would fill the column."""
    name = record.check.removesuffix(": counterexamples")  # The figure says that none was found.
    of_network = record.network and name.startswith(record.network)
    return name.removeprefix(record.network).lstrip(":, ") if of_network else name


def _aspect(record: Evidence) -> str:
    """What is checked, without the network or dataset that it is checked on."""
    return _name(record).partition(": ")[2] or _name(record)


def _figures(record: Evidence) -> tuple[str, ...]:
    words = verdict_words(record)
    scale = record.scale if record.tier in ("", "fast") else f"{record.scale} {record.tier}"
    return (
        published(record),
        measured(record),
        interval(record),
        words.removeprefix("control "),
        scale.removesuffix("_full"),
    )


def _row(name: str, records: Sequence[Evidence]) -> Row:
    cells = (name, *_figures(records[0]), _seconds(records))
    return Row(cells, verdict=verdict_words(records[0]))


def _in_full(record: Evidence) -> Row:
    """What is not as one would wish: its whole name, the bound, and why it was expected."""
    why = record.reason
    below = why if record.verdict == "not run" else f"bound: {bound(record)}, from {record.source}"
    known = f"known: {why}" if verdict_words(record) == "does not reproduce" and why else ""
    name = f"  control: {_name(record)}" if record.control else f"  {_name(record)}"
    return replace(_row(name, [record]), whole=True, below=(below, known))


def _seconds(records: Sequence[Evidence]) -> str:
    return f"{seconds_of(records):.0f}"


def _lines(row: Row, widths: Sequence[int]) -> list[Text]:
    """The row as lines. Figures are never cut; a name runs on over empty cells, and is then cut
    or, where it must not be, continued below, as the one long verdict is."""
    starts = [sum(widths[:i]) + sum(map(len, GAPS[: i + 1])) for i in range(len(widths))]
    verdict, *rest_of_verdict = _two(row.cells[VERDICT])
    cells = [*row.cells[:VERDICT], verdict, *row.cells[VERDICT + 1 :]]
    placed = [
        (starts[i] if i in LEFT else starts[i] + widths[i] - len(cell), cell)
        for i, cell in enumerate(cells)
        if i and cell
    ]
    room = placed[0][0] - 2 if placed else sum(widths) + sum(map(len, GAPS))
    first, *more = _continued(cells[0], room) if row.whole else [_cut(cells[0], room)]
    line = first
    for start, cell in placed:
        line = line.ljust(start) + cell
    texts = [Text(text, style=row.style) for text in (line, *(f"    {text}" for text in more))]
    place = starts[VERDICT]
    for number, words in enumerate([verdict, *rest_of_verdict]):
        if number == len(texts):
            texts.append(Text())
        if number:
            texts[number].append(" " * (place - len(texts[number])) + words)
        if row.verdict:
            texts[number].stylize(STYLES[row.verdict], place, place + len(words))
    for told in filter(None, row.below):
        wrapped = textwrap.wrap(told, starts[-1] + widths[-1] - 4)
        texts += [Text(f"    {line}", style="dim") for line in wrapped]
    return texts


def _two(cell: str) -> tuple[str, ...]:
    """A cell's lines: two for the one long verdict."""
    return tuple(cell.rsplit(" ", 1)) if cell == "does not reproduce" else (cell,)


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    cut = text[: room - 3]
    whole = cut.rpartition(" ")[0]
    return f"{(whole if len(cut) - len(whole) < 10 else cut).rstrip(' ,:;')}..."


def _continued(text: str, room: int) -> list[str]:
    indent = text[: len(text) - len(text.lstrip())]
    first, *more = textwrap.wrap(text.strip(), room - 2 - len(indent))
    return [f"{indent}{first}", *more]


def totals(
    records: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    written: set[str],
    recorded: Sequence[Evidence] = (),
) -> list[str]:
    """Claims by verdict (a claim is as good as its worst check), controls, and what was not run.

    A network of somebody's own has a line of its own, and counts for none of them.
    """
    own = [
        f"{network}: {told_counts(Counter(claim_verdicts(each).values()))}, of"
        f" {len(claim_verdicts(each))} claims"
        for network, each in by_network(records).items()
    ]
    records = of_the_paper(records)
    if own and not records:
        return own
    lines = own + _totals(records, catalogue, written)
    if recorded:
        verdicts = Counter(claim_verdicts(recorded).values())
        lines.append(
            f"recorded at the paper's size: {verdicts.total()} claims, {told_counts(verdicts)};"
            " see fixtures/records/README.md"
        )
        lines += sorted({record.recorded for record in recorded})[:MOST_RECORDED]
    return lines


def _totals(
    records: Sequence[Evidence], catalogue: Mapping[str, Claim], written: set[str]
) -> list[str]:
    worst = claim_verdicts(records)
    controls = Counter(verdict_words(record) for record in records if record.control)
    counts = Counter(worst.values())
    verdicts = told_counts(counts)
    judged = sum(n for words, n in counts.items() if words != "not run")
    lines = [f"{judged} of {len(catalogue)} claims judged: {verdicts or 'none'}"]
    if controls:
        told = ", ".join(f"{n} {words.removeprefix('control ')}" for words, n in controls.items())
        lines.append(f"{(n := sum(controls.values()))} control{'s' * (n > 1)}: {told}")
    if scaled := {r.claim for r in records if r.scale == "scaled" and not r.control}:
        lines.append(
            f"{len(scaled)} judged at reduced scale, which never counts as the paper's own number"
        )
    idle = [claim for claim in catalogue if claim in written and claim not in worst]
    if idle:
        lines.append(f"not run: {', '.join(idle)}")
    if unwritten := [claim for claim in catalogue if claim not in written]:
        lines.append(f"not written yet: {len(unwritten)} claims ({', '.join(unwritten)})")
    return lines
