"""The paper's networks, one a file, and a registry by name."""

from harness.lazy import lazy_exports
from harness.models.registry import MODELS, ModelSpec, model_spec

__all__ = ["MODELS", "ModelSpec", "model_spec"]

__getattr__ = lazy_exports(
    __name__,
    {
        "building": [
            "normalized_responses",
            "trainable_parameters",
            "trainable_parameters_one_unit_wider",
        ],
    },
)
