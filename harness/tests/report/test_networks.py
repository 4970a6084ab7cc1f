"""Custom networks in the report: compared, drawn, and counted for no claim of the paper."""

from collections import defaultdict
from dataclasses import replace

import pytest

from harness.evidence.record import RunRecord
from harness.report.drawings import FIGURES
from harness.report.networks import FIGURE, compare, comparison_text
from harness.report.page import render, write_report
from harness.report.scorecard import scorecard, totals
from harness.report.sources import Sources
from harness.tests.report_helpers import CATALOGUE, fit, record
from harness.training.protocol import paper_recipe

MINE, OTHER = "net.py:make(width=64)", f"a_package.with_a_{'very_' * 12}long_name:Net"


def trained(key, setting, epochs_to_fit):
    recipe = paper_recipe("mlp-1x16", "digits", setting, train_size=64)
    return RunRecord(
        key,
        str(recipe),
        recipe.as_dict(),
        {"train accuracy": 1.0, "test accuracy": 0.1, "epochs to fit": epochs_to_fit},
        {
            "step": [1, 2],
            "loss": [2.3, 0.1],
            "online_accuracy": [0.1, 0.9],
            "train_accuracy": [None, 1.0],
            "test_accuracy": [None, 0.1],
        },
    )


RUNS = {
    key: trained(key, setting, epochs)
    for key, setting, epochs in (
        ("true", "true-labels", 12),
        ("random", "random-labels", 48),
        ("never", "random-labels", None),
        ("noise", "gaussian", 7),
    )
}
OF_MINE = [
    record(check="accuracy", network=MINE, runs=["true", "random", "noise"], notes=["a note"]),
    record("2.1-chance", check="test accuracy", network=MINE, runs=["random"]),
]
OF_OTHER = [record(verdict="refuted", network=OTHER, runs=["never"], values=[0.5])]


def test_a_network_has_a_row_with_the_results_of_its_runs():
    (row, other) = compare([*OF_MINE, *OF_OTHER, record()], RUNS)
    assert row.cells == (
        MINE,
        "64 of digits",
        *("12", "10.00 %", "48", "100.00 %", "10.00 %"),
        "2 of 2",
    )
    assert row.note == "a note"
    assert other.cells[2:5] == ("not run", "not run", "never")
    assert other.cells[-1] == "0 of 1"


def test_a_diverged_run_is_not_averaged_away():
    broken = replace(RUNS["random"], figures={"train accuracy": None, "epochs to fit": None})
    (row,) = compare(OF_MINE, {**RUNS, "random": broken})
    assert row.cells[4:6] == ("never", "diverged")


def test_the_table_fits_a_hundred_columns_whatever_the_names():
    text = comparison_text(compare([*OF_MINE, *OF_OTHER], RUNS), 100)
    assert all(len(line) <= 100 for line in text.splitlines())
    names = "".join(line.partition("  ")[0] for line in text.splitlines())
    assert MINE in names and OTHER in names


def test_a_check_is_shown_without_the_network_of_the_heading():
    """A long network would fill the column, and cut off what is checked."""
    name = f"{OTHER}: training accuracy at p = 0.25"
    signs = f"{OTHER}, trained: correlation with signs"
    text = scorecard([record(check=it, network=OTHER) for it in (name, signs)], CATALOGUE)
    lines = [line.strip() for line in text.splitlines()]
    assert any(line.startswith("training accuracy at p = 0.25 ") for line in lines), text
    assert any(line.startswith("trained: correlation with signs ") for line in lines), text


def test_a_custom_network_counts_for_no_claim_of_the_paper():
    lines = totals([record(), *OF_OTHER, *OF_MINE], CATALOGUE)
    assert f"{OTHER}: 1 refuted, of 1 claims" in lines
    assert f"{MINE}: 2 supported, of 2 claims" in lines
    assert "1 of 58 claims judged: 1 supported" in lines
    assert totals(OF_OTHER, CATALOGUE) == [f"{OTHER}: 1 refuted, of 1 claims"]


def test_the_scorecard_keeps_networks_apart():
    text = scorecard([fit("Alexnet"), *OF_MINE], CATALOGUE)
    paper, own = text.split(f"On {MINE}")
    assert "Alexnet: training accuracy" in paper and "Alexnet" not in own
    assert "verdicts of its own" in own and "test accuracy" in own
    assert "\n    a note\n" in own, "on what data"


def test_the_page_has_a_section_for_them_and_no_cell_or_verdict_of_the_papers(tmp_path):
    write_report(tmp_path, Sources([*OF_MINE, *OF_OTHER], dict(RUNS)), CATALOGUE)
    page = (tmp_path / "report.html").read_text()
    assert "Custom networks" in page and MINE in page
    assert "0 of 58 claims judged" in page
    assert (tmp_path / "figures" / "custom-networks.svg").is_file()
    assert not (tmp_path / "figures" / "figure-1a.svg").exists()
    without = render(Sources([record()], {}), CATALOGUE, {}, defaultdict(str))
    assert "Custom networks" not in without and "1 of 58 claims judged" in without


@pytest.mark.parametrize("count", [1, 9])
def test_each_network_has_its_line_in_the_figure(count):
    entries = [
        {"network": f"net {i}", "labels": labels, "x": [1, 10], "y": [0.1, 1.0]}
        for i in range(count)
        for labels in ("true labels", "random labels")
    ]
    figure = FIGURES[FIGURE].draw(entries)
    styles = {
        (line.get_color(), line.get_linestyle())
        for line in figure.axes[1].lines
        if line.get_xdata().size
    }
    assert len(styles) == count
    assert len(figure.legends[0].get_texts()) == count
