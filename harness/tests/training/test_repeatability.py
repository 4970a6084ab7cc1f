"""A network trains in fp32 on a CPU if bf16 leaves parts of its gradients unwritten."""

import pytest

from harness.evidence.measurement import accuracy
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.training_helpers import NETWORKS, custom_recipe, tiny_recipe
from harness.training.backend import Backend, has_fast_bf16
from harness.training.protocol import paper_recipe
from harness.training.repeatability import unrepeatable

pytestmark = pytest.mark.usefixtures("restored_threads")

FIVE = ("inception", "inception-without-batchnorm", "alexnet", "mlp-3x512", "mlp-1x512")


@pytest.mark.skipif(not has_fast_bf16("cpu"), reason="emulated, bf16 takes minutes here")
@pytest.mark.parametrize("data", [("digits", 256), ("cifar10", 50_000)], ids=["8x8", "28x28"])
@pytest.mark.parametrize("network", FIVE)
def test_the_papers_networks_repeat_their_gradients_in_bf16(network, data):
    dataset, images = data
    recipe = paper_recipe(network, dataset, "random-labels", train_size=images)
    assert unrepeatable(recipe, Backend()) == ()


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"batch_size": 16}, ("layers.1.weight",)),
        ({"batch_size": 24}, ("layers.1.weight",)),
        ({"batch_size": 32}, ()),
        ({"batch_size": 32, "train_size": 16}, ("layers.1.weight",)),
    ],
    ids=["every batch", "the last batch", "no batch", "the only batch"],
)
def test_an_unwritten_gradient_is_found_in_any_batch(changes, differing):
    assert unrepeatable(custom_recipe("LeavesUnwritten", **changes), Backend()) == differing


def test_a_custom_network_with_dropout_repeats_its_gradients():
    assert unrepeatable(custom_recipe("with_dropout"), Backend()) == ()


def test_a_network_without_repeatable_bf16_trains_in_fp32_with_one_warning(tmp_path):
    warned = []
    runner = Runner(Store(tmp_path, None, warned.append), "cpu", workers=1_000)
    faulty = {"batch_size": 16, "epochs": 2}
    runs = [
        runner.run(custom_recipe("LeavesUnwritten", precision="bf16", seed=seed, **faulty))
        for seed in range(2)
    ]
    assert [run.precision for run in runs] == ["fp32"] * 2
    (warning,) = warned
    assert warning == (
        f"{NETWORKS}:LeavesUnwritten trains in fp32 on images of 8x8: in bf16 two backward passes"
        " from one state differ here in layers.1.weight, as where memory is left unwritten"
    )
    assert {run.environment["not in bf16"] for run in runs} == {warning}
    assert accuracy("training accuracy", runs, "train").note == warning
    # It is the very run that fp32 gives, under its key.
    assert runner.run(custom_recipe("LeavesUnwritten", **faulty)).key == runs[0].key
    sound = runner.run(tiny_recipe(precision="bf16"))
    assert sound.precision == "bf16" and "not in bf16" not in sound.environment
    assert len(warned) == 1
