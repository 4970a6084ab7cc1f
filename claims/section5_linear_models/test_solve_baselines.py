"""Regression baselines of section 5: the errors and norms of a few small solves.

A claim asks whether an error is small or a norm grows. Only the figures themselves show that
whitening is there, that a norm is a root, or that the labels are those of the seed.
"""

from dataclasses import replace

import pytest

from claims.section5_linear_models.recipes import CONVNETS, GABOR, NOISE, PIXELS, RIDGED
from harness import linear
from harness.plugin.baselines import Tolerance

pytestmark = pytest.mark.fast


@pytest.mark.baseline("solves")
def test_solves_come_to_what_they_did(data_root, baseline):
    first = [models[0] for models in (PIXELS, GABOR, NOISE, CONVNETS, RIDGED)]
    fits = [fit for recipe in first for fit in linear.solve.solve(recipe, data_root, "cpu").fits]
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


@pytest.mark.baseline("factor")
def test_a_factor_of_several_blocks_is_as_good_as_it_was(data_root, baseline):
    """Of 700 examples: the factorisation takes 512 columns at a time. Before refinement."""
    solved = linear.solve.solve(replace(PIXELS[0], train_size=700), data_root, "cpu")
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
