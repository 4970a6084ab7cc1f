"""Data sets by name, and whether their files are there and intact. Imports no torch."""

import hashlib
from pathlib import Path

from harness.data.custom import custom_spec
from harness.data.photographs import photo_folder, photo_root
from harness.data.specs import DATASETS, DatasetSpec, data_root
from harness.errors import DataError, UnknownName
from harness.files import readable


def dataset_spec(name: str) -> DatasetSpec:
    """The data set called ``name``; raises UnknownName with the nearest names otherwise."""
    if ":" in str(name):
        return custom_spec(name)
    if name not in DATASETS:
        raise UnknownName("dataset", name, DATASETS)
    return DATASETS[name]


@readable()
def missing_files(name: str, root: Path) -> list[Path]:
    """The data set's files that are not under ``root``; of photographs, their missing folder."""
    spec = dataset_spec(name)
    if spec.is_folder:
        return [] if photo_root(root) else [root / name / "train"]
    return [root / file for file in spec.files if not (root / file).is_file()]


@readable()
def verify(name: str, root: Path) -> None:
    """Raise DataError, naming the file, unless every file of the data set is there and intact.

    Of photographs only the layout is checked; `harness.data.inspection` decodes them.
    """
    spec = dataset_spec(name)
    if spec.is_folder:
        photo_folder(root, spec.classes)
        return
    if missing := missing_files(name, root):
        raise DataError(
            f"{spec.title} is not complete under {root}: {missing[0]} is missing"
            f" ({len(missing)} of {len(spec.files)} files); {_fetch_hint(name, root)},"
            " or say where it is with --data-root or RETHINKING_DATA"
        )
    for file, expected in spec.files.items():
        with (root / file).open("rb") as handle:
            found = hashlib.file_digest(handle, "md5").hexdigest()
        if found != expected:
            raise DataError(
                f"{spec.title} is damaged: {root / file} has md5 {found}, expected {expected};"
                f" delete it and {_fetch_hint(name, root)}"
            )


def _fetch_hint(name: str, root: Path) -> str:
    place = "" if root == data_root(None) else f" --data-root {root}"
    return f"fetch it with: python -m harness data fetch {name}{place}"
