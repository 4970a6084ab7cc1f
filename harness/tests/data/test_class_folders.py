"""How a folder of images is laid out: parts by their usual names, classes, what is left aside."""

import numpy as np
import pytest
from PIL import Image

from harness.data.class_folders import listed
from harness.errors import DataError


@pytest.fixture(autouse=True)
def _nothing_remembered():
    yield
    listed.cache_clear()


def images(*folders, each=5):
    for folder in folders:
        folder.mkdir(parents=True)
        for number in range(each):
            Image.fromarray(np.full((4, 4), number, np.uint8)).save(folder / f"{number}.png")


PARTS = [
    ("train", "test"),
    ("training", "testing"),
    ("Train", "Test"),
    ("TRAIN", "VAL"),
    ("train", "validation"),
    ("Training_set", "test-set"),
    ("trainset", "testset"),
    ("train_images", "valid"),
    ("seg_train", "seg_test"),
]


@pytest.mark.parametrize("wrapped", ["", "images"])
@pytest.mark.parametrize(("train", "test"), PARTS)
def test_parts_by_their_usual_names_are_no_classes(tmp_path, train, test, wrapped):
    """Also where all is in one more folder, as archives often have it."""
    images(
        *(tmp_path / wrapped / train / wrapped.replace("images", train) / name for name in "abc"),
        each=4,
    )
    images(
        *(tmp_path / wrapped / test / wrapped.replace("images", test) / name for name in "abc"),
        each=1,
    )
    names, training, testing = listed(tmp_path)
    assert names == ("a", "b", "c")
    assert [(path.parts[-1], label) for path, label in testing] == [("0.png", i) for i in range(3)]
    assert len(training) == 12


def test_test_images_come_before_those_for_validation_unless_nobody_has_sorted_them(tmp_path):
    images(*(tmp_path / part / name for part in ("train", "val", "test") for name in "ab"))
    assert {path.parts[-3] for path, _ in listed(tmp_path)[2]} == {"test"}
    listed.cache_clear()
    for path in (tmp_path / "test").glob("*/*"):
        path.rename(tmp_path / "test" / f"{path.parent.name}{path.name}")
    for name in "ab":
        (tmp_path / "test" / name).rmdir()
    assert {path.parts[-3] for path, _ in listed(tmp_path)[2]} == {"val"}


def test_a_part_for_training_alone_is_split(tmp_path):
    images(tmp_path / "train" / "a", tmp_path / "train" / "b")
    names, training, testing = listed(tmp_path)
    assert (names, len(training), len(testing)) == (("a", "b"), 8, 2)


def test_classes_that_are_called_as_parts_are_stay_classes(tmp_path):
    images(*(tmp_path / name for name in ("bus", "train", "tram")))
    assert listed(tmp_path)[0] == ("bus", "train", "tram")


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (
            ("train", "others"),
            "has train, but no folder of test images: name that one test, or nam",
        ),
        (("test", "others"), "has test, but no folder of training images: name that one train$"),
        (("test",), "has test, but no folder of training images: name that one train$"),
        (("val", "test"), "has test, but no folder of training images: name that one train$"),
    ],
)
def test_one_part_without_the_other_is_refused_with_a_remedy(tmp_path, parts, message):
    images(*(tmp_path / part / name for part in parts for name in "ab"))
    with pytest.raises(DataError, match=message):
        listed(tmp_path)


@pytest.mark.parametrize(
    ("others", "message"),
    [
        (["Train/a"], "/Train and train are one part by their names: rename one, or take it away"),
        (["test_1/a", "test_2/a"], "/test_1 and test_2 are one part by their names"),
        (["test"], "test has 0 folders.*, or name .*/train itself, of which every fifth is then"),
    ],
)
def test_parts_that_cannot_be_told_apart_or_sorted_are_refused(tmp_path, others, message):
    images(tmp_path / "train" / "a", tmp_path / "train" / "b", *(tmp_path / it for it in others))
    with pytest.raises(DataError, match=message):
        listed(tmp_path)


def test_what_systems_leave_beside_images_is_left_aside(tmp_path):
    images(tmp_path / "a", tmp_path / "b", tmp_path / "a" / ".ipynb_checkpoints")
    (tmp_path / "__MACOSX" / "a").mkdir(parents=True)
    for name in ("a/._0.png", "b/Thumbs.db", ".DS_Store", "__MACOSX/a/._0.png", "b/notes.txt"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7no image")
    names, *parts = listed(tmp_path)
    assert names == ("a", "b")
    assert sorted(path.name for part in parts for path, _ in part) == sorted(
        f"{number}.png" for number in range(5) for _ in "ab"
    )
