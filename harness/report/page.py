"""The report: one HTML file that says what was claimed, measured and decided, and works offline.

`write_report` writes it, the scorecard as text, and each figure as a file.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from harness import __version__
from harness.environment import now
from harness.evidence import formatting
from harness.evidence.catalogue import Claim
from harness.evidence.record import Evidence, RunRecord
from harness.evidence.statistics import CONFIDENCE
from harness.files import write_atomically
from harness.report.claim_tests import TIERS, claim_tests
from harness.report.curves import Series, paper_figures
from harness.report.drawings import FIGURES, figures_as_svg, inline
from harness.report.machines import machines_of
from harness.report.networks import (
    COLUMNS,
    FIGURE,
    LATER_WORK,
    MEASURES,
    QUESTIONS,
    compare,
    learning_curves,
    measure_rows,
    of_the_paper,
)
from harness.report.scorecard import scorecard
from harness.report.sources import Sources
from harness.report.tables import paper_tables
from harness.report.terminal import markdown_table
from harness.report.verdicts import APART, claim_verdicts, section_title, verdict_words
from harness.runs.settings import duration
from harness.sabotage.fault import load_faults, standing_in

PAPER_FIGURES = ("figure-1a", "figure-1b", "figure-1c", "figure-2a", "figure-2b")
SHOWN_AT_ONCE = 8
"""Checks of a claim; if there are more, supported ones are folded."""

MEANINGS = {
    "supported": "the whole interval is on the claim's side of the bound",
    "refuted": "the whole interval is on the other side of the bound",
    "inconclusive": "the interval straddles the bound",
    "does not reproduce": "does not hold as stated; the reason is known and written down",
    "not run": "nothing was judged in this evidence",
}
SYMBOLS = {
    "supported": "✓",
    "refuted": "✗",
    "inconclusive": "?",
    "does not reproduce": "≠",
    "not run": "–",
    "control refuted": "✓",
    "control NOT refuted": "✗",
}
"""So that no verdict is shown by its colour alone."""
View = dict[str, Any]
"""All that the page says of one claim; see `_view`."""


@dataclass(frozen=True)
class Picture:
    """A figure of the page, and the claims that it belongs to."""

    name: str
    caption: str
    markup: str
    width: int
    """In CSS pixels, as drawn."""
    claims: tuple[str, ...]
    ours: str = ""
    """In a figure of the paper: what of ours is in it."""


def write_report(folder: Path, sources: Sources, catalogue: Mapping[str, Claim]) -> list[Path]:
    """Write report.html, scorecard.txt and figures/NAME.svg; return the first two's paths.

    Raises StoreError if the folder cannot be written. ``sources.notices`` gains a sentence for
    every figure that cannot be drawn.
    """
    page, card = folder / "report.html", folder / "scorecard.txt"
    text = scorecard(sources.records, catalogue, recorded=sources.recorded)
    records = [*of_the_paper(sources.records), *sources.recorded]
    curves = paper_figures(records, sources.runs)
    if entries := [row.figure for row in measure_rows(sources.records) if row.figure]:
        curves[MEASURES] = entries
    if custom := learning_curves(sources.records, sources.runs):
        curves[FIGURE] = custom
    drawn = figures_as_svg(records, curves, empty=PAPER_FIGURES, warn=sources.notices.append)
    given = {record.figure["name"] for record in records if record.figure}
    html = render(sources, catalogue, curves, drawn)  # What fails leaves an earlier report whole.
    write_atomically(card, text.encode())
    for name, svg in drawn.items():
        if name in curves or name in given:
            write_atomically(folder / "figures" / f"{name}.svg", svg.encode())
    write_atomically(page, html.encode())
    return [page, card]


def render(
    sources: Sources,
    catalogue: Mapping[str, Claim],
    curves: Mapping[str, Sequence[Series]],
    drawn: Mapping[str, str],
) -> str:
    """The page; ``curves`` are ours in the paper's figures, ``drawn`` all figures as SVG."""
    everything = [*sources.records, *sources.recorded]
    pictures = _pictures(everything, curves, drawn)
    custom_picture = pictures.pop(FIGURE, None)
    measures_picture = pictures.pop(MEASURES, None)
    records = of_the_paper(sources.records)
    # A claim without a verdict in this evidence has that of the records, if there is one.
    here = claim_verdicts(records)
    verdicts = claim_verdicts(sources.recorded) | here
    views = {
        claim.id: _view(
            claim,
            verdicts.get(claim.id, "not run"),
            replace(sources, records=records),
            [picture for picture in pictures.values() if claim.id in picture.claims],
        )
        for claim in catalogue.values()
        if claim.section not in APART
    }
    later = [record for record in sources.records if record.network == LATER_WORK]
    of_later = claim_verdicts(later)
    counts = Counter(view["verdict"] for view in views.values())
    sections: dict[str, list[View]] = {}
    for view in views.values():
        sections.setdefault(view["claim"].section, []).append(view)
    machines = machines_of(everything)
    return template("report.html").render(
        version=__version__,
        written=now(),
        views=views,
        sections=[(name, section_title(name), each) for name, each in sections.items()],
        counts={verdict: counts[verdict] for verdict in MEANINGS},
        judged=sum(verdict != "not run" for verdict in here.values()),
        recorded_alone=verdicts.keys() - here.keys(),
        controls=Counter(verdict_words(record) for record in records if record.control),
        faults=len(load_faults()),
        scaled={r.claim for r in records if r.scale == "scaled" and not r.control},
        tiers=[tier for tier in TIERS if any(record.tier == tier for record in records)],
        needs=TIERS,
        networks=compare(sources.records, sources.runs),
        network_columns=COLUMNS,
        custom_picture=custom_picture,
        measures=measure_rows(sources.records),
        questions=QUESTIONS.values(),
        measures_picture=measures_picture,
        beyond=[
            _view(claim, of_later[claim.id], replace(sources, records=later, recorded=[]), [])
            for claim in catalogue.values()
            if claim.id in of_later
        ],
        machines=machines,
        letter={id(r): machine.letter for machine in machines for r in machine.records},
        files=sources.files,
        notices=sources.notices,
        tables=paper_tables([*records, *sources.recorded]),
        recorded={record.claim for record in sources.recorded},
        paper_figures=[pictures[name] for name in PAPER_FIGURES if name in pictures],
        runs=_used(everything, sources.runs),
        confidence=round(100 * CONFIDENCE),
        checks=sum(not record.control for record in records),
    )


