"""The report's figures: drawn from evidence, the same bytes for the same evidence."""

import xml.etree.ElementTree as ET

import pytest

from harness.evidence.record import Evidence
from harness.expressivity import examples, lemma1
from harness.report.drawings import figures_as_svg

ENTRIES = {
    "lemma1-interleaving": [lemma1.example()],
    "theorem1-function": [examples.fitted_function(0.0), examples.fitted_function(0.5)],
    "theorem1-breakpoints": [
        {
            "n": 3,
            "placement": [0.0, 0.5],
            "norm": [1.0, 9.0],
            "eigenvalue bound": [2.0, 3.0],
            "singular value bound": [4.0, 10.0],
        }
    ],
    "corollary1-depth-and-width": [
        examples.depth_and_width(12, 3, [2, 4, 12], construction, 0)
        for construction in ("multiplexer", "running sum")
    ],
    "rademacher-complexity": [
        {
            "class": name,
            "of": "digits",
            "n": [64, 256],
            "mean": [mean, mean / 2],
            "low": [0.0, mean / 3],
            "high": [mean, mean],
        }
        for name, mean in (("trained network", 1.0), ("linear, bounded norm", 0.1))
    ],
    "complexity-measures": [
        {
            "measure": name,
            "n": [64, 64, 128, 128],
            "corrupted": [0.0, 1.0, 0.0, 1.0],
            "gap": [0.2, 0.9, 0.1, 0.9],
            "value": [1.0, 30.0, 2.0, 60.0],
        }
        for name in ("path-norm", "./mine.py:measure")
    ],
    "uniform-stability": [
        {
            "class": name,
            "of": "digits",
            "over": over,
            "x": [1, 60],
            "mean": [0.1, 0.4],
            "low": [-0.1, 0.3],
            "high": [0.2, 0.5],
            "largest": [0.3, 1.0],
        }
        for name in ("random labels", "true labels")
        for over in ("n", "passes")
    ],
    "kernel-errors": [{"model": "pixels", "where": "n", "error": 0.012, "published": 0.012}],
    "norms": [{"name": "pixels to wavelets", "norms": [145.0, 300.0], "errors": [0.012, 0.006]}],
    "ridge-path": [
        {"model": "pixels", "ridges": [0.0, 0.1, 1.0], "test": [0.02, 0.021, 0.03], "chosen": 1}
    ],
    "filters-curve": [
        {
            "where": "digits",
            "n": 300,
            "filters": [8, 36, 64],
            "errors": {"0": [0.1, 0.5, 0.07], "0.1": [0.08, 0.025, 0.02]},
        }
    ],
}


MEASURED = {
    *("norm", "eigenvalue bound", "singular value bound", "width", "weights", "mean", "low"),
    *("high", "largest", "norms", "errors", "test", "ridges"),
}
"""Measured values, which may be any number; sizes, depths and positions are chosen."""
ON_LOGARITHMIC_AXES = {
    name: data
    for name, data in ENTRIES.items()
    if set(data[0]) & MEASURED and name != "kernel-errors"
}


def evidence(name):
    return [
        Evidence("4-theorem1", "it", False, "supported", figure={"name": name, "data": data})
        for data in ENTRIES[name]
    ]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_figure_is_drawn_as_svg_with_its_words_as_text(name):
    svg = figures_as_svg(evidence(name))[name]
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    words = [text for text in root.itertext() if text.strip()]
    assert len(words) > 5


def test_the_same_evidence_gives_the_same_bytes():
    once, again = figures_as_svg(evidence("norms")), figures_as_svg(evidence("norms"))
    assert once == again


def with_measured(value, which, data):
    """The data with that entry of each measured list replaced, or all of them."""
    if isinstance(data, list):
        return [value if which in (None, i) else it for i, it in enumerate(data)]
    if any(isinstance(it, dict) for it in data.values()):
        return {
            key: with_measured(value, which, it) if isinstance(it, dict) else it
            for key, it in data.items()
        }
    return {
        key: with_measured(value, which, it) if key in MEASURED or key == "0" else it
        for key, it in data.items()
    }


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ON_LOGARITHMIC_AXES)
def test_a_figure_is_drawn_whatever_was_measured(name):
    """None, for a value that is not finite, leaves a gap; an arrow of `norms` needs its ends."""
    warnings = []
    for value, which in ((0, None), (0, 0), (-1.0, None), (1e300, 0), (None, 0)):
        if (name, value) == ("norms", None):
            continue
        odd = [
            Evidence("4-theorem1", "it", False, "supported", figure={"name": name, "data": data})
            for data in (with_measured(value, which, it) for it in ON_LOGARITHMIC_AXES[name])
        ]
        assert name in figures_as_svg(odd, warn=warnings.append), (value, which, warnings)


def test_figures_without_data_and_unknown_figures_are_not_drawn():
    unknown = Evidence("x", "it", False, "supported", figure={"name": "of later", "data": {}})
    assert figures_as_svg([Evidence("x", "it", False, "supported"), unknown]) == {}
