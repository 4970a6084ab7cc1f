"""A complexity measure of the user's, in a process of its own.

The process is given what a measure may see and holds nothing else: neither its frames nor its
objects lead to a test image, to the error, or to the recipe. See also `harness.capacity.unseen`.
"""

import inspect
import io
import math
import multiprocessing
import signal
import time
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from harness.capacity.measures import Value
from harness.errors import CapacityError, HarnessError
from harness.models.building import build_model
from harness.models.custom import callable_at, one_line

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from harness.capacity.measured import Network

MeasureFunction = Callable[[nn.Module, torch.Tensor, torch.Tensor, dict[str, torch.Tensor]], Any]
"""See `harness.capacity.measures`."""
PARAMETERS = ("model", "inputs", "labels", "initial")
REPLACED = "replaced"
"""A fifth parameter: which labels were replaced by random ones."""
REAL = "biufO"
"""NumPy's letters for numbers; O are Fraction and others that `float` takes."""
NETWORK = "{network}"
"""Stands for the network in an error: the measure's process does not know which it is."""


class CustomMeasure:
    """The measure of this name (FILE.py:FUNCTION or PACKAGE.MODULE:FUNCTION).

    Raises CapacityError where it is not to be had, or cannot be called as a measure.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")  # A fork would have all that this one has.
        self.connection, other = context.Pipe()
        self.process = context.Process(target=_serve, args=(other, name), daemon=True)
        self.process.start()
        other.close()
        self.knows_random_labels: bool = self._answer(lambda seconds: None)

    def __call__(
        self, network: "Network", on_wait: Callable[[float], None] = lambda seconds: None
    ) -> Value:
        """What it says of a network; ``on_wait`` is called every second with the seconds so far.

        What it warns of is warned of here. Raises CapacityError, with its name, the network and
        the remedy, where it raises, returns no finite number, or changes the model.
        """
        recipe, content = network.recipe, io.BytesIO()
        given = {
            "state": network.model.state_dict(),
            "initial": network.initial,
            "inputs": network.inputs,
            "labels": network.labels,
        } | ({REPLACED: network.replaced} if self.knows_random_labels else {})
        shape, classes = tuple(network.inputs.shape[1:]), recipe.classes
        torch.save(((recipe.model, recipe.model_options, shape, classes), given), content)
        self.connection.send_bytes(content.getvalue())
        value, texts = self._answer(on_wait, str(recipe))
        with warnings.catch_warnings():
            warnings.simplefilter("default")  # They are shown, and are no errors.
            for text in texts:
                warnings.warn(f"{self.name}: {text}", stacklevel=2)
        return Value(*value)

    def close(self) -> None:
        """End the process, whatever it does."""
        self.process.kill()

    def _answer(self, on_wait: Callable[[float], None], network: str = "its import") -> Any:
        started = time.monotonic()
        while not self.connection.poll(1.0):
            on_wait(time.monotonic() - started)
        try:
            error, content = self.connection.recv()
        except EOFError:
            self.process.join()
            code = self.process.exitcode
            error = (
                f"{self.name} ended its process on {NETWORK} (exit status {code}): try it by hand"
            )
        if error:
            raise CapacityError(error.replace(NETWORK, network))
        return content


def _serve(connection: "Connection", name: str) -> None:
    """The measure's process: load it, then answer for one network after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The session ends this process.
    try:
        function = measure_function(name)
        connection.send(("", knows_random_labels(function)))
    except BaseException as error:  # Ctrl-C does not reach this process: it is the measure's own.
        connection.send((_in_words(name, error), None))
        return
    while True:
        try:
            received = connection.recv_bytes()
        except EOFError:
            return
        try:
            connection.send(("", _measured(function, received)))
        except BaseException as error:
            connection.send((_in_words(name, error), None))


def _in_words(name: str, error: BaseException) -> str:
    """What became of the measure, in a sentence."""
    if isinstance(error, CapacityError):
        return f"{name} {error}"
    if isinstance(error, HarnessError):
        return str(error)
    return f"{name} raised on {NETWORK}: {one_line(error)}; try it by hand"


