"""Many trainings of one shape as one vectorised job: batched matrix products over the members.

Each member is a `Training` of its own, with its own data, order, curve, stopping rule and
checkpoint; only the steps are taken together. What comes out is what each would have given alone,
up to rounding. For networks of dense layers and ReLU: see `harness.training.batching`.
"""

import dataclasses
import math
import time
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn.functional import cross_entropy

from harness.data.prepare import TrainingData
from harness.errors import HarnessError
from harness.training.backend import Backend
from harness.training.batching import MAY_DIFFER, can_be_grouped, shape_of
from harness.training.loop import Training
from harness.training.optimizer import make_optimizer, set_learning_rate
from harness.training.recipe import Recipe


class GroupTraining:
    """Runs of one shape in progress, as `Training` is one.

    ``data`` holds what `harness.training.inputs.prepared_data` gives for each recipe. Members may
    be restored from their checkpoints before the first epoch; those that are behind catch up
    first. Raises HarnessError where the recipes cannot train together.
    """

    def __init__(
        self, recipes: Sequence[Recipe], data: Sequence[TrainingData], backend: Backend
    ) -> None:
        if alone := [recipe for recipe in recipes if not can_be_grouped(recipe)]:
            raise HarnessError(
                f"{alone[0]} cannot train in a group: dense networks alone can, with nothing"
                " drawn anew; train it by itself"
            )
        if len({shape_of(recipe) for recipe in recipes}) != 1:
            raise HarnessError(
                f"a group of {len(recipes)} recipes must have one shape, and differ in nothing but"
                f" {', '.join(MAY_DIFFER)}; train them one by one"
            )
        # The members take no steps of their own.
        backend = dataclasses.replace(backend, steps="eager")
        self.members = [
            Training(recipe, of_it, backend) for recipe, of_it in zip(recipes, data, strict=True)
        ]
        self.device, self.autocast = self.members[0].device, self.members[0].autocast
        self.pool, self.rows = _pooled([member.data.train_images for member in self.members])
        self.active: list[int] = []
        self.layers: list[tuple[nn.Parameter, nn.Parameter]] = []

    @property
    def over(self) -> bool:
        """Whether every member is."""
        return all(member.over for member in self.members)

    def _furthest_behind(self) -> list[int]:
        """The members that are not over, or those of them that have to catch up."""
        epochs = {i: it.curve.epochs for i, it in enumerate(self.members) if not it.over}
        fewest = min(epochs.values(), default=0)
        return [i for i, done in epochs.items() if done == fewest]

    def run_epoch(self) -> None:
        """Train one epoch of every member whose turn it is; see `Training.run_epoch`."""
        started = time.perf_counter()
        if self.active != (behind := self._furthest_behind()):
            self._stack(behind)
        members = [self.members[i] for i in self.active]
        orders = torch.stack([member.next_order() for member in members]).to(self.device)
        learning_rate = float(self.optimizer.param_groups[0]["lr"])
        batches = orders.split(members[0].recipe.batch_size, dim=1)
        losses, guesses = zip(*(self._step(batch) for batch in batches), strict=True)
        largest = [
            torch.linalg.vector_norm(parameter.detach().flatten(1), math.inf, dim=1)
            for layer in self.layers
            for parameter in layer
        ]
        outcomes = zip(
            torch.stack(losses, dim=1).tolist(),
            orders,
            torch.cat(guesses, dim=1),
            torch.stack(largest, dim=1).isfinite().tolist(),
            strict=True,
        )
        for member, (of_steps, order, guessed, sound) in zip(members, outcomes, strict=True):
            names = (name for name, _ in member.model.named_parameters())
            broken = (name for name, it in zip(names, sound, strict=True) if not it)
            member.close_epoch(of_steps, order, guessed, next(broken, ""), learning_rate)
        share = (time.perf_counter() - started) / len(members)
        for member in members:
            member.curve.seconds.append(share)
        if any(member.over for member in members):
            self.hand_back()

    def hand_back(self) -> None:
        """Give the members what is theirs, so that each can be saved, or go on, by itself."""
        for place, index in enumerate(self.active):
            member = self.members[index]
            parameters = list(member.model.parameters())
            stacked = [parameter for layer in self.layers for parameter in layer]
            for own, shared in zip(parameters, stacked, strict=True):
                own.data = _taken(shared.detach()[place])
                momentum = self.optimizer.state.get(shared, {}).get("momentum_buffer")
                if momentum is not None:  # Without momentum there is no such state.
                    member.optimizer.state[own]["momentum_buffer"] = _taken(momentum[place])
            set_learning_rate(member.optimizer, self.optimizer.param_groups[0]["lr"])
            member.schedule.load_state_dict(self.schedule.state_dict())
        self.active = []

    def _stack(self, active: list[int]) -> None:
        """Put the weights of these members into one tensor a layer, inputs before outputs.

        So their gradients, which come from the batched product in that order, are not copied.
        """
        self.hand_back()
        self.active = active
        members = [self.members[i] for i in active]
        every = [list(member.model.parameters()) for member in members]
        stacked = [
            nn.Parameter(torch.stack([_turned(p.detach()) for p in ps]))
            for ps in zip(*every, strict=True)
        ]
        self.layers = list(zip(stacked[::2], stacked[1::2], strict=True))
        names = [name for name, _ in members[0].model.named_parameters()]
        self.optimizer, self.schedule = make_optimizer(
            members[0].recipe, zip(names, stacked, strict=True)
        )
        for number, shared in enumerate(stacked):
            slots = [
                member.optimizer.state.get(own[number], {}).get("momentum_buffer")
                for member, own in zip(members, every, strict=True)
            ]
            if slots[0] is not None:
                self.optimizer.state[shared]["momentum_buffer"] = torch.stack(
                    [_turned(slot) for slot in slots]
                )
            # Views: what a member evaluates and checks are the weights that train.
            for place, own in enumerate(every):
                own[number].data = _turned(shared.detach()[place])
        set_learning_rate(self.optimizer, members[0].optimizer.param_groups[0]["lr"])
        self.schedule.load_state_dict(members[0].schedule.state_dict())
        self.labels = torch.stack([member.labels for member in members])
        self.places = self.rows[self.active]

    def _step(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of every member on its images ``batch`` (members, images of a batch)."""
        values = self.pool[self.places.gather(1, batch)]
        labels = self.labels.gather(1, batch)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            for number, (weight, bias) in enumerate(self.layers):
                values = values.relu_() if number else values
                values = torch.baddbmm(bias[:, None], values, weight)
        logits = values.float()
        losses = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        losses = losses.view(labels.shape).mean(dim=1)
        losses.sum().backward()
        self.optimizer.step()
        self.schedule.step()
        return losses.detach(), logits.argmax(dim=2)


def _turned(parameter: torch.Tensor) -> torch.Tensor:
    """A view of a weight (outputs, inputs) as a group has it, and back; a bias as it is."""
    return parameter.t() if parameter.ndim == 2 else parameter


def _taken(shared: torch.Tensor) -> torch.Tensor:
    """A copy of a group's weight or bias for its member alone."""
    return _turned(shared).clone(memory_format=torch.contiguous_format)


def _pooled(every: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Distinct images in one tensor, a row an image, and each member's rows (members, n) in it.

    Members with the same tensor share it; of a member that differs from the first in a few images,
    only those are added.
    """
    first = every[0].flatten(1)
    parts, size = [first], len(first)
    same = torch.arange(len(first), device=first.device)
    rows, known = [], {}
    for images in every:
        own, flat = same, images.flatten(1)
        if images is not every[0] and id(images) not in known:
            other = (flat != first).any(dim=1).nonzero().squeeze(1)
            own = same.clone()
            own[other] = torch.arange(size, size + len(other), device=first.device)
            parts.append(flat[other])
            size += len(other)
            known[id(images)] = own
        rows.append(known.get(id(images), own))
    return torch.cat(parts), torch.stack(rows)
