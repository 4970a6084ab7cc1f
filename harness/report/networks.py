"""Custom networks and complexity measures side by side: results, learning curves, answers.

They have verdicts of their own: these count for no claim of the paper and fill no cell of its
tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from harness.evidence.record import Evidence, RunRecord
from harness.report.terminal import as_text
from harness.report.verdicts import claim_verdicts

FIGURE = "custom-networks"
COLUMNS = (
    ("network", "network"),
    ("images", "images"),
    ("epochs to fit true labels", "true\nlabels:\nepochs"),
    ("test accuracy", "test"),
    ("epochs to fit random labels", "random\nlabels:\nepochs"),
    ("training accuracy", "train"),
    ("test accuracy", "test"),
    ("claims supported", "claims\nsupported"),
)
"""Each with its heading at the terminal."""
TRUE, RANDOM = "true labels", "random labels"


@dataclass(frozen=True)
class Comparison:
    """A network's row: a cell a column of `COLUMNS`, and its checks."""

    network: str
    cells: tuple[str, ...]
    verdicts: dict[str, str]
    """By claim."""
    checks: tuple[Evidence, ...]
    note: str
    """Where its trainings depart from the paper's protocol."""


LATER_WORK = "later work"
"""In the place of a network's name: what is about claims/beyond."""


def of_the_paper(records: Iterable[Evidence]) -> list[Evidence]:
    """The checks on the paper's own networks and objects."""
    return [record for record in records if not record.network]


def is_of_measure(record: Evidence) -> bool:
    """Whether it is about a complexity measure (claims/measures), whose name is the network's."""
    return record.claim.startswith("M-")


def _is_of_network(record: Evidence) -> bool:
    return not is_of_measure(record) and record.network != LATER_WORK


