"""The ``baseline`` fixture: pytest-regressions over fixtures/baselines/TIER/BACKEND/NAME.csv."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.plugin.options import CLAIMS
from harness.plugin.recorded import is_recorded, recorded_runs
from harness.plugin.tiers import needs_gpu, tier_of

BASELINES = CLAIMS.parent / "fixtures" / "baselines"


@dataclass(frozen=True)
class Tolerance:
    """How far a column may drift, and why that far."""

    reason: str
    relative: float = 0.0
    absolute: float = 0.0


@dataclass(frozen=True)
class Baseline:
    """Compares columns of numbers with the file that the test's marker names."""

    item: pytest.Item
    num_regression: Any

    def check(
        self, columns: Mapping[str, Sequence[float]], tolerances: Mapping[str, Tolerance]
    ) -> None:
        """Fail on a drift beyond a column's tolerance, or on a column that came or went.

        A missing file is written and fails once; ``--force-regen`` rewrites it, for people.
        """
        __tracebackhide__ = True
        import pandas

        path = baseline_path(self.item)
        if self.item.config.getoption("force_regen"):
            path.unlink(missing_ok=True)  # Or a file of other columns would not be rewritten.
        columns = {name: [*values] for name, values in columns.items()}
        if path.is_file():
            written = pandas.read_csv(path, index_col=0)
            if set(written) != set(columns):
                pytest.fail(
                    f"{path} has the columns {sorted(written)}, the test gives {sorted(columns)};"
                    " if that is meant, rewrite it with --force-regen and review the difference"
                )
            for name, values in columns.items():
                # pytest-regressions compares columns of integers without their tolerance.
                expected, allowed = written[name].tolist(), tolerances[name]
                if len(values) == len(expected) and all(
                    isinstance(other, int)
                    and abs(value - other) <= allowed.absolute + allowed.relative * abs(other)
                    for value, other in zip(values, expected, strict=True)
                ):
                    columns[name] = expected
        path.parent.mkdir(parents=True, exist_ok=True)
        self.num_regression.check(
            columns,
            fullpath=path,
            tolerances={
                name: {"rtol": t.relative, "atol": t.absolute} for name, t in tolerances.items()
            },
        )


@pytest.fixture
def baseline(request: pytest.FixtureRequest, num_regression: Any) -> Baseline:
    """Pin figures in the file that the test's marker names.

    >>> baseline.check({"loss": losses}, {"loss": Tolerance("summation order", relative=1e-3)})
    """
    return Baseline(request.node, num_regression)


def baseline_path(item: pytest.Item) -> Path:
    """The file that the test's ``baseline(name)`` marker means.

    The GPU tiers have one for a GPU, and another for those who run them with ``--device cpu``.
    """
    if is_recorded(item.config):
        backend = max((it.device_kind for it in recorded_runs(item).values()), default="cpu")
    else:
        backend = "cuda" if needs_gpu(item) else "cpu"
    mark = item.get_closest_marker("baseline")
    folder = item.config.getoption("--baselines") or BASELINES
    return folder / tier_of(item) / backend / f"{mark.args[0]}.csv"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.getgroup("claims").addoption(
        "--baselines",
        type=Path,
        metavar="DIR",
        help="another folder of regression baselines than fixtures/baselines",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Regenerating is for people: CI would agree with whatever it finds."""
    if os.environ.get("CI") and any(
        config.getoption(name, default=False) for name in ("force_regen", "regen_all")
    ):
        raise pytest.UsageError(
            "--force-regen and --regen-all rewrite baselines, which CI must not do;"
            " run them by hand and review the difference"
        )
