"""A sheet as the import wizard shows it: roles, problems, and what the table would be.

`read_table` is the same reading with nothing corrected, so window and script agree.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
from engine.experiment.columns import BLANK, ColumnReading, read_column
from engine.experiment.headers import ROLE_KINDS, is_summary, understand
from engine.experiment.layout import (
    REQUIRED,
    Column,
    Layout,
    describe_ambiguous,
    describe_missing,
    find_layout,
)
from engine.experiment.workbook import Sheet, Workbook, open_workbook

# This many problems are shown one by one.
_MOST_PROBLEMS = 500


@dataclass(frozen=True)
class ReadOptions:
    """What the user has said about a file; everything left None is found.

    Attributes
    ----------
    sheet : str, optional
    header_row : int, optional
        As the user sees it, from 1; 0 says that there is no header.
    mapping : dict of role to column
        Columns by header text, by letters, or by index from 0.
    units : dict of role to unit
        Overrule the header, e.g. ``{"porosity": "%", "initial_thickness": "mm"}``.
    delimiter, encoding, decimal : str, optional
        Of a text table.
    calibration : GapCalibration
    corrections : dict of (row, column) to str
        Cells mended in place: row as the user sees it (from 1), column index from 0.
    leave_out : frozenset of int
        Rows to leave out, as the user sees them.
    group_replicates : bool
        Average rows of equal conditions.
    densities : (float, float), optional
        Skeletal densities of AM and CBD, g/cm³: with them, a porosity that the sheet does not
        give is derived from thickness and mass loading.
    """

    sheet: str | None = None
    header_row: int | None = None
    mapping: Mapping[str, str | int] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    delimiter: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    calibration: GapCalibration = PUBLISHED_CALIBRATION
    corrections: Mapping[tuple[int, int], str] = field(default_factory=dict)
    leave_out: frozenset[int] = frozenset()
    group_replicates: bool = True
    densities: tuple[float, float] | None = None

    def replace(self, **changes: object) -> ReadOptions:
        """Copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class CellProblem:
    """A cell of a data row that cannot be used as it is.

    Attributes
    ----------
    row : int
        As the user sees it, from 1.
    column : int
        Index from 0.
    header : str
    complaint : str
        What is wrong, without the place.
    """

    row: int
    column: int
    header: str
    complaint: str

    def __str__(self) -> str:
        return f"Row {self.row}, column '{self.header}': {self.complaint}"


