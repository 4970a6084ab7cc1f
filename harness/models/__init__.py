"""The paper's networks, one a file, and a registry by name."""

from harness.models.registry import MODELS, ModelSpec, build_model, model_spec

__all__ = ["MODELS", "ModelSpec", "build_model", "model_spec"]
