"""The machines on which evidence was judged: versions, times and tiers."""

import itertools
import string
from collections.abc import Iterable
from dataclasses import dataclass

from harness.evidence.record import Evidence

VERSIONS = ("python", "torch", "torchvision", "numpy")
SAME = ("processor", "cores", "system", "harness", *VERSIONS)
"""What makes one machine. Only a process that has loaded torch knows the GPU: it makes none."""


@dataclass(frozen=True)
class Machine:
    """One environment, named by a letter where there are several; all in words."""

    letter: str
    hardware: str
    versions: str
    tiers: str
    seeds: str
    when: str
    """From the first check to the last, in UTC, to the minute."""
    records: list[Evidence]


def machines_of(records: Iterable[Evidence]) -> list[Machine]:
    """The machines in the order of their first checks."""
    found: dict[tuple[str, ...], list[Evidence]] = {}
    for record in sorted(records, key=lambda record: record.when):
        same = tuple(str(record.environment.get(name)) for name in SAME)
        found.setdefault(same, []).append(record)
    return list(map(_machine, itertools.cycle(string.ascii_uppercase), found.values()))


def _machine(letter: str, records: list[Evidence]) -> Machine:
    facts = {name: fact for record in records for name, fact in record.environment.items()}
    cores = f"{facts['cores']} core{'s' * (facts['cores'] != 1)}" if "cores" in facts else ""
    hardware = (facts.get("gpu"), facts.get("processor"), cores, facts.get("system"))
    versions = [f"{it.replace('python', 'Python')} {facts[it]}" for it in VERSIONS if facts.get(it)]
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
        ", ".join(map(str, sorted({it.seed for it in records}))),
        when,
        records,
    )
