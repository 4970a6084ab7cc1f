"""Custom networks are found, made with their arguments, and examined before they train."""

import random
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from harness.data import streams
from harness.environment import version
from harness.errors import NetworkError
from harness.evidence import Attains, accuracy
from harness.models import model_spec
from harness.models.building import build_model
from harness.models.sources import source_fingerprint
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.training_helpers import NETWORKS as HERE
from harness.tests.training_helpers import custom_recipe as recipe
from harness.training.preflight import examine

pytestmark = pytest.mark.usefixtures("restored_threads")


def model(name, options=(), shape=(3, 8, 8), seed=0):
    generator = streams.stream(seed, streams.INITIALIZATION)
    return build_model(name if ":" in name else f"{HERE}:{name}", shape, 10, generator, options)


@pytest.mark.parametrize(
    "name",
    ["small_vit", "Logistic", "mlp", "lazy", "IgnoresInput"],
)
def test_a_network_gets_its_arguments_and_is_examined(name):
    found = examine(recipe(name))
    assert found.parameters > 0
    assert not found.noisy


def test_torchvisions_resnet18_takes_digits_of_8x8():
    assert examine(recipe("torchvision:resnet18")).parameters == 11_181_642


def test_a_file_is_loaded_with_its_neighbours_and_dataclasses_work(tmp_path):
    (tmp_path / "parts_of_a_net.py").write_text("from torch import nn\nHead = nn.Linear\n")
    (tmp_path / "net.py").write_text(
        "from dataclasses import dataclass\nfrom torch import nn\nfrom parts_of_a_net import Head\n"
        "@dataclass\nclass Settings:\n    width: int = 3\n"
        "def make(one, another):\n"
        "    return nn.Sequential(nn.Flatten(), Head(one[0] * one[1] * one[2], another))\n"
    )
    made = model(f"{tmp_path}/net.py:make")
    assert made[1].weight.shape == (10, 192)
    assert model_spec(f"{tmp_path}/net.py:make").paper_name == "net.py:make"


@pytest.mark.parametrize(
    ("above", "encoding"),
    [
        ("", "utf-8-sig"),
        ("# -*- coding: latin-1 -*-\n", "latin-1"),
        ("# coding: cp1251\n", "cp1251"),
    ],
)
def test_a_file_is_read_as_python_reads_it(tmp_path, above, encoding):
    """With the mark of a Windows editor, or with a coding line: its neighbours, too."""
    text = "Größe = 7\n" if encoding != "cp1251" else "ширина = 7\n"
    name = text.partition(" ")[0]
    (tmp_path / f"a_{len(encoding)}.py").write_text(above + text, encoding=encoding)
    (tmp_path / "net.py").write_text(
        f"{above}from torch import nn\nfrom a_{len(encoding)} import {name}\n"
        f"def make(classes): return nn.Sequential(nn.Flatten(), nn.Linear(192, {name}))\n",
        encoding=encoding,
    )
    assert model(f"{tmp_path}/net.py:make")[1].out_features == 7
    assert fingerprint(f"{tmp_path}/net.py:make")


def test_a_network_that_changes_the_folder_leaves_the_users_folder(tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "net.py").write_text(
        "import os\nfrom torch import nn\nos.chdir('/')\n"
        "def make(classes):\n    os.chdir('/')\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(192, classes))\n"
    )
    assert model("../net.py:make")[1].out_features == 10
    assert fingerprint("../net.py:make")
    assert Path.cwd() == tmp_path / "here"


def test_what_python_cannot_read_is_refused_with_its_reason(tmp_path):
    (tmp_path / "net.py").write_bytes("Gr\xf6sse = 7".encode("latin-1"))
    with pytest.raises(NetworkError, match=r"net.py cannot be read as Python: .*'utf-8' codec"):
        fingerprint(f"{tmp_path}/net.py:make")


def test_its_own_initialisation_is_reproducible_and_leaves_the_generators_alone():
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    one, same, other = (model("mlp", seed=seed)[1].weight for seed in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert states[0] == random.getstate()
    assert states[1] == np.random.get_state()[1].tolist()  # noqa: NPY002
    assert torch.equal(states[2], torch.get_rng_state())


def neighbours(folder, *names):
    """A file of a network in each folder, each with a neighbour called parts."""
    for width, name in enumerate(names, start=7):
        (folder / name).mkdir()
        (folder / name / "parts.py").write_text(f"width = {width}\n")
        (folder / name / "net.py").write_text(
            "from torch import nn\nfrom parts import width\n"
            "def make(shape, classes):\n"
            "    return nn.Sequential(nn.Flatten(), nn.Linear(192, width), nn.Linear(width, 10))\n"
        )
        yield f"{folder / name}/net.py:make"


@pytest.fixture
def _modules_forgotten():
    before = set(sys.modules)
    path = list(sys.path)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]
    sys.path[:] = path


@pytest.mark.usefixtures("_modules_forgotten")
def test_a_network_never_gets_the_neighbour_of_another(tmp_path):
    """Python keeps one module called parts: the second network would be made of the first's."""
    one, other = neighbours(tmp_path, "one", "other")
    assert model(one)[1].out_features == 7
    with pytest.raises(NetworkError, match=r"imports parts, and Python took .*one/parts.py for it"):
        model(other)


