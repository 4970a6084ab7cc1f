"""The laboratory: networks, data, training and judgement behind the claims of the paper.

Paper: Zhang, Bengio, Hardt, Recht, Vinyals, *Understanding deep learning requires
rethinking generalization*, ICLR 2017.
"""

__version__ = "0.1.0"
