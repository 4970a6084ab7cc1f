"""How one step of SGD is taken: eagerly, by compiled code, by replaying a CUDA graph, or in parts.

The first three take the same step, to rounding. In a training of small batches the launches of the
kernels take longer than the kernels on a fast GPU: a graph launches a whole step at once.
"""

import weakref
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import torch
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

from harness.data import streams
from harness.errors import DeviceError
from harness.models.registry import is_custom, model_spec
from harness.training.backend import Backend
from harness.training.learner import Learner
from harness.training.optimizer import named_where_it_raises
from harness.training.recipe import Recipe

AUXILIARY_SHARE = 0.4
"""Of the auxiliary classifier in the loss (TF-Slim)."""
WARM_UP = 3
"""Times that a graph's work is done eagerly before it is captured; these are real steps."""
TOGETHER = 30
"""The most steps of a dense network in one graph: 390 of CIFAR-10's 391 are 13 times 30."""

LossAndGuesses = tuple[torch.Tensor, torch.Tensor]
"""The mean loss of a batch, and the classes (B,) that the network guesses, before the step."""


def batches_of(order: torch.Tensor, size: int, together: int = 1) -> list[torch.Tensor]:
    """An epoch's order (..., n) in batches of ``size``, the last one with what is left.

    So many whole batches ``together``, which must divide their number, are one tensor.
    """
    whole = order.shape[-1] // size * size if together > 1 else 0
    many = order[..., :whole].split(size * together, dim=-1)
    return [it for it in (*many, *order[..., whole:].split(size, dim=-1)) if it.shape[-1]]


def steps_together(recipe: Recipe) -> int:
    """How many steps of the recipe one CUDA graph takes; they must have one learning rate."""
    if (
        model_spec(recipe.model).hidden is None
        or recipe.rank_batch
        or recipe.redraw == "inputs each access"
        or recipe.decay_every % recipe.steps_per_epoch
    ):
        return 1
    whole = recipe.images // recipe.batch_size
    return max(n for n in range(1, TOGETHER + 1) if whole % n == 0)


class Graphs:
    """Work on tensors, as one CUDA graph for each shape of the first, each in its own memory.

    The work must be done on a stream that is not the default one, and keep nothing but the tensors
    that it changes in place.
    """

    def __init__(self) -> None:
        self.taken: dict[torch.Size, int] = {}
        self.captured: dict[torch.Size, tuple[Callable[[], None], list[Any], list[Any]]] = {}

    def __call__(self, work: Callable[..., LossAndGuesses], *inputs: torch.Tensor) -> Any:
        """Do the work for the first times of a shape, then capture it, then replay."""
        shape = inputs[0].shape
        if shape not in self.captured:
            if self.taken.setdefault(shape, 0) < WARM_UP:
                self.taken[shape] += 1
                return work(*inputs)
            self.captured[shape] = capture(work, *inputs)
        replay, held, results = self.captured[shape]
        for own, new in zip(held, inputs, strict=True):
            own.copy_(new)
        replay()
        return tuple(it.clone() for it in results)


def capture(
    work: Callable[..., LossAndGuesses], *inputs: torch.Tensor
) -> tuple[Callable[[], None], list[torch.Tensor], list[torch.Tensor]]:
    """A CUDA graph of the work: its replay, and the tensors that it reads and writes."""
    held = [it.clone(memory_format=torch.preserve_format) for it in inputs]
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=torch.cuda.current_stream(held[0].device)):
        results = work(*held)
    return graph.replay, held, list(results)


class EagerSteps:
    """Operation by operation."""

    together = 1
    """Whole batches that a call takes, one after the other."""

    def __init__(self, learner: Learner) -> None:
        self.learner, self.network = learner, learner.model

    def __call__(
        self, batch: torch.Tensor, images: Iterator[torch.Tensor], labels: torch.Tensor
    ) -> LossAndGuesses:
        """Train on the images of indices ``batch`` (B,), which ``images`` gives next.

        ``labels`` (n,) are those of all training images.
        """
        result = self.update(next(images), labels[batch])
        self.learner.schedule.step()
        return result

    def update(self, images: torch.Tensor, labels: torch.Tensor) -> LossAndGuesses:
        """One step at the current learning rate."""
        optimizer, recipe = self.learner.optimizer, self.learner.recipe
        with named_where_it_raises(recipe, "zero_grad"):
            optimizer.zero_grad(set_to_none=True)
        loss, guesses = self.evaluate(images, labels)
        loss.backward()
        with named_where_it_raises(recipe, "a step of a training"):
            optimizer.step()
        return loss.detach(), guesses

    def evaluate(self, images: torch.Tensor, labels: torch.Tensor) -> LossAndGuesses:
        """The forward pass, with the loss of an auxiliary classifier where the network has one."""
        answers = self.learner.forward(self.network, images)
        logits, *auxiliary = answers if isinstance(answers, tuple) else (answers,)
        logits = logits.float()
        loss = cross_entropy(logits, labels)
        for side in auxiliary:
            loss = loss + AUXILIARY_SHARE * cross_entropy(side.float(), labels)
        return loss, logits.argmax(dim=1)


class CompiledSteps(EagerSteps):
    """Forward and backward pass compiled, once for each batch size: `torch.compile`.

    Raises DeviceError for dropout: the compiler ignores the hooks of a layer.
    """

    def __init__(self, learner: Learner) -> None:
        super().__init__(learner)
        _refuse_dropout(learner)
        # PyTorch counts the versions of a function over all trainings, and after 8 goes on without
        # compiling: begin anew, and fail where one training alone needs as many.
        torch.compiler.reset()
        torch._dynamo.config.fail_on_recompile_limit_hit = True
        self.evaluate = torch.compile(super().evaluate, dynamic=False)  # type: ignore[method-assign]


