"""Whether a dataset's files are there and intact, before anything is read. Without torch."""

import hashlib
from pathlib import Path

from harness.data.catalogue import data_root, dataset_spec, missing_files
from harness.errors import DataError
from harness.files import readable


@readable()
def verify(name: str, root: Path) -> None:
    """Raise DataError, naming the file, unless every file of the dataset is there and intact.

    Of photographs the layout is looked at; whether they decode, `harness.data.crop_cache` says.
    """
    spec = dataset_spec(name)
    if spec.is_folder:
        from harness.data.photographs import photo_folder

        photo_folder(root, spec.classes)
        return
    if missing := missing_files(name, root):
        raise DataError(
            f"{spec.title} is not complete under {root}: {missing[0]} is missing"
            f" ({len(missing)} of {len(spec.files)} files); {fetch_hint(name, root)},"
            " or say where it is with --data-root or RETHINKING_DATA"
        )
    for file, expected in spec.files.items():
        with (root / file).open("rb") as handle:
            found = hashlib.file_digest(handle, "md5").hexdigest()
        if found != expected:
            raise DataError(
                f"{spec.title} is damaged: {root / file} has md5 {found}, expected {expected};"
                f" delete it and {fetch_hint(name, root)}"
            )


def fetch_hint(name: str, root: Path) -> str:
    """The command that fetches a dataset to where it was looked for."""
    place = "" if root == data_root(None) else f" --data-root {root}"
    return f"fetch it with: python -m harness data fetch {name}{place}"
