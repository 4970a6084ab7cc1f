"""Whether a Ray cluster answers at an address: `ray.init` would try for minutes at a wrong one."""

import socket
import subprocess
import sys

from harness.errors import ClusterError

ANSWER_SECONDS = 5.0
HEALTH_SECONDS = 120.0
"""How long Ray's own check of the cluster may take."""
REMEDY = "start one with 'ray start --head', or leave --ray-address out for this machine's cores"


def require_answer(address: str) -> None:
    """Raise ClusterError unless a Ray cluster answers at HOST:PORT or ray://HOST:PORT."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdigit():
        raise ClusterError(
            f"--ray-address {address!r} should be HOST:PORT, ray://HOST:PORT or auto"
        )
    try:
        socket.create_connection((host, int(port)), timeout=ANSWER_SECONDS).close()
    except OSError as error:
        raise ClusterError(
            f"no Ray cluster answers at {address} ({error.strerror or error}); {REMEDY}"
        ) from error
    if address.startswith("ray://"):
        return  # Ray's check does not take such an address, and its client gives up by itself.
    asking = [sys.executable, "-m", "ray.scripts.scripts", "health-check", "--address", address]
    try:
        subprocess.run(asking, capture_output=True, check=True, timeout=HEALTH_SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ClusterError(
            f"what answers at {address} is no Ray cluster, or did not say so within"
            f" {HEALTH_SECONDS:.0f} s; {REMEDY}"
        ) from error
    except subprocess.CalledProcessError as error:
        why = (error.stderr.decode(errors="replace").strip().splitlines() or ["no reason"])[-1]
        if "AuthenticationError" in why:
            # Ray's default from 2.59 on.
            raise ClusterError(
                f"the Ray cluster at {address} asks for a token; set RAY_AUTH_MODE=token, and, if"
                " it is not in ~/.ray/auth_token, RAY_AUTH_TOKEN to the cluster's token"
            ) from error
        raise ClusterError(f"the Ray cluster at {address} fails ({why}); {REMEDY}") from error
