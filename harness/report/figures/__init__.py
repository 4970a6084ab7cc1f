"""Figures, a module a section: functions from evidence's data to a matplotlib Figure."""
