"""The cells of one column as numbers in engine units, decided once for the whole column."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.headers import ROLE_KINDS, Meaning
from engine.experiment.numbers import parse_number
from engine.experiment.read_options import ReadOptions
from engine.experiment.spreadsheet_marks import NO_RESULT
from engine.experiment.units import Unit, find_unit
from engine.experiment.workbook import Sheet

# What an electrode can have, in engine units: lowest, highest, in words.
_RANGES: dict[str, tuple[float, float, str]] = {
    "initial_thickness": (1.0, 2000.0, "between 1 and 2000 µm"),
    "thickness": (1.0, 2000.0, "between 1 and 2000 µm"),
    "gap": (0.0, 5000.0, "between 0 and 5000 µm"),
    "pressure": (0.0, 10000.0, "between 0 and 10000 MPa"),
    "loading": (1e-3, 1000.0, "between 0 and 1000 mg/cm²"),
}
# What stands where nothing was measured; compared in lower case.
NOTHING = {"-", "–", "—", "--", "−", "nan", "na", "n/a", "n.a.", "#n/a", "null"}

# Loads that stand in for a pressure where the contact of the rolls is known.
_LOADS = ("line load", "force")

NUMBER, BLANK, TEXT, BROKEN = "number", "blank", "text", "broken"


@dataclass
class ColumnReading:
    """One column read for a role.

    Attributes
    ----------
    values : ndarray, shape (n,)
        Engine units; nan where the cell is no number.
    states : list of str
        Per cell: ``"number"``, ``"blank"``, ``"text"`` or ``"broken"`` (formula errors).
    complaints : dict of int to str
        For cells that cannot be used as they are, by position: what is wrong, without place.
    read_as : str
        Unit in which plain numbers of the column were read, e.g. ``"%"``.
    notes : list of str
        What was assumed, one sentence each.
    spread : ndarray or None, shape (n,)
        What stands behind a ± in the cells, engine units; nan where nothing does.
    """

    values: NDArray[np.float64]
    states: list[str]
    complaints: dict[int, str] = field(default_factory=dict)
    read_as: str = ""
    notes: list[str] = field(default_factory=list)
    spread: NDArray[np.float64] | None = None


def read_column(
    sheet: Sheet,
    rows: Sequence[int],
    column: int,
    role: str,
    header: str,
    meaning: Meaning,
    unit: str | None = None,
    like: ColumnReading | None = None,
    options: ReadOptions | None = None,
) -> ColumnReading:
    """Read the cells of one column for a role.

    Parameters
    ----------
    sheet : Sheet
    rows : sequence of int
        Rows of the sheet, from 0.
    column : int
        From 0.
    role : str
        One of the number roles of `engine.experiment.headers.ROLES`.
    header : str
        As shown, for messages.
    meaning : Meaning
        Of the header: its unit and whether it ends in ``_percent``.
    unit : str, optional
        Unit chosen by the user; it overrules the header.
    like : ColumnReading, optional
        Column whose unit a deviation without one of its own shares.
    options : ReadOptions, optional
        Gives contact length and roll width where a load stands in for the pressure.

    Returns
    -------
    ColumnReading

    Raises
    ------
    InputError
        If the unit of the column cannot be told, or is of another kind than the role.
    """
    kind = ROLE_KINDS[role]
    chosen = _chosen_unit(unit, kind, header)
    declared = chosen or meaning.unit
    if role == "pressure" and declared is not None and declared.kind in _LOADS:
        declared = _pressure_of_load(declared, header, options)
    if declared is not None and declared.kind != kind:
        raise InputError(
            f"Column '{header}' is in {declared.shown}, which is no unit of {kind}: choose another "
            f"column or correct its unit."
        )
    plain, final, states, complaints, spread = _cells(sheet, rows, column, kind)
    reading = ColumnReading(final, states, complaints)
    known = np.isfinite(plain)
    if kind == "fraction":
        factor = _fraction_factor(plain[known], role, header, meaning, chosen, like, reading)
        reading.read_as = "%" if factor == 0.01 else "fraction"
    else:
        factor = _length_factor(plain[known], kind, header, declared, reading)
        reading.read_as = (
            declared.shown if declared else {"length": "µm", "pressure": "MPa"}.get(kind, "")
        )
    reading.values = np.where(known, plain * factor, final)
    if np.isfinite(spread).any():
        # A unit behind the spread belongs to the number before it too.
        with_unit = np.isfinite(final) & ~known
        reading.spread = np.where(with_unit, spread, spread * factor)
        use = "taken as its standard deviation" if role == "porosity" else "left aside"
        reading.notes.append(f"What stands behind ± in column '{header}' was {use}.")
    _check_range(role, plain, factor, chosen is not None, reading)
    return reading


def _chosen_unit(unit: str | None, kind: str, header: str) -> Unit | None:
    if not unit:
        return None
    found = find_unit(unit)
    if found is not None and kind == "pressure" and found.kind in _LOADS:
        return found
    if found is None or found.kind != kind:
        raise InputError(f"'{unit}' is no unit of {kind} for column '{header}'.")
    return found


def _pressure_of_load(unit: Unit, header: str, options: ReadOptions | None) -> Unit:
    """Pressure unit that a line load (N/mm) or force (kN) amounts to under the rolls."""
    length = options.contact_length if options else None
    width = options.roll_width if options else None
    if not length or not length > 0:
        raise InputError(
            f"Column '{header}' is a {unit.kind} ({unit.shown}): give the contact length of the rolls "
            "in mm to turn it into a pressure, or choose another column."
        )
    factor = unit.factor / length
    if unit.kind == "force":
        if not width or not width > 0:
            raise InputError(
                f"Column '{header}' is a force ({unit.shown}): give the width of the electrode in mm "
                "to turn it into a line load."
            )
        factor *= 1000 / width
    return Unit(unit.text, "pressure", factor)


def _cells(
    sheet: Sheet, rows: Sequence[int], column: int, kind: str
) -> tuple[
    NDArray[np.float64], NDArray[np.float64], list[str], dict[int, str], NDArray[np.float64]
]:
    """Cells as (plain numbers, numbers already in engine units, states, complaints, spreads)."""
    spread = np.full(len(rows), np.nan)
    plain = np.full(len(rows), np.nan)
    final = np.full(len(rows), np.nan)
    states = [BLANK] * len(rows)
    complaints: dict[int, str] = {}
    for i, row in enumerate(rows):
        broken = sheet.broken.get((row, column))
        if broken is not None:
            states[i] = BROKEN
            complaints[i] = (
                "holds a formula whose result was not stored; open the file in your spreadsheet "
                "program and save it again"
                if broken == NO_RESULT
                else f"the formula gives {broken}"
            )
            continue
        value = sheet.cell(row, column)
        if value is None or (isinstance(value, str) and value.strip().lower() in NOTHING):
            continue
        if isinstance(value, float) and np.isfinite(value):
            states[i] = NUMBER
            if kind == "fraction" and (row, column) in sheet.percent:
                final[i] = value
            else:
                plain[i] = value
            continue
        states[i] = TEXT
        if isinstance(value, str):
            parsed = parse_number(value, sheet.decimal)
            if parsed is None and ("±" in value or "+/-" in value):
                parsed, spread[i] = _with_spread(value, sheet.decimal)
            if parsed is not None and (parsed[1] is None or parsed[1].kind == kind):
                states[i] = NUMBER
                if parsed[1] is None:
                    plain[i] = parsed[0]
                else:
                    final[i] = parsed[0] * parsed[1].factor
                continue
            shown = value if len(value) <= 40 else value[:37] + "..."
            if value.startswith("="):
                complaints[i] = f"'{shown}' is a formula as text; write its result"
            elif parsed is not None and parsed[1] is not None:
                complaints[i] = f"'{shown}' is in {parsed[1].shown}, which is no unit of {kind}"
            else:
                complaints[i] = f"'{shown}' is not a number"
        elif isinstance(value, datetime.date | datetime.time | datetime.timedelta):
            complaints[i] = (
                f"{value} is a date or time, not a number (spreadsheets turn texts like 1.5 into "
                "dates; type the number again)"
            )
        else:
            complaints[i] = f"{sheet.shown(row, column)} is not a number"
    return plain, final, states, complaints, spread


def _with_spread(text: str, decimal: str) -> tuple[tuple[float, Unit | None] | None, float]:
    """Number and spread of ``"26,1 ± 0,4 %"``; the spread is in the number's unit."""
    before, after = re.split(r"±|\+/-", text, maxsplit=1)
    value, spread = parse_number(before, decimal), parse_number(after, decimal)
    if value is None or spread is None or spread[0] < 0:
        return None, np.nan
    unit = value[1] or spread[1]
    return (value[0], unit), spread[0] * (unit.factor if unit is not None else 1.0)