@pytest.mark.usefixtures("_modules_forgotten")
def test_a_neighbour_that_an_installed_module_hides_is_named(tmp_path):
    """Also where the network imports it when it is made."""
    (tmp_path / "sched.py").write_text("WIDTH = 3\n")
    (tmp_path / "late.py").write_text(
        "from torch import nn\ndef make(shape, classes):\n"
        "    import sched\n    return nn.Sequential(nn.Flatten(), nn.Linear(192, classes))\n"
    )
    with pytest.raises(NetworkError, match=r"imports sched, .* not .*sched.py: rename"):
        model(f"{tmp_path}/late.py:make")


@pytest.mark.usefixtures("_modules_forgotten")
def test_what_a_module_draws_when_it_is_imported_changes_no_weights(tmp_path):
    (tmp_path / "draws.py").write_text(
        "import torch\nfrom torch import nn\nof_the_module = torch.rand(3)\n"
        "def make(shape, classes):\n    return nn.Sequential(nn.Flatten(), nn.Linear(192, 10))\n"
    )
    first, second = (model(f"{tmp_path}/draws.py:make")[1].weight for _ in range(2))
    assert torch.equal(first, second)


def run(store, chosen):
    """By one thread: a second would only wait."""
    return Runner(Store(store), workers=1_000).run(chosen)


def test_a_training_with_dropout_of_its_own_gives_the_same_bits_again(tmp_path):
    chosen = recipe("AlwaysDropout", epochs=3, model_options=())
    one, again = (run(tmp_path / name, chosen).outcome for name in ("one", "another"))
    assert one.first_losses == again.first_losses
    assert one.train_correct == again.train_correct


def test_enlarged_images_reach_the_network(tmp_path):
    chosen = recipe("Deep", epochs=1, crop=8, image_size=16)
    assert chosen.image_shape == (3, 16, 16)
    assert run(tmp_path, chosen).outcome.train_total == 64


def test_a_network_with_dropout_of_its_own_has_fitted_when_it_has_in_evaluation_mode(tmp_path):
    """In training it errs on; to wait for that would take it twice as long, or for ever."""
    chosen = recipe("with_dropout", train_size=16, epochs=150, learning_rate=0.05)
    every, late = (
        run(tmp_path, replace(chosen, stop_at_zero_error=True, evaluation=when)).outcome
        for when in ("every epoch", "once nearly fitted")
    )
    assert max(every.curve.online_accuracy) < 0.99, "else there is nothing to see"
    assert every.epochs_to_fit == late.epochs_to_fit is not None


def fingerprint(name):
    source_fingerprint.cache_clear()
    return source_fingerprint(name)


def test_a_changed_network_is_trained_again_and_a_changed_comment_is_not(tmp_path):
    net, part, other = (tmp_path / name for name in ("net.py", "part.py", "other.py"))
    net.write_text("from part import width\n\ndef make(classes):\n    return width\n")
    part.write_text("width = 3\n")
    other.write_text("unrelated = 1\n")
    name = f"{net}:make"
    first = fingerprint(name)
    net.write_text("# Why.\n" + net.read_text())
    other.write_text("unrelated = 2\n")
    assert fingerprint(name) == first
    part.write_text("width = 4\n")
    second = fingerprint(name)
    assert second != first
    net.write_text(net.read_text().replace("return width", "return 2 * width"))
    assert fingerprint(name) not in (first, second)


def test_a_module_counts_with_its_package(tmp_path, monkeypatch):
    package = tmp_path / "own_package_of_nets"
    (package / "deep").mkdir(parents=True)
    for name, text in {
        "__init__.py": "",
        "deep/__init__.py": "",
        "deep/nets.py": "from ..layers import width\nfrom . import sizes\n",
        "deep/sizes.py": "size = 1\n",
        "layers.py": "width = 1\n",
    }.items():
        (package / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    name = "own_package_of_nets.deep.nets:Net"
    prints = [fingerprint(name)]
    for changed in ("layers.py", "deep/sizes.py", "deep/__init__.py"):
        (package / changed).write_text("changed = 2\n")
        prints.append(fingerprint(name))
    assert len(set(prints)) == 4


def test_a_library_counts_by_its_version():
    assert fingerprint("torchvision:resnet18") == f"torchvision {version('torchvision')}"


@pytest.mark.parametrize(
    ("name", "images", "verdict"),
    [
        ("small_vit", 8, "supported"),
        ("AlwaysDropout", 64, "refuted"),
        ("IgnoresInput", 64, "refuted"),
    ],
)
def test_whether_it_memorises_random_labels_is_a_verdict_on_the_network(
    name, images, verdict, tmp_path
):
    rate = 0.01 if name == "small_vit" else 0.05
    to_the_fit = {"stop_at_zero_error": True, "evaluation": "once nearly fitted"}
    chosen = recipe(name, train_size=images, epochs=60, learning_rate=rate, **to_the_fit)
    measured = accuracy("training accuracy", [run(tmp_path, chosen)], "train")
    assert Attains(1.0, source="Section 2.1").verdict(measured) == verdict


def test_what_a_network_raises_in_training_tells_where(tmp_path):
    raising = recipe("RaisesLater", epochs=9)
    with pytest.raises(ValueError, match="no more") as caught:
        Runner(Store(tmp_path), device="cpu").run(raising)
    (note,) = caught.value.__notes__
    assert note.startswith("in epoch ") and str(raising) in note
