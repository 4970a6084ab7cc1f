"""``bench --only images``: does the input pipeline keep up with Inception v3 on this machine?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.console import RenderableType

from harness.bench.measure import Setup, rate
from harness.data.photo_batches import Photographs
from harness.data.photographs import photo_folder
from harness.data.prepare import TrainingData
from harness.report.terminal import plain_table
from harness.training.backend import Backend
from harness.training.imagenet import AUGMENTATION, EPOCHS, imagenet_recipe
from harness.training.loop import Training

PHOTOS = 64
HEIGHT, WIDTH = 375, 500
"""ImageNet's most frequent size."""
SIZES = (75, 299)
BATCH = {"cpu": 8, "cuda": 32}
"""A rank trains on 32, which takes a CPU half a minute at full size."""


def images(setup: Setup) -> Iterator[RenderableType]:
    """Images a second: decoded, decoded and augmented, and trained on."""
    table = plain_table(
        *(">pixels", ">decoded/s", ">augmented/s", ">trained/s", ">times"),
        caption=f"Inception v3, JPEG files of {WIDTH}x{HEIGHT}; times: the slower of decoded and"
        " augmented over trained",
    )
    with tempfile.TemporaryDirectory() as folder:
        root = made_photographs(Path(folder) / "photographs")
        for size in SIZES:
            decoded, augmented, trained = rates(root, size, setup)
            table.add_row(
                str(size),
                *(f"{it:,.0f}" for it in (decoded, augmented)),
                f"{trained:,.2f}",
                f"{min(decoded, augmented) / trained:.1f}",
            )
    yield table
    hours = EPOCHS * 1_281_167 / trained / 3_600
    yield (
        f"a row of Table 2, {EPOCHS} epochs of 1,281,167 images, at {trained:,.2f}"
        f" images/s: {hours:,.0f} hours (computed, not measured; evaluation comes on top)"
    )


def rates(root: Path, size: int, setup: Setup) -> tuple[float, float, float]:
    """The three columns at one size; decoding with as many workers as the backend has threads."""
    folder, backend = photo_folder(root), setup.backend
    dtype = torch.bfloat16 if setup.precision == "bf16" else torch.float32
    photographs = Photographs(
        *(folder.root, np.array(folder.train), size, torch.device(backend.device), dtype),
        workers=backend.threads,
        augmentation=AUGMENTATION,
    )
    return (
        _pipeline_rate(photographs, None, setup.seconds, backend),
        _pipeline_rate(photographs, 0, setup.seconds, backend),
        training_rate(photographs, size, setup),
    )


def training_rate(photographs: Photographs, size: int, setup: Setup) -> float:
    """Images a second of Inception v3's steps on a prepared batch."""
    backend, precision = setup.backend, setup.precision
    batch = BATCH[backend.kind]
    recipe = imagenet_recipe("random-labels", crop=size, batch_size=batch, precision=precision)
    labels = torch.arange(len(photographs), device=backend.device)
    data = TrainingData(photographs, labels, photographs, labels, 1_000)
    training = Training(recipe, data, backend)
    training.model.train()
    indices = torch.arange(batch, device=backend.device)
    (ready,) = photographs.batches([indices.cpu()])

    def step() -> int:
        training.take_step(indices, iter([ready]), training.labels)
        return batch

    return rate(step, setup.seconds, backend.device, warm_up=1)


def made_photographs(root: Path) -> Path:
    """JPEG files of ImageNet's usual size, about 100 kB each."""
    generator = np.random.default_rng(0)
    for part, count in (("train", PHOTOS), ("val", 1)):
        (root / part / "n0").mkdir(parents=True)
        for number in range(count):
            coarse = generator.integers(0, 256, (HEIGHT // 5, WIDTH // 5, 3), dtype=np.uint8)
            image = Image.fromarray(coarse).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            image.save(root / part / "n0" / f"{number}.JPEG", quality=92)
    return root


def _pipeline_rate(
    photographs: Photographs, epoch: int | None, seconds: float, backend: Backend
) -> float:
    def endless() -> Iterator[torch.Tensor]:
        while True:
            yield from torch.randperm(len(photographs)).split(32)

    batches = photographs.batches(endless(), epoch)
    try:
        return rate(lambda: len(next(batches)), seconds, backend.device)
    finally:
        batches.close()
