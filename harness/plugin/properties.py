"""Hypothesis: how many examples a session tries, and from which seed.

Profiles (``--hypothesis-profile``): ``fast``, the default, takes seconds; ``ci`` ten times the
examples; ``thorough`` thousands of them. The session's ``--base-seed`` seeds them all, unless
``--hypothesis-seed`` does.
"""

import pytest

EXAMPLES = {"fast": 25, "ci": 250, "thorough": 5_000}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the profiles, before hypothesis's own plugin loads the one that was asked for."""
    if not hasattr(config.option, "hypothesis_seed"):
        return  # its plugin was not loaded
    from hypothesis import HealthCheck, settings
    from hypothesis.database import DirectoryBasedExampleDatabase
    from hypothesis.errors import InvalidArgument

    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            # Numerical code is slow on its first call, and machines differ.
            deadline=None,
            # Hypothesis's own default on CI, which takes no seed.
            derandomize=False,
            suppress_health_check=[HealthCheck.too_slow],
            print_blob=True,
            database=DirectoryBasedExampleDatabase(".hypothesis/examples")
            if name == "thorough"
            else None,
        )
    profile = config.getoption("--hypothesis-profile")
    try:
        settings.load_profile(profile or "fast")
    except InvalidArgument as error:
        raise pytest.UsageError(
            f"--hypothesis-profile {profile}: {error}; this project's are {', '.join(EXAMPLES)}"
        ) from error
    if config.option.hypothesis_seed is None:
        config.option.hypothesis_seed = str(config.getoption("--base-seed"))


def pytest_report_header(config: pytest.Config) -> str | None:
    """What a property test needs to be repeated."""
    if not hasattr(config.option, "hypothesis_seed"):
        return None
    from hypothesis import settings

    examples, seed = settings.default.max_examples, config.option.hypothesis_seed
    profile = config.getoption("--hypothesis-profile") or "fast"
    return f"claims: property tests try {examples:,} samples (profile {profile}) from seed {seed}"
