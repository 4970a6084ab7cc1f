"""Data sets by name, and whether their files are there and intact. Imports no torch."""

from pathlib import Path

from harness.data.custom import custom_spec
from harness.data.photographs import photo_folder, photo_root
from harness.data.specs import DATASETS, DatasetSpec, data_root, require_intact
from harness.errors import UnknownName
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
    place = "" if root == data_root(None) else f" --data-root {root}"
    fetch = f"fetch it with: python -m harness data fetch {name}{place}"
    sums = {root / file: md5 for file, md5 in spec.files.items()}
    require_intact(spec.title, root, sums, fetch)
