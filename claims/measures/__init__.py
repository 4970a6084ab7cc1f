"""Complexity measures put through the paper's randomisation test (--measure)."""
