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
    metadata = {"facts": json.dumps(facts), "sha256": _checksum(tensors, json.dumps(facts))}
    write_atomically(path, to_bytes(tensors, metadata))


def load(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors (CPU) and facts; raises DamagedCheckpoint unless every byte is as written."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        if metadata["sha256"] != _checksum(tensors, metadata["facts"]):
            raise DamagedCheckpoint(f"{path}: the checksum does not match")
        return tensors, json.loads(metadata["facts"])
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise DamagedCheckpoint(f"{path}: {error}") from error


def _checksum(tensors: dict[str, torch.Tensor], facts: str) -> str:
    digest = hashlib.sha256(facts.encode())
    for name in sorted(tensors):
        digest.update(name.encode())
        digest.update(tensors[name].reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
