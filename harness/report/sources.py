"""Evidence of one session or several, read for the report: what is sound, and what is left out."""

import gzip
import json
import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args

from harness import __version__
from harness.errors import HarnessError
from harness.evidence.formatting import BOUNDS
from harness.evidence.record import RUN_LINE, UNREADABLE, Evidence, read_evidence
from harness.evidence.run_record import RunRecord, is_number, is_time, run_record, stored_runs
from harness.evidence.verdict import Verdict
from harness.report.claim_tests import TIERS
from harness.runs.records import RECORDS, BadRecord, Records

PACKED = b"\x1f\x8b"
"""How a file begins that gzip has written."""
SCALES = ("", "exact", "paper", "scaled")
FIELDS = {entry.name for entry in fields(Evidence)}
ADDED = {"recorded"}
"""Fields that older evidence of this version does not have; they have defaults."""


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
        """Take from the store what the checks name and no evidence file has."""
        missing = [r for r in self.records if any(key not in self.runs for key in r.runs)]
        for run in stored_runs(store, missing):
            self.runs.setdefault(run.key, run)

    def add_records(self, folder: Path = RECORDS) -> None:
        """Take in the checks of the records, and their runs: of tests that are not judged here.

        A check of one run at two tiers counts once. Raises BadRecord for a record that is not as
        it was written, and for checks that do not go with the records.
        """
        by_key, path = Records.load(folder).by_key, folder / "evidence.jsonl"
        found, damaged = read_evidence(path)
        if damaged or not {key for record in found for key in record.runs} <= by_key.keys():
            raise BadRecord(
                f"{path} does not go with the records beside it; judge them anew: python -m harness"
                " runs page"
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

    Raises HarnessError for a file that is not there or holds no check. Damaged lines, lines of
    another version and lines about claims that are not in the catalogue are left out, and told in
    ``notices``.
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
    order = {claim: place for place, claim in enumerate(claims)}
    return sorted(
        records, key=lambda r: (order.get(r.claim, len(order)), r.control, r.test, r.tier, r.check)
    )


def _text(path: Path) -> str:
    """What is in an evidence file, also in one that gzip has packed; raises HarnessError."""
    try:
        content = path.read_bytes()
        if content.startswith(PACKED):
            content = gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or error
        raise HarnessError(
            f"{path}: the evidence cannot be read ({why}); name a file that pytest --evidence FILE"
            " has written"
        ) from error
    return content.decode("utf-8", errors="replace")


def _read(path: Path, claims: Collection[str]) -> tuple[list[Evidence], list[RunRecord], list[str]]:
    text = _text(path)
    records: list[Evidence] = []
    runs: list[RunRecord] = []
    left_out: dict[str, list[int]] = {}
    # Not splitlines(), which also breaks at characters that JSON allows within a text.
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip("\ufeff \r\t")  # A mark at the start of each file that was joined.
        if not line:
            continue
        try:
            content = json.loads(line)
            if not _is_readable(content):
                raise ValueError("text that no page or terminal shows")
            if line.startswith(RUN_LINE):
                runs.append(RunRecord.from_line(line))
            elif problem := _problem(content, claims):
                left_out.setdefault(problem, []).append(number)
            else:
                records.append(Evidence(**content))
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError, OverflowError):
            left_out.setdefault("damaged: not a whole line of evidence", []).append(number)
    notices = [
        f"{path.name}: {_lines(numbers)} left out, {problem}"
        for problem, numbers in left_out.items()
    ]
    return records, runs, notices


def _problem(content: Any, claims: Collection[str]) -> str:
    """Why a line of JSON cannot be shown, or an empty string."""
    if not isinstance(content, dict) or "claim" not in content:
        return "damaged: not a line of evidence"
    environment = content.get("environment")
    version = environment.get("harness", "") if isinstance(environment, dict) else ""
    if version != __version__:
        told = f"written by version {version}" if version else "written by an unknown version"
        return f"{told}, and this is {__version__}: run its tests again"
    if names := ", ".join(sorted((content.keys() ^ FIELDS) - ADDED)):
        return f"of another format (it differs in: {names}): run its tests again"
    if unsound := _unsound(Evidence(**content)):
        return f"damaged: {unsound}"
    if content["claim"] not in claims:
        return (
            f"about the unknown claim {content['claim']!r}, which is not in claims/catalogue.toml"
        )
    return ""


def _unsound(record: Evidence) -> str:
    """The first field that is not of its type, or an empty string."""
    kinds = {
        str: str,
        bool: bool,
        int: int,
        list[float]: list,
        list[str]: list,
        dict[str, Any]: dict,
    }
    values = asdict(record)
    for entry in fields(Evidence):
        kind = kinds.get(entry.type)
        if kind is not None and not isinstance(values[entry.name], kind):
            return f"{entry.name} = {values[entry.name]!r}"
    if record.verdict not in get_args(Verdict):
        return f"verdict = {record.verdict!r}"
    if record.tier not in ("", *TIERS):
        return f"tier = {record.tier!r}"
    if record.scale not in SCALES:
        return f"scale = {record.scale!r}"
    if record.when and not is_time(record.when):
        return f"when = {record.when!r}"
    if record.bound and record.bound.get("kind") not in BOUNDS:
        return f"bound = {record.bound!r}"
    interval = [] if record.interval is None else record.interval
    if not isinstance(interval, list) or len(interval) not in (0, 2):
        return f"interval = {record.interval!r}"
    chance, slack = record.false_alarm, record.slack
    numbers = [*record.values, *interval, record.published, chance, slack, record.seconds]
    if not all(value is None or is_number(value) for value in numbers) or record.seconds is None:
        return "a number is not a number"
    if chance is not None and not 0 <= chance <= 1:
        return f"false_alarm = {chance!r}"
    if not all(isinstance(key, str) for key in record.runs):
        return f"runs = {record.runs!r}"
    figure = record.figure
    if figure is not None and not (isinstance(figure.get("name"), str) and "data" in figure):
        return "figure without a name or data"
    return ""


def _is_readable(content: Any) -> bool:
    """Whether all text in it can be written: no half of a character, nothing that steers a
    terminal.
    """
    if isinstance(content, dict):
        return all(_is_readable(it) for pair in content.items() for it in pair)
    if isinstance(content, list):
        return all(map(_is_readable, content))
    return not (isinstance(content, str) and UNREADABLE.search(content))


def _lines(numbers: list[int]) -> str:
    listed = ", ".join(str(number) for number in numbers[:8])
    more = f" and {len(numbers) - 8} more" if len(numbers) > 8 else ""
    return f"line {listed}" if len(numbers) == 1 else f"{len(numbers)} lines ({listed}{more})"
