"""Evidence is replaced by that of a whole session, and by one session at a time."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

from harness.plugin.options import require_writable, session_folder
from harness.tests.plugin_helpers import TRUE, Project, fresh, without_privileges

CLAIMS = """
import signal, resource
pytestmark = [pytest.mark.fast, pytest.mark.claim("2.1-fit")]

@pytest.mark.parametrize("number", range(4))
def test_it(judge, number):
    if os.environ.get("CRASHES"):
        raise RuntimeError("out of order")
    judge(share(1.0, f"check {number}"), ONE)
    if os.environ.get("INTERRUPTED_IN") == str(number):
        raise KeyboardInterrupt

def test_on_a_full_disk(judge):
    if size := int(os.environ.get("LIMIT", 0)):
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, -1))
    try:
        judge(share(1.0, "x" * 2_000), ONE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
"""
CONFTEST = """
import os

def pytest_collection_modifyitems():
    if os.environ.get("COLLECTING"):
        raise KeyboardInterrupt
"""


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """Claims that have been judged once, with a report: for sessions that leave all as it was."""
    folder = tmp_path_factory.mktemp("judged")
    project = Project(folder, CLAIMS, CONFTEST)
    (folder / "test_no_claim.py").write_text("def test_it(): pass\n")
    session = project.run("--report", "report")
    assert (session.code, len(session.evidence)) == (0, 5), session.text
    return project


@pytest.fixture
def project(judged, tmp_path):
    """A copy for a session that changes something."""
    shutil.copytree(judged.folder, tmp_path, dirs_exist_ok=True)
    return Project(tmp_path, CLAIMS, CONFTEST)


def files(folder):
    """What is in the evidence file, its parts and the report."""
    found = [folder / "evidence.jsonl", *folder.glob("evidence.jsonl.parts/**/*")]
    found += (folder / "report").rglob("*")
    return {path: path.read_bytes() for path in found if path.is_file()}


NOTHING_JUDGED = (
    ["-m", "fast", "-k", "typo"],
    ["nosuch.py"],
    ["-m", "gpu_full"],
    ["test_no_claim.py"],
    ["--plan"],
    ["--collect-only"],
)


def test_a_session_that_judges_nothing_leaves_good_evidence_as_it_was(judged):
    before, left = files(judged.folder), "is left as it was: this session judged nothing"
    done = judged.run_each(["--report", "report", *words] for words in NOTHING_JUDGED)
    assert files(judged.folder) == before
    (passed,) = (text for code, text in done if code == 0 and "1 passed" in text)
    assert f"evidence.jsonl {left}" in passed and "\nevidence: " not in passed
    for words, env in ((["-n", "1", "-k", "typo"], {}), ([], {"COLLECTING": "1"})):
        judged.run("--report", "report", *words, env=env)
        assert files(judged.folder) == before
    session = judged.run("--report", "report", "-k", "test_it", env={"CRASHES": "1"})
    assert files(judged.folder) == before and left in session.text


def test_a_session_that_ends_early_leaves_evidence_on_more_tests_as_it_was(project):
    before = files(project.folder)
    session = project.run("--report", "report", env={"INTERRUPTED_IN": "1"})
    assert session.code == pytest.ExitCode.INTERRUPTED
    assert "is left as it was: this session ended early, without 3 of the tests" in session.text
    after = files(project.folder)
    assert before.items() <= after.items()
    (parts,) = (path for path in after.keys() - before.keys() if path.suffix == ".jsonl")
    assert b"check 0" in after[parts] and f"judged is in {parts.parent}" in session.text

    # A session may judge fewer tests; it names the parts that it has no verdicts for.
    session = project.run("-k", "test_it and not 0")
    assert [record.check for record in session.evidence] == ["check 1", "check 2", "check 3"]
    assert f"harness report {parts.parent}/*.jsonl" in session.text and parts.exists()
    session = project.run("-x", env={"INTERRUPTED_IN": "3"})
    assert len(session.evidence) == 5, "all tests that were in the file, and more"
    assert not parts.parent.parent.exists(), "now they are in the file"


def test_a_second_session_does_not_write_the_file_of_a_first(project):
    before = files(project.folder)
    parts = project.folder / "evidence.jsonl.parts"
    part = parts / "of the first" / "main.jsonl"
    part.parent.mkdir(parents=True)
    part.write_text("judged")
    with FileLock(parts / "lock"):
        session = project.run()
        assert session.code == pytest.ExitCode.USAGE_ERROR
        assert "evidence.jsonl: another session is writing it; wait for its end" in session.text
        assert (files(project.folder).items() >= before.items()) and part.exists()
        (project.folder / "link.jsonl").symlink_to("evidence.jsonl")
        with pytest.raises(pytest.UsageError, match=r"link.jsonl: another session is writing it"):
            session_folder(project.folder / "link.jsonl")
        (project.folder / "other.jsonl").symlink_to("file.jsonl")
        in_ascii = {"PYTHONIOENCODING": "ascii"}
        other = project.run("--evidence", "other.jsonl", env=in_ascii, start=fresh)
        assert other.code == 0 and (project.folder / "file.jsonl").stat().st_size
        assert (project.folder / "other.jsonl").is_symlink(), "a link stays one"
        assert "\\u2026" in other.text and "\\n" not in other.text, "a scorecard in ASCII"


def test_a_full_disk_fails_the_test_and_keeps_the_evidence(project):
    """By a limit on the size of files: of the line that does not fit, nothing is left."""
    full = {"LIMIT": str(len((project.folder / "evidence.jsonl").read_bytes()) // 5)}
    session = project.run("-k", "full_disk", env=full)
    assert session.code == pytest.ExitCode.TESTS_FAILED
    assert len(session.evidence) == 5, "as it was"
    assert "INTERNALERROR" not in session.text and "damaged" not in session.text
    assert "cannot write evidence to" in session.text and "File too large" in session.text


AFTERWARDS = """
class Unlucky:
    def pytest_sessionfinish(self):
        raise OSError("no space for what I keep")

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Unlucky())
"""


@pytest.mark.parametrize(
    ("conftest", "words", "code", "message"),
    [
        ("", ["-o", "addopts=", "-o", "cache_dir=/proc/nowhere"], 0, "could not create cache path"),
        (AFTERWARDS, ["-n", "1"], 3, "notice: after the tests, a plugin failed: OSError: no space"),
        ("", ["--junitxml", "/proc/nowhere/junit.xml"], 3, "notice: after the tests, a plugin fa"),
        ("", ["-p", "no:terminal"], 0, ""),
    ],
    ids=["cache", "under xdist", "JUnit", "no terminal"],
)
def test_a_failure_after_the_tests_costs_no_evidence(tmp_path, conftest, words, code, message):
    session = Project(tmp_path, TRUE, conftest).run("--report", "report", *words)
    assert session.code == code, session.text
    assert [record.verdict for record in session.evidence] == ["supported"]
    assert (tmp_path / "report" / "report.html").is_file()
    assert message in session.text
    if "no:terminal" not in words:
        assert "claims of the paper" in session.text and "claims judged: 1 sup" in session.text


def test_a_figure_or_a_page_that_fails_costs_the_report_alone(tmp_path):
    broken = "from harness.report import page\npage.render = None\n"
    session = Project(tmp_path, TRUE, broken).run("--report", "report")
    assert session.code == pytest.ExitCode.INTERNAL_ERROR
    assert "notice: no report was written: TypeError" in session.text
    assert session.evidence and "claims of the paper" in session.text


@pytest.mark.parametrize("closed", ["", "evidence.jsonl"])
def test_a_path_without_permission_is_refused_at_once(closed):
    with tempfile.TemporaryDirectory() as name:  # tmp_path is its owner's alone.
        folder = Path(name)
        (folder / "evidence.jsonl").write_text("judged")
        folder.chmod(0o777 if closed else 0)
        (folder / closed).chmod(0)
        with without_privileges():
            with pytest.raises(pytest.UsageError, match=r"there \(Permission denied\); name ano"):
                session_folder(folder / "evidence.jsonl")
            if not closed:
                with pytest.raises(pytest.UsageError, match=r"there \(Permission denied\); name"):
                    require_writable(folder / "report")
        folder.chmod(0o755)
        assert os.listdir(folder) == ["evidence.jsonl"]


@pytest.mark.parametrize("path", ["/dev/null", "pipe"])
def test_a_path_that_is_no_file_is_refused(tmp_path, path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(pytest.UsageError, match="is no file; name one"):
        session_folder(tmp_path / path)
