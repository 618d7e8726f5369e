"""Tables to learn from that stand in files: text tables, workbooks, problems of SISSO programs."""

from __future__ import annotations

import csv
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.errors import InputError

if TYPE_CHECKING:
    from engine.learning.sisso_search import SissoOptions

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods")


@dataclass(frozen=True)
class TableFile:
    """A table, and what its file says about it.

    Attributes
    ----------
    frame : DataFrame
    inputs, targets : tuple of str
        As the file states them; empty where it does not.
    units : dict of str to str
    options : SissoOptions or None
        Settings of the search that the file states.
    notes : tuple of str
    """

    frame: pd.DataFrame
    inputs: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    options: SissoOptions | None = None
    notes: tuple[str, ...] = ()

    def number_columns(self) -> list[str]:
        """Columns that hold numbers only (or nothing) and vary."""
        found = []
        for name in self.frame.columns:
            column = self.frame[name]
            if isinstance(column, pd.DataFrame):  # a name that stands twice
                continue
            values = pd.to_numeric(column, errors="coerce")
            if (values.isna() <= column.isna()).all() and values.nunique() > 1:
                found.append(str(name))
        return found


def read_table_file(path: str | Path) -> TableFile:
    """Read a .csv, a workbook's first sheet, or SISSO.in with train.dat beside it.

    Raises
    ------
    InputError
        If the file is absent, empty, or no table.
    """
    path = Path(path)
    if path.name.lower() in ("sisso.in", "train.dat"):
        from engine.learning.sisso_files import read_problem  # compiled code: slow to import

        problem = read_problem(path.parent)
        return TableFile(
            problem.frame.reset_index(drop=True),
            problem.inputs,
            (problem.target,),
            problem.units,
            problem.options,
            problem.notes,
        )
    if path.suffix.lower() in WORKBOOKS:
        return TableFile(read_workbook(path))
    return TableFile(read_csv(path))


def read_csv(path: str | Path) -> pd.DataFrame:
    """Read a CSV table with one header line; semicolons go with decimal commas.

    Lines above the header that begin with ``#`` say where the table comes from and are passed over.
    The last of them is the header where numbers follow at once, one for each of its fields, as
    `numpy.savetxt` writes it.

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
            comments, remark, line = 0, "", file.readline()
            while line.startswith("#"):
                comments, remark, line = comments + 1, line, file.readline()
            semicolons = ";" in line
            separator, decimal = (";", ",") if semicolons else (",", ".")
            titles = _titles_in_remark(remark, line, separator, decimal)
            if titles is None:
                file.seek(0)
                for _ in range(comments):
                    file.readline()
                header = next(filter(None, csv.reader(file, delimiter=separator)), [])
            else:
                header = titles
            _refuse_a_column_twice(path.name, header)
        frame = pd.read_csv(
            path,
            encoding="utf-8-sig",
            sep=separator,
            decimal=decimal,
            skiprows=comments,
            names=titles,
            header="infer" if titles is None else None,
        )
    except InputError:
        raise
    except (OSError, ValueError, csv.Error, pd.errors.ParserError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path.name} could not be read as a CSV table: {reason}.") from None
    if frame.empty:
        raise InputError(f"{path.name} has no data rows below its header.")
    return frame


def _titles_in_remark(remark: str, line: str, separator: str, decimal: str) -> list[str] | None:
    """Titles in the last line that begins with ``#``, where it is the header of what follows."""

    def fields(text: str) -> list[str]:
        return [field.strip() for field in next(csv.reader([text], delimiter=separator), [])]

    def is_number(text: str) -> bool:
        try:
            float(text.replace(decimal, "."))
        except ValueError:
            return False
        return True

    titles, values = fields(remark.lstrip("#")), fields(line)
    numbers = bool(values) and all(map(is_number, values))
    return titles if numbers and len(titles) == len(values) and all(titles) else None


def _refuse_a_column_twice(name: str, header: list[str]) -> None:
    """Two columns of one name: nobody can tell which one is meant."""
    counted = Counter(title.strip() for title in header if title.strip())
    twice = [f"'{title}'" for title, count in counted.items() if count > 1]
    if twice:
        raise InputError(
            f"{name} has the column{'s' * (len(twice) > 1)} {', '.join(twice)} more than once: "
            "rename or remove all but one."
        )


def read_workbook(path: str | Path) -> pd.DataFrame:
    """Read the first sheet of a workbook, with one header line.

    Raises
    ------
    InputError
        If the file is absent, empty, or no workbook.
    """
    from python_calamine import CalamineError

    path = Path(path)
    if not path.is_file():
        raise InputError(f"There is no file {path}: check the name.")
    try:
        frame = pd.read_excel(path, engine="calamine")
    except (OSError, ValueError, zipfile.BadZipFile, CalamineError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise InputError(f"{path.name} could not be read as a workbook: {reason}.") from None
    frame = frame.dropna(how="all").dropna(axis="columns", how="all").reset_index(drop=True)
    if frame.empty:
        raise InputError(f"The first sheet of {path.name} has no data rows below its header.")
    frame.columns = [str(name).strip() for name in frame.columns]
    return frame.replace([None], np.nan)
