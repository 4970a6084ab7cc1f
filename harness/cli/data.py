"""``python -m harness data list|fetch|check``."""

import argparse
from pathlib import Path

from harness.data.catalogue import DATASETS, data_root, dataset_spec, missing_files, verify
from harness.data.photographs import photo_folder
from harness.environment import available_cores
from harness.errors import HarnessError


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("action", choices=["list", "fetch", "check"])
    parser.add_argument("name", nargs="?", help="cifar10, mnist or imagenet")
    parser.add_argument("--data-root", type=Path, metavar="DIR")


def run(options: argparse.Namespace) -> int:
    """List the datasets, fetch one, or verify its checksums."""
    action, name, root = options.action, options.name, options.data_root
    where = data_root(root)
    if action == "list":
        print(f"data root: {where}")
        for spec in DATASETS.values():
            state = "embedded" if spec.embedded else "there"
            if missing := missing_files(spec.name, where):
                of = f"{len(missing)} of {len(spec.files)} files" if spec.files else missing[0]
                state = f"{of} missing"
            print(f"  {spec.name:8}  {spec.title:22}  {state}")
        return 0
    if name is None:
        raise HarnessError(f"which dataset? python -m harness data {action} cifar10")
    spec = dataset_spec(name)
    if spec.embedded:
        print(f"{spec.title} come with a dependency: nothing to {action}")
        return 0
    if action == "fetch":
        from harness.data.sources import fetch

        where = fetch(name, root)
    else:
        verify(name, where)
        if spec.is_folder:
            return _check_photographs(name, where)
    print(f"{spec.title} is complete and verified under {where}")
    return 0


def _check_photographs(name: str, root: Path) -> int:
    """Decode every photograph and print the folder's numbers; raises DataError."""
    from harness.data.inspection import corrupt_photographs, refuse_corrupt

    spec = dataset_spec(name)
    folder = photo_folder(root, spec.classes)
    paths = [*folder.train, *folder.val]
    found = corrupt_photographs(folder.root, paths, folder.fingerprint, available_cores())
    refuse_corrupt(folder.root, [paths[i] for i in found], len(paths))
    print(
        f"{folder.root}: {len(folder.train):,} and {len(folder.val):,} photographs of"
        f" {len(folder.classes):,} classes, all of them decode; {spec.title} itself has"
        f" {spec.train_size:,} and {spec.test_size:,} of {spec.classes:,}"
    )
    return 0
