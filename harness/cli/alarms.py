"""``python -m harness alarms EVIDENCE...``: how often would each check fail by chance?

Estimated from the slack in sessions of several base seeds: the distance by which a measurement
stayed clear of failing, in its own unit; that of ratios and distances, which spread over orders of
magnitude, is taken in logarithms. The rate is Student's predictive probability that the slack of
another session is negative, as for the next of n normal draws: an extrapolation from n sessions.
"""

import argparse
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev

from rich.table import Table
from scipy.stats import t

from harness.cli.common import sessions
from harness.errors import HarnessError
from harness.evidence.record import Evidence, RunRecord, last_of_each
from harness.report.terminal import console, plain_table

UNMOVED = 1e-9
"""A spread below this share of the mean is rounding."""
FEWEST = 3
MULTIPLICATIVE = ("times", "")
"""Units of ratios, norms, eigenvalues and relative distances, which are positive."""
SMALLEST = 2.0**-52
"""A relative distance below is rounding."""
BELOW = ("at_most", "proved_at_most")
ABOVE = ("at_least", "more_than")

Session = tuple[Iterable[Evidence], Mapping[str, RunRecord]]
"""A session's evidence, and the runs behind it by key."""


@dataclass(frozen=True)
class Alarm:
    """One check over all sessions."""

    first: Evidence
    """Of the first session: it says which check this is."""
    sessions: int
    failures: int
    """Sessions in which it did not come out as it should."""
    slacks: tuple[float, ...]
    """One a session, in its own unit or as a logarithm; fewer where some have none."""

    @property
    def is_proved(self) -> bool:
        """Whether a theorem bounds every draw: see `checks.ProvedAtMost`."""
        return self.first.bound.get("kind") == "proved_at_most"

    @property
    def mean(self) -> float:
        """Of the slacks."""
        return fmean(self.slacks)

    @property
    def deviation(self) -> float:
        """The sample's standard deviation of the slacks."""
        return stdev(self.slacks)

    @property
    def is_constant(self) -> bool:
        """Whether no seed moved it: a construction, or a property that chance does not touch."""
        return self.deviation <= UNMOVED * max(abs(self.mean), UNMOVED)

    @property
    def rate(self) -> float | None:
        """The share of sessions that would fail; None where no failure was seen and slack lacks.

        Never below the share that did fail, and just that where a theorem bounds every draw or no
        seed moves the slack.
        """
        observed = self.failures / self.sessions
        if len(self.slacks) < self.sessions:
            return observed or None
        if self.is_constant or self.is_proved:
            return observed
        n = self.sessions
        away = self.mean / (self.deviation * math.sqrt(1 + 1 / n))
        return max(observed, float(t.sf(away, n - 1)))


def alarms(sessions: Sequence[Session]) -> list[Alarm]:
    """Every check that all sessions judged, the likeliest to fail first.

    Raises HarnessError for fewer than three sessions, and for two of one base seed.
    """
    if len(sessions) < FEWEST:
        raise HarnessError(
            f"{len(sessions)} sessions say nothing about chance: name the evidence of at least"
            f" {FEWEST}, each with its own --base-seed"
        )
    judged = [last_of_each(records) for records, _ in sessions]
    seeds = [seed for records in judged for seed in {it.seed for it in records.values()}]
    if twice := [seed for seed, count in Counter(seeds).items() if count > 1]:
        raise HarnessError(
            f"two sessions have the base seed {min(twice)}: they are one session twice; give each"
            " its own --base-seed"
        )
    found = [
        _alarm([(it[key], runs) for it, (_, runs) in zip(judged, sessions, strict=True)])
        for key in judged[0]
        if all(key in it for it in judged)
    ]
    return sorted(found, key=lambda it: -1 if it.rate is None else it.rate, reverse=True)


def _alarm(seen: Sequence[tuple[Evidence, Mapping[str, RunRecord]]]) -> Alarm:
    first = seen[0][0]
    kind = first.bound.get("kind")
    slacks: list[float | None]
    if kind in ("attains", "requires") and not first.control and first.expected:
        # All runs attain the bound itself, so that the slack is 0: the epochs say how narrowly.
        slacks = [_epochs_to_spare(*it) for it in seen]
    elif limit := _limit(first):
        slacks = [_log_slack(record, limit) for record, _ in seen]
    else:
        slacks = [record.slack for record, _ in seen]
    failures = sum(not record.as_it_should for record, _ in seen)
    known = tuple(slack for slack in slacks if slack is not None and math.isfinite(slack))
    return Alarm(first, len(seen), failures, known)


