"""Regression baseline of Alexnet's local response normalisation."""

import pytest

from harness import models
from harness.plugin.baselines import Tolerance

ROUNDING = Tolerance("float32 rounding of a root", relative=1e-5)


@pytest.mark.fast
@pytest.mark.baseline("local-response-normalisation")
def test_responses_are_normalised_as_they_were(baseline):
    """TensorFlow's constants: radius 4, bias 1, alpha 0.001 / 9, beta 0.75."""
    columns = {f"of_{size}": models.normalized_responses(size) for size in (1, 30, 1_000)}
    baseline.check(columns, dict.fromkeys(columns, ROUNDING))
