"""Folders of images: parts by their usual names, classes, and files that do not count."""

import numpy as np
import pytest
from PIL import Image

from harness.data.class_folders import listed
from harness.errors import DataError
from harness.tests.photo_helpers import touch_or_skip


@pytest.fixture(autouse=True)
def _empty_cache():
    yield
    listed.cache_clear()


def images(*folders, each=5):
    for folder in folders:
        folder.mkdir(parents=True)
        for number in range(each):
            Image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"{number}.png")


@pytest.mark.parametrize("wrapped", ["", "images"])
@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train", "test"),
        ("training", "testing"),
        ("Train", "Test"),
        ("TRAIN", "VAL"),
        ("train", "validation"),
        ("Training_set", "test-set"),
        ("trainset", "testset"),
        ("train_images", "valid"),
        ("seg_train", "seg_test"),
    ],
)
def test_training_and_test_folders_are_not_classes(tmp_path, train, test, wrapped):
    """Also inside one more folder, as in many archives."""
    for part, each in ((train, 4), (test, 1)):
        inner = tmp_path / wrapped / part / (part if wrapped else "")
        images(*(inner / name for name in "abc"), each=each)
    names, training, testing = listed(tmp_path)
    assert names == ("a", "b", "c")
    assert [(path.name, label) for path, label in testing] == [("0.png", i) for i in range(3)]
    assert len(training) == 12


def test_validation_images_replace_test_images_without_classes(tmp_path):
    images(*(tmp_path / part / name for part in ("train", "val", "test") for name in "ab"))
    assert {path.parts[-3] for path, _ in listed(tmp_path)[2]} == {"test"}
    listed.cache_clear()
    for path in (tmp_path / "test").glob("*/*"):
        path.rename(tmp_path / "test" / f"{path.parent.name}{path.name}")
    for name in "ab":
        (tmp_path / "test" / name).rmdir()
    assert {path.parts[-3] for path, _ in listed(tmp_path)[2]} == {"val"}


def test_a_training_folder_alone_is_split(tmp_path):
    images(tmp_path / "train" / "a", tmp_path / "train" / "b")
    names, training, testing = listed(tmp_path)
    assert (names, len(training), len(testing)) == (("a", "b"), 8, 2)


def test_a_class_may_be_called_train(tmp_path):
    images(*(tmp_path / name for name in ("bus", "train", "tram")))
    assert listed(tmp_path)[0] == ("bus", "train", "tram")


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["a"], "has 1 folder; it should have one with images for each of two or more classes"),
        (["train/a", "train/b", "others/a"], "has train, but no folder of test images: name that"),
        (["test/a", "others/a"], "has test, but no folder of training images: name that one train"),
        (["val/a", "test/a"], "has test, but no folder of training images: name that one train$"),
        (["train/a", "train/b", "Train/a"], "/Train and train both look like one part by their na"),
        (["train/a", "train/b", "test_1/a", "test_2/a"], "/test_1 and test_2 both look like one"),
        (["train/a", "train/b", "test"], "test has 0 folders; .*, or give .*/train alone: every f"),
        (["train/a", "train/b", "test/a", "test/c"], "'b' is a class in one of train and test alo"),
        (["trainA", "trainB", "testA", "testB"], "trainA and trainB both look like one part"),
        (["traindataset/a", "testdataset/a"], "are traindataset and testdataset classes, or parts"),
        (["Xtest/a", "Xtrain/a", "Xtrain/b"], "are Xtrain and Xtest classes, or parts for train"),
        (["a/train", "a/test", "b/train", "b/test"], "a has parts of its own, test and train: so"),
    ],
)
def test_an_ambiguous_layout_is_refused_with_a_remedy(tmp_path, folders, message):
    images(*(tmp_path / folder for folder in folders))
    with pytest.raises(DataError, match=message):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("each", "message"), [(0, "b holds no image"), (4, "class 'b' has fewer than 5 images")]
)
def test_a_class_of_too_few_images_is_refused(tmp_path, each, message):
    images(tmp_path / "a")
    images(tmp_path / "b", each=each)
    with pytest.raises(DataError, match=message):
        listed(tmp_path)


@pytest.mark.parametrize("name", ["a/\udcff.png", "c\udcff/0.png"])
def test_a_name_that_is_not_utf8_is_refused(tmp_path, name):
    images(tmp_path / "a", tmp_path / "b")
    touch_or_skip(tmp_path / name)
    with pytest.raises(DataError, match="name that is not UTF-8; rename it") as error:
        listed(tmp_path)
    assert str(error.value).encode()


def test_hidden_files_and_other_files_do_not_count(tmp_path):
    images(tmp_path / "a", tmp_path / "b", tmp_path / "a" / ".ipynb_checkpoints")
    (tmp_path / "__MACOSX" / "a").mkdir(parents=True)
    for name in ("a/._0.png", "b/Thumbs.db", ".DS_Store", "__MACOSX/a/._0.png", "b/notes.txt"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7no image")
    names, *parts = listed(tmp_path)
    assert names == ("a", "b")
    assert sorted(path.name for part in parts for path, _ in part) == sorted(
        f"{number}.png" for number in range(5) for _ in "ab"
    )
