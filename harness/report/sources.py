"""Evidence of one session or several, read for the report, and notices of what is left out."""

import gzip
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from harness import __version__
from harness.errors import HarnessError
from harness.evidence.formatting import bound, interval, measured, notices, published, values
from harness.evidence.record import (
    Evidence,
    RunRecord,
    Verdict,
    evidence_lines,
    read_evidence,
    run_record,
    stored_runs,
)
from harness.runs.records import RECORDS, BadRecord, Records

GZIP_START = b"\x1f\x8b"
DAMAGED = "damaged, or of another format: run its tests again"


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

    def add_records(self) -> None:
        """Add the checks of the records, with their runs, for tests that are not judged here.

        A check of one run at two tiers counts once. Raises BadRecord for a damaged record, and for
        checks that do not belong to the records.
        """
        by_key, path = Records.load().by_key, RECORDS / "evidence.jsonl"
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
    for number, found in evidence_lines(_text(path)):
        if isinstance(found, RunRecord):
            runs.append(found)
            continue
        try:
            problem = _problem(found, claims)
        except (ValueError, TypeError, AttributeError, LookupError, OverflowError):
            problem = DAMAGED
        if found is None or problem:
            left_out.setdefault(problem, []).append(number)
        else:
            records.append(found)
    notices = [
        f"{path.name}: {_lines(numbers)} left out, {problem}"
        for problem, numbers in left_out.items()
    ]
    return records, runs, notices


def _problem(record: Evidence | None, claims: Collection[str]) -> str:
    """Why a check cannot be shown, or an empty string."""
    if record is None:
        return DAMAGED
    version = record.environment.get("harness")
    if version != __version__:
        return f"written by version {version}, and this is {__version__}: run its tests again"
    if record.claim not in claims:
        return f"about the unknown claim {record.claim!r}, which is not in claims/catalogue.toml"
    if record.verdict not in get_args(Verdict):
        return f"of the unknown verdict {record.verdict!r}"
    for in_words in (bound, interval, measured, notices, published, values):
        in_words(record)  # Raises where a file was edited by hand: no page is lost to it.
    return ""


def _lines(numbers: list[int]) -> str:
    listed = ", ".join(str(number) for number in numbers[:8])
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"line {listed}" if len(numbers) == 1 else f"{len(numbers)} lines ({listed}{more})"
