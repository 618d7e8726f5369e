"""What every calendering law can do: the estimator contract."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError
from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
from engine.experiment.domain import Domain
from engine.experiment.hull import distinct_rows
from engine.experiment.table import CalenderingTable
from engine.progress import Progress, silent

FORMAT = "hybridgui-law"
VERSION = 1

# Porosity may exceed the initial one by rounding without a word.
_ABOVE_INITIAL = 1e-9
ASKED_ABOVE = "the pressure asked for is above it"
"""What a law says where the pressure lies beyond the one from which its porosity rises again."""

# A rise of the porosity with pressure below this (0..1) is not worth a warning.
_RISE = 1e-5


class CalenderingLaw:
    """A law ``eps_cal(AM, eps_init, t0, P)``: an estimator with `fit` and `predict`.

    `__init__` of each law only stores its parameters; `fit` returns the law itself and sets
    the attributes that end in an underscore.

    Attributes
    ----------
    kind : str
        Name of the law's form, one of `engine.experiment.laws.LAW_KINDS`.
    calibration : GapCalibration
        Links roll gap and pressure; taken from the table in `fit`.
    coefficients_ : dict of str to float
        Fitted numbers by name. Porosities and AM are fractions, lengths µm, pressures MPa.
    standard_errors_ : dict of str to float
        Standard error of each coefficient if rows erred independently. Rows of one coating
        do not: `engine.experiment.diagnostics.assess` gives the spread over families too.
    domain_ : Domain
        Where the law was measured.
    extra_means_ : dict of str to float
        Mean of each extra input, used where a prediction does not give it.
    notes_ : list of str
        What `fit` decided on its own, one sentence each.
    """

    kind: ClassVar[str] = ""
    coefficients_: dict[str, float]
    standard_errors_: dict[str, float]
    domain_: Domain
    notes_: list[str]

    def __init__(self) -> None:
        self.calibration: GapCalibration = PUBLISHED_CALIBRATION
        self.coefficients_ = {}
        self.standard_errors_ = {}
        self.extra_means_: dict[str, float] = {}
        self.notes_ = []

    # ---- to be given by each law -------------------------------------------------

    @property
    def uses_gap(self) -> bool:
        """Whether the form is written in the roll gap, which then must be known."""
        return False

    @property
    def uses_pressure(self) -> bool:
        """Whether the form is written in the pressure."""
        return not self.uses_gap

    @property
    def extra_inputs(self) -> tuple[str, ...]:
        """Extra columns that the law uses as inputs."""
        return ()

    @property
    def coefficient_count(self) -> int:
        """Number of coefficients to be fitted; a table needs one condition more."""
        raise NotImplementedError

    def _prepare(self, table: CalenderingTable) -> None:
        """Settle how many coefficients this table can carry."""

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        raise NotImplementedError

    def _porosity(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        raise NotImplementedError

    # ---- fitting -----------------------------------------------------------------

    def fit(self, table: CalenderingTable, progress: Progress | None = None) -> Self:
        """Fit the coefficients to measured conditions.

        Parameters
        ----------
        table : CalenderingTable
        progress : Progress, optional
            Asked whether to stop, by laws that are searched for.

        Returns
        -------
        CalenderingLaw
            The law itself.

        Raises
        ------
        Cancelled
        InputError
            If the table has too few conditions, or lacks an input that the law needs.
        """
        if self.uses_gap and not table.has_gap:
            raise InputError(
                f"The law '{self.kind}' is written in the roll gap, and the pressures of "
                f"{table.source or 'this table'} are outside the gap calibration: give your "
                "machine's calibration or choose a law in the pressure; a comparison of the "
                "laws says which errs least."
            )
        for name in self.extra_inputs:
            if name not in table.numeric_extra():
                raise InputError(
                    f"The law '{self.kind}' uses the column '{name}', which is not a complete "
                    f"number column of {table.source or 'this table'}."
                )
        self.notes_ = []
        self._prepare(table)
        needed = self.coefficient_count + 1
        if len(table) < needed:
            left = f" ({len(table.left_out)} rows were left out)" if table.left_out else ""
            raise InputError(
                f"The law '{self.kind}' has {self.coefficient_count} coefficients and needs at "
                f"least {needed} conditions, but {table.source or 'the table'} gives "
                f"{len(table)}{left}: add measurements or choose a law with fewer coefficients."
            )
        self.calibration = table.calibration
        self.extra_means_ = {name: float(table.extra[name].mean()) for name in self.extra_inputs}
        self.domain_ = Domain.from_table(table, self.extra_inputs)
        self._fit(table, progress or silent())
        return self

    def refittable(self) -> CalenderingLaw:
        """Return a fresh, unfitted law of the same form, for cross-validation."""
        return type(self)(**self.get_params())

    def get_params(self) -> dict[str, Any]:
        """Parameters that `__init__` stores, as JSON values."""
        names = [p for p in inspect.signature(type(self).__init__).parameters if p != "self"]
        params = {name: getattr(self, name) for name in names}
        return {name: list(v) if isinstance(v, tuple) else v for name, v in params.items()}

    @property
    def is_fitted(self) -> bool:
        """Whether the law can predict."""
        return hasattr(self, "domain_")

    # ---- predicting --------------------------------------------------------------

    def predict(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        *,
        gap: ArrayLike | None = None,
        pressure: ArrayLike | None = None,
        extra: Mapping[str, ArrayLike] | None = None,
    ) -> NDArray[np.float64]:
        """Porosity after calendering.

        Parameters
        ----------
        am, initial_porosity : array_like, 0..1
        initial_thickness : array_like, µm
        gap : array_like, µm, optional
        pressure : array_like, MPa, optional
            Give exactly one of `gap` and `pressure`. All arguments broadcast.
        extra : dict of str to array_like, optional
            Extra inputs of the law; those not given are taken at their measured mean.

        Returns
        -------
        porosity : ndarray, 0..1
            Of the common shape of the arguments. A law asked outside its domain may leave
            0..1: see `warnings`.

        Raises
        ------
        InputError
            If a value is impossible, or the gap or pressure is outside the calibration.
        """
        variables = self._variables(am, initial_porosity, initial_thickness, gap, pressure, extra)
        porosity = self._porosity(variables)
        return np.array(np.broadcast_to(porosity, variables["AM"].shape), dtype=float)

    def predict_table(self, table: CalenderingTable) -> NDArray[np.float64]:
        """Porosity after calendering for each row of a table, shape (n,), 0..1."""
        variables = {
            "AM": table.am,
            "eps_init": table.initial_porosity,
            "t0": table.initial_thickness,
            "gap": table.gap,
            "P": table.pressure,
        }
        if self.uses_gap and not table.has_gap:
            variables["gap"] = self.calibration.gap(table.pressure)
        for name in self.extra_inputs:
            values = table.numeric_extra().get(name)
            variables[name] = (
                np.full(len(table), self.extra_means_[name]) if values is None else values
            )
        return np.array(np.broadcast_to(self._porosity(variables), (len(table),)), dtype=float)

    def _variables(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        gap: ArrayLike | None,
        pressure: ArrayLike | None,
        extra: Mapping[str, ArrayLike] | None,
    ) -> dict[str, NDArray[np.float64]]:
        if not self.is_fitted:
            raise InputError(f"The law '{self.kind}' is not fitted yet: fit it to a table first.")
        if (gap is None) == (pressure is None):
            raise InputError(
                "Give either the roll gap (µm) or the pressure (MPa), not both or none."
            )
        inputs: dict[str, ArrayLike] = {
            "AM": am,
            "eps_init": initial_porosity,
            "t0": initial_thickness,
            "driver": gap if gap is not None else pressure,  # type: ignore[dict-item]
        }
        for name in self.extra_inputs:
            inputs[name] = (extra or {}).get(name, self.extra_means_[name])
        try:
            arrays = np.broadcast_arrays(*(np.asarray(v, float) for v in inputs.values()))
        except (TypeError, ValueError) as error:
            raise InputError(f"The inputs of the law do not fit together: {error}.") from error
        v = dict(zip(inputs, arrays, strict=True))
        _check_inputs(v)
        driver = v.pop("driver")
        if gap is not None:
            v["gap"] = driver
            if self.uses_pressure:
                v["P"] = self.calibration.pressure(driver)
            else:
                self.calibration.pressure(driver)
        else:
            if not (np.isfinite(driver) & (driver >= 0)).all():
                raise InputError("The pressure must be a number of 0 MPa or more.")
            v["P"] = driver
            if self.uses_gap:
                v["gap"] = self.calibration.gap(driver)
        return v

    # ---- warnings ----------------------------------------------------------------

    def pressure_grid(self, points: int = 181) -> NDArray[np.float64]:
        """Pressures (MPa) over which the law's shape is judged and drawn.

        From the calibration's range for a law in the gap, otherwise from near 0 to a tenth
        beyond the highest measured pressure.
        """
        if self.uses_gap:
            low, high = self.calibration.pressure_min, self.calibration.pressure_max
        else:
            low, high = 0.0, 1.1 * self.domain_.pressure_range[1]
        return np.linspace(low, high, points)

    def turning_pressures(
        self, am: ArrayLike, initial_porosity: ArrayLike, initial_thickness: ArrayLike
    ) -> NDArray[np.float64]:
        """Pressure above which the law lets the porosity rise again.

        Parameters
        ----------
        am, initial_porosity : array_like, 0..1
        initial_thickness : array_like, µm

        Returns
        -------
        ndarray, MPa
            Of the common shape of the arguments; inf where the porosity only falls.
        """
        grid = self.pressure_grid()
        arrays = np.broadcast_arrays(
            *(np.asarray(a, float) for a in (am, initial_porosity, initial_thickness))
        )
        curves = self.predict(*(a[..., None] for a in arrays), pressure=grid)
        # The turn is the last point before the first lasting rise, seen from the left.
        rise = np.maximum.accumulate(curves[..., ::-1], axis=-1)[..., ::-1] - curves
        rising = (np.diff(curves, axis=-1) > 0) & (rise[..., :-1] > _RISE)
        first = np.argmax(rising, axis=-1)
        return np.where(rising.any(axis=-1), grid[first], np.inf)

    def warnings(
        self,
        am: ArrayLike,
        initial_porosity: ArrayLike,
        initial_thickness: ArrayLike,
        *,
        gap: ArrayLike | None = None,
        pressure: ArrayLike | None = None,
        extra: Mapping[str, ArrayLike] | None = None,
    ) -> list[str]:
        """What to know before believing `predict` at these points.

        Parameters are those of `predict`.

        Returns
        -------
        list of str
            One sentence for each way in which a point is outside the measured region, above
            the pressure at which the law turns, above its initial porosity, or outside 0..1.
        """
        porosity = self.predict(
            am, initial_porosity, initial_thickness, gap=gap, pressure=pressure, extra=extra
        )
        v = self._variables(am, initial_porosity, initial_thickness, gap, pressure, extra)
        asked_extra = {name: v[name] for name in self.extra_inputs if name in (extra or {})}
        said = self.domain_.warnings(
            v["AM"],
            v["eps_init"],
            v["t0"],
            pressure=v["P"] if gap is None else None,
            gap=v["gap"] if gap is not None else None,
            extra=asked_extra,
        )
        for name in self.extra_inputs:
            if name not in (extra or {}):
                said.append(
                    f"'{name}' was not given: its measured mean {self.extra_means_[name]:.4g} "
                    "was used."
                )
        return said + self._unphysical(v, porosity)

    def _unphysical(
        self, v: Mapping[str, NDArray[np.float64]], porosity: NDArray[np.float64]
    ) -> list[str]:
        said = []
        coatings = np.column_stack([v[name].ravel() for name in ("AM", "eps_init", "t0")])
        unique, back = distinct_rows(coatings)
        turns = self.turning_pressures(*unique.T)
        if np.isfinite(turns).any():
            pressure = v["P"] if "P" in v else self.calibration.pressure(v["gap"])
            above = pressure.ravel() > turns[back]
            worst = int(np.argmin(turns))
            where = f"initial porosity {100 * unique[worst, 1]:.3g} %"
            said.append(
                f"At {where} this law lets the porosity rise above {turns[worst]:.0f} MPa, which "
                "calendering cannot do: "
                + (
                    f"{ASKED_ABOVE}; use a law constrained to fall."
                    if above.any()
                    else "stay below it or use a law constrained to fall."
                )
            )
        over = porosity > v["eps_init"] + _ABOVE_INITIAL
        if over.any():
            said.append(
                f"The law gives a porosity of {100 * porosity[over].flat[0]:.3g} %, above the "
                f"initial {100 * v['eps_init'][over].flat[0]:.3g} %: it does not hold there."
            )
        impossible = (porosity <= 0) | (porosity >= 1)
        if impossible.any():
            said.append(
                f"The law gives a porosity of {100 * porosity[impossible].flat[0]:.3g} %, which "
                "no electrode has: it does not hold there."
            )
        return said

    @property
    def coefficient_units(self) -> dict[str, str]:
        """Unit of each coefficient that has one, with porosity and AM as fractions."""
        return {}

    # ---- storing -----------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """JSON form of a fitted law; `law_from_dict` gives it back exactly."""
        if not self.is_fitted:
            raise InputError(f"The law '{self.kind}' is not fitted yet: fit it to a table first.")
        return {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "params": self.get_params(),
            "coefficients": dict(self.coefficients_),
            "coefficient_units": self.coefficient_units,
            "standard_errors": dict(self.standard_errors_),
            "calibration": self.calibration.to_dict(),
            "domain": self.domain_.to_dict(),
            "extra_means": dict(self.extra_means_),
            "notes": list(self.notes_),
            "state": self._state(),
        }

    def _state(self) -> dict[str, Any]:
        """Further JSON values that a law needs to predict."""
        return {}

    def _restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `_state` gave."""

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CalenderingLaw:
        """Rebuild a fitted law of this class from `to_dict`."""
        law = cls(**data["params"])
        law.calibration = GapCalibration.from_dict(data["calibration"])
        law.domain_ = Domain.from_dict(data["domain"])
        law.coefficients_ = {str(k): float(v) for k, v in data["coefficients"].items()}
        law.standard_errors_ = {
            str(k): float(v) for k, v in (data.get("standard_errors") or {}).items()
        }
        law.extra_means_ = {str(k): float(v) for k, v in data.get("extra_means", {}).items()}
        law.notes_ = [str(note) for note in data.get("notes", [])]
        if not np.isfinite(list(law.coefficients_.values())).all():
            raise InputError("The law holds a coefficient that is not a finite number.")
        law._restore(data.get("state") or {})
        return law


def _check_inputs(v: Mapping[str, NDArray[np.float64]]) -> None:
    """Refuse inputs that no electrode can have."""
    for name, word in (("AM", "AM fraction"), ("eps_init", "Initial porosity")):
        values = v[name]
        bad = ~((values > 0) & (values <= 1)) | ((name == "eps_init") & (values == 1))
        if bad.any():
            raise InputError(
                f"{word} {values[bad].flat[0]:g} is not between 0 and 1 (0 and 100 %)."
            )
    thickness = v["t0"]
    bad = ~((thickness > 0) & np.isfinite(thickness))
    if bad.any():
        raise InputError(f"Initial thickness {thickness[bad].flat[0]:g} µm is not above 0 µm.")
    for name, values in v.items():
        if not np.isfinite(values).all():
            what = "roll gap or pressure" if name == "driver" else name
            raise InputError(f"The {what} must be a finite number.")
