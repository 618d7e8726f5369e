"""What a lab would begin with: a structure and a campaign within what its sheet measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.experiment.table import CalenderingTable

# Of a quantity with no more levels than this every level is taken, of others the ends and middle.
_FEW = 3
_FEW_PRESSINGS = 4
# Porosities closer than this (in %) are one level: a coating is not made to a tenth of a percent.
_LEAST_SPAN = 1.0


def middle_coating(table: CalenderingTable) -> int:
    """Number of the coating nearest to the median of all, in composition and coating.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    int
        A coating that exists, which medians of single columns need not be.
    """
    means = np.column_stack(
        [
            table.family_means(getattr(table, name))
            for name in ("am", "initial_porosity", "initial_thickness")
        ]
    )
    spread = np.ptp(means, axis=0)
    apart = (means - np.median(means, axis=0)) / np.where(spread > 0, spread, 1.0)
    # Of coatings equally near the first one is taken, whatever the rounding says.
    return int(table.family_numbers[int(np.argmin(np.round((apart**2).sum(axis=1), 9)))])


def starting_structure(table: CalenderingTable) -> dict[str, Any]:
    """Inputs of a first structure: the middle coating, as lightly pressed as it was measured.

    Its densest electrodes may be closed to ions at the usual voxel size: a poor first sight.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    dict
        ``coating`` (its name), ``am_percent``, ``initial_porosity_percent``,
        ``initial_thickness_um``, ``driver`` (``"gap"`` or ``"pressure"`` and its value in µm or
        MPa), and ``porosity_percent`` and ``thickness_um`` after that pressing; the thickness is
        the one that conserves the solid.
    """
    family = middle_coating(table)
    of = _pressed(table.take(table.families == family))
    am, before, start = (
        float(np.mean(v)) for v in (of.am, of.initial_porosity, of.initial_thickness)
    )
    name, pressing = _pressing(of)
    row = int(np.argmax(pressing if name == "gap" else -pressing))
    after = float(of.porosity[row])
    return {
        "coating": table.family_name(family),
        "am_percent": round(100 * am, 2),
        "initial_porosity_percent": round(100 * before, 2),
        "initial_thickness_um": round(start, 1),
        "driver": [name, _rounded(float(pressing[row]))],
        "porosity_percent": round(100 * after, 2),
        "thickness_um": round(start * (1 - before) / (1 - after), 1),
    }


def starting_design(table: CalenderingTable) -> dict[str, Any]:
    """Variables of a first campaign, spread over what the sheet measured.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    dict
        ``pressing`` (``"gap"`` or ``"pressure"``) with the list that belongs to it (``gap_um`` or
        ``pressure_MPa``), ``am_percent``, ``initial_porosity_percent`` and
        ``initial_thickness_um``; all values lie inside the measured range.
    """
    name, pressing = _pressing(_pressed(table))
    return {
        "pressing": name,
        {"gap": "gap_um", "pressure": "pressure_MPa"}[name]: _settings(pressing),
        "am_percent": _levels(100 * table.family_means(table.am), 0.1, 0.0),
        "initial_porosity_percent": _levels(
            100 * table.family_means(table.initial_porosity), 0.5, _LEAST_SPAN
        ),
        # The thinnest coating: its structures take the least time.
        "initial_thickness_um": [
            round(float(table.family_means(table.initial_thickness).min()), 1)
        ],
    }


def _pressed(table: CalenderingTable) -> CalenderingTable:
    """The table without electrodes that were not pressed, where there are others."""
    pressed = table.pressure > 0
    return table.take(pressed) if pressed.any() else table


def _pressing(table: CalenderingTable) -> tuple[str, NDArray[np.float64]]:
    """What the lab sets on its calender, µm or MPa."""
    if table.driver == "gap" and table.has_gap:
        return "gap", table.gap
    return "pressure", table.pressure


def _settings(values: NDArray[np.float64]) -> list[float]:
    """Settings that were measured: all of a few, else the ends and the middle one."""
    levels = np.unique([_rounded(float(v)) for v in values])
    if len(levels) > _FEW_PRESSINGS:
        levels = levels[[0, (len(levels) - 1) // 2, -1]]
    return [float(v) for v in levels]


def _levels(values: ArrayLike, step: float, least_span: float) -> list[float]:
    """Levels of a quantity in steps, inside its range."""
    values = np.asarray(values, float)
    low, high = float(values.min()), float(values.max())
    levels = np.unique(np.round(values, 2))
    if high - low <= max(least_span, 1e-9):
        return [round(float(np.median(values)), 2)]
    if len(levels) <= _FEW and (np.diff(levels) >= least_span).all():
        return [float(v) for v in levels]
    first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
    steps = np.unique([first, np.round((first + last) / 2), last])
    inside = [round(float(step * n), 2) for n in steps if low - 1e-6 <= step * n <= high + 1e-6]
    return inside or [round(float(np.median(values)), 2)]


def _rounded(value: float) -> float:
    """Three digits: a calender is not set more finely."""
    return float(f"{value:.3g}")
