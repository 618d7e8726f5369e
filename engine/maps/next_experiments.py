"""Which conditions to calender next, so that the recommendation becomes surer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.experiment.reader import TO_MEASURE
from engine.experiment.rolls import Rolls
from engine.experiment.safe_sheets import coating_column, extra_columns
from engine.maps.law_doubt import left_out_refits
from engine.maps.quantities import quantity
from engine.maps.responses import SETTINGS, Responses, setting_range

if TYPE_CHECKING:
    from engine.experiment.table import CalenderingTable

_POOL = 600
_MEASUREMENT_SD = 0.006
"""Scatter of a measured porosity (0..1): the typical spread between electrodes of one
condition in the data behind DOI 10.1016/j.jpowsour.2020.229103."""

# Correlation length of what a law misses, as a share of each setting's range: half a range
# lets a measurement speak for its neighbourhood, not for the far end.
_LENGTH = 0.5


@dataclass(frozen=True)
class NextExperiments:
    """Conditions to measure, the most telling first.

    Attributes
    ----------
    table : DataFrame
        Settings by column, predicted porosity after calendering and its standard deviation
        (%), before and after the conditions above it were measured.
    sd_before, sd_after : float, percentage points
        Standard deviation of the law's porosity, averaged over the feasible region, now and
        when all are measured.
    notes : tuple of str
    measured : CalenderingTable, optional
        What the law stands on so far.
    variable : {"gap_um", "pressure_MPa"}
        What the lab sets, hence the column to set by.
    rolls : Rolls, optional
        Where the lab sets a line load or force: the sheet gives that in place of the pressure.
    """

    table: pd.DataFrame
    sd_before: float
    sd_after: float
    notes: tuple[str, ...] = ()
    measured: CalenderingTable | None = None
    variable: str = "gap_um"
    rolls: Rolls | None = None

    @property
    def sentence(self) -> str:
        """What measuring them is worth, in words."""
        one = len(self.table) == 1
        return (
            f"Measuring {'this condition' if one else f'these {len(self.table)} conditions'} is "
            f"expected to lower the law's error where the limits are kept from "
            f"{self.sd_before:.1f} to {self.sd_after:.1f} points of porosity (standard deviation)."
        )

    def sheet(self) -> pd.DataFrame:
        """The conditions under the headers of a lab sheet, with a column to fill in.

        Below them stand the measurements so far, so that the sheet replaces the one before.
        """
        headers = {
            name: HEADERS[name]
            for name in ("am_percent", "initial_porosity_percent", "initial_thickness_um", "gap_um")
        }
        gaps = [self.table.get("gap_um", pd.Series([np.nan]))]
        if self.measured is not None:
            gaps.append(pd.Series(self.measured.gap))
        if self.variable == "pressure_MPa" or pd.concat(gaps).isna().any():
            del headers["gap_um"]
            headers["pressure_MPa"] = HEADERS["pressure_MPa"]
        load = None if "pressure_MPa" not in headers else self.rolls
        frame = self.table[list(headers)].round(3)
        if load is not None:  # an operator changes what the calender shows
            headers["pressure_MPa"] = load.heading
            frame["pressure_MPa"] = load.load(frame["pressure_MPa"]).round(3)
        frame = frame.rename(columns=headers)
        frame["Porosity (%)"] = np.nan
        if self.measured is None:
            return frame
        # What was measured stands below: loaded again, the sheet holds old and new.
        known = self.measured
        columns = {
            "AM (%)": 100 * known.am,
            "Initial porosity (%)": 100 * known.initial_porosity,
            "Initial thickness (µm)": known.initial_thickness,
            "Roll gap (µm)": known.gap,
            "Pressure (MPa)": known.pressure,
            "Porosity (%)": 100 * known.porosity,
        }
        if load is not None:
            columns[load.heading] = load.load(known.pressure)
        before = pd.DataFrame({name: columns[name] for name in frame}).round(6)
        if any(known.coatings):
            frame.insert(0, "Coating", self._coatings_of_new())
            before.insert(0, "Coating", coating_column(known))
        further: dict[str, Any] = {}
        if known.porosity_sd is not None:
            further["Porosity sd (%)"] = (100 * known.porosity_sd).round(6)
        if (known.replicates != 1).any():
            further["Replicates"] = known.replicates
        further["Note"] = np.full(len(known), "measured", dtype=object)
        further |= {n: v for n, v in extra_columns(known).items() if n not in frame}
        # Studies of earlier versions keep the plan's note on rows that came back filled in.
        further["Note"] = ["measured" if v == TO_MEASURE else v for v in further["Note"]]
        for name, values in further.items():
            frame[name] = TO_MEASURE if name == "Note" else pd.Series(np.nan, dtype=object)
            before[name] = values
        return pd.concat([frame, before], ignore_index=True)

    def _coatings_of_new(self) -> list[str | None]:
        """Name of the measured coating that each new condition is of; none where it is new."""
        known = self.measured
        assert known is not None
        names = dict(zip(known.families.tolist(), coating_column(known), strict=True))
        new = np.column_stack(_coating(self.table))
        old = np.column_stack([known.am, known.initial_porosity, known.initial_thickness])
        same = np.all(np.abs(new[:, None] - old) <= [1e-6, 1e-6, 1e-3], axis=2)
        return [names[int(known.families[row.argmax()])] if row.any() else None for row in same]

    def expected(self) -> pd.DataFrame:
        """What the law says of the conditions, under headings in words, rounded for reading."""
        decimals = {"pressure_MPa": 1, "gap_um": 1}
        frame = self.table.copy()
        for name in frame:
            frame[name] = frame[name].astype(float).round(decimals.get(str(name), 2))
        frame = frame[[n for n in HEADERS if n in frame] + [n for n in frame if n not in HEADERS]]
        named = {name: HEADERS.get(str(name), quantity(str(name)).axis) for name in frame}
        frame = frame.rename(columns=named)
        if self.rolls is not None and "pressure_MPa" in self.table:
            load = self.rolls.load(self.table["pressure_MPa"]).round(3)
            frame.insert(list(frame).index(HEADERS["pressure_MPa"]) + 1, self.rolls.heading, load)
        return frame

    def write(self, path: str | Path) -> Path:
        """Write a workbook to fill in and to load again.

        The sheet to fill stands first; what the law expects stands on a second one, so that
        a prediction is never read as a measurement.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        path = Path(path).with_suffix(".xlsx")
        expected = self.expected()
        try:
            with pd.ExcelWriter(path, engine="openpyxl") as writer:
                self.sheet().to_excel(writer, sheet_name="To measure", index=False)
                expected.to_excel(writer, sheet_name="Expected", index=False)
                for sheet in writer.sheets.values():
                    for row in sheet.iter_rows():
                        for cell in row:
                            if cell.data_type == "f":  # a name of the lab that begins like one
                                cell.data_type, cell.quotePrefix = "s", True
                    for cell in sheet[1]:
                        letter = cell.column_letter
                        sheet.column_dimensions[letter].width = max(12, len(str(cell.value)) + 2)
        except OSError as error:
            raise InputError(f"{path} cannot be written: {error.strerror}.") from error
        return path


