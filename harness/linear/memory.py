"""Memory: what is free, the peak in use, and refusals before anything is allocated."""

import resource
import sys
from contextlib import suppress
from pathlib import Path

import torch

from harness.errors import HarnessError


class NotEnoughMemory(HarnessError):
    """A matrix that does not fit; the message says what it needs and what there is."""


def available_bytes(device: str = "cpu") -> int | None:
    """Memory that this process could still take, on the device; None if unknown."""
    if device.startswith("cuda"):
        torch.cuda.empty_cache()  # The driver counts blocks that PyTorch caches as used.
        return torch.cuda.mem_get_info(device)[0]
    limits = [_of_proc("meminfo", "MemAvailable")]
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        most = int((group / "memory.max").read_text())
        limits.append(most - int((group / "memory.current").read_text()))
    return min((it for it in limits if it is not None), default=None)


def require(needed: int, what: str, device: str = "cpu") -> None:
    """Raise NotEnoughMemory if ``needed`` bytes are not free."""
    there = available_bytes(device)
    if there is not None and needed > there:
        raise NotEnoughMemory(
            f"{what} needs {in_gb(needed)}, and {in_gb(there)} is free on {device};"
            " take fewer examples, free some memory, or use a larger machine"
        )


def in_gb(count: float) -> str:
    """Bytes in words."""
    return f"{count / 1e9:.1f} GB"


def reset_peak(device: str = "cpu") -> int:
    """Reset the peak, and return the bytes in use now. Only Linux can reset the CPU's peak."""
    if device.startswith("cuda"):
        torch.cuda.init()  # Nothing may have used the device yet: it would be no valid one.
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _of_proc("self/status", "VmRSS") or 0


def peak_bytes(device: str = "cpu") -> int:
    """The most memory in use since `reset_peak`."""
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return (
        _of_proc("self/status", "VmHWM")
        or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    )


def _of_proc(file: str, name: str) -> int | None:
    """Bytes; None where it is unknown, as on other systems than Linux."""
    with suppress(OSError, KeyError, ValueError):
        lines = Path("/proc", file).read_text().splitlines()
        return int(dict(it.split(":", 1) for it in lines)[name].split()[0]) * 1024
    return None
