"""The report as files: the page, the scorecard as text, and each figure by itself."""

from collections.abc import Mapping
from pathlib import Path

from harness.evidence.catalogue import Claim
from harness.files import write_atomically
from harness.report.curves import paper_figures
from harness.report.figures import figures_as_svg
from harness.report.index import written_claims
from harness.report.networks import FIGURE, learning_curves, of_the_paper
from harness.report.page import PAPER_FIGURES, render
from harness.report.scorecard import scorecard
from harness.report.sources import Sources


def write_report(folder: Path, sources: Sources, catalogue: Mapping[str, Claim]) -> list[Path]:
    """Write report.html, scorecard.txt and figures/NAME.svg; return the first two's paths.

    Raises StoreError where the folder cannot be written. ``sources.notices`` gains a sentence for
    every figure that cannot be drawn.
    """
    page, card = folder / "report.html", folder / "scorecard.txt"
    text = scorecard(sources.records, catalogue, written_claims(), recorded=sources.recorded)
    write_atomically(card, text.encode())  # First: where it cannot be written, nothing is drawn.
    records = [*of_the_paper(sources.records), *sources.recorded]
    curves = paper_figures(records, sources.runs)
    if own := learning_curves(sources.records, sources.runs):
        curves[FIGURE] = own
    drawn = figures_as_svg(records, curves, empty=PAPER_FIGURES, notice=sources.notices.append)
    given = {record.figure["name"] for record in records if record.figure}
    for name, svg in drawn.items():
        if name in curves or name in given:
            write_atomically(folder / "figures" / f"{name}.svg", svg.encode())
    write_atomically(page, render(sources, catalogue, curves, drawn).encode())
    return [page, card]
