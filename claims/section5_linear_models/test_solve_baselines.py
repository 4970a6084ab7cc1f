"""Regression baseline of section 5: what a few small solves come to, features and norms included.

A claim asks whether an error is small or a norm grows; that whitening is there, that a norm is a
root, or that the labels are those of the seed, only the figures themselves tell.
"""

from dataclasses import replace

import pytest

from claims.section5_linear_models import machines as m
from harness.plugin.baselines import Tolerance

RECIPES = [m.PIXELS[0], m.GABOR[0], m.NOISE[0], m.CONVNETS[0], m.RIDGED[0]]


@pytest.mark.fast
@pytest.mark.baseline("solves")
def test_solves_come_to_what_they_did(laboratory, baseline):
    from harness.linear.solve import solve

    fits = [fit for recipe in RECIPES for fit in solve(recipe, laboratory.data_root, "cpu").fits]
    baseline.check(
        {
            "train_error": [fit.train_error for fit in fits],
            "test_error": [fit.test_error for fit in fits],
            "norm": [fit.norm for fit in fits],
        },
        {
            "train_error": Tolerance("an example or two that rounding changes", absolute=0.01),
            "test_error": Tolerance("five images of 1,000 that rounding changes", absolute=0.005),
            "norm": Tolerance("features in single precision", relative=1e-3),
        },
    )


SEVERAL_BLOCKS = replace(m.PIXELS[0], train_size=700)
"""The factorisation takes 512 columns at a time."""


@pytest.mark.fast
@pytest.mark.baseline("factor")
def test_a_factor_of_several_blocks_is_as_good_as_it_was(laboratory, baseline):
    """Before refinement, which would mend a bad one in a few steps more."""
    from harness.linear.solve import solve

    solved = solve(SEVERAL_BLOCKS, laboratory.data_root, "cpu")
    baseline.check(
        {
            "residual": [solved.facts["residuals"][0]],
            "refinements": [len(solved.facts["residuals"]) - 1],
            "norm": [solved.fits[0].norm],
        },
        {
            "residual": Tolerance("rounding in single precision, in another order", relative=9.0),
            "refinements": Tolerance("one more where rounding leaves more", absolute=1),
            "norm": Tolerance("refined to double precision", relative=1e-6),
        },
    )
