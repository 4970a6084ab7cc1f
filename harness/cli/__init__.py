"""The commands of ``python -m harness``, a module each."""
