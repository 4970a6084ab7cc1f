"""The SGD loop: appendix A to the letter, images resident on the device or decoded ahead.

Can be saved between epochs and goes on with the same bits (on a CPU, at the same thread count).
"""

import math
import time
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
from harness.models.building import build_model
from harness.models.seeding import seeded
from harness.training.backend import Backend
from harness.training.dropout import Dropout, output_layer
from harness.training.optimizer import make_optimizer
from harness.training.outcome import Curve, Outcome
from harness.training.ranks import ALONE, Ranks, check_share
from harness.training.recipe import Recipe
from harness.training.shared_steps import SharedSteps, is_shared
from harness.training.steps import STEPS

NEARLY_FITTED = 0.99
FIRST_LOSSES = 1_000
EVALUATION_BATCH = 1_000
PHOTOGRAPHS_AT_ONCE = 100
"""In an evaluation, of images a hundred times as large."""
FEW_CLASSES = 10
"""Classes from which on more are too many for top-1 accuracy alone: top-5 is counted as well."""


def image_layout(recipe: Recipe) -> torch.memory_format:
    """channels_last for convolutional networks."""
    convolutional = model_spec(recipe.model).convolutional
    return torch.channels_last if convolutional else torch.contiguous_format


class Training:
    """One run in progress. ``data`` is as `harness.data.prepare.prepare` gives it.

    ``ranks`` are the processes that share it; each has the same data, order and weights.
    """

    def __init__(
        self, recipe: Recipe, data: TrainingData, backend: Backend, ranks: Ranks = ALONE
    ) -> None:
        torch.set_num_threads(backend.threads)
        self.recipe, self.data, self.backend, self.ranks = recipe, data, backend, ranks
        self.device = torch.device(backend.device)
        self.autocast = backend.precision(recipe.precision) == "bf16"
        self.layout = image_layout(recipe)
        initialization = streams.stream(recipe.seed, streams.INITIALIZATION)
        model = build_model(
            recipe.model,
            data.shape,
            data.classes,
            initialization,
            recipe.model_options,
            recipe.auxiliary,
        )
        check_share(recipe, model, ranks)
        for module in model.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.momentum = recipe.batch_norm_momentum
        self.model = model.to(self.device, memory_format=self.layout)
        self.optimizer, self.schedule = make_optimizer(
            recipe,
            self.model.named_parameters(),
            self.device if backend.steps == "graph" else None,
        )
        self.generators = {
            purpose: streams.stream(recipe.seed, purpose) for purpose in streams.DRAWN_IN_TRAINING
        }
        self.dropout = Dropout(recipe.dropout, self.generators[streams.DROPOUT])
        if recipe.dropout:
            output_layer(self.model).register_forward_pre_hook(self.dropout)
        self.draws: Draws | None = None
        self.shared = SharedSteps(self) if is_shared(self) else None
        self.take = STEPS[backend.steps](self)
        self.labels = data.train_labels
        self.curve = Curve()
        self.first_losses: list[float] = []
        self.order_digest = ""
        self.epochs_to_fit: int | None = None
        self.not_finite = ""
        self.correct = {"train": 0, "test": 0, "validation": 0, "corrupted test": 0}
        self.among_five = dict.fromkeys(self.correct, 0)
        self.answers: list[float] = []

    @property
    def diverged(self) -> bool:
        """Whether the loss or a weight became infinite or NaN."""
        return bool(self.not_finite)

    @property
    def over(self) -> bool:
        """Whether the recipe asks for no further epoch."""
        fitted = self.recipe.stop_at_zero_error and self.epochs_to_fit is not None
        return self.diverged or fitted or self.curve.epochs >= self.recipe.epochs

    def run_epoch(self) -> None:
        """Train one epoch, evaluate if its turn has come, and append to the curve."""
        draws_itself = model_spec(self.recipe.model).custom
        with seeded(self.generators[streams.NETWORK]) if draws_itself else nullcontext():
            self._run_epoch()

    def _run_epoch(self) -> None:
        started = time.perf_counter()
        order = self.next_order()
        learning_rate = float(self.optimizer.param_groups[0]["lr"])
        self.model.train()
        batches = order.to(self.device).split(self.recipe.batch_size)
        # Of photographs the places on the CPU: to ask the GPU for them would wait for it.
        stored = isinstance(self.data.train_images, Photographs)
        ahead = order.split(self.recipe.batch_size) if stored else batches
        images = self._images_of(part for batch in ahead for part, *_ in self.parts(batch))
        steps = zip(*(self.step(batch, images) for batch in batches), strict=True)
        every = [list(it) for it in steps]
        losses = self.ranks.all_reduce(torch.stack(every[0]))
        guesses = self.ranks.all_reduce(torch.cat(every[1]))
        self.ranks.average_buffers(self.model)
        # The last step may have broken the weights after its loss was taken.
        broken = (name for name, p in self.model.named_parameters() if not p.isfinite().all())
        self.close_epoch(losses.tolist(), order, guesses, next(broken, ""), learning_rate)
        self.curve.seconds.append(time.perf_counter() - started)

    def next_order(self) -> torch.Tensor:
        """Draw what the next epoch draws: its order of the images (n,), on the CPU, and more."""
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
            ).to(self.device)
        order = torch.randperm(len(self.labels), generator=self.generators[streams.ORDER])
        self.order_digest = self.order_digest or streams.digest(order)
        return order

    def close_epoch(
        self,
        losses: list[float],
        order: torch.Tensor,
        guesses: torch.Tensor,
        broken: str,
        learning_rate: float,
    ) -> None:
        """Append an epoch to the curve, all but its time, and evaluate if its turn has come.

        ``losses`` are the batches' mean losses, ``order`` the images (n,) as they came, ``guesses``
        the classes (n,) that they were taken for then, ``broken`` a parameter that is not finite
        now.
        """
        recipe, curve, n = self.recipe, self.curve, len(self.labels)
        self.first_losses += losses[: max(FIRST_LOSSES - len(self.first_losses), 0)]
        last_batch = n - recipe.batch_size * (len(losses) - 1)
        mean_loss = (sum(losses[:-1]) * recipe.batch_size + losses[-1] * last_batch) / n
        order = order.to(self.device)
        right = guesses == self.labels[order]
        online = int(right.sum()) / n
        before = (curve.step or [0])[-1]
        curve.step.append(before + len(losses))
        if broken:
            self.not_finite = f"{broken} is not finite after step {curve.step[-1]}"
        for step, loss in enumerate(losses, before + 1):
            if not math.isfinite(loss):
                self.not_finite = f"the loss of step {step} is {loss}"
                break
        curve.loss.append(mean_loss)
        curve.online_accuracy.append(online)
        if 0 < recipe.label_corruption < 1:
            corrupted, true = self.corrupted[order], guesses == self.true_labels[order]
            for shares, counted, among in (
                (curve.online_accuracy_corrupted, right, corrupted),
                (curve.online_accuracy_intact, right, ~corrupted),
                (curve.online_true_corrupted, true, corrupted),
            ):
                shares.append(int(counted[among].sum()) / max(int(among.sum()), 1))
        curve.learning_rate.append(learning_rate)
        self._evaluate(online)

    def step(
        self, batch: torch.Tensor, images: Iterator[torch.Tensor] | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """One step of SGD on the images of index ``batch``: mean loss, classes guessed (B,).

        ``images`` gives those of each of its parts, where they are decoded ahead.
        """
        images = images or self._images_of(part for part, *_ in self.parts(batch))
        if self.shared is not None:
            return self.shared(batch, images)
        return self.take(next(images), self.labels[batch])

    @property
    def corrupted(self) -> torch.Tensor:
        """Which training images (n,) have another label than their true one."""
        return self.labels != self.true_labels

    @property
    def true_labels(self) -> torch.Tensor:
        """The training images' labels (n,) before any corruption."""
        return self.labels if self.data.true_labels is None else self.data.true_labels

    def parts(self, batch: torch.Tensor) -> list[tuple[torch.Tensor, float, int]]:
        """This process's parts of a batch; see `Ranks.parts`."""
        return self.ranks.parts(batch, self.recipe.rank_batch)

    def logits(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, C, H, W) -> (B, classes) in float32, in the run's precision and mode."""
        # The cache of cast weights would outlive the step in a CUDA graph.
        graph = self.backend.steps == "graph"
        with torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.autocast, cache_enabled=not graph
        ):
            return self.model(images).float()

    def _images_of(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """The images of each of these index tensors, as they are trained on."""
        source = self.data.train_images
        if isinstance(source, Photographs):
            yield from source.batches(parts, epoch=self.curve.epochs)
        else:
            yield from map(self.training_images, parts)

    def training_images(self, batch: torch.Tensor) -> torch.Tensor:
        """The images of index ``batch`` as they are trained on: augmented where the recipe says."""
        if self.draws is None:
            return self._access(self.data.train_images, batch)
        images = whiten(augmented(self.data.train_pixels, batch, self.draws, self.recipe.crop))
        return images.to(self.data.train_images.dtype, memory_format=self.layout)

    def _access(self, images: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
        if self.layout is torch.channels_last:
            # Rows of the underlying (N, H, W, C) array: indexing the view would lose the layout.
            taken = images.permute(0, 2, 3, 1).index_select(0, batch).permute(0, 3, 1, 2)
        else:
            taken = images.index_select(0, batch)
        if self.recipe.redraw == "inputs each access":
            return redraw_inputs(taken, self.recipe.inputs, self.generators[streams.REDRAW])
        return taken

    def _evaluate(self, online_accuracy: float) -> None:
        recipe, curve, data = self.recipe, self.curve, self.data
        last = self.diverged or curve.epochs >= recipe.epochs
        nearly_fitted = recipe.evaluation != "at the end" and (
            online_accuracy >= NEARLY_FITTED or self._may_have_fitted()
        )
        found: dict[str, float | None] = dict.fromkeys(("train", "test", "validation"))
        if last or recipe.evaluation == "every epoch" or nearly_fitted:
            found["train"] = self._score("train", data.train_images, self.labels)
            if found["train"] == 1 and self.epochs_to_fit is None and not self.diverged:
                self.epochs_to_fit = curve.epochs
            last = last or (found["train"] == 1 and recipe.stop_at_zero_error)
        if last or recipe.evaluation in ("every epoch", "test every epoch"):
            found["test"] = self._score("test", data.test_images, data.test_labels)
            if data.validation_labels is not None:
                found["validation"] = self._score(
                    "validation", data.validation_images, data.validation_labels
                )
        if last and not self.diverged:
            if data.corrupted_test_labels is not None:
                self._score("corrupted test", data.test_images, data.corrupted_test_labels)
            self.answers = [answer for images in data.probes for answer in self.answer(images)]
        for part, share in found.items():
            getattr(curve, f"{part}_accuracy").append(share)

    def _may_have_fitted(self) -> bool:
        """Whether a network from outside, whose own dropout may make it err in training alone,
        classifies its first images rightly in evaluation.
        """
        images, custom = self.data.train_images, model_spec(self.recipe.model).custom
        waits = self.recipe.evaluation == "once nearly fitted"
        if not (custom and waits) or isinstance(images, Photographs):
            return False
        labels = self.labels[:EVALUATION_BATCH]
        return self.count_correct(images[:EVALUATION_BATCH], labels) >= NEARLY_FITTED * len(labels)

    def _score(self, part: str, images: torch.Tensor, labels: torch.Tensor) -> float:
        """Count what is classified correctly, remember it, and return the share."""
        self.correct[part], self.among_five[part] = self.count(images, labels)
        if part in ("train", "test") and self.data.classes > FEW_CLASSES:
            top5 = getattr(self.curve, f"{part}_top5")
            top5 += [None] * (self.curve.epochs - 1 - len(top5))
            top5.append(self.among_five[part] / len(labels))
        return self.correct[part] / len(labels)

    def count_correct(self, images: torch.Tensor, labels: torch.Tensor) -> int:
        """Images classified correctly in evaluation mode."""
        return self.count(images, labels)[0]

    @torch.no_grad()
    def count(self, images: torch.Tensor | Photographs, labels: torch.Tensor) -> tuple[int, int]:
        """Images classified correctly in evaluation mode, and with their label among the first
        five, which is 0 where there are only a few classes; over all processes.
        """
        self.model.eval()
        found = torch.zeros(2, device=self.device, dtype=torch.int64)
        stored = isinstance(images, Photographs)
        own = self.ranks.shard(torch.arange(len(labels)))
        batches = own.to(self.device).split(PHOTOGRAPHS_AT_ONCE if stored else EVALUATION_BATCH)
        if stored:
            taken = images.batches(own.split(PHOTOGRAPHS_AT_ONCE))
        else:
            taken = (self._access(images, batch) for batch in batches)
        for batch, ready in zip(batches, taken, strict=True):
            logits, wanted = self.logits(ready), labels[batch]
            found[0] += (logits.argmax(dim=1) == wanted).sum()
            if self.data.classes > FEW_CLASSES:
                found[1] += (logits.topk(5).indices == wanted[:, None]).sum()
        correct, among_five = self.ranks.all_reduce(found).tolist()
        return correct, among_five

    @torch.no_grad()
    def answer(self, images: torch.Tensor) -> list[float]:
        """The second logit minus the first for images (N, C, H, W), in evaluation mode."""
        self.model.eval()
        logits = torch.cat([self.logits(batch) for batch in images.split(EVALUATION_BATCH)])
        return (logits[:, 1] - logits[:, 0]).tolist()

    def outcome(self) -> Outcome:
        """The finished run's result."""
        return Outcome(
            status="diverged" if self.diverged else "finished",
            curve=self.curve,
            train_correct=self.correct["train"],
            train_total=len(self.labels),
            test_correct=self.correct["test"],
            test_total=len(self.data.test_labels),
            validation_correct=self.correct["validation"],
            validation_total=self.recipe.validation_size,
            corrupted_test_correct=self.correct["corrupted test"],
            train_among_five=self.among_five["train"],
            test_among_five=self.among_five["test"],
            skipped=self.data.skipped,
            first_losses=self.first_losses,
            not_finite=self.not_finite,
            label_digest=streams.digest(self.data.train_labels),
            order_digest=self.order_digest,
            epochs_to_fit=self.epochs_to_fit,
            answers=self.answers,
            probe_labels=self.data.probe_labels.tolist() if self.answers else [],
        )
