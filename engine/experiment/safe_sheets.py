"""Tables written as files in which no text of a user ever becomes a live formula."""

from __future__ import annotations

import csv
import datetime
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.numbers import parse_number
from engine.experiment.table import CalenderingTable

# What spreadsheet programs take for the beginning of a formula
# (https://owasp.org/www-community/attacks/CSV_Injection).
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Characters that no spreadsheet file may hold.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def safe_text(text: str) -> str:
    """Text for a cell of a text table: an apostrophe in front where it could be a formula.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        Numbers, negative ones included, stay as they are.
    """
    text = _CONTROL.sub("", str(text))
    stripped = text.lstrip(" \u00a0")
    if stripped.startswith(_LIVE) and parse_number(stripped) is None:
        return "'" + text
    return text


def write_text_table(
    path: str | os.PathLike[str],
    header: Sequence[str],
    rows: Iterable[Sequence[Any]],
    delimiter: str = ",",
) -> None:
    """Write a .csv (UTF-8) whose cells no spreadsheet program will compute.

    Parameters
    ----------
    path : path
    header : sequence of str
    rows : iterable of sequences
        Numbers are written in full precision, blanks for None and nan.
    delimiter : str

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    try:
        with Path(path).open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow([safe_text(name) for name in header])
            for row in rows:
                writer.writerow([_text_cell(value) for value in row])
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error


def _text_cell(value: Any) -> str:
    value = _plain(value)
    if value is None:
        return ""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return safe_text(value)
    return str(value)


def _plain(value: Any) -> Any:
    """A number, date, bool or text of Python's own; None for blanks and nan."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | int | float | datetime.date | datetime.datetime):
        return value
    return str(value)


def write_workbook(
    path: str | os.PathLike[str],
    sheets: Mapping[str, tuple[Sequence[str], Iterable[Sequence[Any]]]],
) -> None:
    """Write an .xlsx in which every text is a text, whatever it begins with.

    Parameters
    ----------
    path : path
    sheets : dict of name to (header, rows)

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.active)
    for name, (header, rows) in sheets.items():
        sheet = book.create_sheet(_sheet_name(name))
        for r, row in enumerate([header, *rows], 1):
            for c, value in enumerate(row, 1):
                put(sheet, r, c, value)
        style_header(sheet, [max(10, min(40, len(str(name)) + 2)) for name in header])
    try:
        book.save(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error


def _sheet_name(name: str) -> str:
    """Name that Excel accepts for a sheet."""
    name = re.sub(r"[\\/*?:\[\]\s]+", " ", _CONTROL.sub("", name))
    return name[:31].strip(" '") or "Sheet"


def put(sheet: Any, row: int, column: int, value: Any) -> None:
    """Put a value into a cell of an openpyxl sheet; a text stays a text.

    Parameters
    ----------
    sheet : openpyxl Worksheet
    row, column : int
        From 1.
    value : number, text, date or None
    """
    value = _plain(value)
    if value is None:
        return
    cell = sheet.cell(row, column)
    if isinstance(value, str):
        value = _CONTROL.sub("", value)[:32767]
        cell.value = value
        # A text that begins like a formula keeps its text type and Excel's own mark for it.
        cell.data_type = "s"
        if value.startswith(_LIVE):
            cell.quotePrefix = True
    elif isinstance(value, float) and np.isinf(value):
        cell.value = "inf" if value > 0 else "-inf"
    else:
        cell.value = value


def style_header(sheet: Any, widths: Sequence[float]) -> None:
    """Give the first row of an openpyxl sheet the look of a header, frozen above the rows."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        cell = sheet.cell(1, column)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="2F4B66")
        cell.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
    sheet.row_dimensions[1].height = 34
    sheet.freeze_panes = "A2"


def coating_column(table: CalenderingTable) -> tuple[str, ...]:
    """Names of the coatings, shape (n,), that tell the same coatings apart when read back."""
    given = len(set(zip(table.families.tolist(), table.coatings, strict=True)))
    whole = "" not in table.coatings and given == len(set(table.coatings)) == table.family_count
    return table.coatings if whole else table.row_names()


def extra_columns(table: CalenderingTable) -> dict[str, NDArray[Any]]:
    """Extra columns by heading; none is named "Coating", which heads the names of coatings.

    A sheet whose column "Coating" names each electrode has its names here: they are samples.
    """
    free = next(n for n in ("Sample", "Electrode", "Specimen", "Name") if n not in table.extra)
    return {free if name == "Coating" else name: v for name, v in table.extra.items()}


def table_rows(table: CalenderingTable) -> tuple[list[str], list[list[Any]]]:
    """Header and rows of a calendering table, readable again by `read_table`.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    header : list of str
    rows : list of list
        Percents, µm and MPa; extra columns follow under their own names.
    """
    columns: dict[str, Any] = {
        "Coating": coating_column(table),
        "AM (wt%)": 100 * table.am,
        "Initial porosity (%)": 100 * table.initial_porosity,
        "Initial thickness (µm)": table.initial_thickness,
    }
    if table.has_gap and table.rolls is None:
        columns["Roll gap (µm)"] = table.gap
    if table.rolls is not None:
        columns[table.rolls.heading] = table.rolls.load(table.pressure)
    elif not table.has_gap or table.driver != "gap":
        columns["Pressure (MPa)"] = table.pressure
    columns["Porosity (%)"] = 100 * table.porosity
    if table.porosity_sd is not None:
        columns["Porosity SD (%)"] = 100 * table.porosity_sd
    columns["Replicates"] = table.replicates
    if set(table.origin) != {"measured"}:
        columns["Source"] = table.origin
    columns |= {name: v for name, v in extra_columns(table).items() if name not in columns}
    rows = [list(row) for row in zip(*columns.values(), strict=True)]
    return list(columns), rows


def write_table(table: CalenderingTable, path: str | os.PathLike[str]) -> None:
    """Write a calendering table as .xlsx or .csv, by the ending of the name.

    Raises
    ------
    InputError
        If the ending is another, or the file cannot be written.
    """
    header, rows = table_rows(table)
    ending = Path(path).suffix.lower()
    if ending == ".xlsx":
        notes = [["Source", table.source], *(["Note", note] for note in table.notes)]
        notes += [[f"Row {row} left out", why] for row, why in table.left_out]
        write_workbook(path, {"Measurements": (header, rows), "Notes": (["About", "Text"], notes)})
    elif ending == ".csv":
        write_text_table(path, header, rows)
    else:
        raise InputError(f"Tables are written as .xlsx or .csv, not '{ending}'.")
