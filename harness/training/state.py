"""What a training needs to go on between two epochs, with the same bits."""

from dataclasses import replace
from typing import Any

import torch

from harness.training.loop import Training
from harness.training.optimizer import set_learning_rate
from harness.training.outcome import Outcome


def state_of(training: Training) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Everything that the next epoch depends on: tensors, and facts for JSON."""
    tensors = {f"model/{name}": t for name, t in training.model.state_dict().items()}
    kept = training.optimizer.state_dict()
    plain: dict[int, dict[str, Any]] = {}
    for index, slot in kept["state"].items():
        for name, value in slot.items():
            if isinstance(value, torch.Tensor):
                tensors[f"optimizer/{index}/{name}"] = value
            elif isinstance(value, bool | int | float):
                plain.setdefault(index, {})[name] = value
    tensors |= {f"generator/{name}": g.get_state() for name, g in training.generators.items()}
    tensors["labels"] = training.labels
    facts = {
        "threads": training.backend.threads,
        "schedule": _without_tensors(training.schedule.state_dict()),
        "learning_rate": training.learning_rate,
        "optimizer": {
            "state": [[index, slot] for index, slot in plain.items()],
            "groups": [
                {name: it for name, it in group.items() if isinstance(it, bool | int | float)}
                for group in kept["param_groups"]
            ],
        },
        "outcome": training.outcome.as_dict(),
    }
    return tensors, facts


def restore(training: Training, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
    """Go on from `state_of`, with the thread count of the run that was interrupted."""
    torch.set_num_threads(facts["threads"])
    training.backend = replace(training.backend, threads=facts["threads"])
    training.model.load_state_dict(_under(tensors, "model/"))
    _restore_optimizer(training, _under(tensors, "optimizer/"), facts["optimizer"])
    set_learning_rate(training.optimizer, facts["learning_rate"])
    for name, generator in training.generators.items():
        generator.set_state(tensors[f"generator/{name}"])
    training.labels = tensors["labels"].to(training.device)
    training.schedule.load_state_dict(facts["schedule"])
    training.outcome = Outcome.from_dict(facts["outcome"])


def _restore_optimizer(
    training: Training, tensors: dict[str, torch.Tensor], facts: dict[str, Any]
) -> None:
    optimizer = training.optimizer
    state: dict[int, dict[str, Any]] = {index: dict(slot) for index, slot in facts["state"]}
    for path, tensor in tensors.items():
        index, name = path.split("/")
        state.setdefault(int(index), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    for group, kept in zip(groups, facts["groups"], strict=True):
        group.update({name: it for name, it in kept.items() if name != "lr"})
    optimizer.load_state_dict({"state": state, "param_groups": groups})
    for parameter, slot in optimizer.state.items():
        for name, value in slot.items():
            # In the layout of the weights, which fused steps expect.
            if isinstance(value, torch.Tensor) and value.shape == parameter.shape:
                slot[name] = torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _without_tensors(value: Any) -> Any:
    """As JSON takes it: rates that are tensors on the device, for a CUDA graph, as numbers."""
    if isinstance(value, dict):
        return {name: _without_tensors(it) for name, it in value.items()}
    if isinstance(value, list):
        return [_without_tensors(it) for it in value]
    return value.item() if isinstance(value, torch.Tensor) else value


def _under(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
