"""Inception v3, its auxiliary classifier, and the recipes of Table 2."""

from dataclasses import replace

import pytest
import torch

from harness.data import inspection
from harness.errors import HarnessError, InvalidRecipe
from harness.models.building import build_model
from harness.runs.runner import Runner
from harness.runs.store import Store
from harness.tests.photo_helpers import photo_layout, prepared, small
from harness.training import inputs
from harness.training.backend import Backend
from harness.training.imagenet import ROWS, imagenet_recipe
from harness.training.loop import Training
from harness.training.steps import SharedSteps


def test_inception_v3_has_the_published_size_and_reproducible_weights():
    generator = torch.Generator().manual_seed(0)
    network = build_model("inception-v3", (3, 75, 75), 1_000, generator)
    assert sum(p.numel() for p in network.parameters()) == 23_834_568
    again = build_model("inception-v3", (3, 75, 75), 1_000, torch.Generator().manual_seed(0))
    pairs = zip(network.parameters(), again.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    conv = network.network.Conv2d_2b_3x3.conv.weight
    assert conv.detach().std() == pytest.approx(0.088, abs=0.003) and conv.abs().max() <= 0.2
    with pytest.raises(HarnessError, match=r"75x75 or more, not 3x74x75; set crop=75"):
        build_model("inception-v3", (3, 74, 75), 1_000, generator)
    with pytest.raises(HarnessError, match=r"with its auxiliary classifier .* 299x299 or more"):
        build_model("inception-v3", (3, 75, 75), 10, generator, auxiliary=True)


def test_too_small_photographs_are_refused_before_decoding(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "corrupt_photographs", lambda *given: pytest.fail("decoded"))
    root = photo_layout(tmp_path / "photographs")
    laboratory = Runner(Store(tmp_path / "runs"), device="cpu", data_root=root)
    with pytest.raises(HarnessError, match=r"75x75 or more, not 3x74x74; set crop=75"):
        laboratory.run(replace(small(crop=74), model="inception-v3"))


def test_the_auxiliary_loss_has_a_weight_of_0_4(tmp_path, monkeypatch):
    monkeypatch.setattr(inspection, "default_cache", lambda: tmp_path / "crops")
    made = photo_layout(tmp_path / "made")
    recipe = small(epochs=1)
    training = Training(recipe, prepared(recipe, made), Backend("cpu", 1))

    class Two(torch.nn.Module):
        def __init__(self, linear):
            super().__init__()
            self.linear = linear

        def forward(self, x):
            return (self.linear(x), self.linear(x)) if self.training else self.linear(x)

    images, labels = next(training.data.train_images.batches([torch.arange(4)])), torch.arange(4)
    steps = SharedSteps(training)
    plain, _ = steps.evaluate(images, labels)
    steps.network = Two(training.model).train()
    assert steps.evaluate(images, labels)[0].item() == pytest.approx(1.4 * plain.item(), rel=1e-6)


def test_the_seven_rows_of_table_2_differ_by_their_switches():
    recipes = {row: imagenet_recipe(row) for row in ROWS}
    everything, nothing = recipes[ROWS[0]], recipes["true-labels"]
    assert everything.augmentation == ("random crop", "flip", "colour") and everything.dropout
    assert {name for name, value in everything.weight_decay} == {"convolutions", "dense layers"}
    off = {"augmentation": (), "weight_decay": (), "dropout": 0.0}
    for row, recipe in recipes.items():
        assert replace(recipe, **off, label_corruption=0.0) == nothing
        assert recipe.label_corruption == row.startswith("random")
        assert bool(recipe.weight_decay) == ("weight-decay" in row)
    assert len(set(recipes.values())) == 7
    assert nothing.auxiliary and not imagenet_recipe("true-labels", crop=298).auxiliary
    assert (nothing.processes, nothing.rank_batch, nothing.crop) == (8, 32, 299)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": "gaussian"}, "inputs = 'gaussian', but it should be 'true' on photographs"),
        ({"labels": "two groups"}, "'classes' on photographs"),
        ({"rank_batch": 5}, "rank_batch = 5, .* from 1 to 4, the batch_size"),
        ({"auxiliary": True}, "linear has no such classifier"),
        ({"dataset": "cifar10", "skip_corrupt": True}, "a folder of photographs"),
        ({"dataset": "cifar10", "augmentation": ("colour",)}, "a folder of photographs"),
    ],
)
def test_contradictory_fields_are_refused(changes, message):
    with pytest.raises(InvalidRecipe, match=message):
        small(**changes)
