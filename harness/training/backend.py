"""Where and in which precision a training runs."""

import contextlib
import ctypes
import os
import sys
from dataclasses import dataclass
from typing import Literal

import torch

from harness.environment import available_cores
from harness.errors import DeviceError

REUSED, KEPT = 2**25, 2**28


def keep_freed_memory() -> None:
    """Have GNU's malloc keep what a step frees for the next one.

    Else it gives gradients back to the system after each step, and gets them again page by page: a
    third of the time of a group of MLPs. Blocks above 32 MiB still go back, as do over 256 MiB.
    """
    with contextlib.suppress(OSError, AttributeError, TypeError):  # Another C library.
        malloc_option = ctypes.CDLL(None).mallopt
        for option, value in ((-3, REUSED), (-1, KEPT)):  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD
            malloc_option(option, value)


keep_freed_memory()


@dataclass(frozen=True)
class Backend:
    """A device, and the number of CPU threads that this process may use."""

    device: str = "cpu"
    threads: int = 1
    steps: str = "eager"
    """One of `harness.training.steps.STEPS`, or "auto"; a run's key does not depend on it."""

    @property
    def kind(self) -> str:
        """ "cpu" or "cuda"; part of a run's key."""
        return torch.device(self.device).type

    def precision(self, wanted: str) -> Literal["fp32", "bf16"]:
        """Resolve "auto": bf16 where the hardware multiplies it natively, else fp32."""
        if wanted == "fp32" or wanted == "bf16":
            return wanted
        return "bf16" if has_fast_bf16(self.kind) else "fp32"


def has_fast_bf16(kind: str) -> bool:
    """Whether matrix products in bfloat16 are native there.

    On a CPU without AVX-512 BF16 or AMX, PyTorch emulates them hundreds of times slower.
    """
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    checks = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, check, lambda: False)() for check in checks)


def _threads_allowed() -> int:
    """The limit of OMP_NUM_THREADS. Under torchrun, which always sets it to 1, there is none."""
    first = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    by_torchrun = "TORCHELASTIC_RUN_ID" in os.environ
    return int(first) if first.isdecimal() and int(first) > 0 and not by_torchrun else sys.maxsize


def resolve_backend(device: str = "auto", workers: int = 1, steps: str = "eager") -> Backend:
    """The backend for ``device`` ("auto", "cpu", "cuda", "cuda:1"), cores shared by ``workers``.

    It has at most OMP_NUM_THREADS threads. Raises DeviceError where the device is unknown or not
    here, or cannot take such ``steps``.
    """
    threads = min(max(1, available_cores() // max(1, workers)), _threads_allowed())
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        parsed = torch.device(device)
    except RuntimeError as error:
        raise DeviceError(f"unknown device {device!r}; known: auto, cpu, cuda, cuda:N") from error
    if parsed.type not in ("cpu", "cuda"):
        raise DeviceError(f"device {device!r} is not supported; choose auto, cpu or cuda")
    if parsed.type == "cuda":
        found = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (parsed.index or 0) >= found:
            raise DeviceError(
                f"device {device!r} was asked for, and PyTorch finds {found} CUDA devices here;"
                " use --device cpu, or a machine with a GPU and its driver"
            )
        # PyTorch rounds a float32 convolution's input to TF32's 10 bits by default: not our fp32.
        torch.backends.cudnn.allow_tf32 = False
        torch.backends.cuda.matmul.allow_tf32 = False
    if steps == "graph" and parsed.type != "cuda":
        raise DeviceError(
            f"steps = 'graph' needs a CUDA device, and this is {device!r};"
            " use --steps eager or --steps compiled"
        )
    return Backend(str(parsed), threads, steps)
