"""The results page: what was measured at the paper's size, from the records alone, as Markdown.

``python -m harness runs page`` writes ``fixtures/records/README.md`` and its figures from the
records and from their judgement, ``evidence.jsonl``, which a session with ``--recorded`` has left.
"""

import itertools
import math
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.evidence.catalogue import Claim
from harness.evidence.corruption import CONVERGED, FITTED, epochs_to_converge
from harness.evidence.formatting import measured, notices, quantity
from harness.evidence.published_figures import published_epochs, published_figure
from harness.evidence.record import Evidence, read_evidence, run_record
from harness.files import write_atomically
from harness.linear.recipe import ConvNetRecipe
from harness.models.registry import model_spec
from harness.report.claim_tests import claim_tests
from harness.report.curves import paper_figures
from harness.report.drawings import FIGURES, figures_as_svg, standalone
from harness.report.page import SYMBOLS, template
from harness.report.tables import Cell, PaperTable, paper_tables
from harness.report.verdicts import claim_verdicts, counts_in_words, verdict_words
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
            reached = {level: it for level, it in ours.items() if it and math.isfinite(it)}
            apart = [it - theirs[level] for level, it in reached.items()]
            error = math.sqrt(sum(it * it for it in apart) / len(apart)) if apart else math.nan
            never = len(ours) - len(reached)
            error_words = f"{error:.1f} epochs" + f", never at {never} levels" * bool(never)
            cells = [f"{reached[level]:g}" if level in reached else "–" for level in theirs]
            rows.append([f"{criterion} ({error_words})", *cells])
        tables.append((head, rows))
    return tables


EVIDENCE, PAGE = "evidence.jsonl", "README.md"
SEEN = {
    "figure-1a": "In the paper random labels start last, and then are learned as quickly.",
    "figure-1b": "The more labels are corrupted, the longer fitting takes, by a small factor.",
    "figure-1c": "The test error rises with the share of corrupted labels, up to chance at 90 %.",
    "figure-2a": "On ImageNet the unregularised network is best before its end.",
    "figure-2b": "With BatchNorm the curves are smoother and end a few points higher.",
}


def write_results(records: Records, catalogue: Mapping[str, Claim]) -> list[Path]:
    """Write the page and its figures into the records' folder; return their paths."""
    folder = records.folder
    evidence, _ = read_evidence(folder / EVIDENCE)
    runs = {run.key: run_record(run) for run in records.by_path.values()}
    drawn = figures_as_svg(evidence, paper_figures(evidence, runs))
    written = []
    for name, svg in drawn.items():
        path = folder / "figures" / f"{name}.svg"
        write_atomically(path, standalone(svg, name, FIGURES[name].caption).encode())
        written.append(path)
    for path in folder.glob("figures/*.svg"):
        if path not in written:
            path.unlink()
    text = results_page(records, evidence, catalogue, list(drawn))
    write_atomically(folder / PAGE, text.encode())
    return [folder / PAGE, *written]


def results_page(
    records: Records,
    evidence: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    figures: Sequence[str],
) -> str:
    """The page's text; ``figures`` are the names of those beside it."""
    runs = records.by_path.values()
    machines = machines_by_letter(records)
    letters = {run.key: machines[machine_of_run(run)] for run in runs}
    verdicts = claim_verdicts(evidence)
    at_papers_size = {record.claim for record in evidence if record.scale != "scaled"}
    trainings = sum(isinstance(run, Run) for run in runs)
    return template("results.md").render(
        days=sorted({run.finished[:10] for run in runs}),
        trainings=trainings,
        solves=len(runs) - trainings,
        counts=Counter(verdicts.values()),
        counts_in_words=counts_in_words,
        catalogue=catalogue,
        machines=machines,
        claims=[
            (
                claim.id,
                claim.sentence,
                f"{SYMBOLS[verdicts[claim.id]]} {verdicts[claim.id]}"
                + ", at reduced scale" * (claim.id not in at_papers_size),
            )
            for claim in catalogue.values()
            if claim.id in verdicts
        ],
        tables=[_table(table, letters) for table in paper_tables(evidence)],
        solved=solve_rows(records, letters),
        epochs=epochs_tables(records),
        corrupted=corruption_rows(records, letters),
        figures=figures,
        drawings=FIGURES,
        seen=SEEN,
        undrawn=[name for name in SEEN if name not in figures],
        findings=_findings(evidence),
        missing=list(_missing(evidence, catalogue)),
    )


