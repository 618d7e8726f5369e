"""Where the files that ship with the program lie."""

from __future__ import annotations

import sys
from pathlib import Path

from engine.errors import InputError


def resources_folder() -> Path:
    """Folder of the shipped files, from source or in a frozen build."""
    bundle = getattr(sys, "_MEIPASS", None)
    root = Path(bundle) if bundle else Path(__file__).resolve().parents[1]
    return root / "resources"


def sample_sheet() -> Path:
    """The sample spreadsheet; InputError where the installation lacks it."""
    found = sorted(resources_folder().glob("*.xlsx"))
    if not found:
        raise InputError(
            "The sample sheet is missing from this installation: install the program again."
        )
    return found[0]