def _measured(function: MeasureFunction, received: bytes) -> tuple[Value, list[str]]:
    """What the measure says of a network as `CustomMeasure` sends it, and what it warns of."""
    made, given = torch.load(io.BytesIO(received))
    model = build_model(made[0], made[2], made[3], torch.Generator(), made[1])
    model.load_state_dict(given.pop("state"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        value = evaluate(function, model.eval(), **given)
    return value, [str(it.message) for it in caught]


def measure_function(name: str) -> MeasureFunction:
    """The function of this name.

    Raises NetworkError where it is not to be had, and CapacityError, which leaves the name out,
    where it is no measure.
    """
    function = callable_at(name, "a measure", "measure")
    try:
        inspect.signature(function).bind(
            *PARAMETERS, **{REPLACED: None} if knows_random_labels(function) else {}
        )
    except (TypeError, ValueError) as error:
        raise CapacityError(
            f"cannot be called as a measure ({error}): write def"
            f" {getattr(function, '__name__', 'measure')}({', '.join(PARAMETERS)})"
        ) from error
    return function


def knows_random_labels(function: MeasureFunction) -> bool:
    """Whether a measure asks which labels are random: it has a parameter of that name."""
    return REPLACED in inspect.signature(function).parameters


def evaluate(
    function: MeasureFunction,
    model: nn.Module,
    inputs: torch.Tensor,
    labels: torch.Tensor,
    initial: dict[str, torch.Tensor],
    **known: torch.Tensor,
) -> Value:
    """What a measure says of a model in evaluation mode.

    Raises CapacityError, in which `NETWORK` stands for the network; see `CustomMeasure`.
    """
    before = {key: it.clone() for key, it in model.state_dict().items()}
    try:
        result = function(model, inputs, labels, initial, **known)
    except BaseException as error:
        raise CapacityError(
            f"raised on {NETWORK}: {one_line(error)}; try it by hand on such a network"
        ) from error
    try:
        after = model.state_dict()
        changed = after.keys() != before.keys() or any(
            not torch.equal(it, before[key]) for key, it in after.items()
        )
    except BaseException as error:
        raise CapacityError(
            f"left {NETWORK} with weights that cannot be compared with those before"
            f" ({one_line(error)}): work on copy.deepcopy(model)"
        ) from error
    if model.training or changed:
        what = "left {} in training mode" if model.training else "changed the weights of {}"
        raise CapacityError(
            f"{what.format(NETWORK)}: work on copy.deepcopy(model), or put back what was there"
        )
    parts = result if isinstance(result, tuple) else (result,)
    if not 1 <= len(parts) <= 2:
        raise CapacityError(
            f"returned {len(parts)} values for {NETWORK}: return a number, or a pair (number, bound"
            " on the test error)"
        )
    numbers = [_number(part) for part in parts]
    # A bound may be infinite, which says nothing; a value may not, since runs are ranked by it.
    if not math.isfinite(numbers[0]) or any(math.isnan(it) for it in numbers):
        raise CapacityError(
            f"returned {', '.join(f'{it:g}' for it in numbers)} for {NETWORK}: return finite"
            " numbers"
        )
    value, bound = numbers[0], numbers[1] if len(numbers) > 1 else None
    if bound is not None and bound < 0:
        raise CapacityError(f"bounds the error of {NETWORK} by {bound:g}: an error is at least 0")
    return Value(value, bound)


def _number(part: Any) -> float:
    tensor = isinstance(part, torch.Tensor)
    try:
        if part.is_complex() if tensor else np.asarray(part).dtype.kind not in REAL:
            raise TypeError("it is no real number")
        return float(part.detach() if tensor else part)
    except OverflowError as error:
        raise CapacityError(
            f"returned an integer above 1e308 for {NETWORK}: return its logarithm"
        ) from error
    except BaseException as error:
        what = f"tensor of shape {tuple(part.shape)}" if tensor else type(part).__name__
        raise CapacityError(
            f"returned a {what} for {NETWORK} ({one_line(error)}): return a real number, or a"
            " tensor with one element"
        ) from error
