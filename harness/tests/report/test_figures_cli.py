"""The paper's figures are drawn from the store alone, with nothing but its finished runs."""

from harness.__main__ import main
from harness.runs.store import Store
from harness.tests.evidence_helpers import trained
from harness.training.protocol import paper_recipe


def keep(store: Store, key: str, setting: str, **changes: object) -> None:
    recipe = paper_recipe("mlp-1x512", "cifar10", setting, epochs=3, **changes)
    curve = {
        "loss": [2.0, 1.0, 0.1],
        "online_accuracy": [0.2, 0.6, 0.995],
        "train_accuracy": [0.3, 0.7, 1.0],
        "test_accuracy": [0.3, 0.4, 0.5],
    }
    store.keep(trained(recipe=recipe, key=key, train_total=50_000, epochs_to_fit=3, **curve))


def test_figures_come_from_the_store_alone(tmp_path, capsys):
    store = Store(tmp_path / "runs")
    keep(store, "aa", "true-labels")
    keep(store, "bb", "random-labels")
    keep(store, "cc", "random-labels", weight_decay=(("weights", 0.1),))
    assert main(["figures", "--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "out")]) == 0
    drawn = sorted(path.stem for path in (tmp_path / "out").iterdir())
    assert drawn == ["figure-1a", "figure-1b", "figure-1c"]
    assert "figure-1a: 2 curves or points" in capsys.readouterr().out, "a decayed run is none of it"