def _fraction_factor(
    plain: NDArray[np.float64],
    role: str,
    header: str,
    meaning: Meaning,
    chosen: Unit | None,
    like: ColumnReading | None,
    reading: ColumnReading,
) -> float:
    """1 or 0.01: what turns the plain numbers of a column into fractions."""
    if chosen is not None:
        return chosen.factor
    if not len(plain):
        return 1.0
    declared = meaning.unit
    if role == "porosity_sd":
        if declared is not None and not (declared.factor == 1.0 and plain.max() > 1):
            return declared.factor
        if like is not None and like.read_as == "%":
            return 0.01
        if like is not None and np.nanmedian(plain) > 0.5 * np.nanmedian(like.values):
            reading.notes.append(f"Column '{header}' was read in percent points.")
            return 0.01
        return 1.0 if plain.max() <= 1 else 0.01
    if meaning.percent_by_name:
        if plain.max() <= 1:
            raise InputError(
                f"Column '{header}' is in percent by its name, but no value is above 1: write 48.7 "
                "for 48.7 %, or take '_percent' out of the name."
            )
        return 0.01
    percent = bool(np.median(plain) > 1)
    if declared is not None and percent != (declared.factor < 1):
        read = "percents" if percent else "fractions"
        reading.notes.append(
            f"Column '{header}' says {declared.shown}, but its values "
            f"{'exceed' if percent else 'do not exceed'} 1: they were read as {read}."
        )
    return 0.01 if percent else 1.0


