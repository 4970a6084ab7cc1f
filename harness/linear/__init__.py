"""Linear models: interpolation, minimum norm, exact kernel machines, and their features."""
