"""``python -m harness runs``: the store of finished runs, the records, and the results page."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.cli.common import add_store, store_of
from harness.data.catalogue import dataset_spec
from harness.errors import HarnessError
from harness.evidence.catalogue import CLAIMS, load_catalogue
from harness.files import write_atomically
from harness.report.results import EVIDENCE, write_results
from harness.report.terminal import console, plain_table
from harness.runs.key import run_key
from harness.runs.records import (
    RECORDS,
    BadRecord,
    Records,
    identity,
    path_of,
    read_record,
    setting_of,
    write_record,
)
from harness.runs.run import AnyRun
from harness.runs.store import Store
from harness.training.recipe import Recipe

SELECTION = "cpu_full or gpu_full or imagenet"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "action",
        nargs="?",
        choices=["list", "record", "take-up", "page"],
        default="list",
        help="record: put runs into fixtures/records; take-up: put the records into the store;"
        " page: judge the records and write the results page (default: list)",
    )
    parser.add_argument(
        "recipe",
        nargs="*",
        help="record: keys, MODEL/DATASET/SETTING, or a solve's DATASET; before the options",
    )
    parser.add_argument("--all", action="store_true", help="record: every run at the paper's size")
    parser.add_argument("--yes", action="store_true", help="record: replace without asking")
    parser.add_argument(
        "--records", type=Path, default=RECORDS, metavar="DIR", help="another folder of records"
    )
    add_store(parser)


def run(options: argparse.Namespace) -> int:
    """Do one of the actions; raises HarnessError for names that it does not take."""
    action, store = options.action, store_of(options)
    if action == "record":
        return record(options.recipe, store, options.all, options.yes, options.records)
    if options.recipe:
        raise HarnessError(f"runs {action} takes no names: leave {options.recipe[0]} out")
    if action == "page":
        return page(options.records)
    return take_up(store, options.records) if action == "take-up" else list_runs(store)


def list_runs(store: Store) -> int:
    """Print a table of the finished trainings, oldest first, and the number of interrupted ones.

    Raises StoreError for a folder that cannot be read.
    """
    table = plain_table(
        "key", "recipe", ">epochs", "train", "test", ">seconds", "where", "finished"
    )
    for training in store.trainings():
        table.add_row(
            training.key,
            str(training.recipe),
            str(training.curve.epochs),
            "diverged" if training.diverged else f"{100 * training.train_accuracy:.2f} %",
            "" if training.diverged else f"{100 * training.test_accuracy:.2f} %",
            f"{training.seconds:.1f}",
            f"{training.device}, {training.precision}",
            training.finished,
        )
    if table.row_count:
        console(log_width=200).print(table)
    unfinished = len(store.unfinished())
    interrupted = f", {unfinished} interrupted, which will resume" if unfinished else ""
    print(f"{table.row_count} finished runs{interrupted} in {store.folder}")
    return 0


def record(wanted: Sequence[str], store: Store, everything: bool, yes: bool, folder: Path) -> int:
    """Put finished runs at the paper's size into the records; ask before one is replaced.

    ``wanted`` are keys of the store, MODEL/DATASET/SETTING, or a solve's DATASET. Raises
    HarnessError if no run fits.
    """
    if bool(wanted) == everything:
        raise HarnessError("name the runs to record, as in 'harness train', or give --all")
    # The fast tier's runs, on data that come with a dependency, are no records.
    stored = [run for run in store.runs() if not dataset_spec(run.recipe.dataset).embedded]
    runs = [run for run in stored if everything or not _names(run).isdisjoint(wanted)]
    there = Records.load(folder) if folder.is_dir() else Records(folder)
    known = {identity(run): run for run in there.by_path.values()}
    unknown = set(wanted).difference(*map(_names, runs))
    if unknown or not runs:
        raise HarnessError(
            f"no finished run of {store.folder} is {' or '.join(sorted(unknown))};"
            " 'python -m harness runs' lists them"
            if wanted
            else f"{store.folder} holds no finished run at the paper's size"
        )
    kept = 0
    for run in runs:
        before, path = known.get(identity(run)), folder / path_of(run)
        if before is not None and (before.finished, before.seconds) == (run.finished, run.seconds):
            print(f"already recorded: {path}")
            continue
        if before is not None and not (yes or _agrees(run, before, path)):
            print(f"kept as it was: {path}")
            continue
        try:
            written = write_record(folder, run)
        except BadRecord as error:
            print(f"left out: {error}")
            continue
        kept += 1
        print(f"recorded: {written}, {written.stat().st_size / 1e3:.0f} kB")
    print(f"{kept} runs recorded; 'python -m harness runs page' judges them and renews the page")
    return 0


def take_up(store: Store, folder: Path) -> int:
    """Put the records into a store as if today's code had trained them there."""
    from harness.data.sources import fingerprint

    records = Records.load(folder)
    for run in records.by_path.values():
        data = fingerprint(run.recipe.dataset)
        key = run_key(run.recipe, run.precision, run.device_kind, data)
        if store.find(key, repair=False) is None:  # Or its numbers would be rounded.
            store.keep(replace(run, key=key))
    print(
        f"{len(records.by_path)} records are in {store.folder}: sessions there do not train them"
        " again"
    )
    return 0


def page(folder: Path) -> int:
    """Judge the records, keep the evidence beside them, and write the page."""
    # A session that judges nothing writes no evidence, and must not leave the old file.
    before = (folder / EVIDENCE).read_bytes() if (folder / EVIDENCE).is_file() else b""
    (folder / EVIDENCE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "claims"]
    command += ["-m", SELECTION, "--recorded", "--records", str(folder.absolute())]
    command += ["--evidence", str((folder / EVIDENCE).absolute())]
    done = subprocess.run(command, cwd=CLAIMS.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        write_atomically(folder / EVIDENCE, before)
        raise HarnessError(f"the records could not be judged: {done.stdout[-500:]}{done.stderr}")
    if done.returncode:
        print(done.stdout)
    for path in write_results(Records.load(folder), load_catalogue()):
        print(path)
    return done.returncode


def _names(run: AnyRun) -> set[str]:
    """The names that select a run."""
    recipe = run.recipe
    if isinstance(recipe, Recipe):
        return {run.key, f"{recipe.model}/{recipe.dataset}/{setting_of(recipe)}"}
    return {run.key, recipe.dataset}


def _agrees(run: AnyRun, before: AnyRun, path: Path) -> bool:
    """Whether the user wants a record replaced."""
    read_record(path)
    question = f"{path} is of {before.finished}; replace it by the run of {run.finished}? [y/N] "
    if not sys.stdin.isatty():
        print(f"{question}\nno terminal to ask at: give --yes to replace it")
        return False
    return input(question).strip().lower() in ("y", "yes")
