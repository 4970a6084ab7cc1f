"""The ``judge`` fixture: a measurement, a check, a verdict, a record, and a message for people."""

import math
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.errors import HarnessError
from harness.evidence import (
    ClaimNotSupported,
    ControlNotRefuted,
    FigureData,
    Measurement,
    Published,
    formatting,
)
from harness.evidence.catalogue import find
from harness.evidence.checks import Check, departure, has_chance, resolution
from harness.evidence.formatting import quantity, would_notice
from harness.evidence.quoting import misquoted
from harness.evidence.record import Evidence, Verdict
from harness.evidence.tolerances import compared
from harness.plugin.evidence import append, blank
from harness.plugin.experiments import AnyRecipe, below_papers_size, work_of
from harness.plugin.options import SESSION
from harness.plugin.recorded import is_recorded
from harness.plugin.runs import FINISHED
from harness.plugin.tiers import claim_of, tier_of

JUDGE = pytest.StashKey["Judge"]()
VALUES_SHOWN = 8
ONE_DRAW = "nothing: one draw, another with another --base-seed"
"""Of a measurement, in the message of a failure."""
LABORATORY = ("data", "models", "training", "linear", "expressivity", "capacity")
"""The packages of the harness that make what is measured; evidence has the published numbers."""
NAMES_ALONE = ("harness.data.catalogue", "harness.models.registry")
"""Modules of theirs that only name things."""


