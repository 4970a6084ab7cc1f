"""Data without permission: one sentence names the file or folder and the permission."""

import pytest
from PIL import Image

from harness.data.catalogue import missing_files, verify
from harness.data.class_folders import listed
from harness.data.custom import check_images, custom_dataset, custom_fingerprint
from harness.data.photo_batches import decode
from harness.data.photographs import photo_folder
from harness.data.rgb import CorruptImage
from harness.data.specs import CIFAR10_FILES
from harness.data.torchvision_sets import torchvision_arrays
from harness.errors import DataError


@pytest.fixture
def data(unprivileged):
    """Files of CIFAR-10 and FashionMNIST, a folder of images, one of photographs."""
    folder, as_nobody = unprivileged
    for file in CIFAR10_FILES:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).touch()
    raw = folder / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").touch()
    for part in ("train", "val"):
        for label in "ab":
            place = folder / "images" / part / label
            place.mkdir(parents=True)
            Image.new("L", (4, 4)).save(place / "0.png")
    decode(place / "0.png")  # Imports all that the user "nobody" may not be able to import.
    yield folder, as_nobody
    listed.cache_clear()


def custom_images(folder):
    check_images(custom_dataset(str(folder / "images"), None, None), folder)


def custom_content(folder):
    custom_fingerprint(custom_dataset(str(folder / "images"), None, None), folder)


def cifar10(folder):
    verify("cifar10", folder)


def fashion(folder):
    torchvision_arrays("FashionMNIST", folder)


CIFAR10, RAW = "cifar-10-batches-py", "FashionMNIST/raw"
PHOTO = "images/train/b/0.png"


@pytest.mark.parametrize(
    ("read", "denied", "mode"),
    [
        (cifar10, f"{CIFAR10}/data_batch_1", 0o600),
        (cifar10, CIFAR10, 0o700),
        (lambda folder: missing_files("cifar10", folder), CIFAR10, 0o744),
        (fashion, f"{RAW}/train-images-idx3-ubyte", 0),
        (custom_images, PHOTO, 0o600),
        (custom_images, "images/train/b", 0o700),
        (custom_content, PHOTO, 0o600),
        (lambda folder: photo_folder(folder / "images"), "images", 0o744),
        (lambda folder: decode(folder / PHOTO), PHOTO, 0o600),
    ],
)
def test_the_file_and_the_missing_permission_are_named(data, read, denied, mode):
    folder, as_nobody = data
    (folder / denied).chmod(mode)
    what = "list and enter" if (folder / denied).is_dir() else "read"
    with as_nobody(), pytest.raises(DataError) as refused:
        read(folder)
    assert f"{folder / denied} may not be read (" in str(refused.value)
    assert f"you lack the permission to {what} it" in str(refused.value)
    assert not isinstance(refused.value, CorruptImage), "such a file must not be skipped"
