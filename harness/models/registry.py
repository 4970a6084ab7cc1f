"""Networks by name: what is known before one is built. Imports no torch.

A name of the form ``mlp-DEPTHxWIDTH`` is an MLP of any depth and width; one with a colon is a
custom network: torchvision:resnet18, package.module:Factory, ./net.py:make.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import InvalidRecipe, NetworkError, UnknownName
from harness.values import as_tuples

ImageShape = tuple[int, int, int]
Options = tuple[tuple[str, Any], ...]
"""Names and values of a factory's arguments."""

NAME = re.compile(r"(?P<source>.+):(?P<attribute>[A-Za-z_]\w*)")
EACH_FORM = ("torchvision:NAME", "PACKAGE.MODULE:FACTORY", "./FILE.py:FACTORY")
FORMS = {
    "network": f"{', '.join(EACH_FORM[:-1])} or {EACH_FORM[-1]}",
    "optimiser": "torch.optim:CLASS, PACKAGE.MODULE:CLASS or ./FILE.py:CLASS",
    "measure": "PACKAGE.MODULE:FUNCTION or ./FILE.py:FUNCTION",
}
"""How each kind of the user's code is named."""


@dataclass(frozen=True)
class Address:
    """Where a custom network is defined: a library, a module or a file, and a name in it."""

    name: str
    source: str
    attribute: str

    @property
    def file(self) -> Path | None:
        """The file, where the source is one."""
        path = Path(os.path.expanduser(self.source))
        return path if path.suffix == ".py" or os.sep in self.source else None

    @property
    def title(self) -> str:
        """Short: a file without its folders."""
        source = self.file.name if self.file else self.source
        return f"{source}:{self.attribute}"


def is_custom(name: str) -> bool:
    """Whether a network's name says where its code is."""
    return ":" in str(name)


def address_of(name: str, kind: str = "network") -> Address:
    """The parts of such a name; raises NetworkError on one that has another form."""
    match = NAME.fullmatch(str(name))
    if match is None:
        raise NetworkError(f"{name!r} names no {kind}; write {FORMS[kind]}")
    return Address(str(name), match["source"], match["attribute"])


def titled(name: str, options: Options = ()) -> str:
    """The name as people read it, with its factory's options."""
    arguments = ", ".join(f"{key}={value}" for key, value in options)
    return address_of(name).title + (f"({arguments})" if arguments else "")


@dataclass(frozen=True)
class ModelSpec:
    """A network's name, protocol and structure."""

    name: str
    paper_name: str
    """The name in Table 1 of the paper; ours where the paper has none."""
    learning_rate: float
    """Initial learning rate (appendix A). The linear model, which the paper does not train, has the
    MLPs'. The Inception without BatchNorm does not train at the paper's 0.1: see
    `harness.models.initialization.standardized_`."""
    convolutional: bool = False
    learning_rates: tuple[tuple[str, float], ...] = ()
    """Data sets with another initial learning rate."""
    departure: str = ""
    """How its training departs from the paper, and why; shown with every measurement on it."""
    cost: float = 0.005
    """Rough billions of multiply-adds to train on one 28x28x3 image: for planning only."""
    auxiliary_from: int = 0
    """Smallest image, in pixels a side, for an auxiliary classifier; 0 if it can have none."""
    hidden: tuple[int, ...] | None = None
    """Widths of an MLP's hidden layers; None for any other network."""
    custom: bool = False
    """From outside: it keeps its own initialisation, and trains alone."""
    parameter_groups: tuple[tuple[str, str], ...] = (("weights", r"weight$"), ("biases", r"bias$"))
    """Groups that weight decay can be given for: a name, and a pattern of parameter names. Exactly
    one pattern matches each parameter."""

    def learning_rate_on(self, dataset: str) -> float:
        """The initial learning rate on a dataset."""
        return dict(self.learning_rates).get(dataset, self.learning_rate)

    @property
    def groups_by_name(self) -> dict[str, list[str]]:
        """The groups that each name stands for; "weights" is all but the biases."""
        own = {name: [name] for name, _ in self.parameter_groups}
        return {**own, "weights": [name for name in own if name != "biases"]}

    def group_of(self, parameter: str) -> str:
        """The group of a parameter, by its name in the network."""
        return next(name for name, found in self.parameter_groups if re.search(found, parameter))


def network_title(name: str, options: Options, optimizer: str, optimizer_options: Options) -> str:
    """A network in words, with its arguments, and an optimiser that is not SGD; empty for SGD."""
    title = model_spec(name, options).paper_name
    return f"{title} with {titled(optimizer, optimizer_options)}" if optimizer else title


