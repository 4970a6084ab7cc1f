"""What others found later with the paper's experiment: see claims/README.md."""
