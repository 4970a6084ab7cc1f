"""Planted faults: small sabotages of the product, each of which the fast tier must notice."""
