"""The report's figures: drawn from exhibits, the same bytes for the same evidence."""

import inspect
import xml.etree.ElementTree as ET

import pytest

from harness.errors import UnknownName
from harness.evidence.catalogue import load_catalogue
from harness.evidence.record import Evidence
from harness.expressivity import examples, lemma1
from harness.plugin.options import CLAIMS
from harness.report.figures import FIGURES, drawing_of, figures_as_svg

EXHIBITS = {
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
}


def evidence(name):
    return [
        Evidence("4-theorem1", "it", False, "supported", exhibit={"name": name, "data": data})
        for data in EXHIBITS[name]
    ]


@pytest.mark.parametrize("name", EXHIBITS)
def test_a_figure_is_drawn_as_svg_with_its_words_as_text(name):
    svg = figures_as_svg(evidence(name))[name]
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    words = [text for text in root.itertext() if text.strip()]
    assert len(words) > 5
    assert svg == figures_as_svg(evidence(name))[name]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_belongs_to_a_claim_and_says_what_it_shows(name):
    drawing = FIGURES[name]
    assert drawing.claim in load_catalogue(CLAIMS / "catalogue.toml")
    assert len(drawing.caption.split()) > 5
    assert drawing.caption.endswith(".")
    assert inspect.signature(drawing_of(name)).parameters.keys() == {"exhibits"}


def test_what_no_check_has_shown_is_not_drawn():
    unknown = Evidence("x", "it", False, "supported", exhibit={"name": "of later", "data": {}})
    assert figures_as_svg([Evidence("x", "it", False, "supported"), unknown]) == {}


def test_an_unknown_figure_is_named_with_the_nearest():
    with pytest.raises(UnknownName, match="theorem1-function"):
        drawing_of("theorem-function")
