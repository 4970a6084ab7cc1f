"""Networks of one's own, side by side: what each came to, and its learning curves.

Their verdicts are their own: they count for no claim of the paper, and fill no cell of its tables.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.record import Evidence
from harness.evidence.run_record import RunRecord
from harness.report.verdicts import claim_verdicts

FIGURE = "own-networks"
COLUMNS = (
    "network",
    "images",
    "epochs to fit true labels",
    "test accuracy",
    "epochs to fit random labels",
    "training accuracy",
    "test accuracy",
    "claims supported",
)
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


def of_the_paper(records: Iterable[Evidence]) -> list[Evidence]:
    """The checks on the paper's own networks and objects."""
    return [record for record in records if not record.network]


def by_network(records: Iterable[Evidence]) -> dict[str, list[Evidence]]:
    """The checks on networks of one's own, in the order in which these first appear."""
    found: dict[str, list[Evidence]] = {}
    for record in records:
        if record.network:
            found.setdefault(record.network, []).append(record)
    return found


def compare(records: Iterable[Evidence], runs: Mapping[str, RunRecord]) -> list[Comparison]:
    """A row for each network of one's own."""
    rows = []
    for network, checks in by_network(records).items():
        trained = {setting: _runs(checks, runs, setting) for setting in (TRUE, RANDOM)}
        images = sorted({_size(run) for each in trained.values() for run in each})
        verdicts = claim_verdicts(checks)
        good = sum(verdict == "supported" for verdict in verdicts.values())
        cells = (
            network,
            ", ".join(images),
            _mean(trained[TRUE], "epochs to fit"),
            _mean(trained[TRUE], "test accuracy"),
            _mean(trained[RANDOM], "epochs to fit"),
            _mean(trained[RANDOM], "train accuracy"),
            _mean(trained[RANDOM], "test accuracy"),
            f"{good} of {len(verdicts)}",
        )
        rows.append(Comparison(network, cells, verdicts, tuple(checks), note_on(checks)))
    return rows


def note_on(checks: Iterable[Evidence]) -> str:
    """Where a network's trainings depart from the paper's protocol, and on what data."""
    return next((it.notes[0] for it in checks if it.notes and it.verdict != "not run"), "")


def comparison_text(rows: Sequence[Comparison], width: int) -> str:
    """The table as text; a name that is too long has a line of its own."""
    if not rows:
        return ""
    above = ("", "", "true labels", "", "random labels", "", "", "claims")
    heads = ("network", "images", "epochs", "test", "epochs", "train", "test", "supported")
    widths = [
        max(len(cell) for cell in cells)
        for cells in zip(heads, *(row.cells for row in rows), strict=True)
    ]
    widths[2:5:2] = [max(widths[2], 6), max(widths[4], 6)]
    widths[0] = min(widths[0], width - sum(widths[1:]) - 2 * len(heads))

    def line(cells: Sequence[str]) -> str:
        told = [cells[0].ljust(widths[0])]
        told += [cell.rjust(size) for cell, size in zip(cells[1:], widths[1:], strict=True)]
        return "  ".join(told).rstrip()

    starts = [sum(widths[:i]) + 2 * i for i in range(len(widths))]
    top = ""
    for start, words in zip(starts, above, strict=True):
        top = top.ljust(start) + words if words else top
    lines = [top.rstrip(), line(heads)]
    for row in rows:
        if len(row.network) > widths[0]:
            lines.append(row.network)
        lines.append(line(("" if len(row.network) > widths[0] else row.network, *row.cells[1:])))
    return "\n".join(lines) + "\n"


def learning_curves(
    records: Iterable[Evidence], runs: Mapping[str, RunRecord]
) -> list[dict[str, Any]]:
    """Accuracy on the training images as the batches came, against steps; a curve a run."""
    return [
        {
            "network": network,
            "labels": setting,
            "x": run.curve["step"],
            "y": run.curve["online_accuracy"],
        }
        for network, checks in by_network(records).items()
        for setting in (TRUE, RANDOM)
        for run in _runs(checks, runs, setting)
        if run.curve.get("step")
    ]


def _runs(
    checks: Iterable[Evidence], runs: Mapping[str, RunRecord], setting: str
) -> list[RunRecord]:
    keys = dict.fromkeys(key for check in checks for key in check.runs)
    return [runs[key] for key in keys if key in runs and _setting(runs[key].recipe) == setting]


def _setting(recipe: Mapping[str, Any]) -> str:
    """By the recipe's fields: its dataset need not be on this machine."""
    plain = (
        recipe.get("inputs") == "true"
        and recipe.get("labels") == "classes"
        and recipe.get("redraw") == "never"
    )
    return {0: TRUE, 1: RANDOM}.get(recipe.get("label_corruption"), "") if plain else ""


def _size(run: RunRecord) -> str:
    dataset = str(run.recipe["dataset"]).removeprefix("torchvision:")
    if dataset.startswith("folder:"):
        dataset = dataset.rpartition("@")[0].rpartition("/")[2]
    count = run.recipe.get("train_size")
    return f"{count:,} of {dataset}" if count else f"all of {dataset}"


def _mean(runs: Sequence[RunRecord], figure: str) -> str:
    """The mean over runs; "never" where one did not get there."""
    values = [run.figures.get(figure) for run in runs]
    if not values:
        return "not run"
    if None in values:
        return "never" if figure == "epochs to fit" else "diverged"
    mean = sum(values) / len(values)
    return f"{mean:,.0f}" if figure == "epochs to fit" else f"{100 * mean:.2f} %"
