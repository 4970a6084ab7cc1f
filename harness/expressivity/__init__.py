"""Section 4 and Appendix C: Lemma 1, Theorem 1 and Corollary 1 as constructions."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "audit": [
            "conflict_is_named",
            "is_fitted_or_refused",
            "is_represented",
            "represent_labels",
            "weights_of_theorem1",
        ],
        "deep_audit": ["deep_labels", "deep_network_realises", "reached_with_a_hinge_fewer"],
    },
)
