"""Datasets, the paper's preprocessing, and the randomisations of section 2.1."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "audit": ["audit_pipeline", "audit_split"],
    },
)
