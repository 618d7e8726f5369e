"""Where tests find the reference data that stays outside the project."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data"


def shared_file(name: str) -> Path:
    """Return a reference file, or skip the test where it is absent."""
    path = FOLDER / name
    if not path.is_file():
        pytest.skip(f"reference data {name} is not here ({FOLDER})")
    return path