def _mlp_spec(depth: int, width: int) -> ModelSpec:
    hidden = (width,) * depth
    return ModelSpec(f"mlp-{depth}x{width}", f"MLP {depth}x{width}", 0.01, hidden=hidden)


WITHOUT_BATCHNORM = (("cifar10", 0.01),)
"""Chosen on 5,000 training images held out: 70.0 % of them right after four epochs, where a rate of
0.003 gave 67.1 % and the paper's 0.1 diverged. On 256 digits 0.003 memorises sooner."""

MODELS: dict[str, ModelSpec] = {
    spec.name: spec
    for spec in (
        ModelSpec("inception", "Inception", 0.1, True, cost=0.6),
        ModelSpec(
            "inception-without-batchnorm",
            "Inception w/o BatchNorm",
            0.003,
            True,
            learning_rates=WITHOUT_BATCHNORM,
            departure="the Inception without BatchNorm starts from standardised filters and learns"
            " at 0.003, on CIFAR-10 at 0.01: the paper gives no initialisation, and its rate of 0.1"
            " trained with none",
            cost=0.6,
        ),
        ModelSpec(
            "alexnet",
            "Alexnet",
            0.01,
            True,
            cost=0.07,
            parameter_groups=(
                ("convolutions", r"^(0|4)\.weight$"),
                ("hidden dense layers", r"^(9|11)\.weight$"),
                ("output layer", r"^13\.weight$"),
                ("biases", r"bias$"),
            ),
        ),
        _mlp_spec(3, 512),
        _mlp_spec(1, 512),
        ModelSpec("linear", "linear model", 0.01, hidden=()),
    )
}
"""The five networks of Table 1, and the linear model of the controls."""


PHOTOGRAPH_MODELS: dict[str, ModelSpec] = {
    "inception-v3": ModelSpec(
        "inception-v3",
        "Inception v3",
        0.1,
        True,
        departure="Inception v3 is trained by synchronous SGD with momentum 0.9 at our own rates:"
        " the paper used an asynchronous system of 50 workers, and gives none",
        cost=0.15,
        auxiliary_from=299,
        parameter_groups=(
            ("convolutions", r"conv\.weight$"),
            ("dense layers", r"fc\.weight$"),
            ("scales", r"bn\.weight$"),
            ("biases", r"bias$"),
        ),
    )
}
"""Table 2's network, for colour photographs of 75 pixels or more."""


FOREIGN_RATE = 0.01
"""Appendix A's for Alexnet and the MLPs; its Inception learns at 0.1."""


def model_spec(name: str, options: Options = ()) -> ModelSpec:
    """The network called ``name``; raises UnknownName with the nearest names otherwise.

    ``options`` are arguments of a network from outside, which is not imported before it is made.
    """
    if found := MODELS.get(name) or PHOTOGRAPH_MODELS.get(name):
        return found
    if is_custom(name):
        return ModelSpec(
            name,
            titled(name, options),
            FOREIGN_RATE,
            cost=0.1,
            custom=True,
            parameter_groups=(("weights", r"(?<!bias)$"), ("biases", r"bias$")),
        )
    if match := re.fullmatch(r"mlp-([1-9]\d*)x([1-9]\d*)", str(name)):
        return _mlp_spec(int(match[1]), int(match[2]))
    names = [*MODELS, *PHOTOGRAPH_MODELS, "mlp-DEPTHxWIDTH", *EACH_FORM]
    raise UnknownName("model", name, names)


def options_of(model: str, options: Any) -> Options:
    """The options as pairs of a name and a value, sorted by name, with tuples for lists.

    Raises UnknownName for an unknown model, and InvalidRecipe if the options are no such pairs or
    the model takes none.
    """
    named = pairs_of("model_options", options)
    if named and not model_spec(model, named).custom:
        raise InvalidRecipe(
            f"model_options = {options!r}, but {model} takes no arguments: custom networks do"
        )
    model_spec(model)
    return named


def pairs_of(field: str, options: Any) -> Options:
    """Arguments as such pairs; raises InvalidRecipe, which names the field, for anything else."""
    try:
        pairs = dict(as_tuples(options))
        hash(tuple(pairs.items()))
    except (TypeError, ValueError) as error:
        raise InvalidRecipe(
            f"{field} = {options!r}, but it should be pairs of a name and a value,"
            " as in (('width', 64),)"
        ) from error
    return tuple(sorted(pairs.items()))
