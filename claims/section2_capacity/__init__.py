"""Section 2: the effective capacity of neural networks."""
