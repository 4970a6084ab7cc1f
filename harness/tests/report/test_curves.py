"""The paper's figures take the runs that were trained by its protocol, and no others."""

from dataclasses import replace

import pytest

from harness.evidence.published_figures import published_figure
from harness.report.curves import by_the_protocol, paper_figures
from harness.report.drawings import FIGURES
from harness.report.figures.paper import COLOURS
from harness.tests.report_helpers import record, run


def figures(*runs, control=False):
    named = record(runs=[it.key for it in runs], control=control)
    return paper_figures([named], {it.key: it for it in runs})


def drawn(name, series):
    """The lines of the figure: (panel's title, colour, dashes, x values, y values)."""
    figure = FIGURES[name].draw(series)
    return [
        (axes.get_title(loc="left"), line.get_color(), line.get_linestyle(), *line.get_data())
        for axes in figure.axes
        for line in axes.lines
    ]


@pytest.mark.parametrize("changes", [{"redraw": "labels each epoch"}, {"momentum": 0.0}])
def test_a_run_that_departs_from_the_protocol_is_in_no_figure(changes):
    assert by_the_protocol(run(**changes)) is None
    assert figures(run(**changes)) == {}


def test_runs_of_controls_and_of_other_computations_are_in_no_figure():
    assert figures(run(), control=True) == {}
    assert by_the_protocol(replace(run(), recipe={"kind": "KernelRecipe"})) is None
    assert by_the_protocol(replace(run(), recipe={**run().recipe, "model": "my.Net"})) is None
    assert by_the_protocol(replace(run(), curve={})) is None


def test_reduced_scale_gets_a_panel_of_its_own():
    series = figures(run(seed=0), run(dataset="digits", train_size=256))["figure-1a"]
    assert [it["paper"] for it in series] == [True, False]
    titles = {title for title, *_ in drawn("figure-1a", series)}
    assert titles == {"Inception, CIFAR-10", "Inception\ndigits, n = 256"}


def test_an_epoch_without_a_loss_leaves_a_gap_and_not_the_figure():
    holed = run()
    holed.curve["loss"][3] = None
    (series,) = figures(holed)["figure-1a"]
    assert series["x"] == [step for step in holed.curve["step"] if step != 4 * 391]
    assert None not in series["y"]
    assert figures(replace(run(), curve={"step": [391], "loss": [None]})).keys() <= {"figure-1c"}


def test_of_two_runs_of_one_seed_the_longer_is_drawn():
    long = run(epochs=20)
    series = figures(run(epochs=5), long)["figure-1a"]
    assert [it["x"] for it in series] == [long.curve["step"]]


def test_a_longer_run_that_was_seldom_evaluated_does_not_take_figure_2b_away():
    whole, seldom = run(setting="true-labels", epochs=6), run(setting="true-labels", epochs=9)
    for part in ("train", "test"):
        seldom.curve[f"{part}_accuracy"][:-2] = [None] * 7
    series = figures(whole, seldom)["figure-2b"]
    assert [it["x"] for it in series] == [whole.curve["step"]] * 2
    (loss,) = figures(whole, seldom)["figure-1a"]
    assert loss["x"] == seldom.curve["step"]


@pytest.mark.parametrize("figure", COLOURS)
def test_every_curve_of_the_paper_is_drawn_dashed_where_nothing_was_run(figure):
    lines = drawn(f"figure-{figure[-2:]}", [])
    names = list(published_figure(figure)["curves"])
    assert len([line for line in lines if line[2] == "--"]) == len(names) == len(lines)


def test_ours_is_solid_in_the_papers_units_with_a_band_over_seeds():
    runs = [run(seed=0, epochs=6), run(seed=1, epochs=8)]
    series = figures(*runs)["figure-1a"]
    figure = FIGURES["figure-1a"].draw(series)
    (axes,) = figure.axes
    solid = [line for line in axes.lines if line.get_linestyle() == "-"]
    mean = max(solid, key=lambda line: line.get_linewidth())
    assert list(mean.get_xdata()) == [step / 1_000 for step in runs[0].curve["step"]]
    both = zip(runs[0].curve["loss"], runs[1].curve["loss"], strict=False)
    assert list(mean.get_ydata()) == pytest.approx([sum(pair) / 2 for pair in both])
    (band,) = axes.collections
    low, high = band.get_paths()[0].get_extents().intervaly
    assert (low, high) == pytest.approx((runs[0].curve["loss"][5], runs[1].curve["loss"][0]))
    alone = max(solid, key=lambda line: line.get_xdata()[-1])
    assert alone.get_xdata()[-1] == runs[1].curve["step"][-1] / 1_000, "the longer goes on alone"


def test_time_to_fit_is_relative_to_the_mean_at_true_labels():
    true = [
        run("mlp-1x512", "true-labels", seed=seed, epochs=epochs)
        for seed, epochs in ((0, 4), (1, 6))
    ]
    half = run("mlp-1x512", "corrupted-0.5", epochs=10)
    series = figures(*true, half)["figure-1b"]
    (line,) = [line for line in drawn("figure-1b", series) if line[2] == "-"]
    assert (list(line[3]), list(line[4])) == ([0.0, 0.5], pytest.approx([1.0, 2.0]))


def test_a_curve_over_corruption_needs_two_levels_and_in_figure_1b_true_labels():
    assert set(figures(run("mlp-1x512"))) == {"figure-1a"}
    found = figures(run("mlp-1x512"), run("mlp-1x512", "corrupted-0.5"))
    assert set(found) == {"figure-1a", "figure-1c"}


def test_a_diverged_run_is_drawn_in_no_figure():
    lost = replace(run(), figures={**run().figures, "train accuracy": None})
    assert figures(lost) == {}
