"""A step of SGD whose batch is taken in parts: by several processes, or one part after the other.

Also the step of a network with an auxiliary classifier. What `harness.training.steps` does for a
batch that is taken whole.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import cross_entropy

from harness.data import streams
from harness.errors import DeviceError

if TYPE_CHECKING:
    from harness.training.loop import Training

AUXILIARY_SHARE = 0.4
"""Of the auxiliary classifier in the loss (TF-Slim)."""


def is_shared(training: "Training") -> bool:
    """Whether the recipe, or the number of processes, asks for such steps."""
    recipe = training.recipe
    whole = recipe.rank_batch is None or recipe.rank_batch >= recipe.batch_size
    return training.ranks.world_size > 1 or not whole or recipe.auxiliary


class SharedSteps:
    """Gradients are added up over the parts; over all processes, by DistributedDataParallel.

    Raises DeviceError where steps were asked to be compiled.
    """

    def __init__(self, training: "Training") -> None:
        if training.backend.steps != "eager":
            raise DeviceError(
                f"steps = {training.backend.steps!r} takes a batch whole, and {training.recipe}"
                " takes it in parts; use --steps eager"
            )
        self.training = training
        self.network = training.ranks.wrap(training.model)

    def __call__(
        self, batch: torch.Tensor, images: Iterator[torch.Tensor]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Train on the images of index ``batch``: mean loss, and the classes guessed (B,).

        Of this process's parts: over all processes they sum to the batch's. ``images`` gives those
        of each part.
        """
        training, ranks = self.training, self.training.ranks
        parts = training.parts(batch)
        seeds = self._dropout_seeds(batch)
        training.optimizer.zero_grad(set_to_none=True)
        losses, guesses = [], torch.zeros_like(batch)
        for number, (part, share, place) in enumerate(parts):
            if seeds is not None:
                training.dropout.generator = torch.Generator().manual_seed(int(seeds[place]))
            labels = training.labels[part]
            with ranks.no_sync(self.network, number < len(parts) - 1):
                logits, loss = self.evaluate(next(images), labels)
                # DistributedDataParallel takes the mean of the processes' gradients.
                (loss * (share * ranks.world_size)).backward()
            losses.append(share * loss.detach())
            if share:
                start = place * (training.recipe.rank_batch or -(-len(batch) // ranks.world_size))
                guesses[start : start + len(part)] = logits.argmax(dim=1)
        training.optimizer.step()
        training.schedule.step()
        return torch.stack(losses).sum(), guesses

    def evaluate(
        self, images: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (B, classes) of the network in training, and the mean loss."""
        training = self.training
        with torch.autocast(training.device.type, torch.bfloat16, enabled=training.autocast):
            answers = self.network(images)
        if isinstance(answers, tuple):
            logits, auxiliary = (answer.float() for answer in answers)
            side = AUXILIARY_SHARE * cross_entropy(auxiliary, labels)
            return logits, cross_entropy(logits, labels) + side
        logits = answers.float()
        return logits, cross_entropy(logits, labels)

    def _dropout_seeds(self, batch: torch.Tensor) -> torch.Tensor | None:
        """A seed for each part, whichever process takes it; every process draws them all."""
        training = self.training
        if not training.recipe.dropout:
            return None
        generator = training.generators[streams.DROPOUT]
        return torch.randint(2**62, (len(batch),), generator=generator)
