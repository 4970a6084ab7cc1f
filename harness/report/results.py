"""The results page: what was measured at the paper's size, from the records alone, as Markdown.

``python -m harness runs page`` writes it: ``fixtures/records/README.md`` and its figures, from the
records and from ``evidence.jsonl`` beside them, which a session with ``--recorded`` has left.
"""

import itertools
import math
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from harness.evidence.catalogue import Claim
from harness.evidence.corruption import CONVERGED, FITTED, epochs_to_converge
from harness.evidence.published import published_figure
from harness.evidence.published_figures import published_epochs
from harness.evidence.record import Evidence, read_evidence
from harness.evidence.run_record import run_record
from harness.evidence.words import quantity
from harness.files import write_atomically
from harness.linear.recipe import ConvNetRecipe
from harness.models.registry import model_spec
from harness.report import words
from harness.report.curves import paper_figures
from harness.report.figures import FIGURES, figures_as_svg
from harness.report.index import claim_tests
from harness.report.inline import standalone
from harness.report.tables import Cell, PaperTable, paper_tables
from harness.report.verdicts import claim_verdicts, told_counts, verdict_words
from harness.runs.records import Records, device_kind, machine_of, precision_of
from harness.runs.run import Run
from harness.runs.solve import Solve

EVIDENCE, PAGE = "evidence.jsonl", "README.md"
SYMBOLS = {
    "supported": "✓ supported",
    "refuted": "✗ refuted",
    "inconclusive": "? inconclusive",
    "does not reproduce": "≠ does not reproduce",
}
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
    curves = paper_figures(evidence, runs)
    drawn = figures_as_svg(evidence, {name: curves.get(name, []) for name in SEEN})
    drawn = {name: svg for name, svg in drawn.items() if curves.get(name) or name not in SEEN}
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
    """The page's text."""
    machines, every = _machines(records), records.by_path.values()
    parts = [_opening(records, evidence, catalogue, machines)]
    where = {run.key: _letter(run, machines) for run in every}
    parts += [_table(table, where) for table in paper_tables(evidence)]
    parts += [_solves(records, machines), _epochs(records), _corruption(records, machines)]
    parts += [_figures(figures), _findings(evidence), _missing(evidence, catalogue)]
    return "\n\n".join(filter(None, parts)) + "\n"


def _machines(records: Records) -> dict[str, str]:
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


def _letter(run: Run | Solve, machines: Mapping[str, str]) -> str:
    return machines[_made_on(run)]


def _opening(
    records: Records,
    evidence: Sequence[Evidence],
    catalogue: Mapping[str, Claim],
    machines: Mapping[str, str],
) -> str:
    runs = records.by_path.values()
    trained = sum(isinstance(run, Run) for run in runs)
    counts = Counter(claim_verdicts(evidence).values())
    days = sorted({run.finished[:10] for run in runs})
    when = f"from {days[0]} to {days[-1]}" if len(days) > 1 else f"on {''.join(days)}"
    listed = [f"- **{letter}**: {name}" for name, letter in machines.items()]
    rows = [
        f"| {claim.id} | {claim.sentence} | {SYMBOLS[verdict]} |"
        for claim in catalogue.values()
        if (verdict := claim_verdicts(evidence).get(claim.id))
    ]
    return "\n".join(
        [
            "# What was measured at the paper's size",
            "",
            f"Recorded {when}: {trained} trainings of networks and {len(runs) - trained} linear"
            " models, each solved exactly."
            if days
            else "Nothing is recorded yet.",
            f"From them {counts.total()} of {len(catalogue)} claims are judged:"
            f" {told_counts(counts)}.",
            "To judge them again, without data or a GPU: `./ci/claims cpu_full --recorded`. This"
            " page is generated by `python -m harness runs page`.",
            "",
            "✓: supported. ≠: does not reproduce, for a reason given below. Letters name machines:",
            "",
            *listed,
            "",
            "| claim | | verdict |",
            "|---|---|---|",
            *rows,
        ]
    )


def _table(table: PaperTable, where: Mapping[str, str]) -> str:
    heads = "".join(f" {column}: paper | ours |" for column in table.columns)
    lines = [f"| |{heads}", f"|---|{'---|---|' * len(table.columns)}"]
    for heading, _, rows in table.groups:
        lines.append(f"| **{heading}** |{' | |' * len(table.columns)}")
        for row in rows:
            cells = "".join(f" {_published(part)} | {_ours(part, where)} |" for part in row.cells)
            lines.append(f"| {row.title} |{cells}")
    measured = sum(bool(cell.ours) for cell in table.cells if cell.claim and cell.claim[0] != "A")
    total = sum(bool(cell.claim) and cell.claim[0] != "A" for cell in table.cells)
    counted = f"{measured} of {total} numbers are measured."
    if not measured:
        # Folded away: only published numbers stand in it.
        lines = ["<details><summary>The published numbers</summary>", "", *lines, "", "</details>"]
    return "\n".join([f"## {table.title}", "", counted, "", *lines])


