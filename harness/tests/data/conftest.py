"""Photographs of noise in ImageNet's layout."""

import shutil

import pytest

from harness.data import inspection
from harness.tests.photo_helpers import photo_layout


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache for this test alone."""
    monkeypatch.setattr(inspection, "default_cache", lambda: tmp_path / "inspected")
    return tmp_path / "inspected"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder that tests only read."""
    return photo_layout(tmp_path_factory.mktemp("made"))


@pytest.fixture
def folder(made, tmp_path):
    """A copy that a test may change."""
    return shutil.copytree(made, tmp_path / "photographs")
