"""Linear models: interpolation, minimum norm, exact kernel machines, and their features."""

from harness.lazy import lazy_exports

__getattr__ = lazy_exports(
    __name__,
    {
        "bad_interpolants": ["interpolants"],
        "footprint": ["kept_bytes"],
        "machine": ["bytes_needed"],
        "pixels": ["least_squares_on_pixels"],
        "ridge": ["choose_ridge"],
        "solve": [],
    },
)
