"""The linear models behind section 5; every test of the section shares them."""

from harness.linear.recipe import KernelRecipe

TRUE, RANDOM = "true labels", "random labels"

MNIST = KernelRecipe(dataset="mnist", gamma=0.02, corruptions=(0.0, 1.0))
"""K = exp(-0.02 d^2) on pixels / 255: the authors' own snippet."""
