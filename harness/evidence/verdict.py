"""Verdicts, and the exceptions that a test raises for them."""

from typing import Literal

Verdict = Literal["supported", "refuted", "inconclusive", "not run"]


class ClaimNotSupported(AssertionError):
    """The measurement refutes the claim, or cannot decide it.

    The only exception that an expected failure may name: a crash is never expected.
    """


class ControlNotRefuted(AssertionError):
    """The check passed on a broken premise: it cannot be trusted to fail."""
