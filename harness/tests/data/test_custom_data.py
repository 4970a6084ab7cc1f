"""Custom data: folders of images, and torchvision's data sets."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from harness.data import custom
from harness.data.catalogue import dataset_spec, missing_files
from harness.data.class_folders import listed
from harness.data.custom import check_images, custom_arrays, custom_dataset, custom_fingerprint
from harness.data.torchvision_sets import torchvision_arrays
from harness.errors import DataError, HarnessError
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.training.custom import CustomNetwork
from harness.training.protocol import paper_recipe

pytestmark = pytest.mark.usefixtures("restored_threads")


@pytest.fixture(autouse=True)
def _empty_caches():
    yield
    for cached in (custom.custom_spec, custom_fingerprint, listed, torchvision_arrays):
        cached.cache_clear()


def folder_of_images(folder, classes=3, each=10, parts=("",), mode="RGB"):
    generator = np.random.default_rng(0)
    for part in parts:
        for label in range(classes):
            place = folder / part / f"class {label}"
            place.mkdir(parents=True)
            for number in range(each):
                size = (12 + number, 9, 3) if mode == "RGB" else (12, 9)
                pixels = generator.integers(0, 256, size, dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{number:02d}.png")
    return folder


def test_every_fifth_image_of_a_folder_is_a_test_image(tmp_path):
    name = custom_dataset(f"{folder_of_images(tmp_path / 'flowers')}/class 0/..", None, 16)
    spec = dataset_spec(name)
    assert (spec.title, spec.shape, spec.classes) == ("flowers", (3, 16, 16), 3)
    assert (spec.train_size, spec.test_size) == (24, 6)
    assert not spec.embedded
    assert missing_files(name, tmp_path) == []
    train, labels, test, test_labels = custom_arrays(name, tmp_path)
    assert train.shape == (24, 3, 16, 16) and train.dtype == np.uint8
    assert test.shape == (6, 3, 16, 16)
    assert np.bincount(labels).tolist() == [8, 8, 8]
    assert np.bincount(test_labels).tolist() == [2, 2, 2]


def test_the_fingerprint_changes_with_any_image_and_with_the_size(tmp_path):
    folder_of_images(tmp_path)
    name, large = (custom_dataset(str(tmp_path), None, size) for size in (16, 20))
    prints = [custom_fingerprint(name, tmp_path), custom_fingerprint(large, tmp_path)]
    custom_fingerprint.cache_clear()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / "class 1" / "03.png")
    prints.append(custom_fingerprint(name, tmp_path))
    assert len(set(prints)) == 3


def test_a_network_trains_on_a_folder_and_on_two_groups_of_its_classes(tmp_path):
    name = custom_dataset(str(folder_of_images(tmp_path / "images")), None, 8)
    network = CustomNetwork("mlp-1x16", dataset=name, epochs=2)
    for setting in ("random-labels", "random-signs"):
        recipe = network.recipe(paper_recipe("mlp-1x16", "digits", setting, train_size=24))
        run = Runner(Store(tmp_path / "runs"), workers=1_000).run(replace(recipe, precision="fp32"))
        assert (run.outcome.train_total, run.outcome.test_total) == (24, 6)
    assert network.departures == ["on images (3 classes, 24 training and 6 test images)"]


def test_a_sample_larger_than_the_folder_is_refused_by_name(tmp_path):
    name = custom_dataset(str(folder_of_images(tmp_path / "few")), None, 8)
    claims = paper_recipe("mlp-1x16", "digits", "random-labels", train_size=256)
    with pytest.raises(HarnessError, match=r"MLP 1x16: train_size = 256.* 1 to 24.* of few"):
        CustomNetwork("mlp-1x16", dataset=name).recipe(claims)


def test_equal_images_of_torchvisions_datasets_are_counted(tmp_path, monkeypatch):
    images = np.zeros((3, 4, 4, 3), np.uint8)
    images[2] = 1
    monkeypatch.setattr(custom, "torchvision_arrays", lambda *_: (images, None, images[1:], None))
    assert check_images("torchvision:CIFAR100", tmp_path) == (
        "1 of its 3 training images equal an earlier one;"
        " 2 of its 2 test images equal a training image"
    )


def test_datasets_are_named_in_any_spelling_and_never_downloaded(tmp_path):
    assert custom_dataset("CIFAR-10", None, None) == "cifar10"
    assert custom_dataset("digits", None, None) == "digits"
    with pytest.raises(DataError, match=r"FashionMNIST is not complete under .*download=True"):
        custom_dataset("fashion-mnist", tmp_path, None)
    with pytest.raises(DataError, match="unknown dataset 'fashionmist'; nearest: FashionMNIST"):
        custom_dataset("fashionmist", tmp_path, None)
    for nowhere in ("~nosuchuser/images", "x" * 300):
        with pytest.raises(DataError, match=r"no such folder|unknown dataset"):
            custom_dataset(nowhere, tmp_path, None)
    assert list(tmp_path.iterdir()) == []
