"""Rules for the claims: catalogued ids, controls, expected failures, published numbers."""

import ast
import json
import subprocess
import sys

import pytest

from harness.evidence.catalogue import load_catalogue
from harness.evidence.published import PAPER
from harness.plugin.experiments import TIERS
from harness.plugin.options import CLAIMS
from harness.tests.plugin_helpers import PLUGINS, clean_environment

CATALOGUE = load_catalogue(CLAIMS / "catalogue.toml")
PROBE = """
import json, os, sys

def pytest_collection_finish(session):
    from harness.plugin.tiers import claim_of, tier_of
    from harness.plugin.experiments import below_papers_size, work_of
    tests = []
    for item in session.items:
        claim, control = claim_of(item)
        xfail, baseline = map(item.get_closest_marker, ("xfail", "baseline"))
        tests.append({
            "test": item.nodeid, "baseline": baseline and baseline.args[0],
            "claim": claim, "control": control, "tier": tier_of(item),
            "runs": len(set(work_of(item))), "scaled": bool(below_papers_size(work_of(item))),
            "xfail": None if xfail is None else {
                "raises": getattr(xfail.kwargs.get("raises"), "__name__", ""),
                "strict": xfail.kwargs.get("strict", False),
                "reason": xfail.kwargs.get("reason", ""),
            },
        })
    with open(os.environ["PROBE"], "w") as file:
        json.dump({"tests": tests, "torch": "torch" in sys.modules}, file)
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The tests of the claims at all tiers, as pytest collects them in another process."""
    folder = tmp_path_factory.mktemp("probe")
    (folder / "claims_probe.py").write_text(PROBE)
    plugins = [f"-p{name}" for name in (*PLUGINS, "claims_probe", "no:cacheprovider")]
    command = [sys.executable, "-m", "pytest", str(CLAIMS), "--collect-only", "-q", *plugins]
    environment = clean_environment(folder)
    environment |= {"PYTHONPATH": str(folder), "PROBE": str(folder / "collected.json")}
    done = subprocess.run(
        [*command, "-m", " or ".join(TIERS)],
        cwd=CLAIMS.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    return json.loads((folder / "collected.json").read_text())


PINNED = """\
# The tests of each tier: claim, test, number of runs (trainings or solves; scaled: not all have the
# paper's size), expected failures.
# A change of this file is a change of what the suite claims.
# Write it anew with: pytest harness/tests/project/test_catalogue_rules.py --force-regen
"""


def test_the_tests_of_each_tier_are_the_reviewed_ones(collected, file_regression):
    lines = []
    for test in collected["tests"]:
        about = f"control of {test['claim']}" if test["control"] else test["claim"] or "baseline"
        known = ", expected failure" if test["xfail"] else ""
        runs = f"{test['runs']} run{'s' * (test['runs'] != 1)}{', scaled' * test['scaled']}"
        name = test["test"].removeprefix("claims/")
        lines.append((TIERS.index(test["tier"]), f"{test['tier']}  {about}  {name}  {runs}{known}"))
    text = PINNED + "".join(f"{line}\n" for _, line in sorted(lines))
    file_regression.check(text, fullpath=CLAIMS.parent / "fixtures" / "tiers.txt")


def test_a_python_without_assertions_only_warns():
    """pytest warns of what it leaves out, and other warnings are errors."""
    command = [sys.executable, "-O", "-m", "pytest", "--markers", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=CLAIMS.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_collection_imports_no_torch(collected):
    assert len(collected["tests"]) > 50
    assert not collected["torch"]


def test_every_test_has_a_catalogued_claim_or_is_a_baseline(collected):
    named = {test["claim"] for test in collected["tests"]} - {""}
    assert named <= set(CATALOGUE)
    assert all(test["claim"] or test["baseline"] for test in collected["tests"])


def test_every_baseline_has_a_test(collected):
    used = {(test["tier"], test["baseline"]) for test in collected["tests"]}
    files = (CLAIMS.parent / "fixtures" / "baselines").rglob("*.csv")
    assert {(it.parent.parent.name, it.stem) for it in files} <= used


def test_every_claim_has_a_control_in_its_lowest_tier_or_is_an_identity(collected):
    lowest = {True: {}, False: {}}
    for test in sorted(collected["tests"], key=lambda it: TIERS.index(it["tier"])):
        if test["claim"]:
            lowest[test["control"]].setdefault(test["claim"], test["tier"])
    controlled, written = lowest[True], lowest[False]
    identities = {claim.id for claim in CATALOGUE.values() if claim.identity}
    assert set(written) - set(controlled) == identities - set(controlled)
    assert {it: written[it] for it in controlled} == controlled


def test_an_expected_failure_comes_from_a_verdict_and_gives_its_reason(collected):
    for test in collected["tests"]:
        if test["xfail"] is not None:
            assert test["xfail"]["raises"] == "ClaimNotSupported", test["test"]
            assert test["xfail"]["strict"], test["test"]
            assert len(test["xfail"]["reason"].split()) >= 5, test["test"]


SOURCES = sorted(CLAIMS.rglob("*.py"))


def has_only_numbers(node):
    allowed = (ast.Constant, ast.UnaryOp, ast.BinOp, ast.operator, ast.unaryop)
    parts = list(ast.walk(node))
    constants = [part.value for part in parts if isinstance(part, ast.Constant)]
    return all(isinstance(part, allowed) for part in parts) and any(
        type(value) in (int, float) for value in constants
    )


def written_out(tree):
    """Lines in which a published value is a number in the source."""
    lines = []
    for node in ast.walk(tree):
        values = []
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            values = [it.value for it in node.keywords if (it.arg or "").startswith("published")]
            values += node.args[:1] if name == "Published" else []
            values += node.args[2:3] if name == "judge" else []
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            values = [node.value] if node.targets[0].id.lower().startswith("published") else []
        lines += [node.lineno for value in values if has_only_numbers(value)]
    return lines


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_published_numbers_come_from_the_fixtures(path):
    assert written_out(ast.parse(path.read_text(encoding="utf-8"))) == []


def numbers(value):
    """All numbers of a JSON document, as they are and divided by 100."""
    if isinstance(value, dict | list):
        entries = value.values() if isinstance(value, dict) else value
        return set().union(*map(numbers, entries))
    return {value, round(value / 100, 6)} if type(value) in (int, float) else set()


def test_no_number_of_the_tables_is_in_the_source_of_a_claim():
    """Only numbers of four digits and more: others may be there by chance."""
    tables = json.loads((PAPER / "tables.json").read_text(encoding="utf-8"))
    known = {n for n in numbers(tables) if len(f"{n:.10g}".replace("0.", "").strip("0.")) >= 4}
    assert {0.9934, 1649402} <= known
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and type(node.value) in (int, float):
                assert node.value not in known, f"{path.name}:{node.lineno}"


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("judge(measured, check, 0.9934)", True),
        ("judge_fit(judge, trial, published=-99.34 / 100)", True),
        ("PUBLISHED = 0.9934", True),
        ("judge(measured, check, Published(0.9934, 'Table 1', 'share'))", True),
        ("judge(measured, Equals(1, source='x'), published_row('t', 'f'))", False),
        ("judge(measured, check, published)", False),
        ("published = published_row('t', 'f').value * 2", False),
        ("fast(0, 1, 2)", False),
    ],
)
def test_the_rule_about_published_numbers_can_be_broken(source, broken):
    assert bool(written_out(ast.parse(source))) == broken
