"""Properties measured on real electrodes beside those that the models predict there.

Only columns that are the same quantity are compared: ionic and electronic conductivity, the
tortuosity of the electrolyte and the MacMullin number. An adhesion, which nothing here
predicts, stays in the sheet.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.experiment.headers import fold, split_header, understand
from engine.experiment.table import CalenderingTable
from engine.maps.quantities import SIGMA_EFF, TAU_LIQUID, quantity
from engine.maps.responses import Responses

_SIGMA_SOLID = "effective_conductivity_electronic_S_per_m"
_TAU_FACTOR = "tortuosity_factor_electrolyte"

_PER_S_PER_M = {"s/m": 1.0, "s m-1": 1.0, "ms/cm": 0.1, "ms cm-1": 0.1, "s/cm": 100.0,
                "s cm-1": 100.0, "ms/m": 1e-3, "ms m-1": 1e-3}  # fmt: skip
"""S/m in one of each unit of conductivity."""

COLUMNS = (
    "am_percent", "initial_porosity_percent", "pressure_MPa", "measured_as", "property",
    "unit", "measured", "predicted", "low", "high", "inside",
)  # fmt: skip


def same_quantity(header: str) -> tuple[tuple[str, ...], float]:
    """Predicted columns that a measured column can be compared with.

    Parameters
    ----------
    header : str
        As in the sheet, e.g. ``"Tortuosity by impedance (-)"``.

    Returns
    -------
    columns : tuple of str
        None, one, or both tortuosity and tortuosity factor: a tortuosity by impedance is
        written as either, and only a header with the word factor says which.
    scale : float
        Factor from the sheet's unit to the column's.
    """
    if understand(header).quantity != "measured":
        return (), 1.0
    words = fold(split_header(header)[0])
    if re.search(r"mac ?mullin", words):
        return ("macmullin_number",), 1.0
    if "tortuos" in words:
        solid = re.search(r"solid|fest|electronic|elektron", words)
        factor = re.search(r"fact|fakt|tau f\b", words)
        return () if solid else (_TAU_FACTOR,) if factor else (TAU_LIQUID, _TAU_FACTOR), 1.0
    if re.search(r"conductiv|leitfahig|leitfaehig", words):
        written = re.search(r"[(\[]([^()\[\]]*)[)\]]\s*$", header)
        unit = re.sub(r"[·*⋅\s]+", " ", (written[1] if written else "").strip().lower())
        scale = _PER_S_PER_M.get(unit.replace("⁻¹", "-1").replace("^-1", "-1"))
        if scale is not None and re.search(r"\bion", words):
            return (SIGMA_EFF,), scale
        if scale is not None and re.search(r"electron|elektron", words):
            return (_SIGMA_SOLID,), scale
    return (), 1.0


def measured_beside_predicted(table: CalenderingTable, responses: Responses) -> pd.DataFrame:
    """Measured properties and what law and models give at the same conditions.

    Parameters
    ----------
    table : CalenderingTable
        Its further columns hold the measured properties.
    responses : Responses

    Returns
    -------
    DataFrame
        One row per condition, measured column and predicted property, with `COLUMNS`:
        settings in the units of their names, the header of the sheet, the property's name,
        symbol and unit, the measured and the predicted value with its interval, and whether
        the condition lies inside what the models know. Empty where nothing can be compared.
    """
    settings = pd.DataFrame(
        {
            "am_percent": 100 * table.am,
            "initial_porosity_percent": 100 * table.initial_porosity,
            "initial_thickness_um": table.initial_thickness,
            "pressure_MPa": table.pressure,
        }
    )
    frames = []
    for header, values in table.extra.items():
        if values.dtype.kind not in "fiu":
            continue
        columns, scale = same_quantity(header)
        known = np.isfinite(values.astype(float))
        for column in columns:
            if not known.any() or not responses.gives(column):
                continue
            try:
                found = responses.evaluate(settings[known], [column])
            except InputError:
                continue  # conditions that the law has no answer for
            one = quantity(column)
            frame = settings.loc[known, list(COLUMNS[:3])].copy()
            frame["measured_as"] = header
            frame["property"] = f"{one.label} {one.symbol}".strip()
            frame["unit"] = one.unit
            frame["measured"] = scale * values[known].astype(float)
            frame["predicted"] = found.values[column].to_numpy(float)
            frame["low"] = found.low[column].to_numpy(float)
            frame["high"] = found.high[column].to_numpy(float)
            frame["inside"] = np.asarray(found.inside, bool)
            frames.append(frame)
    if not frames:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(frames, ignore_index=True)
