"""Many trainings of one shape as one vectorised job: batched matrix products over the members.

Each member is a `Training` with its own data, order, curve, stopping rule and checkpoint. Only the
steps are taken together. Each member gives what it would have given alone, up to rounding. For
networks of dense layers and ReLU: see `harness.training.batching`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

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
from harness.training.steps import Graphs, advance, batches_of, steps_together
from harness.training.turns import in_turns, own_stream


class GroupTraining:
    """Runs of one shape in progress.

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
        # The members take no steps alone.
        eager = replace(backend, steps="eager")
        self.members = [Training(*each, eager) for each in zip(recipes, data, strict=True)]
        self.device, self.autocast = self.members[0].device, self.members[0].autocast
        self.stream = own_stream(self.device)
        self.in_graphs = backend.steps == "graph"
        self.together = steps_together(recipes[0]) if self.in_graphs else 1
        self.pool, self.rows = _pooled([member.data.train_images for member in self.members])
        self.active: list[int] = []
        self.parameters: list[nn.Parameter] = []

    @property
    def over(self) -> bool:
        """Whether every member is over."""
        return all(member.over for member in self.members)

    def run_epoch(self) -> None:
        """Train one epoch of the members that are furthest behind; see `Training.run_epoch`."""
        for _ in self.epoch():
            pass

    def epoch(self) -> Iterator[None]:
        """As `run_epoch`, in turns of a step."""
        threads = self.members[-1].backend.threads
        seconds = yield from in_turns(self._epoch(), self.stream, threads)
        members = [self.members[i] for i in self.active]
        for member in members:
            member.curve.seconds.append(seconds / len(members))
        if any(member.over for member in members):
            self.hand_back()

    def _epoch(self) -> Iterator[None]:
        epochs = {i: it.curve.epochs for i, it in enumerate(self.members) if not it.over}
        behind = [i for i, done in epochs.items() if done == min(epochs.values())]
        if self.active != behind:
            self._stack(behind)
        members = [self.members[i] for i in self.active]
        orders = torch.stack([member.next_order() for member in members]).to(self.device)
        learning_rate = float(self.optimizer.param_groups[0]["lr"])
        losses, guesses = [], []
        for batch in batches_of(orders, members[0].recipe.batch_size, self.together):
            loss, guessed = (
                self.graphs(self._steps, batch) if self.in_graphs else self._steps(batch)
            )
            advance(self.schedule, len(loss))
            losses.append(loss)
            guesses.append(guessed)
            yield
        # A sum is finite where all that is summed is, and much faster than a largest value.
        sums = [parameter.detach().flatten(1).sum(dim=1) for parameter in self.parameters]
        for member, member_losses, order, guessed, finite in zip(
            members,
            torch.cat(losses).t().tolist(),
            orders,
            torch.cat(guesses, dim=1),
            torch.stack(sums, dim=1).isfinite().tolist(),
            strict=True,
        ):
            broken = "" if all(finite) else member.broken_parameter()
            member.close_epoch(member_losses, order, guessed, broken, learning_rate)

    def hand_back(self) -> None:
        """Give the members their weights and momentum: each can be saved, or go on alone."""
        for position, index in enumerate(self.active):
            member = self.members[index]
            for parameter, stacked in zip(member.model.parameters(), self.parameters, strict=True):
                parameter.data = _copy_of(stacked.detach()[position])
                momentum = self.optimizer.state.get(stacked, {}).get("momentum_buffer")
                if momentum is not None:  # Without momentum there is no such state.
                    copy = _copy_of(momentum[position])
                    member.optimizer.state[parameter]["momentum_buffer"] = copy
            set_learning_rate(member.optimizer, float(self.optimizer.param_groups[0]["lr"]))
            member.schedule.load_state_dict(self.schedule.state_dict())
        self.active = []

    def _stack(self, active: list[int]) -> None:
        """Put the weights of these members into one tensor a layer, inputs before outputs.

        So their gradients, which come from the batched product in that order, are not copied.
        """
        self.hand_back()
        self.active = active
        members = [self.members[i] for i in active]
        every = list(zip(*(member.model.parameters() for member in members), strict=True))
        self.parameters = [
            nn.Parameter(torch.stack([_transposed(it.detach()) for it in of_members]))
            for of_members in every
        ]
        names = [name for name, _ in members[0].model.named_parameters()]
        self.optimizer, self.schedule = make_optimizer(
            members[0].recipe,
            zip(names, self.parameters, strict=True),
            self.device if self.in_graphs else None,
        )
        self.graphs = Graphs()  # Of these tensors.
        for stacked, of_members in zip(self.parameters, every, strict=True):
            slots = [
                member.optimizer.state.get(parameter, {}).get("momentum_buffer")
                for member, parameter in zip(members, of_members, strict=True)
            ]
            if slots[0] is not None:
                momentum = torch.stack([_transposed(slot) for slot in slots])
                self.optimizer.state[stacked]["momentum_buffer"] = momentum
            # Views: what a member evaluates and checks are the weights that train.
            for position, parameter in enumerate(of_members):
                parameter.data = _transposed(stacked.detach()[position])
        set_learning_rate(self.optimizer, members[0].learning_rate)
        self.schedule.load_state_dict(members[0].schedule.state_dict())
        self.labels = torch.stack([member.labels for member in members])
        self.active_rows = self.rows[self.active]
        if self.stream is not None:
            self.stream.synchronize()  # Memory of the members' weights may go to another stream.

    def _steps(self, batches: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """A step for each batch, at one rate: losses (steps, members), guesses as the batches."""
        parts = batches.split(self.members[0].recipe.batch_size, dim=1)
        losses, guesses = zip(*(self._step(part) for part in parts), strict=True)
        return torch.stack(losses), torch.cat(guesses, dim=1)

    def _step(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of every member on its images ``batch`` (members, images of a batch)."""
        values = self.pool[self.active_rows.gather(1, batch)]
        labels = self.labels.gather(1, batch)
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast(
            self.device.type,
            torch.bfloat16,
            enabled=self.autocast,
            cache_enabled=not self.in_graphs,
        ):
            layers = zip(self.parameters[::2], self.parameters[1::2], strict=True)
            for number, (weight, bias) in enumerate(layers):
                values = values.relu_() if number else values
                values = torch.baddbmm(bias[:, None], values, weight)
        logits = values.float()
        losses = cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction="none")
        losses = losses.view(labels.shape).mean(dim=1)
        losses.sum().backward()
        self.optimizer.step()
        return losses.detach(), logits.argmax(dim=2)


def _transposed(parameter: torch.Tensor) -> torch.Tensor:
    """A view of a weight (outputs, inputs) as (inputs, outputs), or back; a bias as it is."""
    return parameter.t() if parameter.ndim == 2 else parameter


def _copy_of(stacked: torch.Tensor) -> torch.Tensor:
    """A copy of one member's weight (inputs, outputs) or bias, as its network has it."""
    return _transposed(stacked).clone(memory_format=torch.contiguous_format)


def _pooled(every: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Distinct images in one tensor, a row an image, and each member's rows (members, n) in it.

    Members with the same tensor share it; of a member that differs from the first in a few images,
    only those are added.
    """
    first = every[0].flatten(1)
    same = torch.arange(len(first), device=first.device)
    parts, rows_of = [first], {id(every[0]): same}
    for images in every:
        if id(images) not in rows_of:
            flat, start = images.flatten(1), sum(map(len, parts))
            differing = (flat != first).any(dim=1).nonzero().squeeze(1)
            rows = same.clone()
            rows[differing] = torch.arange(start, start + len(differing), device=first.device)
            parts.append(flat[differing])
            rows_of[id(images)] = rows
    return torch.cat(parts), torch.stack([rows_of[id(images)] for images in every])
