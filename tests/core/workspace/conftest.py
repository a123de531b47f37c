"""A log of decisions for each test."""

import pytest

from core.workspace.log import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "w.sqlite", "store")