@dataclass(frozen=True, eq=False)
class SheetPreview:
    """One sheet, read as far as possible; nothing is raised for single cells.

    Attributes
    ----------
    workbook : Workbook
    sheet : Sheet
        With the corrections in it.
    options : ReadOptions
    layout : Layout
    readings : dict of role to ColumnReading
        Number roles only; over `candidates`.
    candidates : list of int
        Rows below the header (from 0) that hold anything, in order.
    used : list of int
        Rows (from 0) that become measured conditions.
    left_out : list of (int, str)
        Rows as the user sees them, and why they are not used.
    problems : list of CellProblem
        Must be mended, or their rows left out, before the table can be read.
    column_errors : list of str
        Columns whose unit cannot be told.
    notes : list of str
    """

    workbook: Workbook
    sheet: Sheet
    options: ReadOptions
    layout: Layout
    readings: dict[str, ColumnReading]
    candidates: list[int]
    used: list[int]
    left_out: list[tuple[int, str]]
    problems: list[CellProblem]
    column_errors: list[str]
    notes: list[str]

    @property
    def sheet_names(self) -> tuple[str, ...]:
        """Sheets of the file, visible ones first."""
        return self.workbook.sheet_names

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that have a header or data."""
        return self.layout.columns

    @property
    def header_row(self) -> int:
        """Row of the header as the user sees it; 0 where there is none."""
        return self.layout.header_row + 1

    def role_of(self, column: int) -> str:
        """Role that a column (index from 0) plays; empty if none."""
        return next((r for r, index in self.layout.roles.items() if index == column), "")

    @cached_property
    def problem_cells(self) -> dict[tuple[int, int], str]:
        """Complaint about each cell, by row as the user sees it and column index."""
        return {(p.row, p.column): p.complaint for p in self.problems}

    def cell_text(self, row: int, column: int) -> str:
        """Text of a cell as shown; `row` as the user sees it, `column` from 0."""
        return self.sheet.shown(row - 1, column)

    def is_percent(self, column: int) -> bool:
        """Whether the spreadsheet shows the numbers of a column (from 0) as percents."""
        return any(c == column for _, c in self.sheet.percent)

    @property
    def row_count(self) -> int:
        """Rows of the sheet."""
        return len(self.sheet.rows)

    @cached_property
    def obstacle(self) -> str:
        """Why the table cannot be read yet, in one sentence; empty if it can."""
        name = self.workbook.path.name
        if not self.sheet.rows:
            return f"Sheet '{self.sheet.name}' of {name} is empty."
        if missing_roles(self.layout, self.options):
            return f"{describe_missing(self.sheet, self.layout)}: {self._what_to_do()}."
        if self.layout.ambiguous:
            return describe_ambiguous(self.sheet, self.layout)
        if self.column_errors:
            return self.column_errors[0]
        if self.problems:
            first, more = str(self.problems[0]), len(self.problems) - 1
            rest = f" (and {more} more cell{'s' if more > 1 else ''} like this)" if more else ""
            return f"{first}{rest}."
        if not self.used:
            return (
                f"Sheet '{self.sheet.name}' of {name} has headers, but no row below them gives all "
                "numbers of a condition."
            )
        return ""

    def _what_to_do(self) -> str:
        roles = missing_roles(self.layout, self.options)
        if _is_transposed(self.sheet):
            return (
                "its conditions seem to stand side by side; turn the table so that each condition "
                "is a row"
            )
        return f"name it in the header row, or choose the column (e.g. --map {roles[0]}=C)"


def missing_roles(layout: Layout, options: ReadOptions) -> list[str]:
    """Required roles that a layout does not give, nor lets derive."""
    missing = layout.missing
    if options.densities is not None and "loading" in layout.roles and "am" in layout.roles:
        derivable = {"initial_porosity": "initial_thickness", "porosity": "thickness"}
        missing = [m for m in missing if derivable.get(m) not in layout.roles or m == "am"]
    return missing


def _is_transposed(sheet: Sheet) -> bool:
    """Whether the first columns hold headers, so that conditions stand side by side."""
    for column in range(2):
        texts = [sheet.cell(row, column) for row in range(min(60, len(sheet.rows)))]
        roles = {understand(text).role for text in texts if isinstance(text, str)}
        if "pressure" in roles:
            roles.add("gap")
        if set(REQUIRED) <= roles:
            return True
    return False


def preview_sheet(
    file: str | os.PathLike[str] | Workbook, options: ReadOptions | None = None
) -> SheetPreview:
    """Read a sheet as far as it goes, for people to look at and mend.

    Parameters
    ----------
    file : path or Workbook
        An opened workbook saves reading the file again after each change of the options.
    options : ReadOptions, optional

    Returns
    -------
    SheetPreview
        Of the sheet asked for, else of the first whose headers give all roles, else of the
        one that misses fewest.

    Raises
    ------
    InputError
        If the file cannot be read, or an option names a sheet, role or column that is not there.
    """
    options = options or ReadOptions()
    if isinstance(file, Workbook):
        workbook = file
    else:
        workbook = open_workbook(
            file,
            delimiter=options.delimiter,
            encoding=options.encoding,
            decimal=options.decimal,
        )
    if options.sheet is not None:
        sheet = workbook.sheet(options.sheet)
        return _preview(
            workbook, sheet, find_layout(sheet, options.mapping, options.header_row), options
        )
    best: tuple[int, Sheet, Layout] | None = None
    refused: InputError | None = None
    for name in workbook.sheet_names:
        try:
            sheet = workbook.sheet(name)
            layout = find_layout(sheet, options.mapping, options.header_row)
        except InputError as error:
            # Another sheet may have what this one has not.
            refused = refused or error
            continue
        missing = len(missing_roles(layout, options))
        if best is None or missing < best[0]:
            best = missing, sheet, layout
        if not missing:
            break
    if best is None:
        raise refused or InputError(f"{workbook.path.name} holds no sheet.")
    if best[0] and refused is not None and options.mapping:
        raise refused
    return _preview(workbook, best[1], best[2], options)


def _preview(
    workbook: Workbook, sheet: Sheet, layout: Layout, options: ReadOptions
) -> SheetPreview:
    sheet = _corrected(sheet, options.corrections)
    candidates = _candidates(sheet, layout.first_row)
    readings: dict[str, ColumnReading] = {}
    column_errors: list[str] = []
    columns = {role: layout.column(index) for role, index in layout.roles.items()}
    order = sorted(columns, key=lambda role: role == "porosity_sd")
    # Which rows are data must be known before a column's unit is judged by its values.
    data = _data_rows(sheet, layout, candidates)
    notes: list[str] = []
    for role in order:
        if ROLE_KINDS[role] == "text":
            continue
        column = columns[role]
        try:
            readings[role] = read_column(
                sheet,
                data,
                column.index,
                role,
                column.header,
                column.meaning,
                options.units.get(role),
                readings.get("porosity"),
            )
            notes += readings[role].notes
        except InputError as error:
            column_errors.append(str(error))
    used, left_out, problems = _sort_rows(sheet, layout, candidates, data, readings, options)
    if sheet.hidden_rows & set(used):
        count = len(sheet.hidden_rows & set(used))
        notes.append(f"{count} rows that the spreadsheet hides were read like the others.")
    return SheetPreview(
        workbook, sheet, options, layout, readings, data, used, left_out, problems, column_errors,
        notes,
    )  # fmt: skip


def _corrected(sheet: Sheet, corrections: Mapping[tuple[int, int], str]) -> Sheet:
    """The sheet with cells as the user typed them."""
    if not corrections:
        return sheet
    rows = list(sheet.rows)
    broken, percent = dict(sheet.broken), set(sheet.percent)
    for (row, column), text in corrections.items():
        row -= 1
        if not 0 <= row < len(rows):
            continue
        cells = list(rows[row])
        cells.extend([None] * (column + 1 - len(cells)))
        typed = str(text).strip()
        # A number typed over a percent is a percent, as in the spreadsheet program.
        if (row, column) in percent and typed and "%" not in typed:
            typed += " %"
        percent.discard((row, column))
        cells[column] = typed or None
        rows[row] = cells
        broken.pop((row, column), None)
    return dataclasses.replace(sheet, rows=rows, broken=broken, percent=frozenset(percent))


def _candidates(sheet: Sheet, first: int) -> list[int]:
    """Rows from the first one below the header to the last that holds anything."""
    last = len(sheet.rows)
    broken_rows = {row for row, _ in sheet.broken}
    while (
        last > first
        and (last - 1) not in broken_rows
        and not any(value is not None for value in sheet.rows[last - 1])
    ):
        last -= 1
    return list(range(first, last))


def _number_roles(layout: Layout) -> list[str]:
    """Roles whose cells make a row a measured condition."""
    return [r for r in (*REQUIRED, "pressure", "thickness", "loading") if r in layout.roles]


def _data_rows(sheet: Sheet, layout: Layout, candidates: list[int]) -> list[int]:
    """Rows of which at least two cells of number roles hold numbers or broken formulas."""
    from engine.experiment.numbers import parse_number

    columns = [layout.roles[role] for role in _number_roles(layout)]
    needed = min(2, len(columns))
    data = []
    for row in candidates:
        found = 0
        for column in columns:
            value = sheet.cell(row, column)
            if isinstance(value, float):
                found += 1
            elif isinstance(value, str):
                found += parse_number(value, sheet.decimal) is not None
            else:
                found += (row, column) in sheet.broken
        if found >= needed > 0:
            data.append(row)
    return data


def _first_text(sheet: Sheet, row: int) -> tuple[int, str]:
    for column, value in enumerate(sheet.rows[row]):
        if value is not None:
            return (column, value) if isinstance(value, str) else (-1, "")
    return -1, ""


def _sort_rows(
    sheet: Sheet,
    layout: Layout,
    candidates: list[int],
    data: list[int],
    readings: Mapping[str, ColumnReading],
    options: ReadOptions,
) -> tuple[list[int], list[tuple[int, str]], list[CellProblem]]:
    """Tell rows to use from rows to leave out and from cells to mend."""
    position = {row: i for i, row in enumerate(data)}
    labels = [_first_text(sheet, row) for row in data]
    summaries = {row for row, (_, text) in zip(data, labels, strict=True) if is_summary(text)}
    if 2 * len(summaries) >= len(data):
        summaries = set()  # then it is what this column calls its levels
    roles = [role for role in _number_roles(layout) if role in readings]
    used: list[int] = []
    left_out: list[tuple[int, str]] = []
    problems: list[CellProblem] = []
    plain = _plain_rows(layout, roles, readings, len(data), options)
    for row in candidates:
        shown = row + 1
        i = position.get(row, -1)
        if i >= 0 and plain[i] and row not in summaries and shown not in options.leave_out:
            used.append(row)
            continue
        if shown in options.leave_out:
            left_out.append((shown, "left out by the user"))
            continue
        if row not in position:
            if _other_header(sheet, layout, row):
                last = candidates[-1] + 1
                left_out.append((shown, f"another table begins here; rows {shown}-{last} not read"))
                break
            left_out.append((shown, _reason(sheet, layout, row)))
            continue
        if row in summaries:
            left_out.append((shown, f"a summary row ('{_first_text(sheet, row)[1]}')"))
            continue
        values = [readings[role].values[i] for role in roles]
        states = [readings[role].states[i] for role in roles]
        if all(s == BLANK or v == 0 for s, v in zip(states, values, strict=True)):
            left_out.append((shown, "only zeros"))
            continue
        blank = _blank_roles(layout, roles, states, options)
        complained = False
        for role in [*roles, *(["porosity_sd"] if "porosity_sd" in readings else [])]:
            reading = readings[role]
            if i in reading.complaints:
                complained = True
                index = layout.roles[role]
                if len(problems) < _MOST_PROBLEMS:
                    problems.append(
                        CellProblem(
                            shown, index, layout.column(index).header, reading.complaints[i]
                        )
                    )
        if complained:
            continue
        if blank:
            headers = [f"'{layout.column(layout.roles[role]).header}'" for role in blank]
            left_out.append((shown, f"{', '.join(headers)} is blank"))
            continue
        gap_problem = _outside_calibration(layout, readings, i, options.calibration)
        if gap_problem:
            index = layout.roles["gap"]
            problems.append(CellProblem(shown, index, layout.column(index).header, gap_problem))
            continue
        used.append(row)
    return used, left_out, problems


def _plain_rows(
    layout: Layout,
    roles: list[str],
    readings: Mapping[str, ColumnReading],
    count: int,
    options: ReadOptions,
) -> np.ndarray:
    """Data rows (bool) with a number above 0 in every cell, about which nothing is to be said."""
    plain = np.ones(count, bool)
    for role in roles:
        reading = readings[role]
        plain &= np.isfinite(reading.values)
        if role != "gap":
            plain &= reading.values > 0
        plain[list(reading.complaints)] = False
    if "porosity_sd" in readings:
        plain[list(readings["porosity_sd"].complaints)] = False
    if "gap" in readings and "pressure" not in readings:
        plain &= options.calibration.covers_gap(readings["gap"].values)
    return plain


def _blank_roles(
    layout: Layout, roles: list[str], states: list[str], options: ReadOptions
) -> list[str]:
    """Roles without which the row is no condition, and which it leaves blank."""
    state = dict(zip(roles, states, strict=True))
    blank = [
        role
        for role in roles
        if state[role] == BLANK and role not in ("gap", "pressure", "thickness", "loading")
    ]
    drivers = [role for role in ("gap", "pressure") if role in state]
    if drivers and any(state[role] == BLANK for role in drivers):
        # With both columns on the sheet, both are used as measured.
        blank += [role for role in drivers if state[role] == BLANK]
    if options.densities is not None:
        for derived, thickness in (
            ("initial_porosity", "initial_thickness"),
            ("porosity", "thickness"),
        ):
            if derived not in layout.roles:
                blank += [r for r in (thickness, "loading") if state.get(r) == BLANK]
    return list(dict.fromkeys(blank))


def _outside_calibration(
    layout: Layout,
    readings: Mapping[str, ColumnReading],
    i: int,
    calibration: GapCalibration,
) -> str:
    if "gap" not in readings or "pressure" in readings:
        return ""
    gap = float(readings["gap"].values[i])
    if calibration.covers_gap(gap):
        return ""
    return (
        f"{gap:.6g} µm is outside the {calibration.gap_min:g}-{calibration.gap_max:g} µm that the "
        "gap calibration covers"
    )


def _reason(sheet: Sheet, layout: Layout, row: int) -> str:
    """Why a row that is no data row is left out."""
    texts = [value for value in sheet.rows[row] if isinstance(value, str)]
    if texts:
        text = texts[0] if len(texts[0]) <= 50 else texts[0][:47] + "..."
        return f"a note ('{text}')"
    if any(value is not None for value in sheet.rows[row]):
        return "nearly blank"
    return "blank"


def _other_header(sheet: Sheet, layout: Layout, row: int) -> bool:
    """Whether a row is the header of a different table in the same columns."""
    found = 0
    differs = False
    for role, column in layout.roles.items():
        value = sheet.cell(row, column)
        if isinstance(value, str):
            other = understand(value)
            if other.quantity:
                found += 1
                differs |= other.role != role
    return found >= 3 and differs
