"""A sheet as the import wizard shows it: roles, problems, and what the table would be.

`read_table` is the same reading with nothing corrected, so window and script agree.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.errors import InputError
from engine.experiment.columns import ColumnReading, read_column
from engine.experiment.headers import ROLE_KINDS, understand
from engine.experiment.layout import (
    DERIVED_FROM,
    REQUIRED,
    Column,
    Layout,
    describe_ambiguous,
    describe_missing,
    find_layout,
)
from engine.experiment.numbers import detect_thousands
from engine.experiment.read_options import ReadOptions
from engine.experiment.rolls import stated_rolls
from engine.experiment.rows import (
    COATING_ROLES,
    CellProblem,
    blank_coatings,
    data_rows,
    rows_below,
    sort_rows,
)
from engine.experiment.units import Unit, find_unit
from engine.experiment.workbook import Sheet, Workbook, open_workbook

__all__ = ["CellProblem", "ReadOptions", "SheetPreview", "missing_roles", "preview_sheet"]


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

    @cached_property
    def thousands(self) -> str:
        """Sign between thousands in numbers that stand as text; empty where there is none."""
        texts = (v for row in self.sheet.rows[:2000] for v in row if isinstance(v, str))
        return detect_thousands(texts, self.sheet.decimal)

    @cached_property
    def repeats_coatings(self) -> bool:
        """Whether rows leave the coating blank below a row that gives it."""
        found = blank_coatings(
            self.workbook.sheet(self.sheet.name),
            self.layout,
            rows_below(self.sheet, self.layout.first_row),
        )
        return bool(found)

    @property
    def reads_load(self) -> bool:
        """Whether the pressure comes, or could come, from a line load or force."""
        return self.layout.load_column is not None or self.load_unit is not None

    @property
    def load_unit(self) -> Unit | None:
        """Unit of the column of the pressure where it holds line loads or forces."""
        index = self.layout.roles.get("pressure")
        if index is None:
            return None
        unit = find_unit(self.options.units.get("pressure", ""))
        unit = unit or self.layout.column(index).meaning.unit
        return unit if unit is not None and unit.kind in ("line load", "force") else None

    @property
    def can_derive(self) -> bool:
        """Whether a porosity is, or could be, derived from thickness and mass loading."""
        roles = self.layout.roles
        if not {"loading", "am"} <= set(roles):
            return False
        if "initial_porosity" not in roles or ("porosity" not in roles and "thickness" in roles):
            return True
        # Rows that leave the porosity blank may give it by what was weighed and measured.
        weighed = [self.readings.get(r) for r in ("porosity", "thickness", "loading")]
        if any(one is None for one in weighed):
            return False
        blank, *given = [one.values for one in weighed if one is not None]
        return bool((np.isnan(blank) & np.isfinite(given).all(axis=0)).any())

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
            missing = missing_roles(self.layout, self.options)
            return f"{describe_missing(self.sheet, self.layout, missing)}: {self._what_to_do()}."
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
        weighed = {"loading", "am"} <= set(self.layout.roles)
        derivable = {r for r in roles if weighed and DERIVED_FROM.get(r) in self.layout.roles}
        load = self.layout.load_column
        if load is not None and set(roles) == {"gap", *derivable}:
            verbs = "--contact-length 2"
            if load.meaning.quantity == "force":
                verbs += " --roll-width 100"
            if derivable:
                return f"give these (in a shell {verbs} --densities 4.65 1.8)"
            return f"give it (in a shell {verbs})"
        if roles and set(roles) == derivable:
            return "give them (in a shell --densities 4.65 1.8)"
        them = "it" if len(roles) == 1 else "them"
        return (
            f"name {them} in the header row, or say which column each is (in a shell "
            f"--map {roles[0]}=C)"
        )


def missing_roles(layout: Layout, options: ReadOptions) -> list[str]:
    """Required roles that a layout does not give, nor lets derive."""
    missing = layout.missing
    if options.densities is not None and "loading" in layout.roles and "am" in layout.roles:
        missing = [m for m in missing if DERIVED_FROM.get(m) not in layout.roles]
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
        return _preview(workbook, sheet, _layout(sheet, options, options.header_row), options)
    best: tuple[int, Sheet, Layout] | None = None
    refused: InputError | None = None
    for name in workbook.sheet_names:
        try:
            sheet = workbook.sheet(name)
            layout = _layout(sheet, options, options.header_row)
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


def _layout(sheet: Sheet, options: ReadOptions, header_row: int | None) -> Layout:
    """Layout of a sheet; with a contact length a load stands in for the pressure."""
    layout = find_layout(sheet, options.mapping, header_row)
    load = layout.load_column
    if load is not None and (options.contact_length or stated_rolls(load.header)[0]):
        layout.roles["pressure"] = load.index
    return layout


def _with_stated_rolls(options: ReadOptions, layout: Layout) -> ReadOptions:
    """Options with the contact of the rolls that the header of the loads states."""
    if options.contact_length or "pressure" not in layout.roles:
        return options
    length, width = stated_rolls(layout.column(layout.roles["pressure"]).header)
    if length is None:
        return options
    return options.replace(contact_length=length, roll_width=options.roll_width or width)


def _filled_down(sheet: Sheet, layout: Layout, repeated: list[int]) -> Sheet:
    """The sheet with the coating of the row above in rows that leave it blank."""
    rows, percent = list(sheet.rows), set(sheet.percent)
    columns = [layout.roles[role] for role in COATING_ROLES]
    for row in repeated:
        cells = list(rows[row])
        cells.extend([None] * (max(columns) + 1 - len(cells)))
        for column in columns:
            cells[column] = rows[row - 1][column]
            if (row - 1, column) in percent:
                percent.add((row, column))
        rows[row] = cells
    return dataclasses.replace(sheet, rows=rows, percent=frozenset(percent))


def _preview(
    workbook: Workbook, sheet: Sheet, layout: Layout, options: ReadOptions
) -> SheetPreview:
    if options.corrections:
        sheet = _corrected(sheet, options.corrections)
        if min(row for row, _ in options.corrections) <= layout.first_row:
            # A name in the header was mended.
            layout = _layout(sheet, options, layout.header_row + 1)
    options = _with_stated_rolls(options, layout)
    candidates = rows_below(sheet, layout.first_row)
    notes: list[str] = []
    repeated = blank_coatings(sheet, layout, candidates)
    if options.fill_down:
        sheet = _filled_down(sheet, layout, repeated)
    elif repeated:
        notes.append(
            f"{len(repeated)} rows leave the coating blank below a row that gives it: say that "
            "they repeat it (in a shell --fill-down), or they are left out."
        )
    readings: dict[str, ColumnReading] = {}
    column_errors: list[str] = []
    columns = {role: layout.column(index) for role, index in layout.roles.items()}
    order = sorted(columns, key=lambda role: role == "porosity_sd")
    # Which rows are data must be known before a column's unit is judged by its values.
    data = data_rows(sheet, layout, candidates)
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
                options,
            )
            notes += readings[role].notes
        except InputError as error:
            column_errors.append(str(error))
    used, left_out, problems = sort_rows(sheet, layout, candidates, data, readings, options)
    if sheet.hidden_rows & set(used):
        count = len(sheet.hidden_rows & set(used))
        notes.append(f"{count} rows that the spreadsheet hides were read like the others.")
    return SheetPreview(
        workbook, sheet, options, layout, readings, data, used, left_out, problems, column_errors,
        notes,
    )  # fmt: skip


def _corrected(sheet: Sheet, corrections: Mapping[tuple[int, int], str]) -> Sheet:
    """The sheet with cells as the user typed them."""
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
