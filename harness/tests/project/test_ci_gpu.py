"""``ci/gpu``, with a Python that only records how it was called: order, stamps, repetition."""

import os
import subprocess

import pytest

from harness.plugin.options import CLAIMS

SCRIPT = CLAIMS.parent / "ci" / "gpu"


@pytest.fixture
def measure(tmp_path):
    """``measure(*arguments, fails=[("word of a command", status)])``: output, calls, exit code."""
    stub, log = tmp_path / "python", tmp_path / "calls.txt"
    out = tmp_path / "measured"

    def run(*arguments, fails=()):
        cases = "".join(f'case "$*" in *"{word}"*) exit {code} ;; esac\n' for word, code in fails)
        stub.write_text(f'#!/bin/bash\necho "$*" >>{log}\n{cases}exit 0\n')
        stub.chmod(0o755)
        log.write_text("")
        (out / "runs").mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["bash", str(SCRIPT), "--out", str(out), "--rehearse", *arguments],
            env=os.environ | {"OWN_PYTHON": str(stub)},
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr, log.read_text().splitlines(), done.returncode

    return run


def test_every_part_runs_once_and_its_output_is_kept(measure, tmp_path):
    output, calls, code = measure("--data-root", "/data with a space")
    assert code == 0, output
    sections = [call.split("--only ")[1].split()[0] for call in calls if " bench " in call]
    assert sections == ["steps", "steps", "training", "groups", "images", "kernel"]
    sessions = [call for call in calls if "--evidence" in call]
    precisions = [call.split("--precision ")[1].split()[0] for call in sessions]
    assert precisions == ["auto", "fp32", "auto"]
    assert all("--data-root /data with a space" in call for call in sessions)
    (shared,) = [call for call in calls if "torch.distributed.run" in call]
    assert "-m harness train" in shared and "--data-root /data" in shared
    assert any(call.startswith("-m harness report") for call in calls)
    assert (tmp_path / "measured" / "runs.tar.gz").is_file()

    again, calls, code = measure()
    assert (calls, code) == ([], 0)
    assert again.count("ok (before)") == 15


def test_a_rehearsal_writes_no_baseline(measure):
    _, calls, _ = measure()
    assert not any("--force-regen" in call for call in calls)
    assert any("--collect-only" in call and "baselines" in call for call in calls)


def test_photographs_are_tried_if_a_folder_is_given(measure, tmp_path):
    _, calls, _ = measure("--data-root=/data")
    assert not any("-m imagenet" in call for call in calls)
    (tmp_path / "measured" / "photographs.jsonl").touch()  # The stub writes none.
    output, calls, code = measure("--photographs", "/my photographs", "--data-root=/data")
    assert code == 0, output
    assert any("-m harness report" in call and "photographs.jsonl" in call for call in calls)
    (call,) = [call for call in calls if "-m imagenet" in call]
    assert "--data-root /my photographs" in call and "-k photographs" in call
    assert "--data-root /data" not in call


@pytest.mark.parametrize("words", [["--photographs", "photos"], ["--photographs=photos"]])
def test_folders_are_relative_to_the_working_directory(words, measure):
    _, calls, _ = measure(*words, "--data-root=data")
    (call,) = [call for call in calls if "-m imagenet" in call]
    assert f"--data-root {os.getcwd()}/photos " in call
    sessions = [call for call in calls if "-m fast" in call]
    assert sessions and all(f"--data-root {os.getcwd()}/data" in call for call in sessions)


def test_a_folder_without_a_name_is_refused(measure):
    output, calls, code = measure("--photographs=")
    assert (calls, code) == ([], 2) and "--photographs needs a folder" in output


def test_the_claims_on_trained_networks_are_repeated_in_fp32():
    text = SCRIPT.read_text(encoding="utf-8")
    files = text.split("sensitive=(")[1].split(")")[0].split()
    for claim in ("2.1-fit", "2.1-quick", "3-table1", "3-not-necessary"):
        marked = [f for f in files if f'"{claim}"' in (SCRIPT.parents[1] / f).read_text("utf-8")]
        assert marked, claim


def test_a_refuted_claim_is_a_result_and_is_not_tried_again(measure):
    output, calls, code = measure(fails=[("--precision fp32 --runs", 1)])
    assert code == 1
    assert "claims-fp32        ended with failures: see claims-fp32.txt" in output
    assert any(call.startswith("-m harness report") for call in calls)
    again, calls, code = measure()
    assert (calls, code) == ([], 1)
    assert "ended with failures: see claims-fp32.txt (before)" in again


@pytest.mark.parametrize("status", [2, 137])
def test_claims_that_were_stopped_are_tried_again_before_what_needs_them(measure, status):
    output, _, code = measure(fails=[("--evidence", status)])
    assert code == 1
    assert f"stopped with status {status}: run the same command again" in output
    waiting = [line.split()[0] for line in output.splitlines() if "waits for the claims" in line]
    assert waiting == ["precision", "baselines", "report", "pack"]
    output, calls, code = measure()
    assert code == 0
    derived = [call.split()[2] for call in calls if "--evidence" not in call]
    assert derived == ["compare", "report"]
    assert sum("--evidence" in call for call in calls) == 3
    assert measure()[1:] == ([], 0)


def test_a_shared_training_that_fails_is_tried_again(measure):
    """torchrun exits with 1 whatever went wrong."""
    output, _, code = measure(fails=[("torch.distributed.run", 1)])
    assert code == 1
    assert "torchrun           stopped with status 3: run the same command again" in output
    _, calls, code = measure()
    assert code == 0
    assert any("torch.distributed.run" in call for call in calls)


def test_what_is_derived_from_the_claims_is_repeated_with_them(measure, tmp_path):
    measure()
    (tmp_path / "measured" / "done" / "claims").unlink()
    _, calls, code = measure()
    assert code == 0
    assert sum("--evidence" in call for call in calls) == 2, "the claims and the baselines"
    assert any(call.startswith("-m harness report") for call in calls)


def test_runs_that_cannot_be_packed_are_an_error(measure, tmp_path):
    (tmp_path / "measured" / "runs.tar.gz").mkdir(parents=True)
    output, _, code = measure()
    assert code == 1
    assert "pack               stopped with status 2" in output


def test_its_help_is_the_head_of_the_script():
    command = ["bash", str(SCRIPT), "--help"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--rehearse" in output and "OWN_PYTHON" in output and "set -euo" not in output
