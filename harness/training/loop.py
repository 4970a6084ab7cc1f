"""The SGD loop: appendix A to the letter, images resident on the device or decoded ahead.

Can be saved between epochs and goes on with the same bits (on a CPU, at the same thread count).
Over 300 lines, since an epoch, its evaluation and its counts are read together.
"""

import math
from collections.abc import Iterable, Iterator
from contextlib import nullcontext

import torch

from harness.data import streams
from harness.data.augmentation import Draws, augmented, draw
from harness.data.photo_batches import Photographs
from harness.data.prepare import TrainingData, redraw_inputs
from harness.data.preprocessing import whiten
from harness.data.randomization import corrupt_labels
from harness.models import model_spec
from harness.models.custom import seeded
from harness.training.backend import Backend
from harness.training.learner import Learner
from harness.training.outcome import Curve, Outcome
from harness.training.ranks import ALONE, Ranks
from harness.training.recipe import Recipe
from harness.training.steps import batches_of, steps_for
from harness.training.turns import in_turns, own_stream

NEARLY_FITTED = 0.99
FIRST_LOSSES = 1_000
EVALUATION_BATCH = 1_000
PHOTOGRAPHS_AT_ONCE = 100
"""The evaluation batch of photographs, which are a hundred times as large."""
FEW_CLASSES = 10
"""Where there are more classes than this, top-5 accuracy is counted as well."""


