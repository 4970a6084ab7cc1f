"""4-weights: what bounds the weights of Theorem 1, and what the place of the breakpoints does.

The paper remarks that Lemma 1's smallest eigenvalue does. It does not: the matrix is triangular,
but not normal. The smallest singular value does.
"""

import pytest

from harness.evidence import (
    AtMost,
    ClaimNotSupported,
    Equals,
    FigureData,
    exact,
    find_counterexample,
)
from harness.expressivity import adversarial, conditioning

pytestmark = pytest.mark.fast

MIDDLE, JUST_ABOVE = 0.5, 0.0
FINDING = (
    "The matrix of Lemma 1 is triangular but not normal, so that the inverse of its smallest"
    " eigenvalue bounds nothing; hypothesis finds three points and targets for which the weights"
    " are larger. With breakpoints in the middle of the gaps they grow with n, just above the"
    " previous points they do not; the smallest singular value bounds them everywhere."
)


@pytest.mark.claim("4-weights")
@pytest.mark.xfail(raises=ClaimNotSupported, strict=True, reason=FINDING)
def test_the_smallest_eigenvalue_bounds_the_weights(judge):
    judge(
        find_counterexample(
            "norm of w <= norm of y / smallest eigenvalue",
            lambda s: conditioning.eigenvalue_bounds_weights(*s),
            adversarial.interleavings_with_targets(),
        ),
        Equals(0, source="Section 4: 'reasonable bounds' from Lemma 1"),
    )


@pytest.mark.claim("4-weights")
def test_with_breakpoints_at_the_previous_points_four_times_the_eigenvalue_bound_holds(judge):
    """The paper may choose the breakpoints; the proof: harness.expressivity.conditioning."""
    judge(
        find_counterexample(
            "breakpoints at the previous points: norm of w <= 4 norm of y / smallest eigenvalue",
            lambda s: conditioning.eigenvalue_bounds_weights(s[0], [s[1][0], *s[0][:-1]], s[2], 4),
            adversarial.interleavings_with_targets(),
        ),
        Equals(0, source="w is a second difference of y over the gaps"),
    )


@pytest.mark.control("4-weights")
def test_with_breakpoints_in_the_middle_four_times_the_eigenvalue_bound_fails(judge):
    seen = conditioning.weight_norm(1_000, MIDDLE)
    judge(
        exact("1,000 points, breakpoints in the middle: norm of w", [seen.norm], ""),
        AtMost(4 * seen.eigenvalue_bound, source="4 norm of y over the smallest eigenvalue"),
    )


@pytest.mark.control("4-weights")
def test_alternating_targets_break_the_bound_by_the_smallest_eigenvalue(judge):
    seen = conditioning.weight_norm(1_000, MIDDLE)
    judge(
        exact(
            "1,000 points, alternating targets, breakpoints in the middle: norm of w",
            [seen.norm],
            "",
        ),
        AtMost(seen.eigenvalue_bound, source="norm of y over the smallest eigenvalue"),
    )


@pytest.mark.claim("4-weights")
def test_the_smallest_singular_value_bounds_the_weights(judge):
    judge(
        find_counterexample(
            "norm of w <= norm of y / smallest singular value",
            lambda s: conditioning.singular_value_bounds_weights(*s),
            adversarial.interleavings_with_targets(),
        ),
        Equals(0, source="A w = y"),
    )
    for n, placement in ((1_000, JUST_ABOVE), (1_000, MIDDLE), (24, 0.25), (24, 0.75)):
        seen = conditioning.weight_norm(n, placement)
        where = f"{n:,} points, breakpoints {placement:.0%} up the gap: norm of w"
        judge(
            exact(where, [seen.norm], ""),
            AtMost(seen.singular_value_bound, source="norm of y over the smallest singular value"),
        )
    shares = [place / 20 for place in range(19)]
    norms = [conditioning.weight_norm(12, share) for share in shares]
    judge(
        exact(
            "12 points, 19 places of the breakpoints: that of the least norm of w",
            [min(norms, key=lambda seen: seen.norm).placement],
            "share of the gap",
        ),
        Equals(JUST_ABOVE, source="harness.expressivity.hinges: slopes are second differences"),
        figure=FigureData(
            "theorem1-breakpoints",
            {
                "n": 12,
                "placement": shares,
                "norm": [seen.norm for seen in norms],
                "eigenvalue bound": [seen.eigenvalue_bound for seen in norms],
                "singular value bound": [seen.singular_value_bound for seen in norms],
            },
        ),
    )
