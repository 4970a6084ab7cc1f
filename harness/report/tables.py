"""Tables 1 to 4 of the paper, each number beside ours: checks name the cells that they fill."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.formatting import quantity
from harness.evidence.published import UNITS, cell_name, published_table
from harness.evidence.record import Evidence

SCALES = ("paper", "exact", "scaled")
"""The order within a cell: the paper's own size comes first."""

Row = dict[str, Any]


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
class Line:
    """A row: its configuration in words, and the cells of each column."""

    title: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class PaperTable:
    """A table: its columns, and its rows in groups."""

    name: str
    title: str
    columns: tuple[str, ...]
    groups: tuple[tuple[str, tuple[Cell, ...], tuple[Line, ...]], ...]
    """Heading, numbers that belong to the whole group, rows."""

    @property
    def cells(self) -> list[Cell]:
        """All of them."""
        return [
            cell
            for _, shared, lines in self.groups
            for cell in [*shared, *(cell for line in lines for part in line.cells for cell in part)]
        ]

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
    return [make(by_cell) for make in (_table1, _table2, _table3, _table4)]


def _cell(by_cell: dict[str, list[Evidence]], table: str, row: Row, field: str, claim: str) -> Cell:
    unit, printed = UNITS[field]
    value = row.get(field)
    remark = row.get("remark", "")
    published = quantity(value / printed, unit) if value is not None else "–"
    return Cell(published, tuple(by_cell.get(cell_name(table, row, field), ())), claim, remark)


def _grouped(rows: Sequence[Row], name: Callable[[Row], str]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(name(row), []).append(row)
    return groups


def _table1(by_cell: dict[str, list[Evidence]]) -> PaperTable:
    table = "table1_cifar10"
    groups = []
    for model, rows in _grouped(published_table(table), lambda row: row["model"]).items():
        # The parameters are in every row of a network; a check may have named any of them.
        params = [_cell(by_cell, table, row, "params", "A-params") for row in rows]
        shared = max(params, key=lambda cell: len(cell.ours))
        lines = [
            Line(
                _table1_words(row),
                tuple(
                    (_cell(by_cell, table, row, field, claim if random else "3-table1"),)
                    for field, claim in (("train", "2.1-fit"), ("test", "2.1-chance"))
                ),
            )
            for row in rows
            for random in [row["labels"] == "random"]
        ]
        groups.append((model, (shared,), tuple(lines)))
    return PaperTable(
        "table-1",
        "Table 1: accuracy on CIFAR-10",
        ("Training accuracy", "Test accuracy"),
        tuple(groups),
    )


def _table1_words(row: Row) -> str:
    names = {"random_crop": "random crop", "weight_decay": "weight decay"}
    on = [name for key, name in names.items() if row[key]]
    if row["labels"] == "random":
        return "random labels, no regularizer"
    return " and ".join(on) or "no regularizer"


def _table2(by_cell: dict[str, list[Evidence]]) -> PaperTable:
    table = "table2_imagenet_inception_v3"
    names = {"aug": "augmentation", "dropout": "dropout", "weight_decay": "weight decay"}
    columns = {
        "Top-1 training": ("top1_train",),
        "Top-5 training": ("top5_train",),
        "Top-1 test (best)": ("top1_test", "top1_test_best"),
        "Top-5 test (best)": ("top5_test", "top5_test_best"),
    }
    groups = []
    kinds = {"true": "True labels", "random": "Random labels"}
    for labels, rows in _grouped(published_table(table), lambda row: row["labels"]).items():
        lines = []
        for row in rows:
            title = row.get("model") or ", ".join(name for k, name in names.items() if row[k])
            # The Alexnet's row is another paper's number, which is not measured here.
            claim = "" if "model" in row else "3-table2" if labels == "true" else "2.1-imagenet"
            cells = tuple(
                tuple(_cell(by_cell, table, row, field, claim) for field in fields if field in row)
                for fields in columns.values()
            )
            lines.append(Line(title or "no regularizer", cells))
        groups.append((kinds[labels], (), tuple(lines)))
    return PaperTable("table-2", "Table 2: Inception v3 on ImageNet", tuple(columns), tuple(groups))


def _table3(by_cell: dict[str, list[Evidence]]) -> PaperTable:
    table = "table3_kernels"
    claims = {
        ("MNIST", "none"): "5-mnist",
        ("MNIST", "gabor filters"): "5-mnist-gabor",
        ("CIFAR10", "none"): "5-cifar",
        ("CIFAR10", "random conv-net, 32000 filters"): "5-cifar-conv",
    }
    groups = []
    for dataset, rows in _grouped(published_table(table), lambda row: row["dataset"]).items():
        lines = []
        for row in rows:
            claim = claims.get((dataset, row["preprocessing"]), "5-cifar-l2")
            error = (_cell(by_cell, table, row, "test_error", claim),)
            norm = "solution_norm"
            norms = (_cell(by_cell, table, row, norm, "5-norm-no-predictor"),) * (norm in row)
            title = (
                row["preprocessing"].replace("none", "no preprocessing").replace("gabor", "Gabor")
            )
            lines.append(Line(title.replace("32000", "32,000"), (error, norms)))
        groups.append((dataset, (), tuple(lines)))
    return PaperTable(
        "table-3",
        "Table 3: kernel machines that fit the training set (the norms from the text of Section 5)",
        ("Test error", "Norm of the solution"),
        tuple(groups),
    )


def _table4(by_cell: dict[str, list[Evidence]]) -> PaperTable:
    table = "table4_random_labels_despite_regularizers_cifar10"
    groups = [
        (
            model,
            (),
            tuple(
                Line(row["regularizer"], ((_cell(by_cell, table, row, "train", "3-table4"),),))
                for row in rows
            ),
        )
        for model, rows in _grouped(published_table(table), lambda row: row["model"]).items()
    ]
    return PaperTable(
        "table-4",
        "Table 4: random labels on CIFAR-10, with regularizers on",
        ("Training accuracy",),
        tuple(groups),
    )