def by_network(records: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """The checks on each custom network, in the order of the networks' first checks."""
    found: dict[str, list[Evidence]] = {}
    for record in records:
        if record.network:
            found.setdefault(record.network, []).append(record)
    return found


def compare(records: Iterable[Evidence], runs: Mapping[str, RunRecord]) -> list[Comparison]:
    """A row for each custom network."""
    rows = []
    for network, checks in by_network(filter(_is_of_network, records)).items():
        true, random = (_runs(checks, runs, labels) for labels in (TRUE, RANDOM))
        verdicts = claim_verdicts(checks)
        supported = sum(verdict == "supported" for verdict in verdicts.values())
        cells = (
            network,
            ", ".join(sorted({_size(run) for run in [*true, *random]})),
            _mean(true, "epochs to fit"),
            _mean(true, "test accuracy"),
            _mean(random, "epochs to fit"),
            _mean(random, "train accuracy"),
            _mean(random, "test accuracy"),
            f"{supported} of {len(verdicts)}",
        )
        rows.append(Comparison(network, cells, verdicts, tuple(checks), note_on(checks)))
    return rows


def note_on(checks: Iterable[Evidence]) -> str:
    """Where a network's trainings depart from the paper's protocol, and on what data."""
    return next((it.notes[0] for it in checks if it.notes and it.verdict != "not run"), "")


def comparison_text(rows: Sequence[Comparison], width: int) -> str:
    """The table as text, at most ``width`` columns wide."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False)
    table.add_column("network", vertical="bottom", overflow="fold")
    for _, heading in COLUMNS[1:]:
        table.add_column(heading, justify="right", vertical="bottom", no_wrap=True, overflow="fold")
    for row in rows:
        table.add_row(*row.cells)
    return as_text([table], width)


def learning_curves(
    records: Iterable[Evidence], runs: Mapping[str, RunRecord]
) -> list[dict[str, Any]]:
    """Online training accuracy against steps; a curve a run."""
    return [
        {
            "network": network,
            "labels": labels,
            "x": run.curve["step"],
            "y": run.curve["online_accuracy"],
        }
        for network, checks in by_network(filter(_is_of_network, records)).items()
        for labels in (TRUE, RANDOM)
        for run in _runs(checks, runs, labels)
        if run.curve.get("step")
    ]


def _runs(
    checks: Iterable[Evidence], runs: Mapping[str, RunRecord], labels: str
) -> list[RunRecord]:
    """The runs behind the checks on images as they are, with true or with random labels."""
    recipe = {
        "inputs": "true",
        "labels": "classes",
        "redraw": "never",
        "label_corruption": float(labels == RANDOM),
    }
    keys = dict.fromkeys(key for check in checks for key in check.runs if key in runs)
    return [
        runs[key]
        for key in keys
        if all(runs[key].recipe.get(name) == value for name, value in recipe.items())
    ]


def _size(run: RunRecord) -> str:
    dataset = str(run.recipe["dataset"]).removeprefix("torchvision:")
    if dataset.startswith("folder:"):
        dataset = dataset.rpartition("@")[0].rpartition("/")[2]
    count = run.recipe.get("train_size")
    return f"{count:,} of {dataset}" if count else f"all of {dataset}"


def _mean(runs: Sequence[RunRecord], figure: str) -> str:
    """The mean over runs; "never" if a run did not get there."""
    values = [value for run in runs if (value := run.figures.get(figure)) is not None]
    if not runs:
        return "not run"
    if len(values) < len(runs):
        return "never" if figure == "epochs to fit" else "diverged"
    mean = sum(values) / len(values)
    return f"{mean:,.0f}" if figure == "epochs to fit" else f"{100 * mean:.2f} %"


MEASURES = "complexity-measures"
QUESTIONS = {
    "M-labels": "Is it larger on random labels?",
    "M-gaps": "Does it rank the gaps?",
    "M-images": "Does it shrink as the sample grows?",
    "M-bound": "Does its bound say something?",
    "M-function": "Is it the same for the same function?",
}
"""By the claim's id, in the order of the columns."""
SAID_OF = {
    "random than on true labels": "of pairs",
    "trend with the share": "tau with the share of random labels",
    "the generalisation gap": "tau, all networks",
    "labels of one kind": "tau, labels of one kind",
    "samples of one size": "tau, samples of one size",
    "growth per doubling": "a doubling",
    "bound of": "a doubling, its bound",
    "smallest bound": "times the error of a guess, smallest bound",
    "exceeds the bound": "of bounds fail",
    "above their bound": "of bounds fail",
    "largest change": "largest change",
}
"""What a number is, by words of its check's name, in the order in which they are shown."""
NO_BOUND = "gives no bound"
"""In the reason of a test that ended because the measure has none."""


@dataclass(frozen=True)
class Answer:
    """A cell: the claim's verdict, and each number that was measured, with what it is."""

    question: str
    verdict: str
    words: str
    """The verdict in words, or why there is none."""
    measured: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MeasureRow:
    """A measure, an answer a question, and all its checks."""

    measure: str
    answers: tuple[Answer, ...]
    checks: tuple[Evidence, ...]
    figure: dict[str, object] | None


def measure_rows(records: Iterable[Evidence]) -> list[MeasureRow]:
    """A row for each measure, in the order of their first checks."""
    of_measures = by_network(record for record in records if is_of_measure(record))
    return [_row(name, checks) for name, checks in of_measures.items()]


def _row(name: str, checks: list[Evidence]) -> MeasureRow:
    verdicts = claim_verdicts(checks)
    answers = []
    for claim, question in QUESTIONS.items():
        own = [it for it in checks if it.claim == claim and not it.control]
        shown = tuple((_short(it), _said(it)) for it in sorted(own, key=_place) if it.values)
        verdict = verdicts.get(claim, "not run")
        words = verdict if own else "not asked"
        if any(NO_BOUND in it.reason for it in own):
            words = "no bound"
        answers.append(Answer(question, verdict, words, shown))
    figures = [it.figure["data"] for it in checks if it.figure and it.figure["name"] == MEASURES]
    judged = tuple(it for it in checks if it.verdict != "not run")
    return MeasureRow(name, tuple(answers), judged, figures[0] if figures else None)


def _place(check: Evidence) -> tuple[int, bool]:
    found = [place for place, part in enumerate(SAID_OF) if part in check.check]
    return max(found, default=len(SAID_OF)), check.scale == "paper"


def _said(check: Evidence) -> str:
    place, full_size = _place(check)
    return [*SAID_OF.values(), ""][place] + ", full size" * full_size


def _short(check: Evidence) -> str:
    """The mean of a check's values, to two decimals; no share has any."""
    finite = [it for it in check.values if it is not None]
    if len(finite) < len(check.values):
        return "infinite"
    mean = sum(finite) / len(finite)
    if check.unit == "share":
        return f"{100 * mean:.0f} %"
    return f"{mean:.3g}" if abs(mean) >= 1e6 else f"{mean:,.{2 if abs(mean) < 10 else 0}f}"
