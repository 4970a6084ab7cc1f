"""``python -m harness report``: one report of several sessions."""

import os
import shutil
import subprocess
import sys

from harness.__main__ import CLOSED, main
from harness.report.claim_tests import CLAIMS, TIERS, claim_tests
from harness.tests.evidence.test_run_record import stored
from harness.tests.plugin_helpers import Project
from harness.tests.report_helpers import CATALOGUE, record, run, written


def report(*arguments):
    return main(["report", *map(str, arguments)])


def test_a_cpus_and_a_gpus_evidence_make_one_page(tmp_path, capsys):
    stored(tmp_path / "store")
    cpu = written(tmp_path / "cpu", record(check="on a CPU", runs=["00ff"]))
    gpu = written(tmp_path / "gpu", record("2.1-chance", "on a GPU"), runs=[run()], extra="{\n")
    code = report(cpu, gpu, "--out", tmp_path / "out", "--runs", tmp_path / "store")
    said = capsys.readouterr().out
    assert code == 0
    assert "notice: evidence.jsonl: line 3 left out, damaged" in said
    assert "2 of 58 claims judged: 2 supported" in said
    assert "cannot be drawn" not in said
    lines = [line for line in said.splitlines() if str(tmp_path) not in line]
    assert max(map(len, lines)) <= 100
    assert f"report: {tmp_path / 'out' / 'report.html'}" in said
    html = (tmp_path / "out" / "report.html").read_text()
    assert "on a CPU" in html and "on a GPU" in html and 'id="run-00ff"' in html
    assert "line 3 left out, damaged" in html


def test_what_cannot_be_read_or_written_is_an_error_and_leaves_an_earlier_report_alone(
    tmp_path, capsys
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "report.html").write_text("earlier")
    good = written(tmp_path / "good", record())
    for evidence, folder, message in (
        (written(tmp_path), out, "holds no check; name a file that pytest"),
        (tmp_path / "absent.jsonl", out, "name a file that pytest --evidence FILE has written"),
        (good, good, "cannot write"),
    ):
        assert report(good, evidence, "--out", folder, "--runs", tmp_path) == 2
        assert message in capsys.readouterr().err
    assert [path.read_text() for path in out.rglob("*")] == ["earlier"]


def test_a_closed_pipe_is_no_error(tmp_path):
    """Nothing is printed before the report is written."""
    command = [sys.executable, "-m", "harness", "report", written(tmp_path, record())]
    command += ["--out", tmp_path / "out", "--runs", tmp_path]
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end) as pipe:
        done = subprocess.run(command, stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (CLOSED, "")
    assert (tmp_path / "out" / "report.html").exists()


TRAINED = """
@experiments(fast={"tiny": [tiny()]})
@pytest.mark.claim("2.1-fit")
def test_it(runs, judge):
    judge(accuracy("it", runs.all, "train"), AtLeast(0.0, source="x"), otherwise="none")
"""


def test_a_sessions_evidence_alone_has_the_curves_and_the_page_is_written(tmp_path, capsys):
    session = Project(tmp_path, TRAINED).run("--report", "report")
    assert session.code == 0, session.text
    assert "report: report/report.html" in session.text
    (key,) = session.evidence[0].runs
    assert f'id="run-{key}"' in (tmp_path / "report" / "report.html").read_text()
    shutil.rmtree(session_runs := tmp_path / "runs")
    assert report(tmp_path / "evidence.jsonl", "--out", tmp_path / "2", "--runs", session_runs) == 0
    assert f'id="run-{key}"' in (tmp_path / "2" / "report.html").read_text()
    assert session.evidence[0].when[:2] == "20"


def test_every_claim_has_tests_with_the_tiers_at_which_they_run():
    tests = claim_tests()
    assert {test.claim for test in tests if not test.control} == set(CATALOGUE)
    for test in tests:
        assert set(test.tiers) <= set(TIERS) and test.tiers, test.node
        assert (CLAIMS.parent / test.node.partition("::")[0]).is_file()
    found = {test.node.partition("::")[2]: test for test in tests}
    fit = found["test_random_labels_are_memorised"]
    assert (fit.claim, fit.control, fit.tiers) == (
        "2.1-fit",
        False,
        ("fast", "cpu_full", "gpu_full"),
    )
    assert fit.command("fast") == f"pytest -m fast {fit.node}"
    assert fit.command("gpu_full").endswith(f"{fit.node} --data-root=DIR")
