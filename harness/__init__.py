"""The harness: networks, data, training and judgement behind the claims of the paper.

Paper: Zhang, Bengio, Hardt, Recht, Vinyals, *Understanding deep learning requires
rethinking generalization*, ICLR 2017.
"""

import os
import time
from collections.abc import Iterable

__version__ = "0.1.0"

SPIN = 1_000
"""How often a waiting thread of GNU's OpenMP, which PyTorch brings, polls before it sleeps. Its
default of 300,000 wastes cores that other processes need. Sleeping at once (0) made MLP 3x512 a
fifth slower on an idle machine, but several times faster on two cores with a load of 8: 2,755 to
3,317 images/s in three rounds, and 388 to 1,758 with 1,000."""


def spin_count(waits: Iterable[float] = (0.0, 0.005, 0.005)) -> int:
    """SPIN, or 0 where each time that one looks more processes want to run than there are cores.

    Only Linux says so; the count is the whole machine's. What is computed does not depend on it.
    """
    for wait in waits:
        time.sleep(wait)
        try:
            with open("/proc/loadavg", encoding="ascii") as file:
                running = int(file.read().split()[3].partition("/")[0])
        except (OSError, ValueError, LookupError):
            return SPIN
        if running <= (os.cpu_count() or 1):
            return SPIN
    return 0


# Read once, when PyTorch is loaded, which is after this package. Processes that are started from
# here inherit the choice.
if "OMP_WAIT_POLICY" not in os.environ and "GOMP_SPINCOUNT" not in os.environ:
    os.environ["GOMP_SPINCOUNT"] = str(spin_count())
