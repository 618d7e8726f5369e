"""What lies under the curves: campaign results, and what the lab measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from engine.maps.measured import same_quantity
from engine.maps.quantities import POROSITY, quantity

if TYPE_CHECKING:
    from engine.experiment.table import CalenderingTable

_SAME = 0.02
"""Relative difference up to which a measured setting counts as the one held."""


@dataclass(frozen=True)
class Points:
    """Results under the curves of one colour: mean and spread.

    `kind` is ``campaign`` (spread over the repeats) or ``measured`` (over the electrodes of one
    condition). x, y and sd have shape (n,).
    """

    value: float
    colour: str
    x: np.ndarray
    y: np.ndarray
    sd: np.ndarray
    kind: str = "campaign"


@dataclass(frozen=True)
class PointTable:
    """Results as columns, so that each curve finds its own at once; each of shape (n,)."""

    x: np.ndarray
    y: np.ndarray
    sd: np.ndarray
    panel: np.ndarray
    colour: np.ndarray
    kind: str = "campaign"

    @classmethod
    def of_campaign(
        cls, dataset: pd.DataFrame | None, output: str, x: str, panel: str, colour: str
    ) -> PointTable | None:
        """Take the columns of a dataset; None where one is missing."""
        if dataset is None or any(name not in dataset for name in (output, x, panel, colour)):
            return None
        spread = dataset.get(f"{output}_sd", pd.Series(0.0, dataset.index))
        columns = (dataset[x], dataset[output], spread, dataset[panel], dataset[colour])
        x_, y, sd, panels, colours = (column.to_numpy(float) for column in columns)
        good = np.isfinite(y)
        return cls(x_[good], y[good], np.nan_to_num(sd[good]), panels[good], colours[good])

    @classmethod
    def of_measurements(
        cls,
        table: CalenderingTable | None,
        output: str,
        x: str,
        panel: Sequence[float],
        colour: Sequence[float],
        roles: tuple[str, str],
        held: Mapping[str, float],
    ) -> tuple[PointTable | None, list[str]]:
        """Measured values of the output, each at the nearest panel and colour.

        A lab's coatings seldom lie on the levels that are drawn: a point is taken to the nearest
        one, and left out where none is nearer than half the largest step between levels. Where one
        level is drawn there is no step: all are taken to it, and the notes say how far they are.

        Parameters
        ----------
        table : CalenderingTable or None
        output, x : str
            Columns on the axes.
        panel, colour : sequences of float
            Levels that are drawn.
        roles : (str, str)
            Which settings panel and colour are.
        held : mapping
            What the curves hold constant.

        Returns
        -------
        points : PointTable or None
            None where the sheet does not hold the output or an axis.
        notes : list of str
            How far the coatings are from what is drawn.
        """
        if table is None:
            return None, []
        known = _settings(table)
        measured = _measured(table, output)
        if measured is None or any(name not in known for name in (x, *roles)):
            return None, []
        y, sd = measured
        present = np.isfinite(y) & np.isfinite(known[x])
        places, fits = [], present.copy()
        for name, levels in zip(roles, (panel, colour), strict=True):
            steps = np.asarray(levels, float)
            away = np.abs(known[name][:, None] - steps)
            places.append(steps[np.argmin(away, axis=1)])
            if len(steps) > 1:
                fits &= away.min(axis=1) <= 0.5 * np.diff(np.sort(steps)).max() + 1e-9
        if not fits.any():
            return None, ["No measured coating is near a panel and a curve that are drawn."]
        notes = []
        told = [
            f"{quantity(name).label.lower()} {_span(known[name][fits])} {quantity(name).unit}"
            for name, place in zip(roles, places, strict=True)
            if np.abs(known[name] - place)[fits].max() > 0.05
        ]
        told += [
            f"{quantity(name).label.lower()} {_span(known[name][fits])} {quantity(name).unit} "
            f"(curves: {value:.4g})"
            for name, value in held.items()
            if name in known and np.abs(known[name][fits] / value - 1).max() > _SAME
        ]
        if told:
            notes.append(
                f"Measured points stand at the nearest panel and colour; their coatings have "
                f"{', '.join(told)}."
            )
        far = int((present & ~fits).sum())
        if far:
            notes.append(f"{far} of {int(present.sum())} measured conditions are near none.")
        first, second = (place[fits] for place in places)
        return cls(known[x][fits], y[fits], sd[fits], first, second, "measured"), notes

    def under(
        self, panel: float, values: Sequence[float], colours: Sequence[str]
    ) -> tuple[Points, ...]:
        """Points of one panel, by colour."""
        here = np.abs(self.panel - panel) <= 1e-6
        found = []
        for value, hue in zip(values, colours, strict=True):
            rows = here & (np.abs(self.colour - value) <= 1e-6)
            if rows.any():
                found.append(
                    Points(float(value), hue, self.x[rows], self.y[rows], self.sd[rows], self.kind)
                )
        return tuple(found)


def _settings(table: CalenderingTable) -> dict[str, np.ndarray]:
    return {
        "pressure_MPa": table.pressure,
        "gap_um": table.gap,
        "am_percent": 100 * table.am,
        "initial_porosity_percent": 100 * table.initial_porosity,
        "initial_thickness_um": table.initial_thickness,
        POROSITY: 100 * table.porosity,
    }


def _measured(table: CalenderingTable, output: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Values and spreads of an output, where the sheet holds it."""
    if output == POROSITY:
        sd = np.zeros(len(table)) if table.porosity_sd is None else table.porosity_sd
        return 100 * table.porosity, 100 * np.nan_to_num(sd)
    for header, values in table.extra.items():
        columns, scale = same_quantity(header)
        # A tortuosity that may be its factor as well is no point of either axis.
        if columns == (output,) and values.dtype.kind in "fiu":
            return scale * values.astype(float), np.zeros(len(table))
    return None


def _span(values: np.ndarray) -> str:
    low, high = float(values.min()), float(values.max())
    return f"{low:.4g}" if high - low < 1e-9 else f"{low:.4g} to {high:.4g}"
