"""``ci/gpu``, with a Python that only records how it was called: order, time, what is kept."""

import os
import signal
import subprocess
import tarfile
import time

import pytest

from harness.plugin.options import CLAIMS

SCRIPT = CLAIMS.parent / "ci" / "gpu"


@pytest.fixture
def measure(tmp_path):
    """``measure(*arguments, fails=[("word of a command", status)])``: output, calls, exit code."""
    stub, log = tmp_path / "python", tmp_path / "calls.txt"
    out = tmp_path / "measured"

    def run(*arguments, fails=(), does="exit 0", ended=None, number=None):
        cases = "".join(f'case "$*" in *"{word}"*) exit {code} ;; esac\n' for word, code in fails)
        stub.write_text(f'#!/bin/bash\necho "$*" >>{log}\n{cases}{does}\n')
        stub.chmod(0o755)
        log.write_text("")
        process = subprocess.Popen(
            ["bash", str(SCRIPT), "--out", str(out), "--rehearse", *arguments],
            env=os.environ | {"OWN_PYTHON": str(stub)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # It may be ignored here, as of a command in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        if ended:
            until = time.monotonic() + 60
            while ended not in log.read_text() and time.monotonic() < until:
                time.sleep(0.05)
            process.send_signal(number)
        output, _ = process.communicate(timeout=120)
        return output, log.read_text().splitlines(), process.returncode

    return run


def test_the_claims_come_first_and_what_is_there_is_not_measured_again(measure, tmp_path):
    output, calls, code = measure("--data-root", "/data with a space", "--base-seed", "3")
    assert code == 0, output
    sessions = [call for call in calls if "--evidence" in call]
    names = [
        call.split("--evidence ")[1].split(".jsonl")[0].rpartition("/")[2] for call in sessions
    ]
    assert names == ["claims", "fp32", "baselines"]
    assert all("--data-root /data with a space --base-seed 3" in it for it in sessions[:2])
    assert "--budget" not in sessions[0] and "--precision fp32" in sessions[1]
    assert sessions[2].endswith("--budget 0 --base-seed 3")
    assert f"--baselines {tmp_path}/measured/baselines --force-regen" in sessions[2]
    sections = [call.split("--only ")[1].split()[0] for call in calls if " bench " in call]
    assert sections == ["at_once", "steps", "training", "groups", "images", "kernel"]
    assert all("--at-once 1" in it for it in sessions)
    assert [call.split()[3] for call in calls if " runs " in call[:18]] == [
        *("take-up", "take-up", "record", "page")
    ]
    assert any("torch.distributed.run" in call for call in calls)

    (tmp_path / "measured" / "claims.jsonl").write_text("evidence")
    (tmp_path / "measured" / "bench-mlp-1x512.txt").write_text("heading\nrates\nheading\n")
    again, calls, code = measure()
    assert (tmp_path / "measured" / "speeds.txt").read_text() == "heading\nrates\n"
    # Two tests of steps, six benches, torchrun.
    assert code == 0 and again.count("ok (before)") == 9
    assert sum("--evidence" in call for call in calls) == 3, "sessions go on from their store"
    assert any(call.startswith("-m harness report") for call in calls)


def test_when_the_time_is_up_what_is_there_is_judged_recorded_and_packed(measure, tmp_path):
    runs = tmp_path / "measured" / "runs" / "key"
    runs.mkdir(parents=True)
    for name in ("run.json", "checkpoint.pt", "lock"):
        (runs / name).touch()
    output, calls, code = measure("--budget", "1", fails=[("--evidence", 75)])
    assert code == 75 and output.splitlines()[-1].startswith("budget used up")
    assert "claims: budget used up" in output and "bench-mlp-1x512: no time was left" in output
    sessions = [call for call in calls if "--evidence" in call]
    assert len(sessions) == 2 and all("--budget 0" in call for call in sessions)
    assert "fp32: no time was left" in output
    assert not any(" bench " in call for call in calls)
    assert [call.split()[3] for call in calls if " runs " in call[:18]][-2:] == ["record", "page"]
    with tarfile.open(tmp_path / "measured" / "results.tar.gz") as packed:
        names = packed.getnames()
    assert "./runs/key/run.json" in names and "./claims.txt" in names
    assert not [name for name in names if "checkpoint" in name or name.endswith("lock")]


def test_a_bench_that_overruns_is_cut_off_and_what_it_has_said_is_kept(measure):
    says = 'case "$*" in *at_once*) echo "at once: 3"; sleep 90 ;; esac'
    started = time.monotonic()
    output, calls, code = measure("--budget", "70", does=says)
    assert time.monotonic() - started < 80
    assert code == 75 and "at-once: budget used up" in output, output
    assert "bench-groups: no time was left" in output
    assert all("--at-once 3" in call for call in calls if "--evidence" in call)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_reaches_the_session_and_what_it_leaves_is_packed(measure, tmp_path, number):
    out = tmp_path / "measured"
    writes = f'trap "echo evidence >{out}/claims.jsonl; exit 2" TERM; sleep 60 & wait'
    output, calls, code = measure(
        does=f'case "$*" in *"--evidence "*claims.jsonl*) {writes} ;; esac',
        ended="--evidence",
        number=number,
    )
    assert code == 143, output
    assert sum("--evidence" in call for call in calls) == 1, "nothing begins any more"
    with tarfile.open(out / "results.tar.gz") as packed:
        assert packed.extractfile("./claims.jsonl").read() == b"evidence\n"


def test_a_refuted_claim_is_a_result_and_a_crash_is_said(measure):
    output, _, code = measure(fails=[("fp32 --steps eager --at-once", 1), ("--only steps", 137)])
    assert code == 1
    assert "fp32: ended with failures, see fp32.txt" in output
    assert "bench-mlp-1x512: stopped with status 137, the same command tries again" in output
    _, calls, code = measure()
    assert code == 0
    benches = [call for call in calls if " bench " in call]
    assert len(benches) == 1 and "--only steps" in benches[0]


@pytest.mark.parametrize("words", [["--photographs", "photos"], ["--photographs=photos"]])
def test_photographs_are_tried_if_a_folder_is_given(words, measure):
    _, calls, _ = measure(*words, "--data-root=data")
    (call,) = [call for call in calls if "-m imagenet" in call]
    assert f"--data-root {os.getcwd()}/photos " in call and "-k photographs" in call
    assert f"--data-root {os.getcwd()}/data" in next(it for it in calls if "--evidence" in it)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--photographs=", "--photographs needs a value"),
        ("--budget=9.5", "9.5 is no whole number of seconds"),
    ],
)
def test_a_value_that_means_nothing_is_refused(measure, words, message):
    output, calls, code = measure(words)
    assert (calls, code) == ([], 2) and message in output


def test_its_help_is_the_head_of_the_script():
    command = ["bash", str(SCRIPT), "--help"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert "--rehearse" in output and "OWN_PYTHON" in output and "set -euo" not in output
