"""Small designs, and what to do with a campaign in a test."""

from __future__ import annotations

import csv
import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.campaign.design import Design
from engine.campaign.export import export_dataset
from engine.campaign.runner import run_campaign
from engine.study import Study
from tests.campaign import fakes


def small_design(repeats: int = 3, **changes: Any) -> Design:
    """Return 4 conditions of 12 x 12 x 15 µm by the published protocol."""
    variables: dict[str, Any] = {
        "gap_um": [1, 91],
        "am_percent": [94, 95],
        "initial_porosity_percent": 46,
        "initial_thickness_um": 15,
        "box": [12, 12],
        "protocol": "published",
    }
    variables |= changes.pop("variables", {})
    return Design.published_training(variables=variables, repeats=repeats, seed=7, **changes)


def run_whole(path: Path, design: Design, work: Callable = fakes.calm, **options: Any) -> list[Any]:
    """Run a campaign to its end in a study of its own; return the events."""
    with Study.open(path) if path.exists() else Study.create(path) as study:
        return list(run_campaign(study, study.add_campaign(design), work=work, **options))


def dataset(path: Path, structures: bool = False) -> Any:
    """Return the dataset of a closed study, without the columns that hold times."""
    with Study.open(path, read_only=True) as study:
        frame = study.structures() if structures else study.dataset()
    return frame.drop(columns=[name for name in frame if name.endswith("_seconds")])


def exported(path: Path, structures: bool = False) -> bytes:
    """Return the .csv that a closed study exports, as it is but for the columns of times."""
    with Study.open(path, read_only=True) as study:
        export_dataset(study, path.with_suffix(".csv"), structures)
    rows = list(csv.reader(io.StringIO(path.with_suffix(".csv").read_bytes().decode(), newline="")))
    kept = [place for place, name in enumerate(rows[0]) if not name.endswith("_seconds")]
    assert len(kept) < len(rows[0]), "there are no columns of times"
    # the text of every field is compared, never a number that was read from it
    return "".join(",".join(row[place] for place in kept) + "\n" for row in rows).encode()


PATIENCE_SECONDS = 30.0


def until(happened):
    """Wait until a condition holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = threading.Event()
    while not happened():
        assert time.monotonic() < deadline, "it never happened"
        pause.wait(0.01)
