"""Where a number was measured: machine, versions, device. Does not import torch."""

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from typing import Any

from harness import __version__


def available_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


@cache
def version(package: str) -> str:
    """The installed version, or an empty string."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def processor() -> str:
    """The processor's name as the operating system gives it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def describe() -> dict[str, Any]:
    """The machine and the versions; the GPU and its driver if torch is loaded and finds one."""
    facts: dict[str, Any] = {
        "harness": __version__,
        "python": platform.python_version(),
        "torch": version("torch"),
        "torchvision": version("torchvision"),
        "numpy": version("numpy"),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": processor(),
        "cores": available_cores(),
    }
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        facts["gpu"] = torch.cuda.get_device_name()
        facts["cuda"] = torch.version.cuda or ""
        facts["driver"] = driver()
    return facts


@cache
def commit() -> dict[str, str]:
    """The commit of this code, with "+" if files differ from it; empty outside a checkout."""
    git = ["git", "-C", os.path.dirname(__file__), "-c", "safe.directory=*"]
    try:
        found = [
            subprocess.run(
                [*git, *words], capture_output=True, text=True, timeout=30, check=True
            ).stdout.strip()
            for words in (("rev-parse", "HEAD"), ("status", "--porcelain", "-uno", "."))
        ]
    except (OSError, subprocess.SubprocessError):
        return {}
    return {"commit": found[0][:12] + "+" * bool(found[1])}


@cache
def driver() -> str:
    """The version of NVIDIA's driver, from nvidia-smi; empty without it."""
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        output = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return output.stdout.strip().partition("\n")[0]
