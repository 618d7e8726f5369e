"""Which rows of a sheet are measured conditions, which are notes, and which must be mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.experiment.calibration import GapCalibration
from engine.experiment.columns import BLANK, NUMBER, ColumnReading
from engine.experiment.headers import is_summary, understand
from engine.experiment.layout import DERIVED_FROM, REQUIRED, Layout
from engine.experiment.numbers import parse_number
from engine.experiment.read_options import ReadOptions
from engine.experiment.workbook import Sheet

# This many problems are shown one by one.
_MOST_PROBLEMS = 500


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


def rows_below(sheet: Sheet, first: int) -> list[int]:
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


def data_rows(sheet: Sheet, layout: Layout, candidates: list[int]) -> list[int]:
    """Rows of which at least two cells of number roles hold numbers or broken formulas."""
    columns = [layout.roles[role] for role in _number_roles(layout)]
    needed = min(2, len(columns))
    data = []
    for row in candidates:
        found = sum(_is_number(sheet, row, column) for column in columns)
        if found >= needed > 0:
            data.append(row)
    return data


COATING_ROLES = ("am", "initial_porosity", "initial_thickness")
"""Roles that describe the coating, as against what was done with it."""


def blank_coatings(sheet: Sheet, layout: Layout, candidates: list[int]) -> list[int]:
    """Rows that leave the whole coating blank and give the rest, below a row that gives it.

    Many labs write the coating once, over the rows of its conditions.
    """
    if not set(COATING_ROLES) <= set(layout.roles):
        return []
    coating = [layout.roles[role] for role in COATING_ROLES]
    others = [layout.roles[r] for r in _number_roles(layout) if r not in COATING_ROLES]
    found: list[int] = []
    given = False
    for row in candidates:
        filled = [sheet.cell(row, c) is not None for c in coating]
        rest = sum(_is_number(sheet, row, c) for c in others)
        if all(filled):
            given = rest > 0
        elif not any(filled) and given and rest >= min(2, len(others)):
            found.append(row)
        else:
            given = False
    return found


def _is_number(sheet: Sheet, row: int, column: int) -> bool:
    value = sheet.cell(row, column)
    if isinstance(value, str):
        return parse_number(value, sheet.decimal) is not None
    return isinstance(value, float) or (row, column) in sheet.broken


def _first_text(sheet: Sheet, row: int) -> tuple[int, str]:
    for column, value in enumerate(sheet.rows[row]):
        if value is not None:
            return (column, value) if isinstance(value, str) else (-1, "")
    return -1, ""


def sort_rows(
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
            hint = ""
            if options.densities is None and _weighed(layout, roles, states, blank):
                hint = " (thickness and mass loading give it with the skeletal densities)"
            left_out.append((shown, f"{', '.join(headers)} is blank{hint}"))
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
    if options.densities is not None and _weighed(layout, roles, states, blank):
        blank = [role for role in blank if role not in DERIVED_FROM]
    drivers = [role for role in ("gap", "pressure") if role in state]
    if drivers and any(state[role] == BLANK for role in drivers):
        # With both columns on the sheet, both are used as measured.
        blank += [role for role in drivers if state[role] == BLANK]
    if options.densities is not None:
        for derived, thickness in DERIVED_FROM.items():
            if derived not in layout.roles:
                blank += [r for r in (thickness, "loading") if state.get(r) == BLANK]
    return list(dict.fromkeys(blank))


def _weighed(layout: Layout, roles: list[str], states: list[str], blank: list[str]) -> bool:
    """Whether a row gives by thickness and mass loading every porosity that it leaves blank."""
    state = dict(zip(roles, states, strict=True))
    left = [role for role in blank if role in DERIVED_FROM]
    needed = {"am", "loading", *(DERIVED_FROM[role] for role in left)}
    return bool(left) and all(state.get(role) == NUMBER for role in needed)


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
