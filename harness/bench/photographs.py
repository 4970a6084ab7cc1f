"""``bench --only images``: does the input pipeline keep up with Inception v3 on this machine?"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from rich.table import Table

from harness.bench.measure import rate
from harness.data.crop_cache import inspect_photographs
from harness.data.photo_batches import Photographs
from harness.data.photographs import photo_folder
from harness.data.prepare import TrainingData
from harness.training.backend import Backend
from harness.training.imagenet import AUGMENTATION, EPOCHS, imagenet_recipe
from harness.training.loop import Training

PHOTOS = 64
HEIGHT, WIDTH = 375, 500
"""ImageNet's most frequent size."""
SIZES = (75, 299)
BATCH = {"cpu": 8, "cuda": 32}
"""Of the training; a rank's is 32, which takes a CPU half a minute at full size."""


def images_table(seconds: float, backend: Backend, precision: str) -> tuple[Table, float]:
    """Images a second: decoded, decoded and augmented, from kept crops, and trained on.

    Also the last figure at the paper's size.
    """
    torch.set_num_threads(backend.threads)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for name in ("pixels", "decoded/s", "augmented/s", "kept crops/s", "trained/s", "times"):
        table.add_column(name, justify="right", no_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        root = made_photographs(Path(folder) / "photographs")
        for size in SIZES:
            decoded, augmented, kept, trained = rates(
                root, Path(folder), size, seconds, backend, precision
            )
            table.add_row(
                str(size),
                *(f"{it:,.0f}" for it in (decoded, augmented, kept)),
                f"{trained:,.2f}",
                f"{min(decoded, augmented) / trained:.1f}",
            )
    return table, trained


def rates(
    root: Path, cache: Path, size: int, seconds: float, backend: Backend, precision: str
) -> tuple[float, float, float, float]:
    """The four columns at one size; decoding with as many workers as the backend has threads."""
    folder = photo_folder(root)
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    photographs = Photographs(
        *(folder.root, np.array(folder.train), size, torch.device(backend.device), dtype),
        workers=backend.threads,
        augmentation=AUGMENTATION,
    )
    found = inspect_photographs(
        folder.root, folder.train, size, folder.fingerprint, backend.threads, folder=cache
    )
    kept = Photographs(
        *(folder.root, np.array(folder.train), size, torch.device(backend.device), dtype),
        workers=backend.threads,
        crops=found.crops,
        rows=np.arange(len(folder.train)),
    )
    pipeline = [
        _pipeline_rate(source, epoch, seconds, backend)
        for source, epoch in ((photographs, None), (photographs, 0), (kept, None))
    ]
    return *pipeline, training_rate(kept, size, seconds, backend, precision)


def training_rate(
    photographs: Photographs, size: int, seconds: float, backend: Backend, precision: str
) -> float:
    """Images a second of Inception v3's own steps, on a batch that is there already."""
    batch = BATCH[backend.kind]
    recipe = imagenet_recipe("random-labels", crop=size, batch_size=batch, precision=precision)
    labels = torch.arange(len(photographs), device=backend.device)
    data = TrainingData(photographs, labels, photographs, labels, 1_000)
    training = Training(recipe, data, backend)
    training.model.train()
    places = torch.arange(batch, device=backend.device)
    (ready,) = photographs.batches([places.cpu()])

    def step() -> int:
        training.step(places, iter([ready]))
        return batch

    return rate(step, seconds, backend.device, warm_up=1)


def hours_in_words(images_a_second: float) -> str:
    """What a row of Table 2 takes at a rate: computed, not measured."""
    hours = EPOCHS * 1_281_167 / images_a_second / 3_600
    return (
        f"a row of Table 2, {EPOCHS} epochs of 1,281,167 images, at {images_a_second:,.2f}"
        f" images/s: {hours:,.0f} hours (computed, not measured; evaluation comes on top)"
    )


def made_photographs(root: Path) -> Path:
    """JPEG files of ImageNet's usual size, about 100 kB each; speed hangs on little else."""
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
