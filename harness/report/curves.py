"""Our curves in Figures 1a, 1b, 1c and 2b: runs trained by the paper's protocol.

Each becomes an entry for `harness.report.figures.paper`: a dict with the panel (network, dataset,
number of images), the curve's name in the paper's figure, x, y and the seed.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from harness.data.catalogue import dataset_spec
from harness.errors import HarnessError
from harness.evidence.corruption import CONVERGED, FITTED
from harness.evidence.record import Evidence, RunRecord
from harness.models.registry import model_spec
from harness.training.protocol import paper_recipe
from harness.training.recipe import Recipe, differing_fields

FREE = {
    "train_size",
    "batch_norm_momentum",
    "epochs",
    "stop_at_zero_error",
    "evaluation",
    "precision",
    "seed",
    "inputs",
    "label_corruption",
    "score_corrupted_test",
    "validation_size",
}
"""Fields in which a run of a figure may differ from the protocol."""

FIGURE_1A = ("true labels", "random labels", "shuffled pixels", "random pixels", "gaussian")
FIGURE_2B = {"Inception": "Inception", "Inception w/o BatchNorm": "Inception w/o BN"}
"""Networks, and their names in Figure 2b."""

Series = dict[str, Any]


def paper_figures(
    records: Iterable[Evidence], runs: Mapping[str, RunRecord]
) -> dict[str, list[Series]]:
    """Our curves by figure, from the runs behind checks, controls left out."""
    keys = dict.fromkeys(key for record in records if not record.control for key in record.runs)
    return curves_of(runs[key] for key in keys if key in runs)


def curves_of(runs: Iterable[RunRecord]) -> dict[str, list[Series]]:
    """Our curves by figure, from those of the runs that follow the paper's protocol."""
    chosen: dict[tuple[Any, ...], tuple[tuple[int, int], Series]] = {}
    for run in runs:
        if (recipe := by_the_protocol(run)) is not None:
            same = (recipe.model, recipe.dataset, recipe.images, recipe.setting, recipe.seed)
            for figure, series in _series(recipe, run):
                # Two runs may differ in where they stop or in how often they are evaluated: the
                # one with more points in this figure is drawn, or else the longer one.
                curve = (figure, series["curve"], *same)
                size = (len(series["x"]), len(run.curve["step"]))
                if curve not in chosen or size > chosen[curve][0]:
                    chosen[curve] = (size, {**_panel(recipe), **series})
    found: dict[str, list[Series]] = {}
    for (figure, *_), (_, series) in chosen.items():
        found.setdefault(figure, []).append(series)
    for figure in ("figure-1b", "figure-1c"):
        found[figure] = _with_levels(found.get(figure, []), from_zero=figure == "figure-1b")
    return {figure: series for figure, series in found.items() if series}


def by_the_protocol(run: RunRecord) -> Recipe | None:
    """The recipe of a run that follows the paper's protocol; None for any other."""
    try:
        recipe = Recipe(**run.recipe)
        protocol = paper_recipe(recipe.model, recipe.dataset, "true-labels")
    except (HarnessError, TypeError):
        return None  # A solve, or a custom network.
    differs = set(differing_fields(recipe, protocol)) - FREE
    diverged = run.figures.get("train accuracy") is None
    return None if differs or diverged or not run.curve.get("step") else recipe


def _series(recipe: Recipe, run: RunRecord) -> Iterable[tuple[str, Series]]:
    network = model_spec(recipe.model).paper_name
    if recipe.setting in FIGURE_1A and (points := _points(run, "loss")):
        yield "figure-1a", {"curve": recipe.setting, **_columns(points)}
    if recipe.inputs == "true":
        level = recipe.label_corruption
        name = {"Alexnet": "AlexNet"}.get(network, network)
        if (epochs := _epochs_to_fit(run)) is not None:
            yield "figure-1b", {"curve": name, "x": [level], "y": [epochs]}
        # Against test labels corrupted as the training labels are, if these were scored.
        scored = run.figures.get("corrupted test accuracy", run.figures["test accuracy"])
        error = 1 - (scored if 0 < level < 1 else run.figures["test accuracy"])
        yield "figure-1c", {"curve": name, "x": [level], "y": [error]}
    if recipe.setting == "true labels" and network in FIGURE_2B:
        parts = {part: _points(run, f"{part}_accuracy") for part in ("train", "test")}
        if all(len(points) > 1 for points in parts.values()):
            for part, points in parts.items():
                yield "figure-2b", {"curve": f"{part} {FIGURE_2B[network]}", **_columns(points)}


def _epochs_to_fit(run: RunRecord) -> int | None:
    """As `harness.evidence.corruption.epochs_to_converge` counts them; None if it never fitted."""
    online = [share or 0.0 for share in run.curve.get("online_accuracy", [])]
    if not online or online[-1] < FITTED:
        return None
    return next(epoch for epoch, share in enumerate(online, 1) if online[-1] - share < CONVERGED)


def _points(run: RunRecord, name: str) -> list[tuple[float, float]]:
    """Steps and values of the epochs that have a value."""
    drawn = zip(run.curve["step"], run.curve.get(name, []), strict=False)
    return [(step, value) for step, value in drawn if value is not None]


def _columns(points: list[tuple[float, float]]) -> Series:
    x, y = zip(*points, strict=True)
    return {"x": list(x), "y": list(y)}


def _panel(recipe: Recipe) -> Series:
    data = dataset_spec(recipe.dataset)
    return {
        "network": model_spec(recipe.model).paper_name,
        "dataset": data.title,
        "images": recipe.images,
        "paper": recipe.dataset == "cifar10" and recipe.images == data.train_size,
        "seed": recipe.seed,
    }


def _with_levels(series: list[Series], from_zero: bool) -> list[Series]:
    """The curves over corruption with at least two levels, one of them 0 for ``from_zero``."""
    levels: dict[tuple[str, str, int], set[float]] = {}
    for it in series:
        levels.setdefault((it["curve"], it["dataset"], it["images"]), set()).update(it["x"])
    drawn = {curve for curve, x in levels.items() if len(x) > 1 and (not from_zero or 0.0 in x)}
    return [it for it in series if (it["curve"], it["dataset"], it["images"]) in drawn]
