"""Custom networks, made by a function or class of torchvision, of a module, or of a file.

Nothing is imported before the network is built. A factory gets its arguments by its parameters'
names (`BY_NAME`). One with two required parameters of other names gets the image shape and the
number of classes, in this order.
"""

import contextlib
import importlib
import importlib.util
import inspect
import random
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from harness.errors import NetworkError, UnknownName
from harness.models.registry import FORMS, Address, ImageShape, Options, address_of
from harness.models.sources import modules_beside


@contextmanager
def seeded(generator: torch.Generator) -> Iterator[None]:
    """Seed Python's, NumPy's and PyTorch's (CPU) global generators; restore them afterwards."""
    seed = int(torch.randint(2**31, (), generator=generator))
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            random.seed(seed)
            np.random.seed(seed)  # noqa: NPY002
            torch.manual_seed(seed)
            yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002


BY_NAME: dict[str, Callable[[ImageShape, int], Any]] = {
    **dict.fromkeys(("shape", "image_shape", "input_shape"), lambda shape, classes: shape),
    **dict.fromkeys(("classes", "num_classes", "n_classes"), lambda shape, classes: classes),
    **dict.fromkeys(("image_size", "img_size"), lambda shape, classes: shape[1]),
    **dict.fromkeys(("channels", "in_channels", "in_chans"), lambda shape, classes: shape[0]),
}
"""The value of a parameter of this name, unless an option gives another."""


def make_custom(name: str, options: Options, shape: ImageShape, classes: int) -> nn.Module:
    """The network for images of ``shape`` (C, H, W), with the initialisation that it gives itself.

    Raises NetworkError, with the remedy, where it cannot be imported or made.
    """
    factory = factory_of(name)
    arguments = arguments_for(name, factory, dict(options), shape, classes)
    try:
        with contextlib.chdir("."):  # A network may change the folder: the user's stays.
            model = factory(*arguments.args, **arguments.kwargs)
    except (Exception, SystemExit) as error:
        raise NetworkError(
            f"{name} could not be made for images of {'x'.join(map(str, shape))} and {classes}"
            f" classes: {one_line(error)}; give its arguments with --arch-option, other images with"
            " --image-size"
        ) from error
    if not isinstance(model, nn.Module):
        raise NetworkError(
            f"{name} gives a {type(model).__name__}, but it should give a torch.nn.Module:"
            " name a class of modules, or a function that returns a module"
        )
    check_neighbours(name)  # A factory may import when it is called.
    return model


def factory_of(name: str) -> Callable[..., Any]:
    """What makes the network; raises NetworkError where it is not to be had."""
    address = address_of(name)
    if address.source == "torchvision":
        from torchvision import models

        known = models.list_models(module=models)  # Those that classify, without their variants.
        if address.attribute not in known:
            near = _nearest("torchvision model", address.attribute, known)
            raise NetworkError(f"{near}; torchvision.models.list_models() lists them")
        return models.get_model_builder(address.attribute)
    return callable_at(name, "a function or class that makes the network")


def callable_at(name: str, what: str, kind: str = "network") -> Callable[..., Any]:
    """The function or class of this name; raises NetworkError where it is not to be had.

    ``kind`` is one of `FORMS`.
    """
    address = address_of(name, kind)
    module = _module(address, kind)
    found = getattr(module, address.attribute, None)
    if found is None:
        public = [it for it in vars(module) if not it.startswith("_")]
        raise NetworkError(
            f"{name}: {_nearest(f'name in {address.source}', address.attribute, public)}"
        )
    if not callable(found):
        raise NetworkError(f"{name} is a {type(found).__name__}, but it should be {what}")
    return found


