"""The preflight of a custom network: what is noted, what is refused."""

import pytest
import torch

from harness.errors import InvalidRecipe, NetworkError, UnknownName
from harness.models import model_spec
from harness.tests.training_helpers import custom_recipe as recipe
from harness.training import preflight
from harness.training.preflight import examine

pytestmark = pytest.mark.usefixtures("restored_threads")


@pytest.fixture(autouse=True)
def _default_type():
    yield
    torch.set_default_dtype(torch.float32)


# --- What is noted ---------------------------------------------------------------------------


def test_dropout_that_is_always_on_is_noted():
    assert "differ from one time to the next" in examine(recipe("AlwaysDropout")).note


def test_a_network_that_changes_images_in_place_is_not_noisy():
    assert not examine(recipe("InPlace")).noisy


def test_unseeded_weights_are_noted():
    found = examine(recipe("drawn_by_its_own_generator"))
    assert found.note.startswith("its initial weights differ from one time to the next")
    assert examine(recipe("Logistic")).note == ""


def test_a_gradient_that_is_left_unwritten_is_noted(monkeypatch):
    monkeypatch.setattr(preflight, "_check_gradients", lambda *_: None)  # What is there is chance.
    note = examine(recipe("LeavesUnwritten")).note
    assert note.startswith(
        "two steps from one state differ in layers.1.weight (does it read memory"
    )


# --- What is refused, and how ----------------------------------------------------------------

REFUSED = {
    "WrongSize": r"shape \(4, 1000\) for 4 images, but it should be \(4, 10\)",
    "Raises": "ValueError: the patches do not fit; give it others with --image-size",
    "RaisesWhenMade": "could not be made .* no such depth; .*--arch-option",
    "Unused": r"2 of its 4 parameters get no gradient \(auxiliary.weight, auxiliary.bias\)",
    "Frozen": "no parameter that is trained; .*requires_grad",
    "Detached": r"logits without a gradient: .*detach\(\)",
    "Pair": r"gives a tuple, .*\(images, classes\)",
    "Classes": r"shape \(4,\) .* should be \(4, 10\)",
    "Deep": "raises on images of 8x8 .*; give it others with --image-size",
    "wants_depth": "asks for 'depth', which is not known: .*--arch-option depth=VALUE",
    "gives_a_number": "gives a int, .* torch.nn.Module",
    "NOT_CALLABLE": "is a int, .* function or class",
    "Logistik": "unknown name .*nearest: Logistic",
    "no.such.module:Net": "cannot be imported: ModuleNotFoundError.*python -c 'import no.such",
    "./no_such_file.py:Net": "there is no file no_such_file.py",
    "torchvision:resnet19": "unknown torchvision model 'resnet19'; nearest: resnet18",
    "torchvision:": "names no network; write torchvision:NAME",
    "builtins:dict": "does not say what arguments it takes: write a function of shape and classes",
    "with_a_backbone_of_the_module": r"same parameters each .*\(1.weight\).*: let the factory",
    "Probabilities": "gives probabilities, .* should give logits: take the softmax out",
    "of_doubles_by_default": r"raises on images of 8x8 .* same dtype, .* by hand",
    "Leaves": r"raises on images of 8x8 .* SystemExit: usage: train.py; give it ",
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_untrainable_network_is_refused_with_a_remedy(name):
    with pytest.raises(NetworkError, match=REFUSED[name]) as error:
        examine(recipe(name))
    assert "\n" not in str(error.value)


def test_a_script_that_ends_when_it_is_imported_is_refused(tmp_path):
    (tmp_path / "train.py").write_text("import sys\nsys.exit('usage: train.py DATA')\n")
    words = r"cannot be imported: SystemExit: usage: train.py DATA; .*try: python .*/train.py"
    with pytest.raises(NetworkError, match=words):
        examine(recipe(f"{tmp_path}/train.py:make"))


def test_a_wrong_option_is_refused():
    with pytest.raises(NetworkError, match="unknown --arch-option 'widht'; nearest: width"):
        examine(recipe("mlp", model_options=(("widht", 3),)))


def test_an_unknown_name_is_refused_with_the_forms_of_names():
    with pytest.raises(UnknownName, match=r"torchvision:NAME, PACKAGE.*, ./FILE.py:FACTORY"):
        model_spec("resnet18")


def test_a_last_batch_of_one_image_is_refused_with_batch_norm():
    with pytest.raises(NetworkError, match=r"the last batch of 65 .* another --arch-batch-size"):
        examine(recipe("with_batch_norm", train_size=65, batch_size=64))
    examine(recipe("with_batch_norm", train_size=64, batch_size=64))


@pytest.mark.parametrize(
    "changes",
    [
        {"image_size": 4},
        {"image_size": 64, "augmentation": ("flip",)},
        {"model_options": (("width", {}),)},
    ],
)
def test_wrong_sizes_and_options_are_refused_when_the_recipe_is_made(changes):
    with pytest.raises(InvalidRecipe, match=r"image_size|model_options"):
        recipe("mlp", **changes)
