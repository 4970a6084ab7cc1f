"""Regression baseline of the fast tier's data: which digits are trained on, and which are not."""

import pytest

from harness import data
from harness.plugin.baselines import Tolerance

STREAM = Tolerance("an integer stream: the same on every machine")


@pytest.mark.fast
@pytest.mark.baseline("digits-split")
def test_the_digits_are_split_as_they_were(baseline):
    """A test image that is a training image too would score what was memorised."""
    split = data.audit_split("digits")
    columns = {
        "images": [split.train_images, split.test_images],
        "in_both": [split.shared] * 2,
        "labels": [int(text[:12], 16) for text in split.label_digests],
    }
    baseline.check(columns, dict.fromkeys(columns, STREAM))