@dataclass
class Judge:
    """Judges the measurements of one test; every call leaves a line of evidence."""

    item: pytest.Item
    recipes: list[Any]
    """Of everything that the test trains, solves or computes on."""
    started: float
    failures: list[AssertionError] = field(default_factory=list)
    small: bool = False
    constructed: bool = False
    """Whether the test has called the laboratory."""

    @property
    def scale(self) -> str:
        """ "scaled" where a recipe is below the paper's size, "paper" where none is.

        "exact" for a test without recipes, whose construction has no size in the paper, unless it
        is `reduced`.
        """
        if self.small or below_papers_size(self.recipes):
            return "scaled"
        return "paper" if self.recipes else "exact"

    def computed_on(self, *recipes: AnyRecipe) -> None:
        """Count these recipes too: the test computes on their data without a run."""
        self.recipes += recipes

    def reduced(self) -> None:
        """Count the evidence as scaled: the test constructs less than the paper, by no recipe."""
        self.small = True

    def __call__(
        self,
        measured: Measurement,
        check: Check,
        published: Published | None = None,
        figure: FigureData | None = None,
        otherwise: Published | float | str | None = None,
    ) -> Verdict:
        """Decide and record; the test fails unless a claim is supported, or a control refuted.

        ``otherwise`` is what would be measured if the claim were false: 1 for a ratio without an
        effect, what the paper reports of another row. A check that would not refute that value in
        19 of 20 repetitions supports nothing: it is inconclusive, "too coarse to tell". Every check
        with chance in it names the value, or says in words why there is none.

        A control must be refuted by a measurement, not because a run diverged. The failure,
        ClaimNotSupported or ControlNotRefuted, is raised when the test ends, so that its other
        checks leave their evidence too. Its message makes sense without the test's source.
        """
        control = claim_of(self.item)[1]
        if published is not None and not isinstance(published, Published):
            raise HarnessError(
                f"published = {published!r} must come from fixtures/paper: use published_row(...)"
            )
        if published is not None:
            self._refuse_misquoted(measured, published)
        if control and not (measured.runs or self.constructed):
            raise HarnessError(
                f"{measured.name}: a control trains, solves or constructs something whose premise"
                " is broken, and this one compares numbers that were there before; give it a run,"
                " or make it a unit test of the check in harness/tests"
            )
        verdict, seen = check.verdict(measured), resolution(check, measured)
        if otherwise is None and not control and has_chance(check, measured):
            raise HarnessError(
                f"{measured.name}: say what would be measured if the claim were false"
                " (judge(..., otherwise=1.0)), or in words why there is no such value"
            )
        value = otherwise.value if isinstance(otherwise, Published) else otherwise
        effect = departure(check, value) if isinstance(value, float | int) else None
        if effect is not None and seen is not None and seen > effect:
            verdict = "inconclusive" if verdict == "supported" else verdict
            noticed = would_notice(check.as_dict(), seen, measured.unit)
            coarse = (
                f"too coarse to tell: would notice {noticed}; if the claim were false it would be"
                f" {quantity(value, measured.unit)}"
            )
            if isinstance(otherwise, Published):
                coarse += f" ({otherwise.where})"
            measured = replace(measured, note="; ".join(filter(None, [coarse, measured.note])))
        record = self._record(
            measured,
            check,
            published,
            effect,
            verdict=verdict,
            resolution=seen,
            otherwise=value,
            figure={"name": figure.name, "data": dict(figure.data)} if figure else None,
        )
        message = self._message(record, measured)
        if control:
            if verdict != "refuted" or measured.diverged:
                self.failures.append(ControlNotRefuted(message))
        elif verdict != "supported":
            self.failures.append(ClaimNotSupported(message))
        return verdict

    def _refuse_misquoted(self, measured: Measurement, published: Published) -> None:
        finished = self.item.stash.get(FINISHED, {})
        recipes = [finished[key] for key in measured.runs if key in finished]
        if why := misquoted(published, measured, recipes, control=claim_of(self.item)[1]):
            raise HarnessError(
                f"{published.where} is published for something else than {measured.name!r}: {why};"
                " take the row of what was trained"
            )

    def _depends_on_seeds(self, measured: Measurement) -> bool:
        """Whether another base seed would draw other data, weights or orders."""
        drawn = {"base_seed", "reseeded"} & {*getattr(self.item, "fixturenames", ())}
        return bool(measured.runs or drawn)

    def _record(
        self,
        measured: Measurement,
        check: Check,
        published: Published | None,
        effect: float | None,
        **facts: Any,
    ) -> Evidence:
        if self.scale == "paper" and tier_of(self.item) == "fast":
            raise HarnessError(
                f"{measured.name}: the fast tier has no data of the paper's size, so that none of"
                " its evidence is the paper's; count all recipes, or call judge.reduced()"
            )
        of_a_table = published and published.cell and self.scale == "paper" and measured.is_finite
        agreement = compared(measured.mean, published) if of_a_table and published else ""
        if agreement == "reproduced" and facts["verdict"] == "inconclusive":
            agreement = "too coarse"  # Another row's number would be as near.
        elapsed = 0.0 if is_recorded(self.item.config) else time.perf_counter() - self.started
        record = blank(
            self.item,
            check=measured.name,
            values=list(measured.values),
            unit=measured.unit,
            interval=list(measured.interval),
            bound=check.as_dict(),
            published=published.value if published else None,
            published_where=published.where if published else "",
            published_cell=published.cell if published else "",
            agreement=agreement,
            source=check.source,
            scale=self.scale,
            seconds=round(measured.seconds if measured.runs else elapsed, 2),
            runs=list(measured.runs),
            replicated=measured.replicated or ONE_DRAW * self._depends_on_seeds(measured),
            notes=[measured.note] * bool(measured.note),
            **facts,
        )
        supported, refuted = check.slack(measured)
        if effect is not None and record.resolution is not None:
            supported = min(supported, effect - record.resolution)
        record.slack = refuted if record.control else supported if record.expected else -supported
        if record.expected:
            record.false_alarm = check.false_alarm(measured)
        append(self.item, record)
        return record

    def _message(self, record: Evidence, measured: Measurement) -> str:
        claim = find(self.item.config.stash[SESSION].catalogue, record.claim)
        unit = measured.unit
        interval = " to ".join(quantity(end, unit) for end in measured.interval)
        if not measured.is_finite:
            interval = "none, for a run that diverged or never got there"
        shown = measured.values[:VALUES_SHOWN]
        values = ", ".join(
            "undefined" if math.isnan(value) else quantity(value, unit) for value in shown
        )
        if left := len(measured.values) - len(shown):
            values += f" and {left} more, {quantity(measured.mean, unit)} in the mean"
        head = f"{claim.id} is {record.verdict}: {claim.sentence}"
        if record.control:
            head = (
                f"control of {claim.id} is {record.verdict}, and should be refuted: the check"
                f" passes on a broken premise ({claim.control})"
            )
        noticed, published = formatting.notices(record), formatting.published(record)
        facts = {
            "measured": f"{measured.name} = {values}",
            "note": measured.note,
            "interval": f"{interval} (replicated: {record.replicated or 'nothing, it is exact'})",
            "bound": f"{formatting.bound(record)}, from {record.source}",
            "notices": noticed and f"{noticed}, in 19 of 20 repetitions",
            "published": published and f"{published} ({record.published_where})",
            "repeat": record.command,
        }
        return "\n".join([head, *(f"  {name:9} {it}" for name, it in facts.items() if it)])


@pytest.fixture
def judge(request: pytest.FixtureRequest) -> Iterator[Judge]:
    """Judge a measurement by a check: ``judge(measurement, check, published=...)``."""
    item = request.node
    judge = item.stash[JUDGE] = Judge(item, work_of(item), time.perf_counter())
    with _watched(judge):
        yield judge


@contextmanager
def _watched(judge: Judge) -> Iterator[None]:
    """Note the first call of the laboratory; after it, calls cost nothing any more.

    Under another profiler nothing is watched, and every control counts as having made something.
    """
    judge.constructed = sys.getprofile() is not None
    if judge.constructed or not claim_of(judge.item)[1]:
        yield
        return

    def watch(frame: Any, event: str, argument: object) -> None:
        module = frame.f_globals.get("__name__", "")
        name, _, package = module.partition(".")
        inside = name == "harness" and package.partition(".")[0] in LABORATORY
        if event == "call" and inside and not module.startswith(NAMES_ALONE):
            judge.constructed = True
            sys.setprofile(None)

    sys.setprofile(watch)
    try:
        yield
    finally:
        sys.setprofile(None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Any:
    """Raise the failures of the test's checks."""
    result = yield
    judge = item.stash.get(JUDGE, None)
    if judge is not None and judge.failures:
        raise type(judge.failures[0])("\n\n".join(map(str, judge.failures))) from None
    return result
