"""Tables that verbs read: the dataset of a study or a CSV file."""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.study import Study


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a CSV table with one header line; semicolons go with decimal commas.

    Raises
    ------
    InputError
        If the file is absent, empty, no table, or has a column twice.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the name.")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            semicolons = ";" in file.readline()
            separator, decimal = (";", ",") if semicolons else (",", ".")
            file.seek(0)
            _refuse_a_column_twice(
                path.name, next(filter(None, csv.reader(file, delimiter=separator)), [])
            )
        frame = pd.read_csv(path, encoding="utf-8-sig", sep=separator, decimal=decimal)
    except InputError:
        raise
    except (ValueError, csv.Error, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path.name} could not be read as a CSV table: {reason}.") from None
    if frame.empty:
        raise InputError(f"{path.name} has no data rows below its header.")
    return frame


def _refuse_a_column_twice(name: str, header: list[str]) -> None:
    """Two columns of one name: nobody can tell which one is meant."""
    counted = Counter(title.strip() for title in header if title.strip())
    twice = [f"'{title}'" for title, count in counted.items() if count > 1]
    if twice:
        raise InputError(
            f"{name} has the column{'s' * (len(twice) > 1)} {', '.join(twice)} more than once: "
            "rename or remove all but one."
        )


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
    """Read the dataset of a study (one row a condition), or of one campaign, or a CSV table.

    Raises
    ------
    InputError
        If nothing can be read, or the study holds no such campaign or no finished structure.
    """
    if not is_study(path):
        if campaign is not None:
            raise InputError(f"--campaign is for a study; {Path(path).name} is a table.")
        return read_csv(path)
    from engine.study import Study

    with Study.open(path, read_only=True) as study:
        check_campaign(study, campaign)
        frame = study.dataset(campaign)
    if frame.empty:
        raise InputError(f"{Path(path).name} holds no finished structure: run a campaign first.")
    return frame