def template(name: str) -> Template:
    """A template of this package; an undefined name in it raises."""
    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for function in (formatting.brief, formatting.command, formatting.slug, formatting.spark):
        environment.filters[function.__name__] = function
    environment.tests["scaled"] = lambda record: record.scale == "scaled"
    environment.globals.update(
        symbols=SYMBOLS,
        meanings=MEANINGS,
        words=formatting,
        markdown_table=markdown_table,
        verdict_words=verdict_words,
        duration=duration,
        id=id,
    )
    return environment.get_template(name)


def _pictures(
    records: Sequence[Evidence],
    curves: Mapping[str, Sequence[Series]],
    drawn: Mapping[str, str],
) -> dict[str, Picture]:
    pictures = {}
    for name, svg in drawn.items():
        drawing = FIGURES[name]
        shown_by = [it.claim for it in records if it.figure and it.figure["name"] == name]
        claims = tuple(dict.fromkeys([drawing.claim, *drawing.also, *shown_by]))
        ours = _ours(curves.get(name, ()), shown_by) if name in PAPER_FIGURES else ""
        markup = inline(svg, name, drawing.caption)
        width = round(float(re.findall(r' width="([\d.]+)pt"', svg)[0]) * 4 / 3)
        pictures[name] = Picture(name, drawing.caption, markup, width, claims, ours)
    return pictures


def _ours(series: Sequence[Series], shown_by: Sequence[str]) -> str:
    """What of ours a figure of the paper holds, in a sentence."""
    if not series:
        return "Ours is drawn solid." if shown_by else "None of it was run in this evidence."
    full = len({(it["network"], it["curve"]) for it in series if it["paper"]})
    small = sorted({f"{it['dataset']}, n = {it['images']:,}" for it in series if not it["paper"]})
    runs = len({(it["network"], it["dataset"], it["curve"], it["seed"]) for it in series})
    parts = [f"{full} curve{'s' * (full > 1)} at the paper's size"] * bool(full)
    parts += [f"reduced scale ({'; '.join(small)})"] * bool(small)
    return (
        f"Solid, ours: {' and '.join(parts)}; {runs} runs."
        " Bands reach from the lowest to the highest run."
    )


def _view(claim: Claim, verdict: str, sources: Sources, pictures: Sequence[Picture]) -> View:
    own = [record for record in sources.records if record.claim == claim.id]
    # Checks that are not supported come first, and are never folded.
    checks = sorted((it for it in own if not it.control), key=_is_supported)
    wrong = sum(not _is_supported(record) for record in checks)
    at_once = len(checks) if len(checks) <= SHOWN_AT_ONCE + 2 else max(wrong, SHOWN_AT_ONCE)
    recorded = [record for record in sources.recorded if record.claim == claim.id]
    keys = dict.fromkeys(key for record in [*own, *recorded] for key in record.runs)
    here = [it for it in pictures if it.claims[0] == claim.id and it.name not in PAPER_FIGURES]
    return {
        "claim": claim,
        "verdict": verdict,
        "reduced": {record.scale for record in checks if record.scale} == {"scaled"},
        "checks": checks[:at_once],
        "folded": checks[at_once:],
        "recorded": sorted(recorded, key=_is_supported),
        "controls": sorted((r for r in own if r.control), key=lambda r: r.as_it_should),
        # In the place of an identity's controls.
        "fault": standing_in(claim, load_faults()) if claim.identity else None,
        "runs": [sources.runs[key] for key in keys if key in sources.runs],
        # Neither the evidence nor the store has these.
        "lost": [key for key in keys if key not in sources.runs],
        "pictures": here,
        "also_shown": [it for it in pictures if it not in here],
        "tests": [test for test in claim_tests() if test.claim == claim.id],
        "judged_at": {record.tier for record in checks if record.verdict != "not run"},
        "commands": list(dict.fromkeys(record.command for record in own if record.command)),
    }


def _is_supported(record: Evidence) -> bool:
    return verdict_words(record) == "supported"


def _used(
    records: Sequence[Evidence], runs: Mapping[str, RunRecord]
) -> list[tuple[RunRecord, list[str]]]:
    """The runs behind the checks, each with the claims whose checks or controls name it."""
    claims: dict[str, dict[str, None]] = {}
    for record in records:
        for key in record.runs:
            if key in runs:
                claims.setdefault(key, {})[record.claim] = None
    return [(runs[key], list(named)) for key, named in claims.items()]
