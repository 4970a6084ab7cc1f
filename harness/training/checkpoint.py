"""Checkpoints: what a training needs to go on between two epochs, with the same bits."""

import copy
import hashlib
import io
import pickle
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from harness.training.loop import Training
from harness.training.optimizer import set_learning_rate
from harness.training.outcome import Outcome

DIGEST = hashlib.sha256().digest_size


class DamagedCheckpoint(Exception):
    """The bytes are no checkpoint, or not all of one."""


def state_of(training: Training) -> dict[str, Any]:
    """Everything that the next epoch depends on. Its tensors are the training's own."""
    return {
        "model": training.model.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "schedule": training.schedule.state_dict(),
        "learning rate": training.learning_rate,
        "generators": {name: it.get_state() for name, it in training.generators.items()},
        "labels": training.labels,
        "threads": training.backend.threads,
        "outcome": training.outcome.as_dict(),
    }


def restore(training: Training, state: dict[str, Any]) -> None:
    """Go on from `state_of`, with the thread count of the run that was interrupted."""
    torch.set_num_threads(state["threads"])
    training.backend = replace(training.backend, threads=state["threads"])
    training.model.load_state_dict(state["model"])
    optimizer = training.optimizer
    rates = [group["lr"] for group in optimizer.param_groups]
    optimizer.load_state_dict(copy.deepcopy(state["optimizer"]))
    for group, rate in zip(optimizer.param_groups, rates, strict=True):
        group["lr"] = rate  # For a CUDA graph it is a tensor on the device, which stays.
    training.schedule.load_state_dict(state["schedule"])
    set_learning_rate(optimizer, state["learning rate"])
    for name, generator in training.generators.items():
        generator.set_state(state["generators"][name])
    training.labels = state["labels"].to(training.device)
    training.outcome = Outcome.from_dict(state["outcome"])


def packed(state: dict[str, Any]) -> bytes:
    """A state as the content of a file."""
    buffer = io.BytesIO()
    torch.save(_plain(state), buffer)
    content = buffer.getvalue()
    return hashlib.sha256(content).digest() + content


def unpacked(content: bytes) -> dict[str, Any]:
    """The state, on the CPU; raises DamagedCheckpoint unless every byte is as `packed` made it."""
    digest, content = content[:DIGEST], content[DIGEST:]
    if digest != hashlib.sha256(content).digest():
        raise DamagedCheckpoint("it is not as it was written")
    try:
        # No code is run: a state holds tensors and numbers alone.
        return torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:  # Another optimiser may keep other things.
        raise DamagedCheckpoint("it holds more than tensors, numbers and text") from error


def _plain(value: Any) -> Any:
    """NumPy's numbers, which a custom optimiser may keep, as Python's."""
    if isinstance(value, dict):
        return {key: _plain(it) for key, it in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value.item() if isinstance(value, np.generic) else value
