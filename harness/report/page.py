"""The report: one HTML file that says what was claimed, measured and decided, and works offline.

`harness.report.write.write_report` makes the files.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from harness import __version__
from harness.environment import now
from harness.evidence.catalogue import Claim
from harness.evidence.record import Evidence
from harness.evidence.run_record import RunRecord
from harness.evidence.statistics import CONFIDENCE
from harness.report import words
from harness.report.curves import Series
from harness.report.figures import FIGURES
from harness.report.filters import brief, command, slug, spark
from harness.report.index import TIERS, ClaimTest, claim_tests
from harness.report.inline import Inline, inline
from harness.report.machines import machines_of
from harness.report.networks import COLUMNS, FIGURE, compare, of_the_paper
from harness.report.sources import Sources
from harness.report.tables import paper_tables
from harness.report.verdicts import (
    SECTIONS,
    claim_verdicts,
    seconds_of,
    section_title,
    verdict_words,
)
from harness.sabotage.fault import Fault, load_faults, standing_in

PAPER_FIGURES = ("figure-1a", "figure-1b", "figure-1c", "figure-2a", "figure-2b")
SHOWN_AT_ONCE = 8
"""Checks of a claim; where there are more, those that agree are folded."""

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
"""So that no verdict is told by its colour alone."""


@dataclass(frozen=True)
class Picture:
    """A figure of the page: its drawing, and the claims that it shows something of."""

    name: str
    caption: str
    drawing: Inline
    claims: tuple[str, ...]
    ours: str = ""
    """For the paper's figures: what of ours is in it."""


@dataclass(frozen=True)
class ClaimView:
    """All that the report says of one claim."""

    claim: Claim
    verdict: str
    checks: list[Evidence]
    folded: list[Evidence]
    recorded: list[Evidence]
    controls: list[Evidence]
    fault: Fault | None
    """What is planted for an identity, which has no controls."""
    runs: list[RunRecord]
    lost: list[str]
    """Keys of runs that neither the evidence nor the store has."""
    pictures: list[Picture]
    elsewhere: list[Picture]
    """Figures shown with another claim, or among the paper's."""
    tests: list[ClaimTest]
    tiers: set[str]
    """At which it was judged."""
    commands: list[str]
    seconds: float

    @property
    def scales(self) -> list[str]:
        """At which its checks were judged."""
        judged = [*self.checks, *self.folded]
        return sorted({record.scale for record in judged if record.scale})


