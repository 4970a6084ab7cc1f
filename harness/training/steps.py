"""How one step of SGD is taken: eagerly, by compiled code, or by replaying a CUDA graph.

All three take the same step, to rounding. In a training of small batches the launches of the
kernels take longer than the kernels on a fast GPU: a graph launches a whole step at once.
"""

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from harness.errors import DeviceError

if TYPE_CHECKING:
    from harness.training.loop import Training

WARM_UP = 3
"""Steps of a batch size that are taken eagerly before one is captured; they are real steps."""


class EagerSteps:
    """Operation by operation."""

    def __init__(self, training: "Training") -> None:
        self.training = training

    def __call__(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Train on images (B, C, H, W) and labels (B,): mean loss, classes guessed (B,)."""
        result = self.update(images, labels)
        self.training.schedule.step()
        return result

    def update(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The step itself, at the learning rate as it stands."""
        optimizer = self.training.optimizer
        optimizer.zero_grad(set_to_none=True)
        loss, guesses = self.evaluate(images, labels)
        loss.backward()
        optimizer.step()
        return loss.detach(), guesses

    def evaluate(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean loss, and the classes (B,) that the network guesses, before the step."""
        logits = self.training.logits(images)
        return cross_entropy(logits, labels), logits.argmax(dim=1)


class CompiledSteps(EagerSteps):
    """Forward and backward pass compiled, once for each batch size: `torch.compile`.

    Raises DeviceError for dropout: the compiler does not look at the hooks of a layer, and takes
    the code of a network without it for one of the same shapes with it.
    """

    def __init__(self, training: "Training") -> None:
        super().__init__(training)
        _refuse_dropout(training, "compiled")
        self.evaluate = torch.compile(super().evaluate, dynamic=False)  # type: ignore[method-assign]


class GraphSteps(EagerSteps):
    """The whole step as one CUDA graph a batch size, so that the ragged last batch has its own.

    The learning rate is a tensor on the device, which the schedule changes between replays. Raises
    DeviceError elsewhere than on a CUDA device, and for dropout, whose masks come from the CPU.
    """

    def __init__(self, training: "Training") -> None:
        super().__init__(training)
        if training.device.type != "cuda":
            raise DeviceError(
                f"steps = 'graph' needs a CUDA device, and this is {training.device};"
                " use 'eager' or 'compiled'"
            )
        _refuse_dropout(training, "graph")
        self.taken: dict[int, int] = {}
        self.graphs: dict[int, tuple[torch.cuda.CUDAGraph, list[torch.Tensor]]] = {}
        self.stream = torch.cuda.Stream(training.device)

    def update(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Replay; the first steps of a batch size warm up, the next is captured and replayed."""
        size = len(labels)
        if size not in self.graphs:
            if self.taken.setdefault(size, 0) < WARM_UP:
                self.taken[size] += 1
                current = torch.cuda.current_stream(self.training.device)
                self.stream.wait_stream(current)
                with torch.cuda.stream(self.stream):
                    result = super().update(images, labels)
                current.wait_stream(self.stream)
                return result
            self._capture(images, labels)
        graph, (own_images, own_labels, loss, guesses) = self.graphs[size]
        own_images.copy_(images)
        own_labels.copy_(labels)
        graph.replay()
        return loss.clone(), guesses.clone()

    def _capture(self, images: torch.Tensor, labels: torch.Tensor) -> None:
        own = [images.clone(memory_format=torch.preserve_format), labels.clone()]
        self.training.optimizer.zero_grad(set_to_none=True)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=self.stream):
            own += super().update(*own)
        self.graphs[len(labels)] = (graph, own)


def _refuse_dropout(training: "Training", steps: str) -> None:
    if training.recipe.dropout:
        raise DeviceError(
            f"steps = {steps!r} leaves out dropout, whose masks are drawn on the CPU; use 'eager'"
        )


STEPS = {"eager": EagerSteps, "compiled": CompiledSteps, "graph": GraphSteps}
