"""How much less a calendering law knows far from the coatings that it was fitted to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from engine.errors import InputError
from engine.maps.evaluation import Columns, floats

if TYPE_CHECKING:
    from engine.experiment.table import CalenderingTable

_MOST_REFITS = 12
_LARGEST = 5.0
"""Beyond, the law says nothing there; the porosities are bounded by other means."""


def left_out_refits(law: Any, table: CalenderingTable, groups: np.ndarray) -> list[Any]:
    """The law refitted without each group of rows, where the others fix its coefficients.

    Parameters
    ----------
    law : CalenderingLaw
    table : CalenderingTable
    groups : ndarray of int, shape (rows,)
        Group of each row; coatings are left out whole.

    Returns
    -------
    list of CalenderingLaw
    """
    refits = []
    for group in np.unique(groups):
        try:
            refits.append(law.refittable().fit(table.take(groups != group)))
        except InputError:
            continue  # the other coatings cannot fix the coefficients
    return refits


@dataclass(frozen=True)
class LawDoubt:
    """The law refitted without each part of the measured coatings.

    What these laws say of one setting spreads little amid the measurements and widely outside.
    The error for a coating family left out (`LawError`) holds where they spread as at a measured
    coating. It has two parts that cannot be told apart, what the coefficients leave open and what
    the form misses; half of its variance is scaled by the spread elsewhere, the other half stays.

    Attributes
    ----------
    refits : tuple of laws
    reference : float
        Root mean square of their spread (0..1) at the measured conditions.
    inputs : mapping of str to float
        Further inputs of the law, as the maps hold them; measured means where left out.
    """

    refits: tuple[Any, ...]
    reference: float
    inputs: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        law: Any,
        table: CalenderingTable | None,
        inputs: Mapping[str, float] | None = None,
    ) -> LawDoubt | None:
        """Refit a law; None without measurements or where too few families can be left out."""
        if table is None or not hasattr(law, "refittable"):
            return None
        refits = left_out_refits(law, table, np.asarray(table.families) % _MOST_REFITS)
        if len(refits) < 3:
            return None
        doubt = cls(tuple(refits), 1.0)
        try:
            measured = {
                name: np.asarray(table.extra[name], float)
                for name in getattr(law, "extra_inputs", ())
                if name in table.extra
            }
            spread = doubt._spread(
                table.am, table.initial_porosity, table.initial_thickness, table.pressure, measured
            )
        except InputError:
            return None  # a measured pressure has no gap in the calibration of a law in the gap
        reference = float(np.sqrt(np.mean(spread**2)))
        return None if reference <= 0 else cls(tuple(refits), reference, dict(inputs or {}))

    def factor(self, settings: Columns) -> np.ndarray:
        """How many times larger than at a left-out coating the error may be, shape (n,), >= 1."""
        am, before, start, pressure = (
            floats(settings, name) / scale
            for name, scale in (
                ("am_percent", 100),
                ("initial_porosity_percent", 100),
                ("initial_thickness_um", 1),
                ("pressure_MPa", 1),
            )
        )
        ratio = self._spread(am, before, start, pressure, self.inputs) / self.reference
        ratio = np.clip(np.nan_to_num(ratio, nan=_LARGEST), 1.0, _LARGEST)
        return np.sqrt(0.5 * (1 + ratio**2))

    def _spread(
        self,
        am: np.ndarray,
        before: np.ndarray,
        start: np.ndarray,
        pressure: np.ndarray,
        inputs: Mapping[str, Any],
    ) -> np.ndarray:
        """Jackknife standard deviation of the law's porosity, shape (n,), 0..1."""
        extra = {"extra": inputs} if inputs else {}
        said = np.array(
            [law.predict(am, before, start, pressure=pressure, **extra) for law in self.refits]
        )
        k = len(said)
        return np.asarray(np.sqrt((k - 1) / k * ((said - said.mean(axis=0)) ** 2).sum(axis=0)))