def _epochs_to_spare(record: Evidence, runs: Mapping[str, RunRecord]) -> float | None:
    spare = []
    for key in record.runs:
        run = runs.get(key)
        fitted = run.figures.get("epochs to fit") if run else None
        if run is None or not fitted:
            return None
        spare.append(math.log(run.recipe["epochs"] / fitted))
    return min(spare, default=None)


def _limit(record: Evidence) -> float | None:
    """The positive number to which a positive measurement is compared; None where it is not one."""
    bound, limit = record.bound, 0.0
    if record.unit in MULTIPLICATIVE and bound:
        if bound["kind"] in (*ABOVE, *BELOW):
            limit = bound["value"]
        elif bound["kind"] == "equals" and bound["value"] == 0:
            limit = bound["tolerance"]
    return limit if limit > 0 else None


def _log_slack(record: Evidence, limit: float) -> float | None:
    """How many times as large or as small the measurement could be, as a logarithm."""
    if record.slack is None:
        return None
    to_be_supported = not record.control and record.expected
    if (record.bound["kind"] in ABOVE) == to_be_supported:
        return math.log(max(1 + record.slack / limit, SMALLEST))
    return -math.log(max(1 - record.slack / limit, SMALLEST))


FAILED = 1
SHOWN = 20


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("evidence", nargs="+", type=Path, metavar="EVIDENCE")
    parser.add_argument("--all", action="store_true", help=f"more than the likeliest {SHOWN}")


def run(options: argparse.Namespace) -> int:
    """Print the table; exit code 1 if a check failed in any session.

    Raises HarnessError for files that cannot be read, too few files, or files of one base seed.
    """
    sources = sessions(options.evidence)
    found = alarms([(source.records, source.runs) for source in sources])
    if not found:
        raise HarnessError(
            "the sessions have no check in common: name files that pytest --evidence FILE has"
            " written of one tier"
        )
    screen = console()
    screen.print(_table(found if options.all else found[:SHOWN]))
    screen.print(_summary(found))
    judged = [last_of_each(source.records) for source in sources]
    every = dict.fromkeys(key for it in judged for key in it)
    partly = [f"{key[0]}: {key[1]}" for key in every if not all(key in it for it in judged)]
    if partly:
        screen.print(f"judged in some sessions alone, and left out: {'; '.join(partly)}")
    return FAILED if any(it.failures for it in found) else 0


def _table(found: list[Alarm]) -> Table:
    table = plain_table("claim", "check", ">failed", ">deviations", "false alarms")
    for it in found:
        name = f"control: {it.first.check}" if it.first.control else it.first.check
        slack = "-"  # The mean in standard deviations.
        if len(it.slacks) == it.sessions:
            slack = "unmoved" if it.is_constant else f"{it.mean / it.deviation:.1f}"
        failed = f"{it.failures} of {it.sessions}"
        table.add_row(it.first.claim, name, failed, slack, rate_in_words(it))
    return table


def rate_in_words(it: Alarm) -> str:
    """The rate as one in how many sessions."""
    if it.rate is None:
        return f"none in {it.sessions}"
    if it.rate == 0:
        return "none: proved" if it.is_proved else "none: chance does not move it"
    if it.rate < 1e-12:
        return "below 1 in 10^12"
    return f"1 in {1 / it.rate:,.0f}" if it.rate > 1e-6 else f"1 in 10^{-math.log10(it.rate):.0f}"


def _summary(found: list[Alarm]) -> str:
    total = sum(it.rate or 0.0 for it in found)
    failures = sum(it.failures for it in found)
    unknown = sum(it.rate is None for it in found)
    constant = sum(it.rate == 0 for it in found)
    together = f"1 in {1 / total:,.0f} sessions" if total else "none"
    return (
        f"{len(found)} checks over {found[0].sessions} sessions, {failures} failures;"
        f" {constant} unmoved or proved, {unknown} without slack to measure; all together,"
        f" at most: {together}"
    )