_TIED = "\u00a0"


def _tied(number: str) -> str:
    """With its unit on one line."""
    return number.replace(" ", _TIED)


def _published(cells: Sequence[Cell]) -> str:
    printed = [_tied(cell.published) for cell in cells]
    told = [f"({it})" if place else it for place, it in enumerate(printed)]
    remarks = [f"<br>{cell.remark}" for cell in cells if cell.remark]
    return " ".join([*told, *remarks]) or "–"


def _ours(cells: Sequence[Cell], where: Mapping[str, str]) -> str:
    """Each measurement once, with its verdict; where there are several, one below the other."""
    told: dict[str, None] = {}
    for record in (record for cell in cells for record in cell.ours):
        made = "; ".join(dict.fromkeys(where[key] for key in record.runs))
        sign = SYMBOLS[verdict_words(record)].partition(" ")[0]
        told[f"{sign}{_TIED}{_tied(words.measured(record))} <sub>{made}</sub>"] = None
    if not cells:
        return "–"
    return "<br>".join(told) or ("not judged" if any(cell.claim for cell in cells) else "cited")


def _solves(records: Records, machines: Mapping[str, str]) -> str:
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
                f" {time} | {_letter(run, machines)} |"
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


def _corruption(records: Records, machines: Mapping[str, str]) -> str:
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
            f" {_percent(outcome.test_accuracy)} | {curve.epochs} | {_letter(run, machines)} |"
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


def _epochs(records: Records) -> str:
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
            " a search over some fifteen kinds of criterion and their thresholds on MLP 1x512's own"
            " curve, so that its agreement there is a fit. Other networks will show whether it is"
            " more.",
            *parts,
        ]
    )


def _percent(share: float) -> str:
    return quantity(share, "share")


def _figures(names: Sequence[str]) -> str:
    lines = ["## Figures", "", "The paper's curves are dashed, ours solid."]
    for name in names:
        caption = FIGURES[name].caption
        told = SEEN.get(name)
        lines += ["", f"![{caption}](figures/{name}.svg)", "", caption + (f" {told}" * bool(told))]
    missing = [name for name in SEEN if name not in names]
    if missing:
        lines += ["", f"Not recorded yet: {', '.join(map(_figure_name, missing))}."]
    return "\n".join(lines)


def _figure_name(name: str) -> str:
    return name.replace("figure-", "Figure ")


def _findings(evidence: Iterable[Evidence]) -> str:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for record in evidence:
        wrong = verdict_words(record) in ("does not reproduce", "refuted", "inconclusive")
        if wrong and not record.control:
            reason = record.reason.partition("\n")[0]
            measured = f"{record.check}: {words.measured(record)}"
            found.setdefault((record.claim, reason), {})[measured] = None
    rows = [
        f"- **{claim}**. {'; '.join(checks)}. {reason[:1].upper()}{reason[1:]}."
        for (claim, reason), checks in found.items()
    ]
    return "\n".join(["## What does not reproduce", "", *rows]) if rows else ""


def _missing(evidence: Sequence[Evidence], catalogue: Mapping[str, Claim]) -> str:
    """Tests at the paper's size of which nothing is recorded, and the commands that measure."""
    judged = {(record.test.partition("[")[0], record.tier) for record in evidence}
    lines = [
        "## What is missing",
        "",
        'Cells that say "not judged" lack some of the runs of their tests. To make these and keep'
        " them (TIER is cpu_full; gpu_full, with --device cpu where there is no GPU; or imagenet):",
        "",
        "```",
        "pytest -m TIER --data-root DIR",
        "python -m harness runs record --all",
        "python -m harness runs page",
        "```",
        "",
        "Of these tests no run, or not every one, is recorded:",
        "",
    ]
    for test in claim_tests()[0]:
        tiers = [tier for tier in test.tiers if tier != "fast"]
        if test.control or any((test.node, tier) in judged for tier in tiers) or not tiers:
            continue
        lines.append(f"- {test.claim}: `{test.command(tiers[0])}`")
    return "\n".join(lines)
