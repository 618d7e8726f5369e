"""One small study, made by the verbs, that the tests of this folder share."""

import json
from pathlib import Path

import pytest

from engine.cli import main

ROOT = Path(__file__).resolve().parents[2]

DESIGN = """
[design]
gap_um = [1, 41, 91]
am_percent = [94, 96]
initial_porosity_percent = [42, 46, 50]
initial_thickness_um = [40]
repeats = 2
seed = 3
protocol = "published"
box = [16, 16]
voxel_size_um = 1.0
[law]
kind = "published"
"""


@pytest.fixture
def verb(capfd):
    """Run a verb in this process; return its status, its JSON object and its stderr."""

    def run(*arguments, as_json=True):
        words = [str(word) for word in arguments] + (["--json"] if as_json else [])
        try:
            status = main(words)
        except SystemExit as left:
            status = left.code
        out, err = capfd.readouterr()
        if not as_json:
            return status, out, err
        return status, json.loads(out) if out.strip() else None, err

    return run


@pytest.fixture(scope="session")
def sample_sheet():
    """The workbook that the program ships."""
    (sheet,) = (ROOT / "resources").glob("*.xlsx")
    return sheet


@pytest.fixture(scope="session")
def small_study(tmp_path_factory):
    """Run 18 conditions with two repeats on two workers; return study, design and folder."""
    folder = tmp_path_factory.mktemp("campaign")
    design, study = folder / "design.toml", folder / "small.study"
    design.write_text(DESIGN, encoding="utf-8")
    assert main(["campaign", str(study), "--design", str(design), "--workers", "2"]) == 0
    return study, design, folder
