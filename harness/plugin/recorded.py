"""``--recorded``: judge from the repository's records; nothing is trained, no data are needed."""

from pathlib import Path
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.plugin.experiments import work_of
from harness.plugin.options import SESSION, left_out
from harness.plugin.tiers import tier_of
from harness.runs.records import RECORDS as FOLDER
from harness.runs.records import AnyRun, Records

RECORDS = pytest.StashKey[Records]()
"""Only in a session with ``--recorded``."""
RUNS_OF = pytest.StashKey[dict[Any, AnyRun]]()
"""A test's recipes, and the recorded run of each."""
REASON = "not recorded: "


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option."""
    parser.getgroup("claims").addoption(
        "--recorded",
        action="store_true",
        help="judge the finished runs of fixtures/records; train nothing, and need no data set",
    )
    parser.getgroup("claims").addoption(
        "--records",
        type=Path,
        default=FOLDER,
        metavar="DIR",
        help="another folder of records for --recorded",
    )


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Read all records; a damaged one ends the session."""
    option = config.getoption
    if not option("--recorded"):
        if option("--records") != FOLDER:
            raise pytest.UsageError("--records DIR is for --recorded: give both")
        return
    others = {
        "--fresh": option("--fresh"),
        "--plan": option("--plan"),
        "--engine": option("--engine") != "here",
        "--arch": bool(option("arch")),
        "--dataset": bool(option("--dataset")),
        "--optimizer": bool(option("--optimizer")),
    }
    if given := [name for name, value in others.items() if value]:
        raise pytest.UsageError(
            f"--recorded judges what is recorded and trains nothing; leave out {given[0]}"
        )
    try:
        config.stash[RECORDS] = Records.load(option("--records"))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from error


def is_recorded(config: pytest.Config) -> bool:
    """Whether this session judges from the records."""
    return RECORDS in config.stash


def recorded_runs(item: pytest.Item) -> dict[Any, AnyRun]:
    """The recorded runs of the test's recipes, for those that have one."""
    if RUNS_OF not in item.stash:
        option, records = item.config.getoption, item.config.stash[RECORDS]
        prefer = "cuda" if tier_of(item) in ("gpu_full", "imagenet") else "cpu"
        found = {
            recipe: records.find(recipe, option("--device"), option("--precision"), prefer)
            for recipe in work_of(item)
        }
        item.stash[RUNS_OF] = {recipe: run for recipe, run in found.items() if run is not None}
    return item.stash[RUNS_OF]


def why_not(item: pytest.Item) -> str:
    """Why a test cannot be judged from the records; empty if it can."""
    wanted = list(dict.fromkeys(work_of(item)))
    if not wanted or any(item.iter_markers("needs_data")):
        return "it computes, and has no runs" if not wanted else "it computes on a data set"
    missing = [recipe for recipe in wanted if recipe not in recorded_runs(item)]
    if not missing:
        return ""
    return f"{missing[0]}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else "")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test of the claims whose runs are not all recorded."""
    if is_recorded(item.config) and tier_of(item) and (why := why_not(item)):
        pytest.skip(REASON + why)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many records were judged, and how many tests have none."""
    config = terminalreporter.config
    if not is_recorded(config) or config.stash[SESSION].worker:
        return
    records, tests = config.stash[RECORDS], left_out(config, REASON)
    lacking = " (pytest -rs names what they lack)" * bool(tests)
    terminalreporter.write_line(
        f"judged from {len(records.by_path)} records in {records.folder}; {tests} tests not"
        f" recorded{lacking}"
    )
