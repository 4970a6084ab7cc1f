"""Datasets, the paper's preprocessing, and the randomisations of section 2.1."""
