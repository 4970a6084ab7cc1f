"""Rows of the results page from the records alone: machines, Section 5, Figure 1b, labels."""

import itertools
import math
import string
from collections.abc import Callable, Mapping

from harness.evidence.corruption import CONVERGED, FITTED, epochs_to_converge
from harness.evidence.formatting import quantity
from harness.evidence.published_figures import published_epochs, published_figure
from harness.linear.recipe import ConvNetRecipe
from harness.models.registry import model_spec
from harness.runs.records import Records
from harness.runs.run import Run, Solve

Table = tuple[list[str], list[list[str]]]
"""Head and rows."""


def machines_by_letter(records: Records) -> dict[str, str]:
    """A letter for each machine, precision, commit and day."""
    machines = dict.fromkeys(map(machine_of_run, records.by_path.values()))
    letters = string.ascii_uppercase
    names = (letters[i % 26] + str(i // 26) * (i > 25) for i in range(len(machines)))
    return dict(zip(machines, names, strict=True))


def machine_of_run(run: Run | Solve) -> str:
    """Machine, precision, PyTorch's version, commit and day of a run."""
    commit = run.environment.get("commit")
    versions = f"PyTorch {run.environment['torch']}" + (f", commit {commit}" if commit else "")
    return f"{run.machine}, {run.precision}, {versions}, {run.finished[:10]}"


def solve_rows(records: Records, letters: Mapping[str, str]) -> list[list[str]]:
    """Section 5 in numbers that no table of the paper has; ``letters`` of machines, by run."""
    rows = []
    for run in records.by_path.values():
        if not isinstance(run, Solve):
            continue
        facts, recipe = run.outcome.facts, run.recipe
        name = recipe.source if isinstance(recipe, ConvNetRecipe) else recipe.features
        residual = facts.get("worst_residual") or facts["residuals"][-1]
        minutes, core_minutes = run.seconds / 60, run.environment["cpu_seconds"] / 60
        for fit in run.outcome.fits:
            ends = facts.get("spectrum_ends")
            ends = ends.get(fit.label) if isinstance(ends, dict) else ends
            rows.append(
                [
                    f"{recipe.dataset}, {name}",
                    fit.label,
                    quantity(fit.test_error, "share"),
                    f"{fit.norm:.4g}",
                    f"{ends[0]:.2g} to {ends[1]:.3g}" if ends else "–",
                    f"{residual:.1g}",
                    f"{facts['peak_bytes'] / 1e9:.1f} GB",
                    f"{minutes:.0f} min ({core_minutes:.0f} core minutes)",
                    letters[run.key],
                ]
            )
    return rows


def corruption_rows(records: Records, letters: Mapping[str, str]) -> list[list[str]]:
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
        largest = max(curve.online_true_corrupted, default=None)
        rows.append(
            [
                model_spec(run.recipe.model).paper_name,
                f"{run.recipe.label_corruption:g}",
                f"{outcome.corrupted_total:,}",
                quantity(outcome.train_accuracy, "share"),
                f"{outcome.corrupted_true_correct:,}",
                quantity(largest, "share") if largest else "–",
                quantity(outcome.test_accuracy, "share"),
                str(curve.epochs),
                letters[run.key],
            ]
        )
    return rows


CRITERIA: dict[str, Callable[[Run], float | None]] = {
    f"online accuracy within {100 * CONVERGED:g} point of its last": epochs_to_converge,
    "online accuracy 98.6 %": lambda run: run.outcome.epochs_until(0.986),
    f"online accuracy {100 * FITTED:g} %": lambda run: run.outcome.epochs_until(FITTED),
    "mean loss below 0.05": lambda run: next(
        (epoch for epoch, loss in enumerate(run.curve.loss, 1) if loss < 0.05), None
    ),
}
"""What Figure 1b may have counted, and the epochs that a run takes by it."""
FIGURE_1B = {"AlexNet": "alexnet", "Inception": "inception", "MLP 1x512": "mlp-1x512"}


def epochs_tables(records: Records) -> list[Table]:
    """Figure 1b in epochs: the paper's, and ours by several criteria; a table a network."""
    tables = []
    for name, kind in itertools.product(published_figure("fig1b")["curves"], ("cpu", "cuda")):
        runs = {
            run.recipe.label_corruption: run
            for run in records.by_path.values()
            if isinstance(run, Run)
            and (run.recipe.model, run.recipe.inputs) == (FIGURE_1B[name], "true")
            and run.recipe.stop_at_zero_error
            and (run.recipe.seed, run.recipe.train_size) == (0, None)
            and not run.recipe.regularizers
            and run.device_kind == kind
        }
        if len(runs) < 2:
            continue
        theirs = published_epochs(name)
        head = [f"{name}{', on a GPU' * (kind == 'cuda')}", *(f"{level:g}" for level in theirs)]
        rows = [["the paper", *map(str, theirs.values())]]
        for criterion, count in CRITERIA.items():
            ours = {level: count(runs[level]) for level in theirs if level in runs}
            reached = {level: it for level, it in ours.items() if it is not None}
            apart = [it - theirs[level] for level, it in reached.items()]
            error = math.sqrt(sum(it * it for it in apart) / len(apart)) if apart else math.nan
            never = len(ours) - len(reached)
            error_words = f"{error:.1f} epochs" + f", never at {never} levels" * bool(never)
            cells = [f"{reached[level]:g}" if level in reached else "–" for level in theirs]
            rows.append([f"{criterion} ({error_words})", *cells])
        tables.append((head, rows))
    return tables