class GraphSteps(EagerSteps):
    """Whole steps as CUDA graphs: many of a dense network, and the ragged last batch by itself.

    The learning rate is a tensor on the device, which the schedule changes between replays. Raises
    DeviceError for dropout, whose masks come from the CPU.
    """

    def __init__(self, learner: Learner) -> None:
        super().__init__(learner)
        _refuse_dropout(learner)
        # Without a cycle the graphs' memory is free as soon as the training is.
        self.learner = weakref.proxy(learner)
        self.together = steps_together(learner.recipe)
        self.graphs = Graphs()

    def __call__(
        self, batch: torch.Tensor, images: Iterator[torch.Tensor], labels: torch.Tensor
    ) -> LossAndGuesses:
        """As `EagerSteps`, for one batch or for ``together``: a loss for each (steps,)."""
        result = self.graphs(self.updates, next(images), labels[batch])
        advance(self.learner.schedule, len(result[0]))
        return result

    def updates(self, images: torch.Tensor, labels: torch.Tensor) -> LossAndGuesses:
        """One step for each batch, at one learning rate: losses (steps,), guesses."""
        size = self.learner.recipe.batch_size
        parts = zip(images.split(size), labels.split(size), strict=True)
        losses, guesses = zip(*(self.update(*part) for part in parts), strict=True)
        return torch.stack(losses), torch.cat(guesses)


class SharedSteps(EagerSteps):
    """A batch in parts: by several processes, or one part after the other.

    Gradients are added up over the parts; over all processes, by DistributedDataParallel. Also the
    step of a network with an auxiliary classifier. Raises DeviceError unless steps are eager.
    """

    def __init__(self, learner: Learner) -> None:
        super().__init__(learner)
        if learner.backend.steps != "eager":
            raise DeviceError(
                f"steps = {learner.backend.steps!r} takes a batch whole, and {learner.recipe}"
                " takes it in parts; use --steps eager"
            )
        self.network = learner.ranks.wrap(learner.model)

    def __call__(
        self, batch: torch.Tensor, images: Iterator[torch.Tensor], labels: torch.Tensor
    ) -> LossAndGuesses:
        """As `EagerSteps`, for this process's parts: over all processes they sum to the batch's.

        ``images`` gives those of each part.
        """
        learner, ranks = self.learner, self.learner.ranks
        size = learner.recipe.rank_batch
        parts, seeds = ranks.parts(batch, size), self._dropout_seeds(batch)
        with named_where_it_raises(learner.recipe, "zero_grad"):
            learner.optimizer.zero_grad(set_to_none=True)
        losses, guesses = [], torch.zeros_like(batch)
        for position, (part, share, number) in enumerate(parts, start=1):
            if seeds is not None:
                learner.dropout.generator = torch.Generator().manual_seed(int(seeds[number]))
            more = position < len(parts) and isinstance(self.network, DistributedDataParallel)
            with self.network.no_sync() if more else nullcontext():
                loss, guessed = self.evaluate(next(images), labels[part])
                # DistributedDataParallel takes the mean of the processes' gradients.
                (loss * (share * ranks.world_size)).backward()
            losses.append(share * loss.detach())
            if share:
                start = number * (size or -(-len(batch) // ranks.world_size))
                guesses[start : start + len(part)] = guessed
        with named_where_it_raises(learner.recipe, "a step of a training"):
            learner.optimizer.step()
        learner.schedule.step()
        return torch.stack(losses).sum(), guesses

    def _dropout_seeds(self, batch: torch.Tensor) -> torch.Tensor | None:
        """A seed for each part, whichever process takes it; every process draws them all."""
        if not self.learner.recipe.dropout:
            return None
        generator = self.learner.generators[streams.DROPOUT]
        return torch.randint(2**62, (len(batch),), generator=generator)


def advance(schedule: torch.optim.lr_scheduler.StepLR, steps: int) -> None:
    """As so many ``schedule.step()``, of which only the last may change the rate.

    On a GPU each of them would launch kernels.
    """
    schedule.last_epoch += steps - 1
    schedule.step()


def _refuse_dropout(learner: Learner) -> None:
    if learner.recipe.dropout:
        raise DeviceError(
            f"steps = {learner.backend.steps!r} leaves out dropout, whose masks are drawn on the"
            " CPU; use 'eager'"
        )


STEPS = {"eager": EagerSteps, "compiled": CompiledSteps, "graph": GraphSteps}


def steps_for(learner: Learner) -> EagerSteps:
    """The steps that the recipe, the processes and the backend ask for."""
    if learner.ranks.world_size > 1 or _in_parts(learner.recipe):
        return SharedSteps(learner)
    return STEPS[learner.backend.steps](learner)


def chosen_steps(recipe: Recipe, backend: Backend) -> str:
    """For "auto": a CUDA graph where one can hold the recipe's step, else eager.

    A custom network may wait for the device, which a capture does not survive.
    """
    if backend.steps != "auto":
        return backend.steps
    eager = recipe.dropout or recipe.optimizer or _in_parts(recipe) or is_custom(recipe.model)
    return "eager" if eager or backend.kind != "cuda" else "graph"


def _in_parts(recipe: Recipe) -> bool:
    smaller = recipe.rank_batch is not None and recipe.rank_batch < recipe.batch_size
    return smaller or recipe.auxiliary
