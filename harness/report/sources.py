"""Evidence of one session or several, read for the report, and notices of what is left out."""

import gzip
import json
import math
import zlib
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from harness import __version__
from harness.errors import HarnessError
from harness.evidence.formatting import BOUNDS
from harness.evidence.record import RUN_LINE, UNREADABLE, Evidence, read_evidence, upgraded
from harness.evidence.run_record import RunRecord, run_record, stored_runs
from harness.evidence.verdict import Verdict
from harness.runs.records import RECORDS, BadRecord, Records

GZIP_START = b"\x1f\x8b"
FIELDS = {entry.name for entry in fields(Evidence)}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(it is None or _is_number(it) for it in values)


SOUND: dict[str, Callable[[Any], bool]] = {
    "verdict": lambda it: it in get_args(Verdict),
    "bound": lambda it: isinstance(it, dict) and it.get("kind", "equals") in BOUNDS,
    "values": _are_numbers,
    "interval": lambda it: it is None or (_are_numbers(it) and len(it) == 2),
    "seconds": _is_number,
    "published": lambda it: it is None or _is_number(it),
    "false_alarm": lambda it: it is None or _is_number(it),
    "resolution": lambda it: it is None or _is_number(it),
    "scale": lambda it: it in ("", "exact", "paper", "scaled"),
    "figure": lambda it: it is None or (isinstance(it, dict) and {"name", "data"} <= it.keys()),
}
"""What the page computes with, by field: a file may have been edited by hand."""


@dataclass
class Sources:
    """What a report is made from."""

    records: list[Evidence] = field(default_factory=list)
    runs: dict[str, RunRecord] = field(default_factory=dict)
    """By key."""
    files: list[tuple[str, int]] = field(default_factory=list)
    """Name and number of checks of each evidence file; none within a session."""
    notices: list[str] = field(default_factory=list)
    """What was left out, in sentences."""
    recorded: list[Evidence] = field(default_factory=list)
    """Checks that were judged from the repository's records, beside this evidence."""

    def add_stored_runs(self, store: Path) -> None:
        """Take from the store the runs that checks name and no evidence file has."""
        missing = [r for r in self.records if any(key not in self.runs for key in r.runs)]
        for run in stored_runs(store, missing):
            self.runs.setdefault(run.key, run)

    def add_records(self, folder: Path = RECORDS) -> None:
        """Add the checks of the records, with their runs, for tests that are not judged here.

        A check of one run at two tiers counts once. Raises BadRecord for a damaged record, and for
        checks that do not belong to the records.
        """
        by_key, path = Records.load(folder).by_key, folder / "evidence.jsonl"
        found, damaged = read_evidence(path)
        if damaged or not {key for record in found for key in record.runs} <= by_key.keys():
            raise BadRecord(
                f"{path} does not go with the records beside it; judge them again: python -m"
                " harness runs page"
            )
        judged = {record.test for record in self.records}
        once = {(it.claim, it.check, *it.runs): it for it in found if not it.control}
        for record in self.records:
            once.pop((record.claim, record.check, *record.runs), None)
        self.recorded = [record for record in once.values() if record.test not in judged]
        for key in dict.fromkeys(key for record in self.recorded for key in record.runs):
            self.runs.setdefault(key, run_record(by_key[key]))


def read_sources(paths: Sequence[Path], claims: Collection[str]) -> Sources:
    """Merge evidence files; identical lines count once.

    Raises HarnessError for a file that does not exist or holds no check. Damaged lines, lines of
    another version and lines about unknown claims are left out and listed in ``notices``.
    """
    merged = Sources()
    seen: set[str] = set()
    for path in paths:
        records, runs, notices = _read(path, claims)
        if not records:
            why = f" that can be read ({notices[0]})" if notices else ""
            raise HarnessError(
                f"{path} holds no check{why}; name a file that pytest --evidence FILE has written,"
                " in UTF-8, plain or packed by gzip"
            )
        lines = {record.to_line(): record for record in records}
        merged.records += [record for line, record in lines.items() if line not in seen]
        seen |= set(lines)
        merged.runs |= {run.key: run for run in runs}
        merged.files.append((path.name, len(records)))
        merged.notices += notices
    return merged


def in_order(records: Iterable[Evidence], claims: Iterable[str]) -> list[Evidence]:
    """In the catalogue's order: claims before their controls, test by test."""
    order = {claim: i for i, claim in enumerate(claims)}
    return sorted(
        records, key=lambda r: (order.get(r.claim, len(order)), r.control, r.test, r.tier, r.check)
    )


def _text(path: Path) -> str:
    """The text of an evidence file, unpacked if gzip has packed it; raises HarnessError."""
    try:
        content = path.read_bytes()
        if content.startswith(GZIP_START):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise HarnessError(
            f"{path}: the evidence cannot be read ({why}); name a file that pytest --evidence FILE"
            " has written"
        ) from error
    return content.decode("utf-8", errors="replace")


def _read(path: Path, claims: Collection[str]) -> tuple[list[Evidence], list[RunRecord], list[str]]:
    records: list[Evidence] = []
    runs: list[RunRecord] = []
    left_out: dict[str, list[int]] = {}
    # Not splitlines(), which also breaks at characters that JSON allows within a text.
    for number, line in enumerate(_text(path).split("\n"), start=1):
        line = line.strip("\ufeff \r\t")  # A byte-order mark at the start of each joined file.
        if not line:
            continue
        try:
            content = upgraded(json.loads(line))
            if _is_unreadable(content):
                raise ValueError
            if line.startswith(RUN_LINE):
                runs.append(RunRecord.from_line(line))
            elif problem := _problem(content, claims):
                left_out.setdefault(problem, []).append(number)
            else:
                records.append(Evidence(**content))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
            left_out.setdefault("damaged: not a whole line of evidence", []).append(number)
    notices = [
        f"{path.name}: {_lines(numbers)} left out, {problem}"
        for problem, numbers in left_out.items()
    ]
    return records, runs, notices


def _problem(content: dict[str, Any], claims: Collection[str]) -> str:
    """Why a line of JSON cannot be shown, or an empty string."""
    version = content.get("environment", {}).get("harness")
    if version != __version__:
        by = f"version {version}" if version else "an unknown version"
        return f"written by {by}, and this is {__version__}: run its tests again"
    if names := ", ".join(sorted(content.keys() ^ FIELDS)):
        return f"of another format (it differs in: {names}): run its tests again"
    if edited := [name for name, is_sound in SOUND.items() if not is_sound(content[name])]:
        return f"damaged: {edited[0]} = {content[edited[0]]!r:.60} is none: run its tests again"
    if content["claim"] not in claims:
        return (
            f"about the unknown claim {content['claim']!r}, which is not in claims/catalogue.toml"
        )
    return ""


def _is_unreadable(content: Any) -> bool:
    """Whether a text in it holds control characters of a terminal, or lone surrogates."""
    if isinstance(content, dict):
        return any(_is_unreadable(it) for pair in content.items() for it in pair)
    if isinstance(content, list):
        return any(map(_is_unreadable, content))
    return isinstance(content, str) and UNREADABLE.search(content) is not None


def _lines(numbers: list[int]) -> str:
    listed = ", ".join(str(number) for number in numbers[:8])
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"line {listed}" if len(numbers) == 1 else f"{len(numbers)} lines ({listed}{more})"
