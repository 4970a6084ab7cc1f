"""Tables 1 to 4 of the paper, each number beside ours: checks name the cells that they fill."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from harness.evidence.formatting import quantity
from harness.evidence.published import UNITS, cell_name, published_table
from harness.evidence.record import Evidence

SCALES = ("paper", "exact", "scaled")
"""The order within a cell: the paper's own size comes first."""

Row = dict[str, Any]
Place = tuple[str, str, dict[str, str]]
"""Where a published row stands: the heading of its group, its title, and the claim of each field
of it that is shown."""


@dataclass(frozen=True)
class Cell:
    """One published number, our measurements of it, and the claim that it belongs to."""

    published: str
    ours: tuple[Evidence, ...]
    claim: str
    remark: str = ""

    @property
    def of_its_claim(self) -> tuple[Evidence, ...]:
        """Those of ours that its own claim judges; all where it judges none."""
        return tuple(it for it in self.ours if it.claim == self.claim) or self.ours


@dataclass(frozen=True)
class PaperTable:
    """A table: its columns, and by heading its groups of rows."""

    name: str
    title: str
    columns: tuple[str, ...]
    groups: dict[str, list[tuple[str, list[list[Cell]]]]]
    """Of each row the title, and the cells of each column."""
    shared: dict[str, Cell]
    """By heading, the number that belongs to the whole group."""

    @property
    def cells(self) -> list[Cell]:
        """All of them."""
        lines = [cells for group in self.groups.values() for _, cells in group]
        columns = [column for cells in lines for column in cells]
        return [*self.shared.values(), *itertools.chain(*columns)]

    @property
    def claims(self) -> list[str]:
        """The claims that the cells belong to."""
        return list(dict.fromkeys(cell.claim for cell in self.cells))


def paper_tables(records: Iterable[Evidence]) -> list[PaperTable]:
    """All four, in the paper's order."""
    by_cell: dict[str, list[Evidence]] = {}
    for record in records:
        if record.published_cell and not record.control and record.verdict != "not run":
            by_cell.setdefault(record.published_cell, []).append(record)
    for found in by_cell.values():
        found.sort(key=lambda r: SCALES.index(r.scale) if r.scale in SCALES else len(SCALES))
    return [_table(by_cell, name, *facts) for name, facts in TABLES.items()]


def _table(
    by_cell: dict[str, list[Evidence]],
    name: str,
    title: str,
    published: str,
    columns: dict[str, tuple[str, ...]],
    place: Callable[[Row], Place],
) -> PaperTable:
    def cell(row: Row, field: str, claim: str) -> Cell:
        unit, printed = UNITS[field]
        number = "–" if row[field] is None else quantity(row[field] / printed, unit)
        ours = by_cell.get(cell_name(published, row, field), ())
        return Cell(number, tuple(ours), claim, row.get("remark", ""))

    groups: dict[str, list[tuple[str, list[list[Cell]]]]] = {}
    shared: dict[str, Cell] = {}
    for row in published_table(published):
        heading, words, claims = place(row)
        cells = [
            [cell(row, field, claims[field]) for field in fields if field in row]
            for fields in columns.values()
        ]
        groups.setdefault(heading, []).append((words, cells))
        if "params" in row:
            # They are in every row of a network; a check may have named any of them.
            params = cell(row, "params", "A-params")
            shared[heading] = max(shared.get(heading, params), params, key=lambda it: len(it.ours))
    return PaperTable(name, title, tuple(columns), groups, shared)


def _switched_on(row: Row, names: dict[str, str], by: str) -> str:
    return by.join(name for key, name in names.items() if row[key]) or "no regularizer"


def _in_table1(row: Row) -> Place:
    names = {"random_crop": "random crop", "weight_decay": "weight decay"}
    if row["labels"] == "random":
        claims = {"train": "2.1-fit", "test": "2.1-chance"}
        return row["model"], "random labels, no regularizer", claims
    claims = dict.fromkeys(("train", "test"), "3-table1")
    return row["model"], _switched_on(row, names, " and "), claims


def _in_table2(row: Row) -> Place:
    names = {"aug": "augmentation", "dropout": "dropout", "weight_decay": "weight decay"}
    kind = f"{row['labels'].capitalize()} labels"
    if "model" in row:  # The Alexnet's row is another paper's number, which is not measured here.
        return kind, row["model"], dict.fromkeys(row, "")
    claim = "3-table2" if row["labels"] == "true" else "2.1-imagenet"
    return kind, _switched_on(row, names, ", "), dict.fromkeys(row, claim)


def _in_table3(row: Row) -> Place:
    claims = {
        ("MNIST", "none"): "5-mnist",
        ("MNIST", "gabor filters"): "5-mnist-gabor",
        ("CIFAR10", "none"): "5-cifar",
        ("CIFAR10", "random conv-net, 32000 filters"): "5-cifar-conv",
    }
    title = row["preprocessing"].replace("none", "no preprocessing").replace("gabor", "Gabor")
    claim = claims.get((row["dataset"], row["preprocessing"]), "5-cifar-l2")
    by_field = {"test_error": claim, "solution_norm": "5-norm-no-predictor"}
    return row["dataset"], title.replace("32000", "32,000"), by_field


def _in_table4(row: Row) -> Place:
    return row["model"], row["regularizer"], {"train": "3-table4"}


TABLES: dict[str, tuple[str, str, dict[str, tuple[str, ...]], Callable[[Row], Place]]] = {
    "table-1": (
        "Table 1: accuracy on CIFAR-10",
        "table1_cifar10",
        {"Training accuracy": ("train",), "Test accuracy": ("test",)},
        _in_table1,
    ),
    "table-2": (
        "Table 2: Inception v3 on ImageNet",
        "table2_imagenet_inception_v3",
        {
            "Top-1 training": ("top1_train",),
            "Top-5 training": ("top5_train",),
            "Top-1 test (best)": ("top1_test", "top1_test_best"),
            "Top-5 test (best)": ("top5_test", "top5_test_best"),
        },
        _in_table2,
    ),
    "table-3": (
        "Table 3: kernel machines that fit the training set (the norms from the text of Section 5)",
        "table3_kernels",
        {"Test error": ("test_error",), "Norm of the solution": ("solution_norm",)},
        _in_table3,
    ),
    "table-4": (
        "Table 4: random labels on CIFAR-10, with regularizers on",
        "table4_random_labels_despite_regularizers_cifar10",
        {"Training accuracy": ("train",)},
        _in_table4,
    ),
}
"""By name: title, the published table, the fields of each column, and where each row stands."""
