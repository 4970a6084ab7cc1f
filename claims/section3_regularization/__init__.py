"""Section 3: the role of regularisation, explicit and implicit."""
