"""Several trainings in one process: each runs in turns of a step, on its own CUDA stream."""

import time
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, nullcontext

import torch


def own_stream(device: torch.device) -> "torch.cuda.Stream | None":
    """A stream for one training; None on a CPU.

    Trainings on streams of their own overlap on a GPU, and a CUDA graph can be captured there: not
    on the default stream.
    """
    return torch.cuda.Stream(device) if device.type == "cuda" else None


def on(stream: "torch.cuda.Stream | None") -> AbstractContextManager:
    """With this stream as the current one, if there is one."""
    return nullcontext() if stream is None else torch.cuda.stream(stream)


def in_turns(
    work: Iterator[None], stream: "torch.cuda.Stream | None", threads: int
) -> Generator[None, None, float]:
    """Yield after each turn of the work; return the seconds of these turns alone.

    Between turns the caller's stream is current. Turns on a GPU overlap with those of others: all
    trainings together take the sum of their seconds, but each one's share of it is approximate.
    """
    seconds, is_over = 0.0, False
    if stream is not None:
        # What the caller has prepared, on its own stream, must be there.
        stream.wait_stream(torch.cuda.current_stream(stream.device))
    try:
        while not is_over:
            started = time.perf_counter()
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)  # Rounding depends on them.
            with on(stream):
                is_over = next(work, work) is work
            seconds += time.perf_counter() - started
            if not is_over:
                yield
        return seconds
    finally:
        if stream is not None:
            # Memory that is freed now may go to another stream: nothing may still use it.
            stream.synchronize()
