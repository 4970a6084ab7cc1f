"""The list of planted faults, and a copy of the project with one of them in it."""

import shlex
import shutil
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, UnknownName
from harness.evidence.catalogue import PLANTED, Claim

PROJECT = Path(__file__).parents[2]
FAULTS = Path(__file__).parent / "faults.toml"
COPIED = ("claims", "fixtures", "harness", "conftest.py", "pyproject.toml")


@dataclass(frozen=True)
class Fault:
    """One replacement in one file of the product."""

    name: str
    area: str
    file: str
    """Under harness/."""
    find: str
    replace: str
    first: str
    """Folder or file of claims/ that should notice it; run before the whole fast tier."""
    survives: str = ""
    """Why the fast tier cannot notice it; empty if it must."""

    @property
    def command(self) -> str:
        """The command that tries it."""
        return f"python -m harness sabotage --only {shlex.quote(self.name)}"

    def applied_to(self, source: str) -> str:
        """The file's text with the fault; raises HarnessError unless ``find`` occurs once."""
        count = source.count(self.find)
        if count != 1:
            raise HarnessError(
                f"the fault {self.name!r} no longer fits harness/{self.file}:"
                f" {self.find!r} occurs {count} times; correct harness/sabotage/faults.toml"
            )
        return source.replace(self.find, self.replace)


def load_faults(path: Path = FAULTS) -> list[Fault]:
    """All faults in the file's order; raises HarnessError for an entry with wrong fields."""
    entries = tomllib.loads(path.read_text(encoding="utf-8")).get("fault", [])
    try:
        return [Fault(**entry) for entry in entries]
    except TypeError as error:
        raise HarnessError(f"{path}: {error}") from error


def choose(faults: Sequence[Fault], words: Sequence[str]) -> list[Fault]:
    """Faults with one of the words in their name or as their area; all if no word is given.

    Raises UnknownName for a word without a fault.
    """
    chosen = []
    for word in words:
        found = [f for f in faults if word.lower() in f.name.lower() or word == f.area]
        if not found:
            raise UnknownName("fault", word, [f.name for f in faults])
        chosen += found
    return list(dict.fromkeys(chosen)) if words else list(faults)


def standing_in(claim: Claim, faults: Sequence[Fault]) -> Fault | None:
    """The fault that a claim names in place of a control; None if it has a control."""
    return next((f for f in faults if f"{PLANTED}{f.name}" == claim.control), None)


def plant(fault: Fault | None, folder: Path, project: Path = PROJECT) -> None:
    """Copy the project into an empty folder and plant the fault in the copy, unless it is None."""
    for name in COPIED:
        source = project / name
        if source.is_dir():
            skipped = shutil.ignore_patterns("__pycache__", "tests")
            shutil.copytree(source, folder / name, ignore=skipped)
        else:
            shutil.copy2(source, folder / name)
    # pytest's configuration names the harness's own tests, which are not copied.
    (folder / "harness" / "tests").mkdir()
    if fault is not None:
        target = folder / "harness" / fault.file
        target.write_text(fault.applied_to(target.read_text("utf-8")), encoding="utf-8")
