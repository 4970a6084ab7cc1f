"""Complexity measures of section 2.2, measured: Rademacher, shattering, uniform stability."""
