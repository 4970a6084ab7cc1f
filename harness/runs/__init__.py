"""Finished runs: their keys, their store, and how a recipe becomes one."""
