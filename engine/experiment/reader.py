"""From a lab file to a `CalenderingTable`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.calibration import (
    PUBLISHED_CALIBRATION,
    GapCalibration,
    fit_calibration,
)
from engine.experiment.coatings import read_labels
from engine.experiment.columns import NOTHING
from engine.experiment.extra_columns import PROCESS
from engine.experiment.headers import SAMPLES, fold
from engine.experiment.layout import DERIVED_FROM, Column
from engine.experiment.numbers import parse_number
from engine.experiment.preview import SheetPreview, preview_sheet
from engine.experiment.read_options import ReadOptions
from engine.experiment.replicates import average_replicates
from engine.experiment.rolls import Rolls
from engine.experiment.table import CalenderingTable
from engine.experiment.units import find_unit, normalise, split_header
from engine.experiment.workbook import Sheet

# The sheet's own pairs of gap and pressure may differ from the calibration by this, MPa.
_CALIBRATION_SCATTER = 5.0


BEYOND_CALIBRATION = (
    "Some pressures are outside the gap calibration: laws written in the roll gap cannot be fitted "
    "to this sheet."
)
"""Note of a table whose pressures have no roll gap."""


TO_MEASURE = "to measure"
"""What a planned condition says in the column of notes until it is measured."""


def read_table(
    path: str | os.PathLike[str],
    sheet: str | None = None,
    mapping: Mapping[str, str | int] | None = None,
    calibration: GapCalibration = PUBLISHED_CALIBRATION,
    **options: Any,
) -> CalenderingTable:
    """Read measured calendering conditions from a lab file.

    Parameters
    ----------
    path : path
        .xlsx, .xls, .ods, .csv, .tsv; judged by its content.
    sheet : str, optional
        By default the first sheet whose headers give all roles.
    mapping : dict of role to column, optional
        Columns by header text or letters; other roles are found by their headers (English,
        French, German).
    calibration : GapCalibration
        Gives the pressure of a roll gap (or the other way round).
    **options
        Further fields of `engine.experiment.read_options.ReadOptions`.

    Returns
    -------
    CalenderingTable
        Replicates are averaged into conditions; `left_out` lists the rows that were notes or
        blanks.

    Raises
    ------
    InputError
        If the file is no readable sheet, a role is missing or ambiguous, or a data row holds
        something that is no number or that no electrode can have.

    Examples
    --------
    >>> table = read_table("resources/nmc111_calendering.xlsx")  # doctest: +SKIP
    """
    unknown = sorted(set(options) - set(ReadOptions.__dataclass_fields__))
    if unknown:
        raise InputError(f"'{unknown[0]}' is no option of reading a sheet.")
    return table_from_preview(
        preview_sheet(
            path, ReadOptions(sheet, mapping=mapping or {}, calibration=calibration, **options)
        )
    )


def table_from_preview(preview: SheetPreview) -> CalenderingTable:
    """Table of a sheet that was previewed (and mended).

    Raises
    ------
    InputError
        With `SheetPreview.obstacle`, if there is one.
    """
    if preview.obstacle:
        raise InputError(preview.obstacle)
    position = {row: i for i, row in enumerate(preview.candidates)}
    take = np.array([position[row] for row in preview.used])
    columns = {role: reading.values[take] for role, reading in preview.readings.items()}
    spread = preview.readings["porosity"].spread if "porosity" in preview.readings else None
    if spread is not None:
        columns.setdefault("porosity_sd", spread[take])
    notes = list(preview.notes)
    _derive_porosities(preview, columns, notes)
    for role in ("initial_thickness", "thickness"):
        header = preview.layout.column(preview.layout.roles.get(role, -1)).header
        if re.search(
            r"(incl|mit|with|avec|total|gesamt).*(foil|folie|feuill|collect)", fold(header)
        ):
            notes.append(
                f"Column '{header}' says that it includes the foil: laws and structures need the "
                "thickness of the coating alone."
            )
    driver = "both" if {"gap", "pressure"} <= set(columns) else "gap"
    calibration = preview.options.calibration
    if "pressure" not in columns:
        columns["pressure"] = calibration.pressure(columns["gap"])
    elif "gap" not in columns:
        driver = "pressure"
        if calibration.covers_pressure(columns["pressure"]).all():
            columns["gap"] = calibration.gap(columns["pressure"])
        else:
            columns["gap"] = np.full(len(take), np.nan)
            notes.append(BEYOND_CALIBRATION)
    else:
        calibration = _own_calibration(columns, calibration, notes)
    extra, process = _extra_columns(preview)
    families: NDArray[np.intp] | None = None
    coatings: tuple[str, ...] = ()
    if "family" in preview.layout.roles:
        labels, named = _coating_labels(preview)
        families, coatings = read_labels(
            labels, named, columns["am"], columns["initial_porosity"], columns["initial_thickness"]
        )
        if any(label not in ("", name) for label, name in zip(labels, coatings, strict=True)):
            # What names more than the coating, e.g. each electrode, is kept as it stands.
            header = preview.layout.column(preview.layout.roles["family"]).header
            extra = {header: np.array(labels), **extra}
    deviation = columns.get("porosity_sd")
    if deviation is not None and np.isnan(deviation).all():
        deviation = None
    table = CalenderingTable(
        **{
            name: columns[name]
            for name in (
                "am", "initial_porosity", "initial_thickness", "gap", "pressure", "porosity",
            )
        },
        porosity_sd=deviation,
        families=families,  # type: ignore[arg-type]
        coatings=coatings,
        extra=extra,
        source=f"{preview.workbook.path.name}, sheet '{preview.sheet.name}'"
        if preview.workbook.kind != "text"
        else preview.workbook.path.name,
        left_out=tuple(preview.left_out),
        rows=np.array(preview.used) + 1,
        origin=_origins(preview),
        calibration=calibration,
        driver=driver,
        notes=tuple(notes),
        rolls=_rolls(preview),
    )  # fmt: skip
    if preview.options.group_replicates:
        table = average_replicates(table, process)
    return table


def _rolls(preview: SheetPreview) -> Rolls | None:
    """What turned loads of the sheet into pressures."""
    unit, length = preview.load_unit, preview.options.contact_length
    if unit is None or length is None:
        return None
    return Rolls(length, preview.options.roll_width if unit.kind == "force" else None)


def _derive_porosities(
    preview: SheetPreview, columns: dict[str, NDArray[np.float64]], notes: list[str]
) -> None:
    """Porosities that the sheet does not give, from thickness, loading and densities."""
    densities = preview.options.densities
    for role, thickness in DERIVED_FROM.items():
        given = columns.get(role, np.full(len(preview.used), np.nan))
        blank = np.isnan(given)
        if densities is None or not blank.any():
            continue
        columns[role] = given = given.copy()
        given[blank] = porosity_from_loading(
            columns["am"][blank], columns[thickness][blank], columns["loading"][blank], *densities
        )
        bad = blank & ~((given > 0) & (given < 1))
        if bad.any():
            row = preview.used[int(np.flatnonzero(bad)[0])] + 1
            raise InputError(
                f"Row {row}: thickness, loading and densities give a porosity of "
                f"{100 * columns[role][bad][0]:.3g} %: check them and their units."
            )
        notes.append(
            f"The {role.replace('_', ' ')}{_of_rows(preview, blank)} was derived from thickness, "
            f"loading and skeletal densities {densities[0]:g} and {densities[1]:g} g/cm³."
        )


def _of_rows(preview: SheetPreview, some: NDArray[np.bool_]) -> str:
    """Say which rows these are, unless they are all."""
    if some.all():
        return ""
    rows = [str(preview.used[i] + 1) for i in np.flatnonzero(some)]
    if len(rows) > 8:
        return f" of {len(rows)} rows"
    listed = " and ".join(filter(None, [", ".join(rows[:-1]), rows[-1]]))
    return f" of row{'s' if rows[1:] else ''} {listed}"


def porosity_from_loading(
    am: NDArray[np.float64],
    thickness: NDArray[np.float64],
    loading: NDArray[np.float64],
    am_density: float = 4.65,
    cbd_density: float = 1.8,
) -> NDArray[np.float64]:
    """Lab porosity from what is weighed and measured.

    Parameters
    ----------
    am : ndarray, 0..1
        AM mass fraction.
    thickness : ndarray, µm
        Of the coating, without the foil.
    loading : ndarray, mg/cm²
        Mass of the coating per area.
    am_density, cbd_density : float, g/cm³
        Skeletal densities.

    Returns
    -------
    ndarray, 0..1
        Total porosity, nanopores of the CBD included.
    """
    if min(am_density, cbd_density) <= 0:
        raise InputError("Skeletal densities must be above 0 g/cm³.")
    # 1 mg/cm² over 1 µm is 10 g/cm³.
    solid_volume = loading * (am / am_density + (1 - am) / cbd_density)
    return 1 - 10 * solid_volume / thickness


def _own_calibration(
    columns: Mapping[str, NDArray[np.float64]], calibration: GapCalibration, notes: list[str]
) -> GapCalibration:
    """Calibration that fits the sheet's own gaps and pressures; the given one where it does."""
    covered = calibration.covers_gap(columns["gap"])
    apart = np.abs(calibration.pressure(columns["gap"][covered]) - columns["pressure"][covered])
    if covered.all() and not (apart > _CALIBRATION_SCATTER).any():
        return calibration
    detail = f" by up to {apart.max():.0f} MPa" if len(apart) else ""
    said = f"Gaps and pressures of the sheet differ from the gap calibration{detail}"
    if calibration != PUBLISHED_CALIBRATION:
        notes.append(f"{said}: check which one is right.")
        return calibration
    try:
        own = fit_calibration(columns["gap"], columns["pressure"])
    except InputError:
        notes.append(
            f"{said}: give your machine's calibration before asking a law for other gaps or "
            "pressures."
        )
        return calibration
    notes.append(
        f"{said}, so one was fitted to them: P = {own.amplitude:.4g} exp(-gap/{own.decay:.4g}) "
        f"{own.offset:+.4g} MPa."
    )
    return own


