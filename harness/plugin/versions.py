"""Warnings are errors with the packages that the suite was tried with; newer ones only warn.

A deprecation in a new NumPy would otherwise end a training after hours.
"""

import pytest
from packaging.version import Version

from harness.environment import version

TRIED = {
    "torch": "2.14",
    "torchvision": "0.29",
    "numpy": "2.5",
    "scipy": "1.18",
    "scikit-learn": "1.9",
    "scikit-image": "0.26",
    "matplotlib": "3.11",
    "pandas": "3.1",
    "pillow": "13.0",
    "pytest": "9.2",
}
"""The newest version of each."""


def newer() -> list[str]:
    """The packages that are newer than those tried, in words."""
    found = {name: version(name) for name in TRIED}
    return [
        f"{name} {it}"
        for name, it in found.items()
        if it and Version(it).release[:2] > Version(TRIED[name]).release
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Show warnings instead of raising them; ``-W error`` on the command line still raises."""
    filters = config.getini("filterwarnings")
    if newer() and "error" in filters:
        filters[filters.index("error")] = "default"


def pytest_report_header() -> str | None:
    """Say so."""
    found = ", ".join(newer())
    return f"warnings are shown and not raised: not tried with {found} yet" if found else None
