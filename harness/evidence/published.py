"""The published numbers of the paper's tables: the only way by which they enter a test.

>>> published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")
Published(value=0.9934, where='Table 1, MLP 1x512, random labels, train', unit='share')

Those of the figures are in `published_figures`. The numbers themselves are in fixtures/paper, whose
README says where they come from.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError

PAPER = Path(__file__).parents[2] / "fixtures" / "paper"

TABLE_TITLES = {
    "appendix_a_protocol": "Appendix A",
    "table1_cifar10": "Table 1",
    "table2_imagenet_inception_v3": "Table 2",
    "table3_kernels": "Table 3 and Section 5",  # the norms and the l2 row are in the text alone
    "table4_random_labels_despite_regularizers_cifar10": "Table 4",
    "public_demo_cifar10": "The first author's demo",  # github.com/pluskid/fitting-random-labels
    "section5_resources": "Section 5",
}

# Field of a table: the unit that a test gets, and the number of printed units in one of it.
UNITS = {
    "params": ("parameters", 1),
    "learning_rate": ("learning rate", 1),
    "momentum": ("momentum", 1),
    "decay": ("factor", 1),
    "batch_size": ("images", 1),
    "steps_per_epoch": ("steps", 1),
    "solution_norm": ("l2 norm", 1),
    "mnist_kernel_memory_gb": ("GB", 1),
    "mnist_solve_minutes_below": ("minutes", 1),
    "workstation_cores": ("cores", 1),
    **dict.fromkeys(("train", "test", "test_error"), ("share", 100)),
    **dict.fromkeys(("top1_train", "top1_test", "top1_test_best"), ("share", 100)),
    **dict.fromkeys(("top5_train", "top5_test", "top5_test_best"), ("share", 100)),
}

# What a table's caption says about all its rows, in the words of the other tables' entries.
CAPTIONS = {
    "table1_cifar10": {"dataset": "CIFAR10"},
    "table2_imagenet_inception_v3": {"dataset": "IMAGENET", "model": "Inception v3"},
    "table3_kernels": {"labels": "true"},
    "table4_random_labels_despite_regularizers_cifar10": {"dataset": "CIFAR10", "labels": "random"},
}

# What a measurement calls some of Table 2's columns: `Measurement.column`.
COLUMNS = {
    "top1_train": "train",
    "top1_test": "test",
    "top1_test_best": "test",
    "top5_test_best": "top5_test",
}


@dataclass(frozen=True)
class Published:
    """One published number: accuracies and errors as a `share` in [0, 1], the rest as printed."""

    value: float
    where: str
    unit: str
    cell: str = field(default="", compare=False)
    """Which number of a table this is; see `cell_name`."""
    rows: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    """Entries of the rows that it is computed from: which networks, data, labels, regularisers."""
    digit: float = field(default=0.0, compare=False)
    """One unit of its last printed digit."""

    def __sub__(self, other: "Published") -> "Published":
        """By how much one published number exceeds another of the same unit."""
        return self._with(other, self.value - other.value, "minus", self.unit)

    def __truediv__(self, other: "Published | float") -> "Published":
        """One published number over another of the same unit, or over a plain number."""
        if not isinstance(other, Published):
            return Published(
                self.value / other, f"{self.where}, over {other:g}", self.unit, rows=self.rows
            )
        return self._with(other, round(self.value / other.value, 6), "over", "times")

    def __mul__(self, other: "Published") -> "Published":
        """The product of two published numbers: minutes and cores, say."""
        where, unit = f"{self.where}, times {other.where}", f"{self.unit} x {other.unit}"
        return Published(self.value * other.value, where, unit, rows=self.rows + other.rows)

    def _with(self, other: "Published", value: float, word: str, unit: str) -> "Published":
        if self.unit != other.unit:
            raise HarnessError(f"{self.where} is in {self.unit}, {other.where} in {other.unit}")
        where = f"{self.where} {word} {other.where}"
        return Published(value, where, unit, rows=self.rows + other.rows)


def published_row(table: str, field: str, **match: str | bool) -> Published:
    """Return `field` of the one row of a published table whose entries equal `match`.

    Accuracies and errors, printed as percentages, come as shares in [0, 1]. Raises HarnessError,
    with the rows in question, unless exactly one matches, and where the paper gives no number.
    """
    rows, title = published_table(table), TABLE_TITLES[table]
    found = [row for row in rows if match.items() <= row.items()]
    if len(found) != 1:
        listed = "".join(f"\n  {_entries(_names(row))}" for row in found or rows)
        raise HarnessError(
            f"{title}: {len(found)} rows have {_entries(match)}; name one of these:{listed}"
        )
    (row,) = found
    where = ", ".join([title, *_words(row, match), field.replace("_", " ").replace("top", "top-")])
    if row.get(field) is None:
        raise HarnessError(f"{where}: the paper gives no such number")
    unit, printed = UNITS[field]
    # Rounded because 99.34 / 100 is not the float 0.9934; percentages are printed to two decimals.
    number = round(row[field] / printed, 6)
    names = _names(row)
    entries = {**names, **CAPTIONS.get(table, {}), **names, "column": COLUMNS.get(field, field)}
    cell = cell_name(table, row, field)
    return Published(number, where, unit, cell, (entries,), _digit(table, row[field], unit))


def _digit(table: str, printed: float, unit: str) -> float:
    """One of the last digit: percentages have two decimals, but 100.0, and those of Table 3."""
    if unit != "share":
        return 10.0 if unit == "l2 norm" else 0.0  # 220 and 390, printed to ten.
    if table == "table3_kernels":
        return 0.01 if printed == int(printed) else 0.001
    return 0.001 if printed == 100 else 0.0001


def published_table(table: str) -> list[dict[str, Any]]:
    """The rows of a published table, as they are in the file."""
    rows = numbers_of_the_paper("tables.json")[table]
    return rows if isinstance(rows, list) else [rows]


def cell_name(table: str, row: dict[str, Any], field: str) -> str:
    """A cell's name from the entries of its row, whatever their order.

    >>> cell_name("table4", {"train": 99.2, "model": "Alexnet"}, "train")
    'table4: model=Alexnet: train'
    """
    entries = [f"{key}={value}" for key, value in sorted(_names(row).items())]
    return f"{table}: {', '.join(entries)}: {field}"


@cache
def numbers_of_the_paper(name: str) -> dict[str, Any]:
    """A file of fixtures/paper."""
    return json.loads((PAPER / name).read_text(encoding="utf-8"))


def _names(row: dict[str, Any]) -> dict[str, Any]:
    """What names a row: all but its numbers."""
    return {key: value for key, value in row.items() if key not in {*UNITS, "remark"}}


def _words(row: dict[str, Any], keys: Iterable[str]) -> list[str]:
    words = []
    for key in (key for key in row if key in set(keys)):
        name, value = key.replace("_", " "), row[key]
        if isinstance(value, bool):
            words.append(name if value else f"no {name}")
        elif key in ("labels", "preprocessing"):
            # A bare "true" or "none" would say too little.
            words.append(f"{'no' if value == 'none' else value} {name}")
        else:
            words.append(str(value))
    return words


def _entries(match: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in match.items())
