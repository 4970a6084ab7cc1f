"""Section 4 and Appendix C: Lemma 1, Theorem 1 and Corollary 1 as constructions."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "audit": [
            "conflict_is_named",
            "deep_labels",
            "deep_network_realises",
            "is_fitted_or_refused",
            "is_represented",
            "reached_with_a_hinge_fewer",
            "represent_labels",
            "weights_of_theorem1",
        ],
    },
)
