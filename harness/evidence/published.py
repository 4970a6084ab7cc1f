"""The published numbers of the paper: the only way by which they enter a test.

>>> published_row("table1_cifar10", "train", model="MLP 1x512", labels="random")
Published(value=0.9934, where='Table 1, MLP 1x512, random labels, train', unit='share')
>>> published_crossing("fig1a", "random labels", below=0.01).value
14467.0

The numbers themselves are in fixtures/paper, whose README says where they come from.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from harness.errors import HarnessError, UnknownName

PAPER = Path(__file__).parents[2] / "fixtures" / "paper"

TABLE_TITLES = {
    "appendix_a_protocol": "Appendix A",
    "table1_cifar10": "Table 1",
    "table2_imagenet_inception_v3": "Table 2",
    "table3_kernels": "Table 3 and Section 5",  # the norms and the l2 row are in the text alone
    "table4_random_labels_despite_regularizers_cifar10": "Table 4",
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
    "train": ("share", 100),
    "test": ("share", 100),
    "test_error": ("share", 100),
    "top1_train": ("share", 100),
    "top5_train": ("share", 100),
    "top1_test": ("share", 100),
    "top5_test": ("share", 100),
    "top1_test_best": ("share", 100),
    "top5_test_best": ("share", 100),
    "solution_norm": ("l2 norm", 1),
    "mnist_kernel_memory_gb": ("GB", 1),
    "mnist_solve_minutes_below": ("minutes", 1),
    "workstation_cores": ("cores", 1),
}

# What a table's caption says of all its rows, in the words of the other tables' entries.
SAID = {
    "table1_cifar10": {"dataset": "CIFAR10"},
    "table2_imagenet_inception_v3": {"dataset": "IMAGENET", "model": "Inception v3"},
    "table3_kernels": {"labels": "true"},
    "table4_random_labels_despite_regularizers_cifar10": {"dataset": "CIFAR10", "labels": "random"},
}

# Columns that are one measurement's: Table 2's in parentheses, and its top-1, are accuracies.
COLUMNS = {
    "top1_train": "train",
    "top1_test": "test",
    "top1_test_best": "test",
    "top5_test_best": "top5_test",
}

# Networks of Figures 1b and 1c, and of Figure 2b, and what Table 1 calls them.
FIGURE_1 = {"Inception": "Inception", "AlexNet": "Alexnet", "MLP 1x512": "MLP 1x512"}
FIGURE_2B = {"Inception": "Inception", "Inception w/o BN": "Inception w/o BatchNorm"}

# Axis of a figure: the unit of a crossing, and the number of these units in one drawn unit.
AXES = {"thousand steps": ("steps", 1000), "label corruption": ("share", 1)}


@dataclass(frozen=True)
class Published:
    """One published number: accuracies and errors as a `share` in [0, 1], the rest as printed."""

    value: float
    where: str
    unit: str
    cell: str = field(default="", compare=False)
    """Which number of a table this is, however it was asked for; see `cell_name`."""
    rows: tuple[dict[str, Any], ...] = field(default=(), compare=False)
    """What the rows that it is made of say of their training, by their entries' names."""

    def __sub__(self, other: "Published") -> "Published":
        """By how much one published number exceeds another of the same unit."""
        if self.unit != other.unit:
            raise HarnessError(f"{self.where} is in {self.unit}, {other.where} in {other.unit}")
        where = f"{self.where} minus {other.where}"
        return Published(self.value - other.value, where, self.unit, rows=self.rows + other.rows)

    def __mul__(self, other: "Published") -> "Published":
        """The product of two published numbers: minutes and cores, say."""
        where = f"{self.where}, times {other.where}"
        unit = f"{self.unit} x {other.unit}"
        return Published(self.value * other.value, where, unit, rows=self.rows + other.rows)

    def __truediv__(self, other: "Published") -> "Published":
        """One published number over another of the same unit."""
        if self.unit != other.unit:
            raise HarnessError(f"{self.where} is in {self.unit}, {other.where} in {other.unit}")
        ratio = round(self.value / other.value, 6)
        where = f"{self.where} over {other.where}"
        return Published(ratio, where, "times", rows=self.rows + other.rows)


