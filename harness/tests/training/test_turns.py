"""A training's turns are on its own CUDA stream; streams are played by objects that note calls."""

from contextlib import contextmanager

import pytest
import torch

from harness.training import turns
from harness.training.turns import in_turns, own_stream

pytestmark = pytest.mark.usefixtures("restored_threads")


class Stream:
    def __init__(self, name, calls):
        self.name, self.calls, self.device = name, calls, torch.device("cuda")

    def wait_stream(self, other):
        self.calls.append(f"{self.name} waits for {other.name}")

    def synchronize(self):
        self.calls.append(f"{self.name} is over")


@pytest.fixture
def calls(monkeypatch):
    """What happened, in order."""
    noted, current = [], []
    current.append(Stream("default", noted))

    @contextmanager
    def stream(it):
        current.append(it)
        yield
        current.pop()

    monkeypatch.setattr(torch.cuda, "stream", stream)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device=None: current[-1])
    return noted


def steps(count, calls, fails_at=None):
    for number in range(count):
        calls.append(f"{number} on {torch.cuda.current_stream().name}")
        if number == fails_at:
            raise ValueError("no more")
        yield


def test_turns_of_two_trainings_are_each_on_its_own_stream(calls):
    both = [in_turns(steps(2, calls), Stream(name, calls), 1) for name in "ab"]
    for _ in range(3):
        for turn in both:
            next(turn, None)
            assert torch.cuda.current_stream().name == "default"
    assert calls == [
        *("a waits for default", "0 on a", "b waits for default", "0 on b"),
        *("1 on a", "1 on b", "a is over", "b is over"),
    ]


def test_what_ends_early_leaves_nothing_running_on_its_stream(calls):
    """Its memory may go to another stream."""
    turn = in_turns(steps(2, calls, fails_at=1), Stream("a", calls), 1)
    next(turn)
    with pytest.raises(ValueError, match="no more"):
        next(turn)
    closed = in_turns(steps(2, calls), Stream("b", calls), 1)
    next(closed)
    closed.close()
    assert calls[-1] == "b is over" and "a is over" in calls


def test_the_seconds_are_those_of_the_turns_alone(monkeypatch):
    clock = iter([0.0, 1.0, 50.0, 52.0, 90.0, 90.5])
    monkeypatch.setattr(turns.time, "perf_counter", lambda: next(clock))

    def whole():
        taken.append((yield from in_turns(iter([None, None]), own_stream(torch.device("cpu")), 1)))

    taken = []
    assert len(list(whole())) == 2 and taken == [3.5]
