"""Tables that verbs read: the dataset of a study or a CSV file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from engine.errors import InputError
from engine.learning.table_files import read_table_file

if TYPE_CHECKING:
    from engine.cli.console import Console
    from engine.study import Study


def is_study(path: str | Path) -> bool:
    """Whether `path` names a study: by its ending, else by the first bytes of the file."""
    path = Path(path)
    if path.suffix.lower() == ".study":
        return True
    if path.is_file():
        with path.open("rb") as file:
            return file.read(15) == b"SQLite format 3"
    return False


def add_campaign(parser: argparse.ArgumentParser) -> None:
    """Declare the option that chooses one campaign of a study."""
    parser.add_argument(
        "--campaign",
        type=int,
        metavar="N",
        help="only this campaign of the study (default: all; 1 is the first)",
    )


def check_campaign(study: Study, campaign: int | None) -> None:
    """Refuse a campaign that the study does not hold, naming those it does."""
    known = [record.id for record in study.campaigns()]
    if campaign is not None and campaign not in known:
        held = f"it holds {', '.join(map(str, known))}" if known else "it holds none"
        raise InputError(f"{study.path.name} has no campaign {campaign}; {held}.")


def used_models(study: Study, campaign: int | None, console: Console) -> dict[str, str]:
    """Say which models maps of a study stand on; return target to words."""
    from engine.maps.default_models import default_models
    from engine.maps.standing import model_in_words

    if not any(record.done for record in study.campaigns()):
        return {}
    words = {
        name: model_in_words(model)
        for name, model in default_models(study, campaign=campaign).items()
    }
    console.note(f"Model of {name}: {one}." for name, one in words.items())
    return words


# What the structures of one dataset should share, where it is not itself an input.
_SETTINGS = ("protocol", "porosity_kind", "voxel_size_um", "box_um")


def mixed_settings(frame: pd.DataFrame) -> list[str]:
    """Return a warning where the rows of a dataset were made in different ways."""
    mixed = [
        f"{name} ({', '.join(map(str, frame[name].unique()))})"
        for name in _SETTINGS
        if name in frame and frame[name].nunique() > 1
    ]
    if not mixed:
        return []
    return [
        f"The rows differ in {' and '.join(mixed)}, which is averaged over unless it is an input; "
        "--campaign N takes one campaign of a study."
    ]


def read_dataset(path: str | Path, campaign: int | None = None) -> pd.DataFrame:
    """Read the dataset of a study (one row a condition), or of one campaign, or a table file.

    Raises
    ------
    InputError
        If nothing can be read, or the study holds no such campaign or no finished structure.
    """
    if not is_study(path):
        if campaign is not None:
            raise InputError(f"--campaign is for a study; {Path(path).name} is a table.")
        return read_table_file(path).frame
    from engine.study import Study

    with Study.open(path, read_only=True) as study:
        check_campaign(study, campaign)
        frame = study.dataset(campaign)
    if frame.empty:
        raise InputError(f"{Path(path).name} holds no finished structure: run a campaign first.")
    return frame
