"""A journal of five days, and the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import call  # noqa: F401 (a fixture)
from tests.settlement import world


@pytest.fixture
def days(tmp_path: Path) -> Path:
    """The directory of the five days, all in one block: days begin and end within it."""
    return world.make(tmp_path / "broker")
