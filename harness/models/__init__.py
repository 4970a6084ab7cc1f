"""The paper's networks, one a file, and a registry by name.

The functions of `harness.models.building` need torch, and are imported when they are used.
"""

from importlib import import_module
from typing import Any

from harness.models.registry import MODELS, ModelSpec, model_spec

__all__ = ["MODELS", "ModelSpec", "model_spec"]


def __getattr__(name: str) -> Any:
    """A function of `harness.models.building`."""
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("harness.models.building"), name)
