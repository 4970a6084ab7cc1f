"""Regression baseline of section 5: what a few small solves come to, features and norms included.

A claim asks whether an error is small or a norm grows; that whitening is there, that a norm is a
root, or that the labels are those of the seed, only the figures themselves tell.
"""

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
