"""Complexity measures of section 2.2, measured: Rademacher, shattering, uniform stability."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "bounds": [
            "concentration",
            "generalization_bound",
            "image_radius",
            "linear_bound",
            "massart_bound",
            "passes_until_vacuous",
            "restricted_bound",
            "ridge_bound",
            "stability_bound",
        ],
        "classes": [
            "LinearFunctions",
            "RandomHalfspaces",
            "Theorem1Networks",
            "linear_supremum",
        ],
        "measured": ["separating_network", "train_networks"],
        "measures": ["frobenius_bound", "max_row_bound"],
        "networks": ["TrainedNetworks", "hidden_values"],
        "rescaling": ["DenseNetwork"],
        "ridge": ["Ridge", "expected_stability"],
        "samples": [
            "all_signs",
            "best_correlations",
            "image_points",
            "labelled_points",
            "random_signs",
            "realised_labelings",
            "solved_labelings",
            "with_a_constant",
        ],
        "stability": [
            "by_sample",
            "generalization_gap",
            "on_average_stability",
            "replacements",
            "samples_of",
        ],
    },
)