def _length_factor(
    plain: NDArray[np.float64],
    kind: str,
    header: str,
    declared: Unit | None,
    reading: ColumnReading,
) -> float:
    """Engine units in the unit of a column."""
    if declared is not None:
        return declared.factor
    if not len(plain):
        return 1.0
    if kind == "length":
        if 0 < np.max(np.abs(plain)) < 1:
            raise InputError(
                f"Column '{header}' has no unit and no value above 1: write its unit in the header, "
                "e.g. (mm)."
            )
        reading.notes.append(f"Column '{header}' has no unit and was read in µm.")
    elif kind == "pressure":
        reading.notes.append(f"Column '{header}' has no unit and was read in MPa.")
    return 1.0


def _check_range(
    role: str,
    plain: NDArray[np.float64],
    factor: float,
    chosen: bool,
    reading: ColumnReading,
) -> None:
    """Complain of numbers that no electrode can have, or that are in another unit."""
    kind = ROLE_KINDS[role]
    for i in np.flatnonzero(_suspicious(role, plain, factor, reading.values)):
        value = float(reading.values[i])
        raw = float(plain[i])
        if kind != "fraction":
            low, high, words = _RANGES[role]
            if not low <= value <= high:
                unit = {"length": " µm", "pressure": " MPa", "loading": " mg/cm²"}[kind]
                reading.complaints[int(i)] = f"{value:.6g}{unit} is not {words}"
            continue
        as_percent = factor == 0.01 or not np.isfinite(raw)
        shown = f"{100 * value:.6g}" if as_percent else f"{value:.6g}"
        if role == "porosity_sd":
            if not 0 <= value < 1:
                reading.complaints[int(i)] = f"{shown} is no standard deviation of a porosity"
            continue
        top = 1.0 if role == "am" else 1 - 1e-9
        if not as_percent and 1 < raw <= 100:
            reading.complaints[int(i)] = (
                f"{raw:.6g} is not between 0 and 1, and the other rows are fractions"
            )
        elif not 0 < value <= top:
            shown = f"{raw:.6g}" if np.isfinite(raw) else shown
            reading.complaints[int(i)] = f"{shown} is not between 0 and 100 %"
        elif factor == 0.01 and np.isfinite(raw) and raw <= 1 and not chosen:
            reading.complaints[int(i)] = (
                f"{raw:.6g} looks like a fraction, and the other rows are percents"
            )


def _suspicious(
    role: str, plain: NDArray[np.float64], factor: float, values: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Numbers worth a closer look; all others are in range."""
    known = np.isfinite(values)
    if role == "porosity_sd":
        return known & ~((values >= 0) & (values < 1))
    if role in _RANGES:
        low, high, _ = _RANGES[role]
        return known & ~((values >= low) & (values <= high))
    usual = (values > 0) & (values < 1 - 1e-9)
    if factor == 0.01:
        usual &= ~(plain <= 1)
    return known & ~usual