_NAMED = (*SETTINGS, "gap_um", "porosity_percent")
HEADERS = {
    "am_percent": "AM (%)",
    "initial_porosity_percent": "Initial porosity (%)",
    "initial_thickness_um": "Initial thickness (µm)",
    "gap_um": "Roll gap (µm)",
    "pressure_MPa": "Pressure (MPa)",
    "porosity_percent": "Expected porosity (%)",
    "porosity_sd_percent": "Doubt now (points)",
    "porosity_sd_then_percent": "Doubt then (points)",
}
"""Headings of the sheets: the first five as the import of a sheet reads them, with their units."""


def next_experiments(
    responses: Responses,
    conditions: pd.DataFrame,
    table: CalenderingTable | None = None,
    *,
    count: int = 6,
    coatings: int | None = None,
) -> NextExperiments:
    """Choose conditions one after the other where the law is least sure.

    What the law does not know has two parts: how its coefficients move when a coating family
    is left out (jackknife over families), and what its form misses, taken as a smooth random
    deviation of the size of the leave-family-out error that vanishes at the measured
    conditions. The condition of the largest variance is chosen, counted as measured, and the
    variances are updated; so the list spreads by itself.

    Parameters
    ----------
    responses : Responses
        With a calendering law.
    conditions : DataFrame
        Completed settings of the feasible region (``found.settings[found.feasible]``), in steps
        that a lab can set.
    table : CalenderingTable, optional
        The measurements behind the law.
    count : int
        How many.
    coatings : int, optional
        Different coatings to prepare at most; further conditions then press those at other
        pressures, which costs a lab much less.

    Raises
    ------
    InputError
        If there is no law, or no feasible condition.

    Notes
    -----
    MacKay, Neural Computation 4 (1992) 590, DOI 10.1162/neco.1992.4.4.590, for choosing where
    the predicted variance is largest.
    """
    if responses.law is None:
        raise InputError("Fit a calendering law first: it is what new measurements improve.")
    if len(conditions) == 0:
        raise InputError("No setting keeps the limits: loosen one before planning experiments.")
    if count < 1 or (coatings is not None and coatings < 1):
        raise InputError("Ask for at least one experiment on at least one coating.")
    pool = conditions.iloc[
        np.unique(np.linspace(0, len(conditions) - 1, min(len(conditions), _POOL)).astype(int))
    ].reset_index(drop=True)
    notes = []
    sd = 0.02 if responses.law_error is None else responses.law_error.sd
    if responses.law_error is None:
        notes.append("The law was never assessed: an error of 2 points of porosity is assumed.")
    covariance = _misfit(responses, pool, table, sd)
    if table is not None:
        covariance = covariance + _jackknife(responses.law, pool, table)
    else:
        notes.append("The measurements behind the law are not at hand: only its form is doubted.")
    before = float(np.sqrt(np.mean(np.diag(covariance))))
    chosen: list[int] = []
    sds: list[tuple[float, float]] = []
    first = np.sqrt(np.diag(covariance))
    coating = np.unique(np.column_stack(_coating(pool)).round(9), axis=0, return_inverse=True)[1]
    coating = coating.ravel()
    for _ in range(min(count, len(pool))):
        variance = np.diag(covariance).copy()
        prepared = np.unique(coating[chosen])
        if coatings is not None and len(prepared) >= coatings:
            variance[~np.isin(coating, prepared)] = -1.0
        variance[chosen] = -1.0
        if variance.max() < 0:
            break  # every pressure of the prepared coatings is taken
        row = int(np.argmax(variance))
        chosen.append(row)
        sds.append((float(first[row]), float(np.sqrt(max(variance[row], 0.0)))))
        column = covariance[:, row]
        covariance = covariance - np.outer(column, column) / (column[row] + _MEASUREMENT_SD**2)
    after = float(np.sqrt(np.mean(np.clip(np.diag(covariance), 0, None))))
    names = [name for name in _NAMED if name in pool]
    result = pool.loc[chosen, names].reset_index(drop=True)
    result["porosity_sd_percent"] = [100 * one for one, _ in sds]
    result["porosity_sd_then_percent"] = [100 * then for _, then in sds]
    return NextExperiments(
        result,
        100 * before,
        100 * after,
        tuple(notes),
        table,
        responses.lab_variable,
        responses.rolls,
    )


