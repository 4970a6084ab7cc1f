"""Whether a Ray cluster answers at an address.

Ray itself tries for minutes where nobody listens, or something other than Ray does.
"""

import socket
import subprocess
import sys

from harness.errors import ClusterError

ANSWER_SECONDS = 5.0
"""How long a cluster's address may take to answer."""
HEALTH_SECONDS = 120.0
"""How long Ray, once loaded, may take to find that what answers is a cluster of its version."""
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
        return  # Ray's own check knows no such address; its client gives up by itself.
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
            # From 2.59 on a head has one where it finds one, and Ray gives it to no address.
            raise ClusterError(
                f"the Ray cluster at {address} asks for a token; set RAY_AUTH_MODE=token, and where"
                " it is not in ~/.ray/auth_token, RAY_AUTH_TOKEN to the cluster's own"
            ) from error
        raise ClusterError(f"the Ray cluster at {address} is not well ({why}); {REMEDY}") from error
