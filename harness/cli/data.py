"""``python -m harness data list|fetch|check``."""

from pathlib import Path

from harness.data.catalogue import DATASETS, data_root, dataset_spec, missing_files
from harness.errors import HarnessError


def run_data(action: str, name: str | None, root: Path | None) -> int:
    """List the datasets, fetch one, or verify its checksums."""
    where = data_root(root)
    if action == "list":
        print(f"data root: {where}")
        for spec in DATASETS.values():
            state = "embedded" if spec.embedded else "there"
            if missing := missing_files(spec.name, where):
                state = f"{len(missing)} of {len(spec.files)} files missing"
            print(f"  {spec.name:8}  {spec.title:22}  {state}")
        return 0
    if name is None:
        raise HarnessError(f"which dataset? python -m harness data {action} cifar10")
    spec = dataset_spec(name)
    if spec.embedded:
        print(f"{spec.title} come with a dependency: nothing to {action}")
        return 0
    from harness.data.sources import fetch, verify

    if action == "fetch":
        where = fetch(name, root)
    else:
        verify(name, where)
    print(f"{spec.title} is complete and verified under {where}")
    return 0
