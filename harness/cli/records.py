"""``python -m harness runs record|take-up|page``: runs into the records, and out of them."""

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.errors import HarnessError
from harness.evidence.catalogue import load_catalogue
from harness.files import write_atomically
from harness.report.claim_tests import CLAIMS
from harness.report.results import EVIDENCE, write_results
from harness.runs.key import run_key
from harness.runs.records import (
    RECORDS,
    AnyRun,
    BadRecord,
    Records,
    device_kind,
    identity,
    path_of,
    read_record,
    setting_of,
    write_record,
)
from harness.runs.store import Store, default_store
from harness.training.recipe import Recipe

SELECTION = "cpu_full or gpu_full or imagenet"


def run_record(
    wanted: Sequence[str], store: Path | None, everything: bool, yes: bool, folder: Path = RECORDS
) -> int:
    """Put finished runs at the paper's size into the records; ask before one is replaced.

    ``wanted`` are keys of the store, or MODEL/DATASET/SETTING and, for solves, DATASET. Raises
    HarnessError where nothing fits.
    """
    if bool(wanted) == everything:
        raise HarnessError("name the runs to record, as in 'harness train', or give --all")
    every = _stored(store)
    runs = [run for run in every if everything or not _names(run).isdisjoint(wanted)]
    there = Records.load(folder) if folder.is_dir() else Records(folder)
    known = {identity(run): run for run in there.by_path.values()}
    unknown = set(wanted).difference(*map(_names, runs))
    if unknown or not runs:
        raise HarnessError(
            f"no finished run of {store or default_store()} is {' or '.join(sorted(unknown))};"
            " 'python -m harness runs' lists them"
            if wanted
            else f"{store or default_store()} holds no finished run at the paper's size"
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


def run_take_up(store: Path | None, folder: Path = RECORDS) -> int:
    """Put the records into a store, as if today's code had made them there: not trained again."""
    from harness.data.sources import fingerprint

    target = store or default_store()
    records = Records.load(folder)
    for run in records.by_path.values():
        data = fingerprint(run.recipe.dataset)
        key = run_key(run.recipe, run.precision, device_kind(run), data)
        Store(target).keep(replace(run, key=key))
    print(f"{len(records.by_path)} records are in {target}: sessions there do not train them again")
    return 0


def run_page(folder: Path = RECORDS) -> int:
    """Judge the records, keep the evidence beside them, and write the page."""
    # What is judged to nothing writes no evidence, and must not leave the old one.
    before = (folder / EVIDENCE).read_bytes() if (folder / EVIDENCE).is_file() else b""
    (folder / EVIDENCE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "claims"]
    command += ["-m", SELECTION, "--recorded", "--evidence", str(folder / EVIDENCE)]
    done = subprocess.run(command, cwd=CLAIMS.parent, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        write_atomically(folder / EVIDENCE, before)
        raise HarnessError(f"the records could not be judged: {done.stdout[-500:]}{done.stderr}")
    if done.returncode:
        print(done.stdout)
    catalogue = load_catalogue(CLAIMS / "catalogue.toml")
    for path in write_results(Records.load(folder), catalogue):
        print(path)
    return done.returncode


def _stored(store: Path | None) -> list[AnyRun]:
    """Finished runs on whole data sets: what the fast tier trains is no record."""
    from harness.data.catalogue import dataset_spec

    folder = store or default_store()
    found = Store(folder, notice=lambda text: print(f"notice: {text}")).runs()
    return [run for run in found if not dataset_spec(run.recipe.dataset).embedded]


def _names(run: AnyRun) -> set[str]:
    """By which a run can be asked for."""
    recipe = run.recipe
    if isinstance(recipe, Recipe):
        return {run.key, f"{recipe.model}/{recipe.dataset}/{setting_of(recipe)}"}
    return {run.key, recipe.dataset}


def _agrees(run: AnyRun, before: AnyRun, path: Path) -> bool:
    """Whether a person at the terminal wants a record replaced."""
    read_record(path)
    question = f"{path} is of {before.finished}; replace it by the run of {run.finished}? [y/N] "
    if not sys.stdin.isatty():
        print(f"{question}\nno terminal to ask at: give --yes to replace it")
        return False
    return input(question).strip().lower() in ("y", "yes")
