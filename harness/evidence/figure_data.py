"""What a check hands to the report's figures, beside its verdict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FigureData:
    """Data of a figure: JSON's own types, a few hundred numbers at most.

    ``name`` is one of `harness.report.figures.FIGURES`; all entries of a name, also from other
    tests, processes and sessions, are drawn in one figure.
    """

    name: str
    data: Mapping[str, Any]
