"""The checks for a custom network or data set (--arch, --dataset): see claims/README.md."""
