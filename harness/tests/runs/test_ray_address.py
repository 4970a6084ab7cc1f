"""``--ray-address``: a running cluster is used; any other is an error with its reason.

One test starts a real Ray, which has an address and asks for a token.
"""

import socket
import subprocess
import sys
from itertools import takewhile
from types import SimpleNamespace

import pytest

from harness.errors import ClusterError
from harness.runs import cluster as cluster_module
from harness.runs.cluster import connected
from harness.tests.plugin_helpers import Project, clean_environment, fresh
from harness.tests.runs.test_engine_ray import CLAIMS, PATIENCE, needs_ray, settings


@needs_ray
def test_a_running_cluster_is_used_by_its_address_and_token(tmp_path):
    port, token = free_port(), {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4}
    start = [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"]
    start += [f"--port={port}", "--num-cpus=1", "--include-dashboard=false"]
    head = subprocess.Popen(
        [*start, "--node-ip-address=127.0.0.1"],
        env=clean_environment(tmp_path) | {"RAY_USAGE_STATS_ENABLED": "0", **token},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        output = list(takewhile(lambda line: "Ray runtime started" not in line, head.stdout))
        sent = Project(tmp_path, CLAIMS).run(
            *("--engine", "ray", "--ray-address", f"127.0.0.1:{port}", "-k", "alone"),
            env=token,
            patience=PATIENCE,
            start=fresh,
        )
    finally:
        alive = head.poll() is None
        head.terminate()
        output += head.communicate(timeout=PATIENCE)[0].splitlines()
    if not alive:
        # Ray gives its processes 15 to 30 seconds to start, even on a busy machine.
        pytest.skip(f"Ray did not keep its cluster up here: {' '.join(output[-3:])}")
    assert sent.code == 0, sent.text
    assert "1 jobs on 1 machines with 1 cores" in sent.text and "epoch" not in sent.text


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_without_ray_the_error_names_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ClusterError, match=r"pip install 'rethinking-generalization\[cluster\]'"):
        with connected(None, settings(tmp_path)):
            pass


@pytest.mark.parametrize(
    ("address", "message"),
    [("nonsense", "should be HOST:PORT"), ("127.0.0.1:{}", "no Ray cluster answers at 127.0.0.1")],
)
def test_an_unreachable_cluster_is_an_error_at_once(address, message, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster_module, "_ray", lambda: None)
    with pytest.raises(ClusterError, match=message):
        with connected(address.format(free_port()), settings(tmp_path)):
            pass


def test_another_program_at_the_address_is_an_error(tmp_path, monkeypatch):
    """A program that never answers replaces Ray's check, which would try for many minutes."""
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)
    monkeypatch.setattr(cluster_module, "_ray", lambda: None)
    monkeypatch.setattr(cluster_module, "HEALTH_SECONDS", 0.3)
    monkeypatch.setattr(cluster_module.sys, "executable", str(silent))
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(ClusterError, match=f"answers at {address} is no Ray cluster"):
            with connected(address, settings(tmp_path)):
                pass
        silent.write_text(
            "#!/bin/sh\necho ray.exceptions.AuthenticationError: no token >&2; exit 1"
        )
        monkeypatch.setattr(cluster_module, "HEALTH_SECONDS", 30)
        with pytest.raises(ClusterError, match="asks for a token; set RAY_AUTH_MODE=token"):
            with connected(address, settings(tmp_path)):
                pass
        monkeypatch.setattr(cluster_module.sys, "executable", "false")
        with pytest.raises(ClusterError, match=f"at {address} fails \\(no reason\\)"):
            with connected(address, settings(tmp_path)):
                pass


def test_a_cluster_that_does_not_start_is_an_error(tmp_path, monkeypatch):
    """Ray raises a bare Exception when its processes take too long."""

    def init(address, **given):
        raise Exception("The current node timed out during startup.")

    monkeypatch.setattr(cluster_module, "_ray", lambda: SimpleNamespace(init=init))
    with pytest.raises(ClusterError, match=r"at this machine cannot be used \(The current node"):
        with connected(None, settings(tmp_path)):
            pass