def arguments_for(
    name: str,
    factory: Callable[..., Any],
    options: Mapping[str, Any],
    shape: ImageShape,
    classes: int,
) -> inspect.BoundArguments:
    """What the factory is called with; raises NetworkError on a signature that does not fit."""
    try:
        signature = inspect.signature(factory)
    except (TypeError, ValueError) as error:
        raise NetworkError(
            f"{name} does not say what arguments it takes: write a function of shape and classes"
            " that calls it"
        ) from error
    parameters = signature.parameters.values()
    takes_any = any(it.kind is it.VAR_KEYWORD for it in parameters)
    names = [it.name for it in parameters if it.kind not in (it.VAR_KEYWORD, it.VAR_POSITIONAL)]
    if not takes_any and (strange := [key for key in options if key not in names]):
        raise NetworkError(f"{name}: {UnknownName('--arch-option', strange[0], names)}")
    given = {key: value(shape, classes) for key, value in BY_NAME.items() if key in names}
    if name.startswith("torchvision:"):
        given["num_classes"] = classes
        if name.startswith("torchvision:vit"):  # It hides its parameters behind **kwargs.
            given["image_size"] = shape[1]
    given |= options
    required = [
        it.name
        for it in parameters
        if it.default is it.empty
        and it.kind not in (it.VAR_KEYWORD, it.VAR_POSITIONAL)
        and it.name not in given
    ]
    if len(required) == 2 and not set(given) - set(options):
        given |= dict(zip(required, (shape, classes), strict=True))
        required = []
    if required:
        known = ", ".join(BY_NAME)
        raise NetworkError(
            f"{name} asks for {', '.join(map(repr, required))}, which is not known: give it with"
            f" --arch-option {required[0]}=VALUE, or name its parameters shape and classes"
            f" (known names: {known})"
        )
    positional = [it.name for it in parameters if it.kind is it.POSITIONAL_ONLY]
    return signature.bind(*[given.pop(it) for it in positional if it in given], **given)


def one_line(error: BaseException) -> str:
    """An exception in one line."""
    try:
        text = " ".join(str(error).split())
    except Exception:  # Of its __str__.
        text = ""
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


def _module(address: Address, kind: str) -> ModuleType:
    path = address.file
    if path is not None and not path.is_file():
        raise NetworkError(
            f"{address.name}: there is no file {path} in {Path.cwd()}; write {FORMS[kind]}"
        )
    # A module may lie in the folder from which the session was started; a file imports its
    # neighbours.
    resolved = path.resolve() if path else Path.cwd() / address.source
    folder = str(resolved.parent)
    if folder not in sys.path:
        sys.path.append(folder)  # At the end, and for good: a factory may import when it is called.
    try:
        # What a module draws while it is imported is no seed's own: the first network made of it
        # would get other weights than the next.
        with seeded(torch.Generator().manual_seed(0)), contextlib.chdir("."):
            module = _from_file(resolved) if path else importlib.import_module(address.source)
    except (Exception, SystemExit) as error:
        where = "" if path else f" (looked for in {folder} and where Python's packages are)"
        by_hand = path or f"-c 'import {address.source}'"
        raise NetworkError(
            f"{address.name} cannot be imported: {one_line(error)}{where}; check the name, install"
            f" what it needs, and try: python {by_hand}"
        ) from error
    check_neighbours(address.name)
    return module


def check_neighbours(name: str) -> None:
    """Raise NetworkError where a file imported another module in place of the one beside it.

    Python keeps one module of a name: an installed one, or that of another network's folder.
    """
    for module, file in modules_beside(name).items():
        found = getattr(sys.modules.get(module), "__file__", None)
        if found and Path(found).resolve() != file:
            raise NetworkError(
                f"{name} imports {module}, and Python took {found} for it, not {file}: rename the"
                " latter, or try networks that have neighbours of one name one at a time"
            )


def _from_file(resolved: Path) -> ModuleType:
    """The file as a module, loaded once in a process, under a name that hides no other module."""
    name = f"network_of_{re.sub(r'[^0-9A-Za-z]', '_', str(resolved))}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, resolved)
    if spec is None or spec.loader is None:
        raise ImportError(f"{resolved} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Dataclasses and others look their module up.
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _nearest(kind: str, name: str, known: list[str]) -> str:
    """What `UnknownName` says, without the list of all names."""
    return str(UnknownName(kind, name, known)).partition("; known")[0]
