"""The names of custom networks: torchvision:resnet18, package.module:Factory, ./net.py:make."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import NetworkError

ImageShape = tuple[int, int, int]
Options = tuple[tuple[str, Any], ...]
"""Names and values of a factory's arguments."""

NAME = re.compile(r"(?P<source>.+):(?P<attribute>[A-Za-z_]\w*)")
EACH_FORM = ("torchvision:NAME", "PACKAGE.MODULE:FACTORY", "./FILE.py:FACTORY")
FORMS = f"{', '.join(EACH_FORM[:-1])} or {EACH_FORM[-1]}"


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


def address_of(name: str) -> Address:
    """The parts of such a name; raises NetworkError on one that has another form."""
    match = NAME.fullmatch(str(name))
    if match is None:
        raise NetworkError(f"{name!r} names no network; write {FORMS}")
    return Address(str(name), match["source"], match["attribute"])


def titled(name: str, options: Options = ()) -> str:
    """The name as people read it, with its factory's options."""
    arguments = ", ".join(f"{key}={value}" for key, value in options)
    return address_of(name).title + (f"({arguments})" if arguments else "")