def _table(
    table: PaperTable, letters: Mapping[str, str]
) -> tuple[PaperTable, str, int, int, list[str], list[list[str]]]:
    """The table, how its numbers agree, how many are measured, of how many, its head, its rows."""
    numbers = [cell for cell in table.cells if cell.claim and cell.claim[0] != "A"]
    ours = [cell.of_its_claim[0].agreement for cell in numbers if cell.ours]
    counted = ", ".join(f"{ours.count(it)} {it}" for it in AGREEMENTS if it in ours)
    counted = counted.replace("differs", "differ") if ours.count("differs") > 1 else counted
    rows = []
    for heading, lines in table.groups.items():
        rows.append([f"**{heading}**", *[""] * 2 * len(table.columns)])
        for title, cells in lines:
            pairs = [(_published(part), _ours(part, letters)) for part in cells]
            rows.append([title, *(cell for pair in pairs for cell in pair)])
    head = ["", *(cell for column in table.columns for cell in (f"{column}: paper", "ours"))]
    return table, counted, len(ours), len(numbers), head, rows


AGREEMENTS = {"reproduced": "=", "better": "↑", "differs": "≠", "too coarse": "?"}
_SPACE = "\u00a0"
"""Keeps a number and its unit on one line."""


def _published(cells: Sequence[Cell]) -> str:
    printed = [cell.published.replace(" ", _SPACE) for cell in cells]
    remarks = [f"<br>{cell.remark}" for cell in cells if cell.remark]
    return " ".join([*printed[:1], *(f"({it})" for it in printed[1:]), *remarks]) or "–"


def _ours(cells: Sequence[Cell], letters: Mapping[str, str]) -> str:
    """Each measurement once, with its verdict; several are one below the other."""
    if not cells:
        return "–"
    shown: dict[str, None] = {}
    for record in (it for cell in cells for it in cell.of_its_claim):
        made = "; ".join(dict.fromkeys(letters[key] for key in record.runs))
        symbol = AGREEMENTS.get(record.agreement, SYMBOLS[verdict_words(record)])
        number = f"{symbol} {measured(record)}".replace(" ", _SPACE)
        seen = f"<br><sub>would notice {notices(record)}</sub>" if notices(record) else ""
        shown[f"{number} <sub>{made}</sub>{seen}"] = None
    return "<br>".join(shown) or ("not judged" if any(cell.claim for cell in cells) else "cited")


def _findings(evidence: Iterable[Evidence]) -> dict[tuple[str, str], dict[str, None]]:
    """What is not supported, by claim and reason."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for record in evidence:
        wrong = verdict_words(record) in ("does not reproduce", "refuted", "inconclusive")
        if wrong and not record.control:
            reason = record.reason or "".join(record.notes[:1])
            check = f"{record.check}: {measured(record)}"
            found.setdefault((record.claim, reason), {})[check] = None
    return found


def _missing(
    evidence: Sequence[Evidence], catalogue: Mapping[str, Claim]
) -> Iterator[tuple[str, str]]:
    """Claims and the commands of their tests at the paper's size that have no record."""
    judged = {(record.test.partition("[")[0], record.tier) for record in evidence}
    for claim in catalogue:
        for test in claim_tests():
            tiers = [tier for tier in test.at_papers_size if tier != "fast"]
            done = any((test.node, tier) in judged for tier in tiers)
            if test.claim == claim and tiers and not test.control and not done:
                yield claim, test.command(tiers[0])