def _extra_columns(preview: SheetPreview) -> tuple[dict[str, NDArray[Any]], tuple[str, ...]]:
    """Columns without a role, as numbers where all filled cells are numbers, and the settings."""
    taken = set(preview.layout.roles.values()) - {
        preview.layout.roles.get("thickness", -1), preview.layout.roles.get("loading", -1)
    }  # fmt: skip
    extra: dict[str, NDArray[Any]] = {}
    process = []
    for column in preview.columns:
        if column.index in taken or (not column.numbers and not column.texts):
            continue
        name = column.header
        if preview.layout.unit_row is not None and split_header(name)[1] is None:
            # Names end in their unit, wherever the sheet writes it.
            unit = preview.sheet.shown(preview.layout.unit_row, column.index).strip("()[] ")
            name += f" ({unit})" if find_unit(unit) and normalise(unit) != "-" else ""
        name = name.replace("*", " ").replace("^", " ")
        if name in extra or not name:
            name = f"{name} (column {column.letter})".strip()
        extra[name] = _extra_values(preview.sheet, preview.used, column)
        if extra[name].dtype.kind == "U":
            # A row of a plan that came back filled in is measured by now.
            extra[name] = np.where(extra[name] == TO_MEASURE, "measured", extra[name])
        if column.meaning.quantity in PROCESS and extra[name].dtype.kind == "f":
            process.append(name)
    return extra, tuple(process)