def render(
    sources: Sources,
    catalogue: Mapping[str, Claim],
    curves: Mapping[str, Sequence[Series]],
    drawn: Mapping[str, str],
) -> str:
    """The whole page.

    ``curves`` are ours in the paper's figures (`paper_figures`), ``drawn`` all figures as SVG.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("harness.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(brief=brief, command=command, slug=slug, spark=spark)
    environment.tests["scaled"] = lambda record: record.scale == "scaled"
    environment.globals.update(
        symbols=SYMBOLS, meanings=MEANINGS, words=words, verdict_words=verdict_words, id=id
    )
    return environment.get_template("report.html").render(
        **_context(
            sources, catalogue, _pictures([*sources.records, *sources.recorded], curves, drawn)
        )
    )


def _context(
    sources: Sources, catalogue: Mapping[str, Claim], pictures: Mapping[str, Picture]
) -> dict[str, Any]:
    tests, problems = claim_tests()
    faults = load_faults()
    networks = compare(sources.records, sources.runs)
    own_picture = pictures.get(FIGURE)
    pictures = {name: it for name, it in pictures.items() if name != FIGURE}
    everything = [*sources.records, *sources.recorded]
    records = of_the_paper(sources.records)
    sources = replace(sources, records=records)
    machines = machines_of(everything)
    # What was not run in this evidence has the verdict of the records, if there is one.
    here = claim_verdicts(records)
    verdicts = claim_verdicts(sources.recorded) | here
    views = {
        claim.id: _view(claim, verdicts.get(claim.id, "not run"), sources, pictures, tests, faults)
        for claim in catalogue.values()
    }
    counts = Counter(view.verdict for view in views.values())
    controls = Counter(verdict_words(record) for record in records if record.control)
    sections: dict[str, list[ClaimView]] = {}
    for view in views.values():
        sections.setdefault(view.claim.section, []).append(view)
    times = sorted(record.when for record in records if record.when)
    return {
        "version": __version__,
        "written": now(),
        "first": times[0] if times else "",
        "last": times[-1] if times else "",
        "views": views,
        "sections": [(name, section_title(name), each) for name, each in sections.items()],
        "headings": SECTIONS,
        "counts": {verdict: counts[verdict] for verdict in MEANINGS},
        "judged": sum(verdict != "not run" for verdict in here.values()),
        "recorded_alone": verdicts.keys() - here.keys(),
        "controls": controls,
        "faults": len(faults),
        "scaled": {r.claim for r in records if r.scale == "scaled" and not r.control},
        "tiers": [tier for tier in TIERS if any(record.tier == tier for record in records)],
        "needs": TIERS,
        "networks": networks,
        "network_columns": COLUMNS,
        "own_picture": own_picture,
        "machines": machines,
        "letter": {id(r): machine.letter for machine in machines for r in machine.records},
        "files": sources.files,
        "notices": [*sources.notices, *problems],
        "tables": paper_tables([*records, *sources.recorded]),
        "recorded": {record.claim for record in sources.recorded},
        "paper_figures": [pictures[name] for name in PAPER_FIGURES if name in pictures],
        "runs": _used(everything, sources.runs),
        "confidence": round(100 * CONFIDENCE),
        "checks": sum(not record.control for record in records),
        "seconds": seconds_of(records),
    }


def _pictures(
    records: Sequence[Evidence],
    curves: Mapping[str, Sequence[Series]],
    drawn: Mapping[str, str],
) -> dict[str, Picture]:
    pictures = {}
    for name, svg in drawn.items():
        drawing = FIGURES[name]
        shown_by = [
            record.claim
            for record in records
            if record.figure is not None and record.figure.get("name") == name
        ]
        claims = tuple(dict.fromkeys([drawing.claim, *drawing.also, *shown_by]))
        ours = _ours(curves.get(name, ()), shown_by) if name in PAPER_FIGURES else ""
        figure = inline(svg, name, re.sub(r"\s+", " ", drawing.caption))
        pictures[name] = Picture(name, drawing.caption, figure, claims, ours)
    return pictures


def _ours(series: Sequence[Series], shown_by: Sequence[str]) -> str:
    """What of ours a figure of the paper holds, in a sentence."""
    if not series:
        return "Ours is drawn solid." if shown_by else "None of it was run in this evidence."
    full = len({(it["network"], it["curve"]) for it in series if it["paper"]})
    small = sorted({f"{it['dataset']}, n = {it['images']:,}" for it in series if not it["paper"]})
    runs = len({(it["network"], it["dataset"], it["curve"], it["seed"]) for it in series})
    told = [f"{full} curve{'s' * (full > 1)} at the paper's size"] * bool(full)
    told += [f"reduced scale ({'; '.join(small)})"] * bool(small)
    return (
        f"Solid, ours: {' and '.join(told)}; {runs} runs."
        " Bands reach from the lowest to the highest run."
    )


def _view(
    claim: Claim,
    verdict: str,
    sources: Sources,
    pictures: Mapping[str, Picture],
    tests: Sequence[ClaimTest],
    faults: Sequence[Fault],
) -> ClaimView:
    own = [record for record in sources.records if record.claim == claim.id]
    checks = [record for record in own if not record.control]
    # What did not go as it should comes first, and is never folded.
    checks.sort(key=lambda record: verdict_words(record) == "supported")
    wrong = sum(verdict_words(record) != "supported" for record in checks)
    at_once = len(checks) if len(checks) <= SHOWN_AT_ONCE + 2 else max(wrong, SHOWN_AT_ONCE)
    recorded = [record for record in sources.recorded if record.claim == claim.id]
    recorded.sort(key=lambda record: verdict_words(record) == "supported")
    keys = dict.fromkeys(key for record in [*own, *recorded] for key in record.runs)
    shown = [it for it in pictures.values() if claim.id in it.claims]
    here = [it for it in shown if it.claims[0] == claim.id and it.name not in PAPER_FIGURES]
    return ClaimView(
        claim=claim,
        verdict=verdict,
        checks=checks[:at_once],
        folded=checks[at_once:],
        recorded=recorded,
        controls=sorted((r for r in own if r.control), key=lambda r: r.as_it_should),
        fault=standing_in(claim, faults) if claim.identity else None,
        runs=[sources.runs[key] for key in keys if key in sources.runs],
        lost=[key for key in keys if key not in sources.runs],
        pictures=here,
        elsewhere=[it for it in shown if it not in here],
        tests=[test for test in tests if test.claim == claim.id],
        tiers={record.tier for record in checks if record.verdict != "not run"},
        commands=list(dict.fromkeys(record.command for record in own if record.command)),
        seconds=seconds_of(own),
    )


def _used(
    records: Sequence[Evidence], runs: Mapping[str, RunRecord]
) -> list[tuple[RunRecord, list[str]]]:
    """The runs behind the checks, each with the claims whose checks or controls name it."""
    claims: dict[str, list[str]] = {}
    for record in records:
        for key in record.runs:
            if key in runs and record.claim not in claims.setdefault(key, []):
                claims[key].append(record.claim)
    return [(runs[key], named) for key, named in claims.items()]
