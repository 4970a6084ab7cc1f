"""Linear models: interpolation, minimum norm, exact kernel machines, and their features."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "bad_interpolants": ["interpolants"],
        "examples": ["least_squares_on_pixels"],
        "machine": ["bytes_needed"],
        "ridge": ["choose_ridge"],
        "solve": [],
        "triangle": ["kept_bytes"],
    },
)
