"""Photographs as a training loop asks for them: batches of crops, decoded ahead by threads.

Stands in for the tensor of images of a small dataset. Files are decoded and resized outside of
Python's lock, so that threads do what worker processes would, without copies and start-up.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from harness.data.decoding import augmented, central, decode, image_stream

AHEAD = 3
"""Batches that are being decoded while one is trained on."""


@dataclass(frozen=True)
class Photographs:
    """Photographs of one size, in a fixed order; nothing is read before a batch is asked for."""

    root: Path
    paths: np.ndarray
    """Under ``root``, (N,) strings."""
    size: int
    """Pixels a side."""
    device: torch.device
    dtype: torch.dtype
    workers: int
    crops: np.ndarray | None = None
    """The images without augmentation, where they are kept on disk: bytes (M, 3, S, S)."""
    rows: np.ndarray | None = None
    """Row of each photograph in ``crops`` (N,)."""
    augmentation: tuple[str, ...] = ()
    seed: int = 0

    def __len__(self) -> int:
        return len(self.paths)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(N, 3, S, S), as a tensor of them would have it."""
        return len(self), 3, self.size, self.size

    def __getitem__(self, places: torch.Tensor) -> "Photographs":
        """Those at ``places`` (n,), in that order."""
        chosen = places.cpu().numpy()
        rows = None if self.rows is None else self.rows[chosen]
        return replace(self, paths=self.paths[chosen], rows=rows)

    def batches(
        self, places: Iterable[torch.Tensor], epoch: int | None = None
    ) -> Iterator[torch.Tensor]:
        """The images at each of ``places``: (B, 3, S, S) in [-1, 1] on the device.

        Augmented as the recipe says if the ``epoch`` is given, as they are otherwise. Raises
        CorruptImage, naming the file, where one does not decode.
        """
        distorted = self.augmentation if epoch is not None else ()
        pool = _pool(self.workers)
        waiting: deque[list[Future]] = deque()
        every = iter(places)
        try:
            for batch in every:
                waiting.append(self._submit(pool, batch, distorted, epoch or 0))
                if len(waiting) > AHEAD:
                    yield self._finished(waiting.popleft())
            while waiting:
                yield self._finished(waiting.popleft())
        finally:
            for future in (it for futures in waiting for it in futures):
                future.cancel()

    def _submit(
        self, pool: ThreadPoolExecutor, batch: torch.Tensor, distorted: Sequence[str], epoch: int
    ) -> list[Future]:
        places = batch.cpu().numpy()
        if self.crops is not None and not distorted:
            return [pool.submit(_taken, self.crops, self.rows[places])]
        return [pool.submit(self._one, place, distorted, epoch) for place in places]

    def _one(self, place: int, distorted: Sequence[str], epoch: int) -> torch.Tensor:
        name = str(self.paths[place])
        image = decode(self.root / name)
        if not distorted:
            return central(image, self.size)
        return augmented(image, self.size, distorted, image_stream(self.seed, epoch, name))

    def _finished(self, futures: list[Future]) -> torch.Tensor:
        parts = [future.result() for future in futures]
        pixels = parts[0] if parts[0].ndim == 4 else torch.stack(parts)
        if self.device.type == "cuda":
            pixels = pixels.pin_memory().to(self.device, non_blocking=True)
        pixels = pixels.to(memory_format=torch.channels_last)
        # TensorFlow's Inception pipeline: bytes to [-1, 1].
        return (pixels.to(torch.float32) / 127.5 - 1).to(self.dtype)


def _taken(crops: np.ndarray, rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(crops[rows]))


@lru_cache(maxsize=4)
def _pool(workers: int) -> ThreadPoolExecutor:
    # One thread of torch's own in each: the images are what is done in parallel.
    return ThreadPoolExecutor(
        workers, thread_name_prefix="decode", initializer=torch.set_num_threads, initargs=(1,)
    )
