"""Evidence as sessions leave it, made up: every verdict, every scale, two machines, runs."""

import hashlib
import math
from dataclasses import replace

from harness import __version__
from harness.evidence.catalogue import load_catalogue
from harness.evidence.published import published_row
from harness.evidence.record import Evidence, RunRecord
from harness.report.claim_tests import CLAIMS
from harness.report.sources import Sources
from harness.training.protocol import paper_recipe

CATALOGUE = load_catalogue(CLAIMS / "catalogue.toml")
CPU = {
    "harness": __version__,
    "python": "3.12.1",
    "torch": "2.11.0",
    "processor": "A processor",
    "cores": 2,
    "system": "Linux x86_64",
}
GPU = {**CPU, "processor": "Another processor", "cores": 16, "gpu": "A GPU"}
NASTY = f"<script>alert('x')</script> & \"quotes\" [red] {'unbroken' * 20}"


def record(claim="2.1-fit", check="a check", verdict="supported", control=False, **facts):
    """A line of evidence with what the plugin always fills in."""
    facts = {
        "values": [1.0],
        "unit": "share",
        "interval": [0.99, 1.0],
        "bound": {"kind": "attains", "value": 1.0},
        "source": "Section 2.1",
        "tier": "fast",
        "scale": "scaled",
        "seconds": 2.0,
        "test": f"claims/test_it.py::{check}",
        "expected": not control,
        "command": "pytest claims/test_it.py",
        "replicated": "images within a run",
        "environment": dict(CPU),
        "when": "2026-01-02T03:04:05+00:00",
        **facts,
    }
    return Evidence(claim, check, control, verdict, **facts)


def fit(model, **facts):
    """A check of 2.1-fit that names its cell of Table 1."""
    cell = published_row("table1_cifar10", "train", model=model, labels="random")
    named = {
        "published": cell.value,
        "published_where": cell.where,
        "published_cell": cell.cell,
    }
    return record(check=f"{model}: training accuracy", **{**named, **facts})


def run(model="inception", setting="random-labels", seed=0, epochs=12, **changes):
    """A run whose loss falls from ln 10 to nearly nothing."""
    recipe = paper_recipe(model, changes.pop("dataset", "cifar10"), setting, seed=seed, **changes)
    steps = [recipe.steps_per_epoch * epoch for epoch in range(1, epochs + 1)]
    done = [epoch / epochs for epoch in range(1, epochs + 1)]
    return RunRecord(
        # Not hash(): xdist's workers must agree on the names of tests.
        key=hashlib.sha256(f"{recipe}, {epochs}".encode()).hexdigest()[:16],
        title=str(recipe),
        recipe=recipe.as_dict(),
        figures={
            "train accuracy": 1.0,
            "test accuracy": 0.1,
            "epochs": epochs,
            "epochs to fit": epochs,
        },
        curve={
            "step": steps,
            "loss": [math.log(10) * (1 - 0.99 * share) + 0.02 * seed for share in done],
            "online_accuracy": done,
            "train_accuracy": done,
            "test_accuracy": [0.8 * share for share in done],
        },
        seconds=12.5,
        device="cpu",
        precision="fp32",
        finished="2026-01-02T03:00:00+00:00",
        environment=dict(CPU),
    )


def sources():
    """A little of everything."""
    runs = [run(seed=seed, epochs=12 + seed) for seed in (0, 1)]
    runs += [run(setting="true-labels"), run("inception-without-batchnorm", "true-labels")]
    runs += [run("mlp-1x512", f"corrupted-{p}", epochs=9 + round(9 * p)) for p in (0.2, 0.6)]
    runs += [run("mlp-1x512", "true-labels", epochs=8)]
    runs += [run("mlp-3x512", dataset="digits", train_size=256)]
    keys = [run.key for run in runs]
    full = {"tier": "gpu_full", "scale": "paper", "environment": GPU}
    records = [
        fit("Inception", runs=keys[:2], values=[1.0, 0.99], **full),
        fit("MLP 3x512", runs=keys[-1:]),
        fit("MLP 1x512", verdict="refuted", values=[0.5], interval=[0.45, 0.55], runs=["f" * 16]),
        record(check="c1", control=True, verdict="refuted", runs=keys[:1]),
        record(check="c2", control=True, verdict="supported"),
        record("2.1-time-grows", "levels", runs=keys[2:], **full),
        record("2.1-chance", NASTY, "inconclusive", reason=NASTY, source=NASTY),
        record("4-weights", "the norm", "refuted", expected=False, scale="exact"),
        record("A-params", "ended before it judged", "not run", values=[], reason="out of order"),
        *[record("A-protocol", f"number {i}", scale="exact") for i in range(25)],
        record(
            "4-lemma1-rank",
            "a figure",
            figure={
                "name": "lemma1-interleaving",
                "data": {"points": [1.0, 2.0], "breakpoints": [0.5, 1.5]},
            },
        ),
    ]
    return Sources(records, {it.key: it for it in runs})


def written(folder, *records, runs=(), extra=""):
    """An evidence file with these lines."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "evidence.jsonl"
    lines = [it.to_line() for it in [*records, *runs]]
    path.write_text("\n".join(lines) + "\n" + extra, encoding="utf-8")
    return path


def of_version(it, version):
    """The same record from another version of the harness."""
    return replace(it, environment={**it.environment, "harness": version})
