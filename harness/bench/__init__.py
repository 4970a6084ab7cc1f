"""How fast the harness is, measured against the machine's own matrix products and a plain loop."""
