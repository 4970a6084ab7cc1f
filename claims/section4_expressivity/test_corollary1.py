"""4-corollary1: any depth k from 2 to n, width O(n/k), O(n + d) weights, any targets.

Two constructions: the paper's multiplexer, and a running sum. Hypothesis draws samples of at most
nine points, targets and depths; outputs are compared exactly. Depth, width and non-zero weights are
counted in the modules, against the constants stated in harness/expressivity/corollary1.py.
"""

import pytest

from harness import expressivity
from harness.evidence import AtMost, Attains, Equals, FigureData, exact, find_counterexample
from harness.expressivity import adversarial, examples
from harness.expressivity.corollary1 import weight_bound, width_bound

pytestmark = pytest.mark.fast

SOURCE = "Corollary 1"
CONSTRUCTIONS = ["multiplexer", "running sum"]
DEPTHS = [2, 3, 10, 100, 600]


@pytest.mark.claim("4-corollary1")
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_any_depth_represents_any_targets(construction, judge):
    trade = examples.depth_and_width(
        1_000, 16, [2, 3, 4, 6, 10, 20, 50, 100, 300, 1_000], construction, 0
    )
    judge(
        find_counterexample(
            f"{construction}: every target exactly, depth k, width and weights within the bounds",
            lambda case: expressivity.deep_network_realises(*case, construction),
            adversarial.samples_with_a_depth(),
        ),
        Equals(0, source=SOURCE),
        figure=FigureData("corollary1-depth-and-width", trade),
    )


@pytest.mark.control("4-corollary1")
def test_one_hinge_fewer_does_not_reach_a_target_outside_its_span(judge):
    judge(
        find_counterexample(
            "one hinge fewer: every target exactly",
            lambda case: expressivity.reached_with_a_hinge_fewer(*case),
            adversarial.samples_with_a_depth(),
            smallest=False,
        ),
        Equals(0, source=SOURCE),
    )


@pytest.mark.claim("4-corollary1")
@pytest.mark.parametrize("construction", CONSTRUCTIONS)
def test_digits_are_memorised_at_any_depth(construction, data_root, judge, base_seed):
    seen = [
        expressivity.deep_labels("digits", data_root, depth, construction, base_seed)
        for depth in DEPTHS
    ]
    what = f"digits, {construction}, k = {', '.join(map(str, DEPTHS))}"
    judge(
        exact(f"{what}: labels recovered", [it.recovered for it in seen], "share"),
        Attains(1.0, source=SOURCE),
    )
    judge(
        exact(
            f"{what}: depth less k",
            [it.depth - k for it, k in zip(seen, DEPTHS, strict=True)],
            "layers",
        ),
        Equals(0, source=SOURCE),
    )
    widths = [it.width / width_bound(it.n, it.depth, construction) for it in seen]
    weights = [it.nonzero_weights / weight_bound(it.n, it.d, construction) for it in seen]
    for name, shares in (("width", widths), ("non-zero weights", weights)):
        judge(
            exact(f"{what}: {name}, of the bound", shares, "share"),
            AtMost(1.0, source=f"{SOURCE}, with our constants"),
        )
