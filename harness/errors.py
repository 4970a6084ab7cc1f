"""Errors that name the thing, the value and the remedy."""

from collections.abc import Iterable
from difflib import get_close_matches


class HarnessError(Exception):
    """What the user can repair: the command line shows the message without a traceback."""


class UnknownName(HarnessError, LookupError):
    """A name that a registry does not hold; the message has the nearest names and the list."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        known = list(known)
        name = str(name)
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        near = near or [other for other in known if name and name.lower() in other.lower()][:3]
        nearest = f"; nearest: {', '.join(near)}" if near else ""
        super().__init__(f"unknown {kind} {name!r}{nearest}; known: {', '.join(known)}")
        self.kind, self.name = kind, name


class InvalidRecipe(HarnessError, ValueError):
    """A recipe that cannot be trained as written."""


class NetworkError(HarnessError):
    """A custom network that cannot be found, made or trained."""


class CapacityError(HarnessError, ValueError):
    """A sample, labeling or function to which a complexity measure does not apply."""


class DataError(HarnessError):
    """A dataset that is missing, damaged or too small."""


class StoreError(HarnessError):
    """The run store cannot be read or written."""


class DeviceError(HarnessError):
    """A device that was asked for and is not here."""


class ClusterError(HarnessError):
    """A cluster that cannot be reached, or lacks what a plan needs."""


class InvalidSample(HarnessError, ValueError):
    """Points or targets of a wrong shape, or not finite."""


class ConflictingTargets(InvalidSample):
    """Two equal points with different targets: no function takes both."""

    def __init__(self, one: int, other: int, wanted: object, instead: object) -> None:
        super().__init__(
            f"points {one} and {other} are equal, but their targets are {wanted} and {instead};"
            " no function takes both: drop one of the two, or give them one target"
        )
        self.pair = (one, other)


class NotSeparated(HarnessError):
    """Distinct points, or targets, that are too close or too far apart for float64.

    The pair may name one point twice: its target is then too far from zero.
    """

    def __init__(self, one: int, other: int, why: str) -> None:
        which = f"points {one} and {other}" if one != other else f"point {one}"
        super().__init__(
            f"{which}: {why}; rational arithmetic has no such limit:"
            " harness.expressivity.exact.fit_exactly"
        )
        self.pair = (one, other)
