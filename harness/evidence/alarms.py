"""How often a check fails by chance: from sessions of other base seeds, by the slack they left it.

The slack is the distance by which a session's measurement stayed clear of failing, in its own unit.
Over sessions it has a mean and a standard deviation; the rate is Student's predictive probability
that another session's slack is negative, as for the next of n normal draws. It is an extrapolation
from n sessions, and says so by its n. Ratios and distances, which spread over orders of magnitude,
have their slack in logarithms.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.errors import HarnessError
from harness.evidence.checks import PROVED
from harness.evidence.record import Evidence
from harness.evidence.run_record import RunRecord
from harness.evidence.slack import limit_of, log_slack

ATTAINS = "attains "
"""How the words of a bound begin that every run attains, or does not: the slack is always 0."""
UNMOVED = 1e-9
"""A spread below this share of the mean is rounding."""
FEWEST = 3

Key = tuple[str, str, bool, str, str]
"""Claim, check, whether it is a control, tier, network of one's own."""


@dataclass(frozen=True)
class Alarm:
    """One check over all sessions."""

    claim: str
    check: str
    control: bool
    tier: str
    sessions: int
    failures: int
    """Sessions in which it did not come out as it should."""
    slacks: tuple[float, ...]
    """A session each, in the check's unit, or in logarithms: see `measured_in`."""
    measured_in: str
    is_proved: bool = False
    """Whether a theorem bounds every draw: see `checks.ProvedAtMost`."""

    @property
    def mean(self) -> float:
        """Of the slacks."""
        return math.fsum(self.slacks) / len(self.slacks)

    @property
    def deviation(self) -> float:
        """The sample's standard deviation of the slacks."""
        mean = self.mean
        return math.sqrt(math.fsum((it - mean) ** 2 for it in self.slacks) / (len(self.slacks) - 1))

    @property
    def is_constant(self) -> bool:
        """Whether no seed moved it: a construction, or a property that chance does not touch."""
        return self.deviation <= UNMOVED * max(abs(self.mean), UNMOVED)

    @property
    def rate(self) -> float | None:
        """Sessions that would fail, as a share; None where only failures could tell.

        0 where a theorem bounds every draw or nothing moves, and nothing failed. The share of
        failures where it is larger.
        """
        observed = self.failures / self.sessions
        if len(self.slacks) < self.sessions:
            return observed or None
        if self.is_constant or self.is_proved:
            return observed
        from scipy.stats import t

        n = self.sessions
        away = self.mean / (self.deviation * math.sqrt(1 + 1 / n))
        return max(observed, float(t.sf(away, n - 1)))


def alarms(
    sessions: Sequence[tuple[Iterable[Evidence], Mapping[str, RunRecord]]],
) -> list[Alarm]:
    """Every check that all sessions judged, the likeliest to fail first.

    A session is its evidence and the runs behind it by key. Raises HarnessError for fewer than
    three sessions, and for two of one base seed, which are one session twice.
    """
    if len(sessions) < FEWEST:
        raise HarnessError(
            f"{len(sessions)} sessions say nothing about chance: name the evidence of at least"
            f" {FEWEST}, each with a --base-seed of its own"
        )
    judged = [_last(records) for records, _ in sessions]
    _require_distinct_seeds(judged)
    found = [
        _alarm([(it[key], runs) for it, (_, runs) in zip(judged, sessions, strict=True)])
        for key in judged[0]
        if all(key in it for it in judged)
    ]
    return sorted(found, key=lambda it: -1 if it.rate is None else it.rate, reverse=True)


def left_out(sessions: Sequence[Iterable[Evidence]]) -> list[str]:
    """Names of the checks that some sessions judged and others did not."""
    judged = [_last(records) for records in sessions]
    every = dict.fromkeys(key for it in judged for key in it)
    return [f"{key[0]}: {key[1]}" for key in every if not all(key in it for it in judged)]


def _alarm(seen: Sequence[tuple[Evidence, Mapping[str, RunRecord]]]) -> Alarm:
    first = seen[0][0]
    in_epochs = first.bound_words.startswith(ATTAINS) and not first.control and first.expected
    limit = limit_of(first)
    if in_epochs:
        slacks, unit = (
            [_epochs_to_spare(*it) for it in seen],
            "log of epochs allowed over epochs to fit",
        )
    elif limit is None:
        slacks, unit = [record.slack for record, _ in seen], first.unit
    else:
        slacks, unit = (
            [log_slack(record, limit) for record, _ in seen],
            "log of the ratio to the bound",
        )
    return Alarm(
        first.claim,
        first.check,
        first.control,
        first.tier,
        len(seen),
        sum(not record.as_it_should for record, _ in seen),
        tuple(slack for slack in slacks if slack is not None and math.isfinite(slack)),
        unit,
        is_proved=first.bound_words.endswith(PROVED),
    )


def _epochs_to_spare(record: Evidence, runs: Mapping[str, RunRecord]) -> float | None:
    """A check of zero error has no slack in its accuracy, but the run has epochs to spare."""
    spare = []
    for key in record.runs:
        run = runs.get(key)
        fitted = run.figures.get("epochs to fit") if run else None
        if run is None or not fitted:
            return None
        spare.append(math.log(run.recipe["epochs"] / fitted))
    return min(spare, default=None)


def _last(records: Iterable[Evidence]) -> dict[Key, Evidence]:
    return {(r.claim, r.check, r.control, r.tier, r.network): r for r in records}


def _require_distinct_seeds(judged: Sequence[Mapping[Key, Evidence]]) -> None:
    seeds: set[int] = set()
    for records in judged:
        its = {record.seed for record in records.values()}
        if its & seeds:
            raise HarnessError(
                f"two sessions have the base seed {min(its & seeds)}: they are one session twice;"
                " give each a --base-seed of its own"
            )
        seeds |= its
