"""Tables that verbs read: the dataset of a study or a CSV file."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from engine.errors import InputError


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a CSV table with one header line; semicolons go with decimal commas.

    Raises
    ------
    InputError
        If the file is absent, empty, or no table.
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the name.")
    try:
        with path.open(encoding="utf-8-sig") as file:
            semicolons = ";" in file.readline()
        separator, decimal = (";", ",") if semicolons else (",", ".")
        frame = pd.read_csv(path, encoding="utf-8-sig", sep=separator, decimal=decimal)
    except (ValueError, UnicodeDecodeError, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path.name} could not be read as a CSV table: {reason}.") from None
    if frame.empty:
        raise InputError(f"{path.name} has no data rows below its header.")
    return frame


def is_study(path: str | Path) -> bool:
    """Whether `path` names a study: by its ending, else by the first bytes of the file."""
    path = Path(path)
    if path.suffix.lower() == ".study":
        return True
    if path.is_file():
        with path.open("rb") as file:
            return file.read(15) == b"SQLite format 3"
    return False


def read_dataset(path: str | Path) -> pd.DataFrame:
    """Read the dataset of a study (one row a condition) or a CSV table.

    Raises
    ------
    InputError
        If nothing can be read, or the study holds no finished structure.
    """
    if not is_study(path):
        return read_csv(path)
    from engine.study import Study

    with Study.open(path, read_only=True) as study:
        frame = study.dataset()
    if frame.empty:
        raise InputError(f"{Path(path).name} holds no finished structure: run a campaign first.")
    return frame
