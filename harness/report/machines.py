"""The machines on which evidence was judged: versions, times and tiers."""

import itertools
import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from harness.evidence.record import Evidence

KNOWN = (
    "processor",
    "cores",
    "gpu",
    "system",
    "harness",
    "python",
    "torch",
    "torchvision",
    "numpy",
)


@dataclass(frozen=True)
class Machine:
    """One environment, named by a letter where there are several; all in words."""

    letter: str
    hardware: str
    """The processor, its cores, and the GPU if there is one."""
    versions: str
    """Of the harness, of Python and of the libraries that decide numbers."""
    tiers: str
    """At which it judged."""
    seeds: str
    """The base seeds of its sessions."""
    when: str
    """From the first check to the last, in UTC, to the minute."""
    records: list[Evidence]


def machines_of(records: Iterable[Evidence]) -> list[Machine]:
    """The machines in the order of their first checks."""
    found: dict[tuple[Any, ...], tuple[dict[str, Any], list[Evidence]]] = {}
    for record in sorted(records, key=lambda record: record.when):
        facts = {name: record.environment[name] for name in KNOWN if name in record.environment}
        # Only a process that has loaded torch knows the GPU: it makes no second machine.
        same = tuple(str(facts.get(name)) for name in KNOWN if name != "gpu")
        known, own = found.setdefault(same, ({}, []))
        known |= facts
        own.append(record)
    letters = itertools.cycle(string.ascii_uppercase)
    return [_machine(*it) for it in zip(letters, found.values(), strict=False)]


def _machine(letter: str, found: tuple[dict[str, Any], list[Evidence]]) -> Machine:
    facts, records = found
    cores = f"{facts['cores']} core{'s' * (facts['cores'] != 1)}" if "cores" in facts else ""
    hardware = (facts.get("gpu"), facts.get("processor"), cores, facts.get("system"))
    names = [it for it in ("python", "torch", "torchvision", "numpy") if facts.get(it)]
    versions = [f"{it.replace('python', 'Python')} {facts[it]}" for it in names]
    times = sorted(it.when[:16].replace("T", " ") for it in records if it.when)
    when = f"{times[0]} UTC" if times else ""
    if times and times[0] != times[-1]:
        last = times[-1].removeprefix(times[0][:10]).strip()
        when = f"{times[0]} to {last} UTC"
    return Machine(
        letter,
        ", ".join(str(it) for it in hardware if it),
        ", ".join([f"harness {facts.get('harness', '')}", *versions]),
        ", ".join(dict.fromkeys(it.tier for it in records if it.tier)),
        ", ".join(str(seed) for seed in sorted({it.seed for it in records})),
        when,
        records,
    )
