"""Which tests try which claim, and at which tiers: what a report says where nothing was run.

The modules of the claims folder are loaded and their marks read, as pytest does when it collects;
that trains nothing and loads no torch.
"""

import importlib
import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

CLAIM_MARKER = re.compile(r"""mark\.claim\(\s*["']([^"']+)["']""")
CLAIMS = Path(__file__).parents[2] / "claims"
TIERS = {
    "fast": "any machine, offline",
    "cpu_full": "two cores, the paper's data",
    "gpu_full": "a GPU, the paper's data",
    "imagenet": "GPUs and days, ImageNet",
}
"""By marker, what it takes."""


@dataclass(frozen=True)
class ClaimTest:
    """A test function and the tiers at which it tries a claim, or the claim's control."""

    claim: str
    control: bool
    node: str
    """As pytest names it, from the project's folder."""
    tiers: tuple[str, ...]

    def command(self, tier: str) -> str:
        """What runs it at one tier."""
        data = "" if tier == "fast" else " --data-root=DIR"
        return f"pytest -m {tier} {shlex.quote(self.node)}{data}"


@cache
def claim_tests(folder: Path = CLAIMS) -> tuple[tuple[ClaimTest, ...], tuple[str, ...]]:
    """All tests of the claims folder in the order of the files, and a sentence for each file that
    cannot be loaded."""
    found: list[ClaimTest] = []
    problems = []
    for path in sorted(folder.rglob("test_*.py")):
        try:
            module = _module(path, folder)
        except Exception as error:  # A file that pytest would report; here it costs its tests only.
            problems.append(f"{path.name} cannot be loaded ({error!r}): its tests are not listed")
            continue
        node = path.relative_to(folder.parent).as_posix()
        found += _tests(module, node)
    return tuple(found), tuple(problems)


@cache
def written_claims(folder: Path = CLAIMS) -> set[str]:
    """The ids that a test of the claims folder names; reads the files, and loads none."""
    return {
        claim
        for path in sorted(folder.rglob("test_*.py"))
        for claim in CLAIM_MARKER.findall(path.read_text(encoding="utf-8"))
    }


def _module(path: Path, folder: Path) -> ModuleType:
    name = ".".join(path.relative_to(folder.parent).with_suffix("").parts)
    root = str(folder.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    return importlib.import_module(name)


def _tests(module: ModuleType, node: str) -> Iterator[ClaimTest]:
    shared = getattr(module, "pytestmark", [])
    shared = shared if isinstance(shared, list) else [shared]
    for name, function in vars(module).items():
        if not name.startswith("test_") or getattr(function, "__module__", "") != module.__name__:
            continue
        # A decorator of the module is no Mark yet, but has one.
        marks = [getattr(mark, "mark", mark) for mark in shared]
        marks += getattr(function, "pytestmark", [])
        tiers = {tier for mark in marks for tier in _tiers(mark)}
        for mark in marks:
            if mark.name in ("claim", "control"):
                ordered = tuple(tier for tier in TIERS if tier in tiers)
                yield ClaimTest(mark.args[0], mark.name == "control", f"{node}::{name}", ordered)


def _tiers(mark: Any) -> set[str]:
    """The tiers that a mark names, itself or in the marks of its parameters."""
    if mark.name == "parametrize":
        return {
            inner.name
            for value in mark.args[1]
            for inner in getattr(value, "marks", ())
            if inner.name in TIERS
        }
    return {mark.name} & set(TIERS)
