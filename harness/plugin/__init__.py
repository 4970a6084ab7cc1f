"""The pytest glue: options, tiers, fixtures, and the collection of evidence.

Loaded by the project's conftest.py, or in any folder with ``pytest -p harness.plugin``.
"""

pytest_plugins = (
    "harness.plugin.versions",
    "harness.plugin.command_line",
    "harness.plugin.options",
    "harness.plugin.standalone",
    "harness.plugin.tiers",
    "harness.plugin.recorded",
    "harness.plugin.budget",
    "harness.plugin.custom",
    "harness.plugin.measures",
    "harness.plugin.measured",
    "harness.plugin.beyond",
    "harness.plugin.order",
    "harness.plugin.plan",
    "harness.plugin.engine",
    "harness.plugin.properties",
    "harness.plugin.attempts",
    "harness.plugin.evidence",
    "harness.plugin.progress",
    "harness.plugin.experiments",
    "harness.plugin.runs",
    "harness.plugin.judge",
    "harness.plugin.junit",
    "harness.plugin.baselines",
    "harness.plugin.summary",
)
