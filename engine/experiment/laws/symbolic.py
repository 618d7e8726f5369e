"""A symbolic (SISSO) model as a calendering law."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.table import CalenderingTable
from engine.progress import Progress

_TARGET = "porosity_percent"
# A pressure of exactly 0 has no logarithm and no root's inverse.
_LOWEST_PRESSURE = 1e-3


class SissoLaw(CalenderingLaw):
    """Porosity as a few products and roots of the inputs, found by search.

    Parameters
    ----------
    rung : int
        How often features are combined with one another.
    terms : int
        Terms of the equation, besides its constant.
    sis : int
        Features kept in each round of the screening.

    Notes
    -----
    Coefficients are those of the equation, which gives percents from percents, µm and MPa.

    A search over thousands of formulas fits a dozen conditions well whatever the truth is;
    judge this law by the error on a left-out family.
    """

    kind = "sisso"

    def __init__(self, rung: int = 1, terms: int = 2, sis: int = 100):
        super().__init__()
        self.rung, self.terms, self.sis = int(rung), int(terms), int(sis)
        if not (1 <= self.rung <= 2 and 1 <= self.terms <= 3 and 1 <= self.sis <= 1000):
            raise InputError("A symbolic law takes rung 1-2, terms 1-3 and sis 1-1000.")

    @property
    def coefficient_count(self) -> int:
        return self.terms + 1

    @property
    def equation_(self) -> str:
        """The equation as text; percents, µm and MPa."""
        return str(self._model.equation)

    def export(self, form: str) -> str:
        """The equation as ``text``, ``latex``, ``excel`` or ``python``; percents, µm, MPa."""
        return str(self._model.export(form))

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        from engine.learning.printing import to_text
        from engine.learning.training import train

        v = {
            "AM": table.am,
            "eps_init": table.initial_porosity,
            "t0": table.initial_thickness,
            "P": table.pressure,
        }
        columns = _columns(v)
        columns = {n: c for n, c in columns.items() if np.ptp(c) > 1e-9 * np.abs(c).max()}
        result = train(
            {**columns, _TARGET: 100 * table.porosity},
            list(columns),
            [_TARGET],
            method="sisso",
            test_rows=[],
            folds=0,
            cross_validation="none",
            rung=self.rung,
            terms=self.terms,
            sis=self.sis,
            progress=progress.without_reports(),
        )
        self._model = result[_TARGET]
        found = self._model.symbolic
        if found is not None:
            names = ["1", *(to_text(term, 6) for term in found.terms)]
            self.coefficients_ = dict(
                zip(names, [found.intercept, *found.coefficients], strict=True)
            )
        self.notes_.append(
            "The form of this law was searched among thousands: its fit says little, its error on "
            "a left-out coating family counts."
        )

    def _porosity(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        shape = v["AM"].shape
        columns = {name: values.ravel() for name, values in _columns(v).items()}
        used = {name: columns[name] for name in self._model.inputs}
        porosity = np.asarray(self._model.predict(used), float).reshape(shape) / 100
        return np.clip(np.nan_to_num(porosity, nan=0.0), 0.0, v["eps_init"])

    def _state(self) -> dict[str, Any]:
        return {"model": self._model.to_dict()}

    def _restore(self, state: Mapping[str, Any]) -> None:
        from engine.learning.model import model_from_dict

        self._model = model_from_dict(dict(state["model"]))
        unknown = set(self._model.inputs) - set(_NAMES)
        if unknown:
            raise InputError(f"The symbolic law uses '{sorted(unknown)[0]}', which is no input.")


_NAMES = ("AM_percent", "eps_init_percent", "t0_um", "pressure_MPa")


def _columns(v: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    return {
        "AM_percent": 100 * v["AM"],
        "eps_init_percent": 100 * v["eps_init"],
        "t0_um": np.asarray(v["t0"], float),
        "pressure_MPa": np.maximum(v["P"], _LOWEST_PRESSURE),
    }
