"""Counterexamples and extremes are found and shown; the strategies draw what their names say."""

import math

import numpy as np
import pytest
from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from harness.evidence import Equals, extreme, find_counterexample
from harness.expressivity import adversarial

NONE = Equals(0, source="a test")


def test_an_extreme_is_the_worst_of_all_examples_and_names_both_ends():
    ends = [extreme("x", st.integers(-1, 1), float, which=it) for it in (max, min)]
    assert [it.values for it in ends] == [(1.0,), (-1.0,)]
    assert "largest, 1, at 1; smallest, -1, at -1" in ends[1].note
    assert extreme("x", st.just(0), lambda _: math.nan).values == (math.inf,)


def test_a_claim_that_holds_has_no_counterexample():
    seen = []
    measured = find_counterexample("even", lambda n: not seen.append(n), st.integers())
    assert NONE.verdict(measured) == "supported"
    assert measured.replicated == f"nothing: {len(seen)} samples were drawn"
    assert len(seen) == settings.default.max_examples
    assert measured.note == ""


def test_the_smallest_counterexample_is_named():
    measured = find_counterexample("below 100", lambda n: n < 100, st.integers())
    assert NONE.verdict(measured) == "refuted"
    assert measured.values == (1.0,)
    assert measured.note == "counterexample: 100"


def test_a_control_need_not_look_for_the_smallest():
    tried = []
    for smallest in (True, False):
        seen = []
        find_counterexample(
            "small", lambda n, seen=seen: not seen.append(n) and n < 9, st.integers(), smallest
        )
        tried.append(len(seen))
    assert tried[1] < tried[0]


def test_long_counterexamples_are_cut_short():
    measured = find_counterexample("never", lambda text: False, st.just("x y\n" * 999))
    assert len(measured.note) < 330 and measured.note.endswith(" ...")


def test_an_error_is_no_counterexample():
    with pytest.raises(ZeroDivisionError):
        find_counterexample("error", lambda n: 1 / 0, st.integers())


def test_no_samples_are_no_support():
    with pytest.raises(Unsatisfiable):
        find_counterexample("nothing drawn", lambda n: True, st.integers().filter(lambda n: False))


REACHED = {
    "one point": lambda s: len(s.points) == 1,
    "one dimension": lambda s: s.points.shape[1] == 1,
    "subnormals": lambda s: bool(((s.points != 0) & (np.abs(s.points) < 2.0**-1022)).any()),
    "large beside small": lambda s: np.ptp(np.abs(s.points)) > 1e299,
    "nearly equal": lambda s: bool(
        len(s.points) > 1 and 0 < np.ptp(s.points, axis=0).max() < 1e-9 * np.abs(s.points).max()
    ),
    "huge targets": lambda s: np.ptp(s.targets) > 1e200,
}


@pytest.mark.parametrize("kind", REACHED)
def test_every_kind_of_hostile_sample_is_drawn(kind):
    # `find` stops at the first.
    options = settings(max_examples=2_000, database=None, phases=[Phase.generate])
    find(adversarial.samples(), REACHED[kind], settings=options)
