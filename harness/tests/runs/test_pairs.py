"""Runs are pairs only if they share all that their recipes say they share."""

from dataclasses import replace

import pytest

from harness.errors import HarnessError
from harness.evidence import (
    correlation_with_signs,
    difference_in_accuracy,
    difference_in_steps,
    paired,
    roughness_ratio,
    trend,
)
from harness.runs.run import Run
from harness.training.outcome import Curve, Outcome
from harness.training.protocol import paper_recipe


def run(setting="true-labels", order="order", labels="", first=2.3, digests=(), **changes):
    """Without ``labels``, the digest of labels follows from the setting."""
    recipe = paper_recipe("mlp-1x16", "digits", setting, train_size=64, **changes)
    drawn = labels or f"{recipe.label_corruption} {recipe.label_draw} {recipe.labels}"
    test = [0.1, 0.3, 0.2, 0.5, 0.4]
    curve = Curve(step=[1, 2, 3, 4, 5], loss=[2.0, 0.5, 0.4, 0.3, 0.2], test_accuracy=test)
    outcome = Outcome("finished", curve, 64, 64, 50, 100, [first], drawn, order, None)
    outcome.digests = dict(digests)
    return Run("key", recipe, outcome, "fp32", "cpu", 1.0, "", {})


WEIGHTS, MASKS, CROPS = (
    [{what: digest} for digest in "12"] for what in ("initial weights", "dropout", "augmentation")
)
TRUE, RANDOM = run(), run("random-labels")
ORDERS, SAME, OTHERS = "in different orders", "labels are the same", "their labels differ"


@pytest.mark.parametrize(
    ("one", "other", "varied", "why"),
    [
        (TRUE, RANDOM, {"label_corruption"}, ""),
        (TRUE, run(learning_rate=0.02), None, ""),
        (TRUE, run(order="another", labels="others", seed=1), None, ""),
        (TRUE, run("random-labels", seed=1), {"label_corruption"}, "they differ in seed; only"),
        (TRUE, run("random-labels", order="another"), None, ORDERS),
        (TRUE, run("random-labels", labels=TRUE.outcome.label_digest), None, SAME),
        (TRUE, run(epochs=7, labels="others"), {"epochs"}, OTHERS),
        (TRUE, run(weight_decay=(("weights", 0.1),), labels="others"), None, OTHERS),
        (TRUE, run(epochs=7, first=2.3001), {"epochs"}, ""),
        (TRUE, run(epochs=7, first=2.35), {"epochs"}, "their first losses differ"),
        (TRUE, run("random-labels", first=2.4), None, ""),
        (*(run(digests=it) for it in WEIGHTS), None, "digests of their initial weights"),
        (*(run(digests=it, dropout=0.5) for it in MASKS), None, "digests of their dropout"),
        (
            *(run(digests=it, augmentation=("flip",)) for it in CROPS),
            None,
            "digests of their augmentation",
        ),
        (run(digests=CROPS[0], augmentation=("flip",)), run(digests=CROPS[1]), None, ""),
        (run(digests=CROPS[0]), TRUE, None, ""),
        (run("random-labels", label_draw=1), RANDOM, {"label_draw"}, ""),
        (run("random-labels", redraw="labels each epoch", labels="others"), RANDOM, None, ""),
    ],
)
def test_a_pair_differs_only_in_what_is_varied(one, other, varied, why):
    if not why:
        assert paired("it", [one], [other], varied) == [(one, other)]
        return
    with pytest.raises(HarnessError, match=f"it: mlp-1x16 on digits .* are no pair: .*{why}"):
        paired("it", [one], [other], varied)


def signs(draw, order="order"):
    return run("random-signs", label_draw=draw, order=order)


@pytest.mark.parametrize(
    "compare",
    [
        lambda strange: difference_in_steps("it", [strange], [TRUE], 1.0),
        lambda strange: difference_in_accuracy("it", [strange], [TRUE]),
        lambda strange: roughness_ratio("it", [strange], [TRUE]),
        lambda strange: trend("it", {0.0: [1.0] * 5}, [*[TRUE] * 4, strange]),
    ],
    ids=["steps", "accuracy", "roughness", "trend"],
)
def test_every_comparison_of_pairs_refuses_another_order(compare):
    assert compare(RANDOM).name == "it"
    strange = replace(RANDOM, outcome=replace(RANDOM.outcome, order_digest="another"))
    with pytest.raises(HarnessError, match=ORDERS):
        compare(strange)


def test_sign_vectors_share_one_sample_in_one_order():
    assert correlation_with_signs("it", [signs(0), signs(1)]).name == "it"
    with pytest.raises(HarnessError, match=ORDERS):
        correlation_with_signs("it", [signs(0), signs(1, order="another")])
    with pytest.raises(HarnessError, match="differ in learning_rate; only label_draw"):
        correlation_with_signs("it", [signs(0), run("random-signs", learning_rate=0.1)])
