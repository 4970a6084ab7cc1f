"""The machines on which evidence was judged: versions, times and tiers."""

import string
from collections.abc import Sequence
from dataclasses import dataclass, field
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


@dataclass
class Machine:
    """One environment, named by a letter where there are several."""

    letter: str
    facts: dict[str, Any]
    records: list[Evidence] = field(default_factory=list)

    @property
    def hardware(self) -> str:
        """The processor, its cores, and the GPU if there is one."""
        facts = self.facts
        cores = f"{facts['cores']} core{'s' * (facts['cores'] != 1)}" if "cores" in facts else ""
        parts = (facts.get("gpu"), facts.get("processor"), cores, facts.get("system"))
        return ", ".join(str(part) for part in parts if part)

    @property
    def versions(self) -> str:
        """The versions of Python and of the libraries that decide numbers."""
        names = [
            name for name in ("python", "torch", "torchvision", "numpy") if self.facts.get(name)
        ]
        return ", ".join(f"{name.replace('python', 'Python')} {self.facts[name]}" for name in names)

    @property
    def tiers(self) -> str:
        """The tiers at which it judged."""
        return ", ".join(dict.fromkeys(record.tier for record in self.records if record.tier))

    @property
    def seeds(self) -> str:
        """The base seeds of its sessions."""
        return ", ".join(str(seed) for seed in sorted({record.seed for record in self.records}))

    @property
    def when(self) -> str:
        """From the first check to the last, in UTC, to the minute."""
        times = sorted(record.when for record in self.records if record.when)
        if not times:
            return ""
        first, last = (time[:16].replace("T", " ") for time in (times[0], times[-1]))
        if first[:10] == last[:10]:
            last = last[11:]
        return f"{first} to {last} UTC" if first[-5:] != last[-5:] else f"{first} UTC"


def machines_of(records: Sequence[Evidence]) -> list[Machine]:
    """The machines in the order of their first checks."""
    found: dict[tuple[Any, ...], Machine] = {}
    for record in sorted(records, key=lambda record: record.when):
        facts = {name: record.environment[name] for name in KNOWN if name in record.environment}
        # Only a process that has loaded torch knows the GPU: it makes no second machine.
        same = tuple(str(facts.get(name)) for name in KNOWN if name != "gpu")
        if same not in found:
            letter = string.ascii_uppercase[len(found) % 26]
            found[same] = Machine(letter, facts)
        found[same].facts |= facts
        found[same].records.append(record)
    return list(found.values())