def _jackknife(law: Any, pool: pd.DataFrame, table: CalenderingTable) -> np.ndarray:
    """Covariance of the law's porosity between conditions, from leaving families out."""
    predictions = []
    for refit in left_out_refits(law, table, np.asarray(table.families)):
        try:
            predictions.append(
                refit.predict(*_coating(pool), pressure=pool["pressure_MPa"].to_numpy(float))
            )
        except InputError:
            continue  # it does not hold at all of these pressures
    k = len(predictions)
    if k < 2:
        return np.zeros((len(pool), len(pool)))
    deviations = np.array(predictions) - np.mean(predictions, axis=0)
    return (k - 1) / k * deviations.T @ deviations


def _misfit(
    responses: Responses, pool: pd.DataFrame, table: CalenderingTable | None, sd: float
) -> np.ndarray:
    """Covariance of what the law's form misses, given what was measured."""
    points = _scaled(responses, *_coating(pool), pool["pressure_MPa"].to_numpy(float))
    prior = sd**2 * _kernel(points, points)
    if table is None:
        return prior
    known = _scaled(
        responses, table.am, table.initial_porosity, table.initial_thickness, table.pressure
    )
    cross = sd**2 * _kernel(points, known)
    inner = sd**2 * _kernel(known, known) + _MEASUREMENT_SD**2 * np.eye(len(known))
    return np.asarray(prior - cross @ np.linalg.solve(inner, cross.T))


def _coating(pool: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return (
        pool["am_percent"].to_numpy(float) / 100,
        pool["initial_porosity_percent"].to_numpy(float) / 100,
        pool["initial_thickness_um"].to_numpy(float),
    )


def _scaled(
    responses: Responses, am: Any, porosity: Any, thickness: Any, pressure: Any
) -> np.ndarray:
    """Settings on a common scale, shape (n, 4): one unit is a correlation length."""
    columns = []
    for name, values in zip(
        ("am_percent", "initial_porosity_percent", "initial_thickness_um", "pressure_MPa"),
        (100 * np.asarray(am), 100 * np.asarray(porosity), thickness, pressure),
        strict=True,
    ):
        low, high = setting_range(responses, name)
        measured = responses.law.domain_.ranges.get(
            {"am_percent": "am", "initial_porosity_percent": "initial_porosity"}.get(
                name, "initial_thickness" if name == "initial_thickness_um" else "pressure"
            )
        )
        if measured is not None:
            factor = 100 if name.endswith("_percent") else 1
            low, high = min(low, factor * measured[0]), max(high, factor * measured[1])
        columns.append(np.asarray(values, float) / (_LENGTH * max(high - low, 1e-9)))
    return np.column_stack(columns)


def _kernel(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    squares = ((a[:, None, :] - b[None, :, :]) ** 2).sum(axis=-1)
    return np.exp(-0.5 * squares)
