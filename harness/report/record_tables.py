"""Tables of the results page from the records alone: machines, Section 5, Figure 1b, labels."""

import itertools
import math
import string
from collections.abc import Callable, Mapping

from harness.evidence.corruption import CONVERGED, FITTED, epochs_to_converge
from harness.evidence.formatting import quantity
from harness.evidence.published import published_figure
from harness.evidence.published_figures import published_epochs
from harness.linear.recipe import ConvNetRecipe
from harness.models.registry import model_spec
from harness.runs.records import Records, device_kind, machine_of, precision_of
from harness.runs.run import Run
from harness.runs.solve import Solve


def machines_by_letter(records: Records) -> dict[str, str]:
    """A letter for each machine, precision, commit and day."""
    every = dict.fromkeys(map(_made_on, records.by_path.values()))
    letters = string.ascii_uppercase
    named = (letters[place % 26] + str(place // 26) * (place > 25) for place in range(len(every)))
    return dict(zip(every, named, strict=True))


def _made_on(run: Run | Solve) -> str:
    facts = run.environment
    made_by = f", commit {facts['commit']}" if facts.get("commit") else ""
    versions = f"PyTorch {facts['torch']}{made_by}, {run.finished[:10]}"
    return f"{machine_of(run)}, {precision_of(run)}, {versions}"


def letter_of(run: Run | Solve, machines: Mapping[str, str]) -> str:
    """The letter of the machine that made a run; see `machines_by_letter`."""
    return machines[_made_on(run)]


def solves_table(records: Records, machines: Mapping[str, str]) -> str:
    """Section 5 in numbers that no table of the paper has."""
    rows = []
    for run in records.by_path.values():
        if not isinstance(run, Solve):
            continue
        facts = run.outcome.facts
        time = (
            f"{run.seconds / 60:.0f} min ({run.environment['cpu_seconds'] / 60:.0f} core minutes)"
        )
        residual = facts.get("worst_residual") or (facts.get("residuals") or [None])[-1]
        for fit in run.outcome.fits:
            ends = facts.get("spectrum_ends")
            ends = ends.get(fit.label) if isinstance(ends, dict) else ends
            spectrum = f"{ends[0]:.2g} to {ends[1]:.3g}" if ends else "–"
            convolved = isinstance(run.recipe, ConvNetRecipe)
            name = run.recipe.source if convolved else run.recipe.features
            rows.append(
                f"| {run.recipe.dataset}, {name} | {fit.label} |"
                f" {quantity(fit.test_error, 'share')} | {fit.norm:.4g} | {spectrum} |"
                f" {residual:.1g} | {facts['peak_bytes'] / 1e9:.1f} GB |"
                f" {time} | {letter_of(run, machines)} |"
            )
    if not rows:
        return ""
    head = (
        "| | labels, or filters and ridge | test error | norm | eigenvalues | residual | memory |"
    )
    return "\n".join(
        [
            "## Section 5 in numbers",
            "",
            "The norm is that of the kernel's space over all ten outputs, or of all weights. The"
            " smallest eigenvalue is that of the factored matrix, to the factor's rounding.",
            "",
            f"{head} time | |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


def corruption_table(records: Records, machines: Mapping[str, str]) -> str:
    """What became of the corrupted labels, by network and level."""
    runs = [
        run
        for run in records.by_path.values()
        if isinstance(run, Run)
        and run.outcome.corrupted_total
        and run.recipe.inputs == "true"
        and not run.recipe.regularizers
    ]
    rows = []
    for run in sorted(runs, key=lambda it: (it.recipe.model, it.recipe.label_corruption)):
        outcome, curve = run.outcome, run.curve
        wrong = outcome.corrupted_total
        seen = max(curve.online_true_corrupted, default=None)
        rows.append(
            f"| {model_spec(run.recipe.model).paper_name} | {run.recipe.label_corruption:g} |"
            f" {wrong:,} | {_percent(outcome.train_accuracy)} |"
            f" {outcome.corrupted_true_correct:,} | {_percent(seen) if seen else '–'} |"
            f" {_percent(outcome.test_accuracy)} | {curve.epochs} | {letter_of(run, machines)} |"
        )
    if not rows:
        return ""
    return "\n".join(
        [
            "## What becomes of the corrupted labels",
            "",
            "Before they are memorised, many of the images with a corrupted label are taken for"
            " their true class; at the end hardly any.",
            "",
            "| network | p | corrupted labels | labels fitted | corrupted images given their true"
            " class at the end | largest share of them in an epoch | test accuracy | epochs | |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
        ]
    )


CRITERIA: dict[str, Callable[[Run], float | None]] = {
    f"online accuracy within {100 * CONVERGED:g} point of its last": epochs_to_converge,
    "online accuracy 98.6 %": lambda run: run.outcome.epochs_until(0.986),
    f"online accuracy {100 * FITTED:g} %": lambda run: run.outcome.epochs_until(FITTED),
    "mean loss below 0.05": lambda run: next(
        (epoch for epoch, loss in enumerate(run.curve.loss, 1) if loss < 0.05), None
    ),
}
"""What Figure 1b may have counted, in words, and the epochs that a run takes by it."""


def epochs_table(records: Records) -> str:
    """Figure 1b in epochs: the paper's, and ours by several criteria."""
    parts = []
    curves = published_figure("fig1b")["curves"]
    for name, kind in itertools.product(curves, ("cpu", "cuda")):
        model = {"AlexNet": "alexnet", "Inception": "inception", "MLP 1x512": "mlp-1x512"}[name]
        runs = {
            run.recipe.label_corruption: run
            for run in records.by_path.values()
            if isinstance(run, Run)
            and (run.recipe.model, run.recipe.inputs) == (model, "true")
            and run.recipe.stop_at_zero_error
            and (run.recipe.seed, run.recipe.train_size) == (0, None)
            and not run.recipe.regularizers
            and device_kind(run) == kind
        }
        if len(runs) < 2:
            continue
        theirs = published_epochs(name)
        rows = [("p", [f"{level:g}" for level in theirs]), ("the paper", list(theirs.values()))]
        for words_, count in CRITERIA.items():
            found = [count(runs[level]) if level in runs else None for level in theirs]
            pairs = zip(found, theirs.values(), strict=True)
            apart = [it - other for it, other in pairs if it is not None]
            known = [level for level in theirs if level in runs]
            missing = len(known) - len(apart)
            error = math.sqrt(sum(it * it for it in apart) / len(apart)) if apart else math.nan
            told = f"{error:.1f} epochs" + f", never at {missing} levels" * bool(missing)
            rows.append((f"{words_} ({told})", ["–" if it is None else f"{it:g}" for it in found]))
        head, *rest = rows
        parts.append(
            "\n".join(
                [
                    f"| {name}{', on a GPU' * (kind == 'cuda')} |{' | '.join(head[1])} |",
                    f"|---|{'---|' * len(theirs)}",
                    *(f"| {title} | {' | '.join(map(str, cells))} |" for title, cells in rest),
                ]
            )
        )
    if not parts:
        return ""
    return "\n\n".join(
        [
            "## Figure 1b in epochs: what did it count?",
            "The paper does not say when a training set counts as fitted. Its ordinates are whole"
            " epochs over those at p = 0, which gives the epochs themselves. Below, ours by several"
            " criteria (root mean square of the difference in parentheses). The first was found by"
            " a search over eleven kinds of criterion and their thresholds on MLP 1x512's own"
            " curve, so that its agreement there is a fit. Other networks will show whether it is"
            " more.",
            *parts,
        ]
    )


def _percent(share: float) -> str:
    return quantity(share, "share")
