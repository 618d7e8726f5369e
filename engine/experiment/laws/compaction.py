"""The compaction laws of the field, with parameters that depend on the coating.

Each has one **level** (how far the electrode can be compacted), a linear function of chosen
inputs, and one **shape** (how fast the pressure gets there), common to all coatings. So they
answer for a coating that was never measured, which parameters fitted per family cannot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.least_squares import fit_from_starts, standard_errors
from engine.experiment.laws.terms import Term
from engine.experiment.table import CalenderingTable
from engine.progress import Progress

# Pressure scales tried as starts and allowed, relative to the highest measured pressure.
_START_SCALES = np.geomspace(0.01, 10.0, 9)
_SCALE_LIMITS = (1e-4, 1e4)
# A direction of the coatings weaker than this share of the strongest carries no information.
_WEAK = 1e-3
# Levels nearer than this to where they are clipped count as clipped.
_KINK = 1e-4


class CompactionLaw(CalenderingLaw):
    """Base of the compaction laws: a linear level and one positive shape parameter.

    Parameters
    ----------
    depends_on : sequence of str
        Inputs of the level: ``"eps_init"``, ``"AM"``, ``"t0"`` or extra columns. Inputs
        that the measured coatings cannot carry are left out in `fit`, and `notes_` says so.
    physical : bool
        Keep the level where the porosity falls with the pressure, stays above 0 and never
        exceeds the initial porosity.
    """

    level_symbol: ClassVar[str]
    shape_symbol: ClassVar[str]
    shape_unit: ClassVar[str]

    def __init__(self, depends_on: Sequence[str] = ("eps_init", "AM"), physical: bool = True):
        super().__init__()
        if isinstance(depends_on, str):
            raise InputError("depends_on is a list of inputs, e.g. ['eps_init', 'AM'].")
        self.depends_on = tuple(str(name) for name in depends_on)
        if len(set(self.depends_on)) < len(self.depends_on):
            raise InputError(f"An input stands twice in {list(self.depends_on)}.")
        self.physical = bool(physical)
        self._active = self.depends_on
        self.dropped_: tuple[str, ...] = ()

    @property
    def active_inputs(self) -> tuple[str, ...]:
        """Inputs that the level of the fitted law depends on."""
        return self._active

    # ---- to be given by each law -------------------------------------------------

    def _curve(self, level: Any, shape: float, porosity: Any, pressure: Any) -> Any:
        """Porosity of a level and shape, from the initial `porosity`."""
        raise NotImplementedError

    def _slopes(self, level: Any, shape: float, porosity: Any, pressure: Any) -> tuple[Any, Any]:
        """Derivatives of `_curve` with respect to the level and to the shape."""
        raise NotImplementedError

    def _clip(self, level: Any, porosity: Any) -> Any:
        """Level, kept where the law is physical."""
        raise NotImplementedError

    def _level_equation(
        self, shape: float, table: CalenderingTable
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights and right sides (n,) of ``weight * level = right`` at a given shape."""
        raise NotImplementedError

    def _shape_of_scale(self, pressure: float) -> float:
        """Shape parameter whose characteristic pressure (MPa) is this."""
        return pressure

    # ---- the estimator -----------------------------------------------------------

    @property
    def extra_inputs(self) -> tuple[str, ...]:
        return tuple(name for name in self._active if name not in ("AM", "eps_init", "t0"))

    @property
    def coefficient_count(self) -> int:
        return len(self._active) + 2

    @property
    def coefficient_units(self) -> dict[str, str]:
        units = [Term(((name, 1),)).coefficient_unit for name in self._active]
        named = zip(self._names(), ["", *units, self.shape_unit], strict=True)
        return {name: unit for name, unit in named if unit}

    def _names(self) -> list[str]:
        levels = [f"{self.level_symbol}{1 + self.depends_on.index(n)}" for n in self._active]
        return [f"{self.level_symbol}0", *levels, self.shape_symbol]

    def _prepare(self, table: CalenderingTable) -> None:
        self._active, dropped = carried_inputs(table, self.depends_on)
        self.dropped_ = tuple(dropped)
        if dropped:
            word = "does" if len(dropped) == 1 else "do"
            k = table.family_count
            self.notes_.append(
                f"{', '.join(dropped)} {word} not stand in the fitted law: {k} coating "
                f"famil{'y' if k == 1 else 'ies'} cannot carry "
                f"{'it' if len(dropped) == 1 else 'them'}."
            )

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        columns = _input_columns(table)
        inputs = np.column_stack([np.ones(len(table)), *(columns[name] for name in self._active)])
        centre, spread = inputs[:, 1:].mean(axis=0), inputs[:, 1:].std(axis=0)
        # Centred and scaled inputs keep the search well conditioned.
        matrix = inputs.copy()
        matrix[:, 1:] = (inputs[:, 1:] - centre) / spread
        initial, pressure = table.initial_porosity, table.pressure
        highest = max(float(pressure.max()), 1e-6)

        def model(
            theta: NDArray[np.float64],
        ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            wanted = matrix @ theta[:-1]
            level = self._clip(wanted, initial) if self.physical else wanted
            shape = float(np.exp(theta[-1]))
            curve = self._curve(level, shape, initial, pressure)
            by_level, by_shape = self._slopes(level, shape, initial, pressure)
            if self.physical:
                by_level = np.where(level == wanted, by_level, 0.0)
            jacobian = np.empty((len(matrix), len(theta)))
            np.multiply(matrix, by_level[:, None], out=jacobian[:, :-1])
            jacobian[:, -1] = shape * by_shape
            return curve - table.porosity, jacobian

        def kinked(theta: NDArray[np.float64]) -> bool:
            wanted = matrix @ theta[:-1]
            return self.physical and any(
                bool((self._clip(wanted + off, initial) != wanted + off).any())
                for off in (-_KINK, _KINK)
            )

        starts = []
        for scale in _START_SCALES:
            shape = self._shape_of_scale(scale * highest)
            weight, right = self._level_equation(shape, table)
            theta = np.linalg.lstsq(weight[:, None] * matrix, right, rcond=None)[0]
            start = np.append(theta, np.log(shape))
            cost = float(np.sum(np.nan_to_num(model(start)[0], nan=1e3) ** 2))
            starts.append((cost, start))
        starts.sort(key=lambda item: item[0])
        ends = sorted(np.log(self._shape_of_scale(s * highest)) for s in _SCALE_LIMITS)
        free = np.full(matrix.shape[1], np.inf)
        theta, jacobian = fit_from_starts(
            model,
            [start for _, start in starts[:3]],
            (np.append(-free, ends[0]), np.append(free, ends[1])),
            kinked,
        )
        if min(abs(theta[-1] - end) for end in ends) < 1e-3:
            self.notes_.append(
                f"The measurements do not fix {self.shape_symbol}: it ran to the end of its range."
            )
        errors = standard_errors(jacobian, model(theta)[0])
        slopes = theta[1:-1] / spread
        level = np.append(theta[0] - slopes @ centre, slopes)
        # The constant's error: of the level at inputs 0, ignoring what the slopes share with it.
        slope_errors = errors[1:-1] / spread
        constant_error = np.hypot(errors[0], np.linalg.norm(slope_errors * centre))
        shape = float(np.exp(theta[-1]))
        names = self._names()
        self.coefficients_ = dict(zip(names, [*level.tolist(), shape], strict=True))
        self.standard_errors_ = dict(
            zip(names, [constant_error, *slope_errors, shape * errors[-1]], strict=True)
        )
        self.standard_errors_ = {k: float(v) for k, v in self.standard_errors_.items()}

    def level(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Level parameter where the inputs are `v` (by their names in `depends_on`)."""
        names = self._names()
        level = np.full_like(v["AM"], self.coefficients_[names[0]])
        for symbol, name in zip(names[1:-1], self._active, strict=True):
            level = level + self.coefficients_[symbol] * v[name]
        return level

    def _porosity(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        level = self.level(v)
        if self.physical:
            level = self._clip(level, v["eps_init"])
        shape = self.coefficients_[self.shape_symbol]
        return np.asarray(self._curve(level, shape, v["eps_init"], v["P"]))

    def _state(self) -> dict[str, Any]:
        return {"active": list(self._active)}

    def _restore(self, state: Mapping[str, Any]) -> None:
        active = tuple(str(name) for name in state["active"])
        if not set(active) <= set(self.depends_on):
            raise InputError("The law uses an input that it does not depend on.")
        self._active = active
        missing = [name for name in self._names() if name not in self.coefficients_]
        if missing:
            raise InputError(f"The law lacks its coefficient {missing[0]}.")


class KawakitaLaw(CompactionLaw):
    """Kawakita's law, ``C = a*b*P / (1 + b*P)``.

    ``C = 1 - (1 - eps_init) / (1 - eps_cal)`` is the share of volume lost and
    ``a = a0 + a1*eps_init + a2*AM`` its limit at high pressure; `b` is in 1/MPa.

    Notes
    -----
    Kawakita and Lüdde, Powder Technology 4 (1971) 61, DOI 10.1016/0032-5910(71)80001-3.
    """

    kind = "kawakita"
    level_symbol = "a"
    shape_symbol = "b"
    shape_unit = "1/MPa"

    def _curve(self, level: Any, shape: float, porosity: Any, pressure: Any) -> Any:
        lost = level * (shape * pressure) / (1 + shape * pressure)
        return 1 - (1 - porosity) / (1 - np.minimum(lost, 0.999))

    def _slopes(self, level: Any, shape: float, porosity: Any, pressure: Any) -> tuple[Any, Any]:
        reached = shape * pressure / (1 + shape * pressure)
        lost = level * reached
        by_lost = np.where(lost < 0.999, (porosity - 1) / (1 - np.minimum(lost, 0.999)) ** 2, 0.0)
        return by_lost * reached, by_lost * level * pressure / (1 + shape * pressure) ** 2

    def _clip(self, level: Any, porosity: Any) -> Any:
        return np.clip(level, 0.0, porosity)

    def _level_equation(
        self, shape: float, table: CalenderingTable
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        lost = 1 - (1 - table.initial_porosity) / (1 - table.porosity)
        return shape * table.pressure / (1 + shape * table.pressure), lost

    def _shape_of_scale(self, pressure: float) -> float:
        return 1 / pressure


class ExponentialLaw(CompactionLaw):
    """Exponential law, ``eps = eps_min + (eps_init - eps_min) * exp(-P / gamma)``.

    ``eps_min = m0 + m1*eps_init + m2*AM`` is the porosity that no pressure undercuts; `gamma`
    is in MPa and must be fitted, never taken from the literature.

    Notes
    -----
    Meyer et al., J. Cleaner Prod. 142 (2017), with the pressure in place of the line load.
    """

    kind = "exponential"
    level_symbol = "m"
    shape_symbol = "gamma"
    shape_unit = "MPa"

    def _curve(self, level: Any, shape: float, porosity: Any, pressure: Any) -> Any:
        return level + (porosity - level) * np.exp(-pressure / shape)

    def _slopes(self, level: Any, shape: float, porosity: Any, pressure: Any) -> tuple[Any, Any]:
        left = np.exp(-pressure / shape)
        return 1 - left, (porosity - level) * left * pressure / shape**2

    def _clip(self, level: Any, porosity: Any) -> Any:
        return np.clip(level, 0.0, porosity)

    def _level_equation(
        self, shape: float, table: CalenderingTable
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        left = np.exp(-table.pressure / shape)
        return 1 - left, table.porosity - table.initial_porosity * left


class HeckelLaw(CompactionLaw):
    """Heckel's law, ``ln(1 / eps) = K*P + A``.

    ``A = A0 + A1*eps_init + A2*AM`` (at no pressure the porosity is ``exp(-A)``); `K` is in
    1/MPa.

    Notes
    -----
    Heckel, Trans. Metall. Soc. AIME 221 (1961) 671.
    """

    kind = "heckel"
    level_symbol = "A"
    shape_symbol = "K"
    shape_unit = "1/MPa"

    def _curve(self, level: Any, shape: float, porosity: Any, pressure: Any) -> Any:
        return np.exp(-np.clip(level + shape * pressure, -50.0, 50.0))

    def _slopes(self, level: Any, shape: float, porosity: Any, pressure: Any) -> tuple[Any, Any]:
        by_level = -self._curve(level, shape, porosity, pressure)
        return by_level, by_level * pressure

    def _clip(self, level: Any, porosity: Any) -> Any:
        return np.maximum(level, -np.log(porosity))

    def _level_equation(
        self, shape: float, table: CalenderingTable
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return np.ones(len(table)), -np.log(table.porosity) - shape * table.pressure

    def _shape_of_scale(self, pressure: float) -> float:
        return 1 / pressure


def carried_inputs(
    table: CalenderingTable, wanted: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """Which inputs the coatings of a table can carry, together with a constant.

    Parameters
    ----------
    table : CalenderingTable
    wanted : sequence of str
        In order of preference.

    Returns
    -------
    carried : tuple of str
    dropped : list of str
        Inputs that do not vary, or vary only together with those carried.
    """
    columns = _input_columns(table)
    families = table.family_numbers
    carried: list[str] = []
    dropped: list[str] = []
    matrix = np.ones((len(families), 1))
    for name in wanted:
        if name not in columns:
            raise InputError(
                f"The law depends on '{name}', which is not a complete number column of "
                f"{table.source or 'this table'}."
            )
        if name in ("AM", "eps_init", "t0"):
            base, column = matrix, table.family_means(columns[name])
        else:
            # An extra process input may vary within a family: judge it on the rows.
            rows = np.searchsorted(families, table.families)
            base, column = matrix[rows], columns[name]
        if len(base) <= base.shape[1] or np.ptp(column) <= 1e-9 * max(np.abs(column).max(), 1e-12):
            dropped.append(name)
            continue
        column = (column - column.mean()) / column.std()
        rest = column - base @ np.linalg.lstsq(base, column, rcond=None)[0]
        if np.linalg.norm(rest) < _WEAK * np.linalg.norm(column):
            dropped.append(name)
            continue
        carried.append(name)
        if len(column) == len(matrix):
            matrix = np.column_stack([matrix, column])
    return tuple(carried), dropped


def _input_columns(table: CalenderingTable) -> dict[str, NDArray[np.float64]]:
    return {
        "AM": table.am,
        "eps_init": table.initial_porosity,
        "t0": table.initial_thickness,
        **table.numeric_extra(),
    }
