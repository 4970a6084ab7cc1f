"""The layers of Corollary 1's two constructions, in float64 or rational arithmetic.

Each takes the sorted places on the line, counted from an origin below the first, the breakpoints
among them and the targets, all of shape (n,), and a solver; see `corollary1`.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.expressivity.exact import Number

Array = NDArray[Any]
Layer = tuple[Array, Array]
"""Weights (outputs, inputs) and biases (outputs,)."""
Units = dict[str, tuple[dict[str, Number], Number]]
"""Hidden units by name: what each adds up, and its bias."""
Solver = Callable[[Array, Array, Array], Array]
"""Slopes right of the breakpoints, from places, breakpoints and targets, all of shape (m,)."""


def running_sum(
    places: Array, breakpoints: Array, targets: Array, depth: int, solve: Solver, origin: Number
) -> tuple[Layer, ...]:
    """Theorem 1's hinges, a share of them in each hidden layer."""
    slopes = solve(places, breakpoints, targets)
    weights = np.concatenate([slopes[:1], slopes[1:] - slopes[:-1]])
    assembly = _Assembly(origin, places.dtype)
    shares = np.array_split(np.arange(len(places)), depth - 1)
    before: dict[str, Number] = {}
    for number, share in enumerate(shares):
        units: Units = {f"hinge {j}": ({"place": 1}, -breakpoints[j]) for j in share}
        if before:
            units |= _signed("sum", before)
        if number < len(shares) - 1:
            units["place"] = ({"place": 1}, 0)
        assembly.add(units)
        before = {f"hinge {j}": weights[j] for j in share} | _difference("sum", bool(before))
    return assembly.finish(before)


def multiplexer(
    places: Array, breakpoints: Array, targets: Array, depth: int, solve: Solver, origin: Number
) -> tuple[Layer, ...]:
    """The paper's: one block of points a layer, and gates that let its output through."""
    if depth == 2:
        return running_sum(places, breakpoints, targets, depth, solve, origin)
    assembly = _Assembly(origin, places.dtype)
    blocks = np.array_split(np.arange(len(places)), depth - 2)
    gate: Units = {}
    gates_are_on = sum_is_on = False
    for number, block in enumerate(blocks):
        units: Units = {f"hinge {j}": ({"place": 1}, -breakpoints[j]) for j in block}
        units["left"] = ({"place": -1}, places[block[0]])
        units["right"] = ({"place": 1}, -places[block[-1]])
        if number < len(blocks) - 1:
            units["place"] = ({"place": 1}, 0)
        units |= gate
        if gates_are_on:
            units |= _signed("sum", _difference("gate", True) | _difference("sum", sum_is_on))
            sum_is_on = True
        assembly.add(units)
        gates_are_on = bool(gate)
        slopes = solve(places[block], breakpoints[block], targets[block])
        outweigh = _outweighing(places, targets, slopes[-1], block)
        steps = np.concatenate([slopes[:1], slopes[1:] - slopes[:-1]])
        output = {f"hinge {j}": step for j, step in zip(block, steps, strict=True)}
        closed = {"left": -outweigh, "right": -outweigh}
        gate = {
            "gate +": (output | closed, 0),
            "gate -": ({name: -w for name, w in output.items()} | closed, 0),
        }
    last = dict(gate)
    if gates_are_on:
        last |= _signed("sum", _difference("gate", True) | _difference("sum", sum_is_on))
        sum_is_on = True
    assembly.add(last)
    return assembly.finish(_difference("gate", True) | _difference("sum", sum_is_on))


def _outweighing(places: Array, targets: Array, last_slope: Number, block: Array) -> Number:
    """A factor C with C (x - r) > |o(x)| at all places x right of a block that ends in r.

    There o(x) = y + S (x - r), with the last target and slope of the block.
    """
    end = int(block[-1])
    if end + 1 == len(places):
        return 1 + abs(last_slope)
    return 2 * (abs(last_slope) + abs(targets[end]) / (places[end + 1] - places[end])) + 1


def _signed(name: str, combination: dict[str, Number]) -> dict[str, tuple[dict, Number]]:
    """A number that may be negative, as two units: its positive and its negative part."""
    negative = {unit: -weight for unit, weight in combination.items()}
    return {f"{name} +": (combination, 0), f"{name} -": (negative, 0)}


def _difference(name: str, exists: bool) -> dict[str, Number]:
    return {f"{name} +": 1, f"{name} -": -1} if exists else {}


class _Assembly:
    """Layers from units by name: each a combination of the layer before, and a bias."""

    def __init__(self, origin: Number, dtype: np.dtype) -> None:
        self.origin, self.dtype = origin, dtype
        self.layers: list[Layer] = []
        self.inputs: dict[str, int] = {}

    def add(self, units: Units) -> None:
        """Append a hidden layer; in the first, "place" is the input less the origin."""
        first = not self.inputs
        weights = np.zeros((len(units), 1 if first else len(self.inputs)), self.dtype)
        bias = np.zeros(len(units), self.dtype)
        for row, (combination, constant) in enumerate(units.values()):
            for name, weight in combination.items():
                weights[row, 0 if first else self.inputs[name]] = weight
            # The projection starts anywhere; later layers carry the place from the origin on.
            shift = combination["place"] * self.origin if first else 0
            bias[row] = constant - shift
        self.layers.append((weights, bias))
        self.inputs = {name: index for index, name in enumerate(units)}

    def finish(self, combination: dict[str, Number]) -> tuple[Layer, ...]:
        """Append the output."""
        weights = np.zeros((1, len(self.inputs)), self.dtype)
        for name, weight in combination.items():
            weights[0, self.inputs[name]] = weight
        return (*self.layers, (weights, np.zeros(1, self.dtype)))


BUILDERS: dict[str, Callable[..., tuple[Layer, ...]]] = {
    "running sum": running_sum,
    "multiplexer": multiplexer,
}
