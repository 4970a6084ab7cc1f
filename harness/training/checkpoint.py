"""Checkpoints: tensors and JSON in one safetensors file, with a checksum. No pickles."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_bytes

from harness.files import write_atomically


class DamagedCheckpoint(Exception):
    """The file is not a checkpoint, or not all of one."""


def save(path: Path, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
    """Write atomically; raises StoreError where the disk is full or read-only."""
    tensors = {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    write_atomically(path, to_bytes(tensors, _metadata(tensors, facts)))


def load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors (CPU) and facts; raises DamagedCheckpoint unless every byte is as written."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(metadata["checkpoint"])["facts"]
        if to_bytes(tensors, _metadata(tensors, facts)) != path.read_bytes():
            raise DamagedCheckpoint(f"{path}: it is not as it was written")
        return tensors, facts
    except (SafetensorError, KeyError, TypeError, ValueError, OSError) as error:
        raise DamagedCheckpoint(f"{path}: {error!r}") from error


def _metadata(tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> dict[str, str]:
    """One entry, since safetensors writes several in no fixed order."""
    digest = hashlib.sha256(json.dumps(facts).encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)}".encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return {"checkpoint": json.dumps({"facts": facts, "sha256": digest.hexdigest()})}