def _extra_values(sheet: Sheet, rows: list[int], column: Column) -> NDArray[Any]:
    numbers = np.full(len(rows), np.nan)
    texts = []
    complete = True
    for i, row in enumerate(rows):
        value = sheet.cell(row, column.index)
        texts.append(sheet.shown(row, column.index))
        if value is None or (isinstance(value, str) and value.strip().lower() in NOTHING):
            continue
        if isinstance(value, float):
            numbers[i] = 100 * value if (row, column.index) in sheet.percent else value
            continue
        parsed = parse_number(value, sheet.decimal) if isinstance(value, str) else None
        if parsed is None:
            complete = False
        else:
            numbers[i] = parsed[0]
    if complete and np.isfinite(numbers).any():
        return numbers
    return np.array(texts)


def _coating_labels(preview: SheetPreview) -> tuple[list[str], bool]:
    """What the column of coatings or samples says of each row, and whether it is of coatings."""
    column = preview.layout.roles["family"]
    # A column that the user chose although its header says nothing of samples names coatings.
    named = preview.layout.column(column).meaning.certainty != SAMPLES
    return [preview.sheet.shown(row, column) for row in preview.used], named


def _origins(preview: SheetPreview) -> tuple[str, ...]:
    column = preview.layout.roles.get("origin")
    if column is None:
        return ("measured",) * len(preview.used)
    return tuple(preview.sheet.shown(row, column) or "measured" for row in preview.used)