class Training(Learner):
    """One run in progress: its network, its epochs and the outcome so far.

    ``data`` is as `harness.data.prepare.prepare` gives it. ``ranks`` are the processes that share
    the training; each has the same data, order and weights.
    """

    def __init__(
        self, recipe: Recipe, data: TrainingData, backend: Backend, ranks: Ranks = ALONE
    ) -> None:
        super().__init__(recipe, data.shape, data.classes, backend, ranks)
        self.data, self.labels = data, data.train_labels
        self.custom = model_spec(recipe.model).custom
        self.draws: Draws | None = None
        self.stream = own_stream(self.device) if ranks.world_size == 1 else None
        self.take_step = steps_for(self)
        self.together = self.take_step.together
        self.outcome = Outcome(
            status="finished",
            curve=Curve(),
            train_correct=0,
            train_total=len(data.train_labels),
            test_correct=0,
            test_total=len(data.test_labels),
            validation_total=recipe.validation_size,
            first_losses=[],
            label_digest=streams.digest(data.train_labels),
            order_digest="",
            epochs_to_fit=None,
            skipped=data.skipped,
            digests={"initial weights": self.initial_digest},
        )

    @property
    def curve(self) -> Curve:
        """The epochs so far."""
        return self.outcome.curve

    @property
    def diverged(self) -> bool:
        """Whether the loss or a weight became infinite or NaN."""
        return self.outcome.status == "diverged"

    @property
    def over(self) -> bool:
        """Whether the recipe asks for no further epoch."""
        fitted = self.recipe.stop_at_zero_error and self.outcome.epochs_to_fit is not None
        return self.diverged or fitted or self.curve.epochs >= self.recipe.epochs

    @property
    def true_labels(self) -> torch.Tensor:
        """The training images' labels (n,) before any corruption."""
        return self.labels if self.data.true_labels is None else self.data.true_labels

    # --- an epoch --------------------------------------------------------------------------------

    def run_epoch(self) -> None:
        """Train one epoch, evaluate if its turn has come, and append to the curve."""
        for _ in self.epoch():
            pass

    def epoch(self) -> Iterator[None]:
        """As `run_epoch`, in turns of a step: other trainings may have theirs in between."""
        work = self._epoch()
        self.curve.seconds.append((yield from in_turns(work, self.stream, self.backend.threads)))

    def _epoch(self) -> Iterator[None]:
        # Custom networks may draw from the global generators, and so take an epoch in one turn.
        with seeded(self.generators[streams.NETWORK]) if self.custom else nullcontext():
            order, learning_rate = self.next_order(), self.learning_rate
            self.model.train()
            size = self.recipe.batch_size
            batches = batches_of(order.to(self.device), size, self.together)
            # Photographs are found by indices on the CPU: to read them off a GPU would wait for it.
            stored = isinstance(self.data.train_images, Photographs)
            images = self._images_of(order.split(size) if stored else batches)
            losses, guesses = [], []
            for batch in batches:
                loss, guessed = self.take_step(batch, images, self.labels)
                losses.append(loss.reshape(-1))
                guesses.append(guessed)
                if not self.custom:
                    yield
            all_losses = self.ranks.all_reduce(torch.cat(losses)).tolist()
            all_guesses = self.ranks.all_reduce(torch.cat(guesses))
            self.ranks.average_buffers(self.model)
            # The last step may have broken the weights after its loss was taken. A sum is finite
            # where all that is summed is, and much faster than a look at each.
            sums = torch.stack([parameter.detach().sum() for parameter in self.model.parameters()])
            broken = "" if sums.isfinite().all() else self.broken_parameter()
            self.close_epoch(all_losses, order, all_guesses, broken, learning_rate)

    def broken_parameter(self) -> str:
        """The first parameter that is not finite, or empty."""
        named = self.model.named_parameters()
        return next((name for name, it in named if not it.isfinite().all()), "")

    def next_order(self) -> torch.Tensor:
        """Draw what the next epoch needs: labels, crops, and its order of the images (n,)."""
        recipe = self.recipe
        if recipe.redraw == "labels each epoch":
            self.labels = corrupt_labels(
                self.data.train_labels.cpu(),
                recipe.label_corruption,
                self.data.classes,
                self.generators[streams.REDRAW],
            ).to(self.device)
        if recipe.augmentation and self.data.train_pixels is not None:
            self.draws = draw(
                len(self.labels),
                tuple(self.data.train_pixels.shape[1:3]),
                recipe.crop,
                recipe.augmentation,
                self.generators[streams.AUGMENTATION],
            )
            if "augmentation" not in self.outcome.digests:
                drawn = [it for it in vars(self.draws).values() if it is not None]
                self.outcome.digests["augmentation"] = streams.digest_of_bits(drawn)
            self.draws = self.draws.to(self.device)
        order = torch.randperm(len(self.labels), generator=self.generators[streams.ORDER])
        self.outcome.order_digest = self.outcome.order_digest or streams.digest(order)
        return order

    def step(self, batch: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of SGD on the images of indices ``batch``: mean loss, classes guessed (B,).

        If it is to be a CUDA graph, the current stream must be this training's.
        """
        return self.take_step(batch, self._images_of([batch]), self.labels)

    def close_epoch(
        self,
        losses: list[float],
        order: torch.Tensor,
        guesses: torch.Tensor,
        broken: str,
        learning_rate: float,
    ) -> None:
        """Append an epoch to the curve, all but its seconds, and evaluate if its turn has come.

        ``losses`` are the batches' mean losses, ``order`` the images (n,) in the order of training,
        ``guesses`` the classes (n,) guessed then, ``broken`` a parameter that is not finite now.
        """
        recipe, outcome, curve, n = self.recipe, self.outcome, self.curve, len(self.labels)
        before = curve.step[-1] if curve.step else 0
        not_finite = (i for i, loss in enumerate(losses) if not math.isfinite(loss))
        if (first := next(not_finite, None)) is not None:
            outcome.not_finite = f"the loss of step {before + first + 1} is {losses[first]}"
        elif broken:
            outcome.not_finite = f"{broken} is not finite after step {before + len(losses)}"
        if outcome.not_finite:
            outcome.status = "diverged"
        outcome.first_losses += losses[: FIRST_LOSSES - len(outcome.first_losses)]
        if self.dropout.first:
            outcome.digests.setdefault("dropout", self.dropout.first)
        curve.step.append(before + len(losses))
        last_batch = n - recipe.batch_size * (len(losses) - 1)
        curve.loss.append((sum(losses[:-1]) * recipe.batch_size + losses[-1] * last_batch) / n)
        order = order.to(self.device)
        right = guesses == self.labels[order]
        curve.online_accuracy.append(int(right.sum()) / n)
        if 0 < recipe.label_corruption < 1:
            true_labels = self.true_labels[order]
            corrupted = self.labels[order] != true_labels
            for shares, counted, among in (
                (curve.online_accuracy_corrupted, right, corrupted),
                (curve.online_accuracy_intact, right, ~corrupted),
                (curve.online_true_corrupted, guesses == true_labels, corrupted),
            ):
                shares.append(int(counted[among].sum()) / max(int(among.sum()), 1))
        curve.learning_rate.append(learning_rate)
        self._evaluate()

    # --- images ----------------------------------------------------------------------------------

    def _images_of(self, batches: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """The images of each of this process's parts of the batches, as they are trained on."""
        size = self.recipe.rank_batch
        parts = (part for batch in batches for part, *_ in self.ranks.parts(batch, size))
        source = self.data.train_images
        if isinstance(source, Photographs):
            return source.batches(parts, epoch=self.curve.epochs)
        return map(self.training_images, parts)

    def training_images(self, batch: torch.Tensor) -> torch.Tensor:
        """The images of indices ``batch`` as they are trained on, augmented where asked for."""
        if self.draws is None:
            return self._taken(self.data.train_images, batch)
        images = whiten(augmented(self.data.train_pixels, batch, self.draws, self.recipe.crop))
        return images.to(self.data.train_images.dtype, memory_format=self.layout)

    def _taken(self, images: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        if self.layout is torch.channels_last:
            # Rows of the underlying (N, H, W, C) array: indexing the view would lose the layout.
            taken = images.permute(0, 2, 3, 1).index_select(0, batch).permute(0, 3, 1, 2)
        else:
            taken = images.index_select(0, batch)
        if self.recipe.redraw == "inputs each access":
            return redraw_inputs(taken, self.recipe.inputs, self.generators[streams.REDRAW])
        return taken

    # --- evaluation ------------------------------------------------------------------------------

    def _evaluate(self) -> None:
        """Score the sets whose turn has come; see `RecipeFields.evaluation`."""
        recipe, outcome, curve, data = self.recipe, self.outcome, self.curve, self.data
        last = self.diverged or curve.epochs >= recipe.epochs
        shares: dict[str, float | None] = dict.fromkeys(("train", "test", "validation"))
        nearly_fitted = self._nearly_fitted()  # First, and always: a custom network may draw.
        if last or recipe.evaluation == "every epoch" or nearly_fitted:
            shares["train"] = self._score("train", data.train_images, self.labels)
            if shares["train"] == 1 and not self.diverged:
                outcome.epochs_to_fit = outcome.epochs_to_fit or curve.epochs
                last = last or recipe.stop_at_zero_error
        if last or recipe.evaluation in ("every epoch", "test every epoch"):
            shares["test"] = self._score("test", data.test_images, data.test_labels)
            if data.validation_labels is not None:
                held_out = (data.validation_images, data.validation_labels)
                shares["validation"] = self._score("validation", *held_out)
        if last and not self.diverged:
            if data.corrupted_test_labels is not None:
                self._score("corrupted_test", data.test_images, data.corrupted_test_labels)
            if data.probes:
                outcome.answers = [
                    it for images in data.probes for it in self.logit_margins(images)
                ]
                outcome.probe_labels = data.probe_labels.tolist()
        for part, share in shares.items():
            getattr(curve, f"{part}_accuracy").append(share)

    def _nearly_fitted(self) -> bool:
        """Whether the training set may be fitted, by the online accuracy.

        A custom network's own dropout may make it err in training alone: it is evaluated on its
        first images, too.
        """
        images, evaluation = self.data.train_images, self.recipe.evaluation
        if evaluation == "at the end":
            return False
        if self.curve.online_accuracy[-1] >= NEARLY_FITTED:
            return True
        in_memory = not isinstance(images, Photographs)
        if not (self.custom and evaluation == "once nearly fitted" and in_memory):
            return False
        labels = self.labels[:EVALUATION_BATCH]
        return self.count(images[:EVALUATION_BATCH], labels)[0] >= NEARLY_FITTED * len(labels)

    def _score(self, part: str, images: torch.Tensor | Photographs, labels: torch.Tensor) -> float:
        """Count what is classified correctly, note it, and return the share."""
        correct, among_five = self.count(images, labels)
        setattr(self.outcome, f"{part}_correct", correct)
        if part in ("train", "test") and self.data.classes > FEW_CLASSES:
            setattr(self.outcome, f"{part}_among_five", among_five)
            top5 = getattr(self.curve, f"{part}_top5")
            top5 += [None] * (self.curve.epochs - 1 - len(top5))
            top5.append(among_five / len(labels))
        return correct / len(labels)

    @torch.no_grad()
    def count(self, images: torch.Tensor | Photographs, labels: torch.Tensor) -> tuple[int, int]:
        """Images classified correctly in evaluation mode, and those with a top-5 hit.

        Over all processes. The second is 0 where there are only a few classes.
        """
        self.model.eval()
        found = torch.zeros(2, device=self.device, dtype=torch.int64)
        shard = torch.arange(len(labels))[self.ranks.rank :: self.ranks.world_size]
        if isinstance(images, Photographs):
            indices = shard.split(PHOTOGRAPHS_AT_ONCE)
            batches = images.batches(indices)
        else:
            indices = shard.to(self.device).split(EVALUATION_BATCH)
            batches = (self._taken(images, batch) for batch in indices)
        for batch, ready in zip(indices, batches, strict=True):
            logits, wanted = self.logits(ready), labels[batch]
            found[0] += (logits.argmax(dim=1) == wanted).sum()
            if self.data.classes > FEW_CLASSES:
                found[1] += (logits.topk(5).indices == wanted[:, None]).sum()
        correct, among_five = self.ranks.all_reduce(found).tolist()
        return correct, among_five

    @torch.no_grad()
    def logit_margins(self, images: torch.Tensor) -> list[float]:
        """The second logit minus the first for images (N, C, H, W), in evaluation mode."""
        self.model.eval()
        logits = torch.cat([self.logits(batch) for batch in images.split(EVALUATION_BATCH)])
        return (logits[:, 1] - logits[:, 0]).tolist()
