"""The harness: networks, data, training and judgement behind the claims of the paper.

Paper: Zhang, Bengio, Hardt, Recht, Vinyals, *Understanding deep learning requires
rethinking generalization*, ICLR 2017.
"""

import os

__version__ = "0.1.0"

SPIN = 1_000
"""How often a waiting thread of GNU's OpenMP, which PyTorch brings, polls before it sleeps. Its
default of 300,000 wastes cores that other processes need. Sleeping at once (passive) made MLP 3x512
a fifth slower on an idle machine."""

# Read once, when PyTorch is loaded, which is after this package.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN))
