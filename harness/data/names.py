"""Names of files and folders that can be printed and hashed. Does not import torch."""

import os
from collections.abc import Iterable
from pathlib import Path

from harness.errors import DataError


def check_names(folder: Path, names: Iterable[str]) -> None:
    """Raise DataError for a name in ``folder`` that is not UTF-8: Linux takes any bytes for one."""
    for name in names:
        if any("\ud800" <= letter <= "\udfff" for letter in name):
            where = str(folder).encode(errors="backslashreplace").decode()
            raise DataError(f"{where} holds {os.fsencode(name)}, which is not UTF-8; rename it")
