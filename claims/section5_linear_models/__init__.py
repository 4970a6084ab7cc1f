"""Section 5 and Table 3: linear models, minimum norm, exact kernel machines."""