@dataclass(frozen=True)
class PublishedCurve:
    """One published curve, as drawn: points (x[i], y[i]) with x ascending, in the axes' units."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    x_unit: str
    y_unit: str
    where: str


def published_row(table: str, field: str, **match: str | bool) -> Published:
    """Return `field` of the one row of a published table whose entries equal `match`.

    Accuracies and errors, printed as percentages, come as shares in [0, 1]. Raises UnknownName for
    a table that is not there, and HarnessError, with the rows in question, when no row or more
    than one matches, or when the paper gives no number there.
    """
    tables = _load("tables.json")
    if table not in TABLE_TITLES:
        raise UnknownName("published table", table, TABLE_TITLES)
    title, rows = TABLE_TITLES[table], tables[table]
    rows = rows if isinstance(rows, list) else [rows]
    agreeing = [sum(row.get(key) == value for key, value in match.items()) for row in rows]
    nearest = [row for row, count in zip(rows, agreeing, strict=True) if count == max(agreeing)]
    if max(agreeing) < len(match):
        raise HarnessError(
            f"{title}: no row has {_entries(match)}; change that to one of:{_listed(nearest)}"
        )
    if len(nearest) > 1:
        raise HarnessError(
            f"{title}: {len(nearest)} rows have {_entries(match) or 'no entry in particular'}; "
            f"name more entries, to choose one of:{_listed(nearest)}"
        )
    row = nearest[0]
    where = ", ".join([title, *_words(row, match), _field_words(field)])
    number = _number(row, field, where)
    said = _entries_of(row)
    said |= {key: value for key, value in SAID.get(table, {}).items() if key not in said}
    said["column"] = COLUMNS.get(field, field)
    return Published(number, where, UNITS[field][0], cell_name(table, row, field), (said,))


def published_table(table: str) -> list[dict[str, Any]]:
    """The rows of a published table, as they are in the file; raises UnknownName."""
    tables = _load("tables.json")
    if table not in TABLE_TITLES:
        raise UnknownName("published table", table, TABLE_TITLES)
    rows = tables[table]
    return [dict(row) for row in (rows if isinstance(rows, list) else [rows])]


def cell_name(table: str, row: dict[str, Any], field: str) -> str:
    """A cell by what its row says of itself, whatever the order of rows or of entries.

    >>> cell_name("table4", {"train": 99.2, "model": "Alexnet"}, "train")
    'table4: model=Alexnet: train'
    """
    entries = [f"{key}={value}" for key, value in sorted(_entries_of(row).items())]
    return f"{table}: {', '.join(entries)}: {field}"


def _entries_of(row: dict[str, Any]) -> dict[str, Any]:
    """What names a row: all but its numbers."""
    return {key: value for key, value in row.items() if key not in {*UNITS, "remark"}}


def published_curve(figure: str, curve: str) -> PublishedCurve:
    """Return a curve of Figure 1a, 1b, 1c, 2a or 2b ("fig1a" ...), in the units of its axes.

    Accuracies, errors and corruption levels are shares in [0, 1]; steps are in thousands. Raises
    UnknownName for a figure or curve that is not there.
    """
    figures = {name: it for name, it in _load("figures.json").items() if not name.startswith("_")}
    if figure not in figures:
        raise UnknownName("published figure", figure, figures)
    axes, curves = figures[figure], figures[figure]["curves"]
    if curve not in curves:
        raise UnknownName(f"curve of {figure}", curve, curves)
    x, y = zip(*curves[curve], strict=True)
    where = f"Figure {figure.removeprefix('fig')}, {curve}"
    return PublishedCurve(x, y, axes["x"], axes["y"], where)


def published_figure(figure: str) -> dict[str, Any]:
    """All that fixtures/paper holds of a figure."""
    return _load("figures.json")[figure]


def figure_axes(figure: str) -> tuple[str, str, str, list[str]]:
    """What a figure shows, the units of its axes, and the names of its curves."""
    drawn = _load("figures.json")[figure]
    return drawn["what"], drawn["x"], drawn["y"], list(drawn["curves"])


def published_crossing(figure: str, curve: str, below: float) -> Published:
    """Return the first drawn x at which a curve is below a level, in steps or as a share.

    No interpolation: Figure 1a has one point an epoch, so that its crossings are late by up to
    391 steps. The curve may rise again afterwards. Raises UnknownName as published_curve does, and
    HarnessError when the curve is never below the level.
    """
    drawn = published_curve(figure, curve)
    unit, factor = AXES[drawn.x_unit]
    for x, y in zip(drawn.x, drawn.y, strict=True):
        if y < below:
            # Rounded because 16.031 * 1000 is not the float 16031.
            where = f"{drawn.where}, first below {below:g}"
            return Published(round(x * factor, 4), where, unit, rows=rows_of(figure, curve))
    raise HarnessError(
        f"{drawn.where}: never below {below:g}; its lowest {drawn.y_unit} is {min(drawn.y):g}, "
        f"ask for a level above that"
    )


def rows_of(figure: str, curve: str) -> tuple[dict[str, Any], ...]:
    """What a curve says of its training, as a row of Table 1 would: of Figures 1 and 2b."""
    if figure == "fig1a":
        return ({"model": "Inception", "labels": curve.removesuffix(" labels")},)
    names = {"fig1b": FIGURE_1, "fig1c": FIGURE_1, "fig2b": FIGURE_2B}.get(figure, {})
    name = curve.removeprefix("test ").removeprefix("train ")
    return ({"model": names[name]},) if name in names else ()


def _load(name: str) -> dict[str, Any]:
    return _read(PAPER / name)


@cache
def _read(path: Path) -> dict[str, Any]:
    remedy = f"restore it with: git checkout -- {'/'.join(path.parts[-3:])}"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise HarnessError(
            f"{path}: the published numbers cannot be read ({error.strerror}); {remedy}"
        ) from error
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError are both ValueErrors
        raise HarnessError(f"{path}: not valid JSON ({error}); {remedy}") from error


def _number(row: dict[str, Any], field: str, where: str) -> float:
    numbers = [key for key in row if key in UNITS and row[key] is not None]
    if field not in UNITS or row.get(field) is None:
        remark = f" ({row['remark']})" if field in row and row.get("remark") else ""
        raise HarnessError(
            f"{where}: the paper gives no such number{remark}; "
            f"it gives there: {', '.join(numbers) or 'none'}"
        )
    # Rounded because 99.34 / 100 is not the float 0.9934; percentages are printed to two decimals.
    return round(row[field] / UNITS[field][1], 6)


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


def _field_words(field: str) -> str:
    return field.replace("_", " ").replace("top1", "top-1").replace("top5", "top-5")


def _entries(match: dict[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in match.items())


def _listed(rows: list[dict[str, Any]]) -> str:
    keys = [{k: v for k, v in row.items() if k not in UNITS and k != "remark"} for row in rows]
    return "".join(f"\n  {_entries(row)}" for row in keys)
