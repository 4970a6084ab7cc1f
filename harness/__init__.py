"""The laboratory: networks, data, training and judgement behind the claims of the paper.

Paper: Zhang, Bengio, Hardt, Recht, Vinyals, *Understanding deep learning requires
rethinking generalization*, ICLR 2017.
"""

import os

__version__ = "0.1.0"

SPIN = 1_000
"""How often a waiting thread of OpenMP (GNU's, which PyTorch brings) looks before it sleeps. By
default 300,000 times: beside other processes, threads then wait for one that has no core. Asleep at
once (passive), MLP 3x512 trained a fifth more slowly on a machine with nothing else to do."""

# Read once, when PyTorch is loaded, which is after this package.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", str(SPIN))
