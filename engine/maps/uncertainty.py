"""How far a prediction may be off: the process, the law, the models, drawn together.

Three independent sources are drawn with the same numbers at every condition:

process
    The machine and the coating scatter around what was set.
law
    The porosity after calendering is off as the law's interval for an unseen family says
    (`LawError.spread`). The structure
    then differs from the one that the models were trained on at this pressure; a
    **sensitivity** carries the difference to every property.
models
    Each model is off by its own interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from engine.errors import InputError
from engine.maps.quantities import impossible, least_possible, most_possible, quantity
from engine.maps.responses import (
    POROSITY_SHIFT,
    SETTINGS,
    PropertyModel,
    Responses,
    interval_level,
)

SOURCES = ("process", "law", "models")
_NODES = 7


@dataclass(frozen=True)
class Scatter:
    """Standard deviations of the process around what was set.

    Attributes
    ----------
    gap : float, µm
        Of the roll gap, where that is what the lab sets.
    pressure_share : float
        Of the pressure, relative; where the lab sets the pressure.
    initial_porosity : float, percentage points
    am : float, percentage points
    """

    gap: float = 2.0
    pressure_share: float = 0.05
    initial_porosity: float = 1.0
    am: float = 0.0

    def sentence(self, variable: str) -> str:
        """The scatter in words, of what the lab sets: ``gap_um`` or ``pressure_MPa``."""
        if variable == "gap_um":
            first = f"roll gap ± {self.gap:g} µm"
        else:
            first = f"pressure ± {100 * self.pressure_share:g} % of it"
        return (
            f"{first}, initial porosity ± {self.initial_porosity:g} points, AM ± {self.am:g} points "
            "(standard deviations)"
        )

    def __post_init__(self) -> None:
        for name in ("gap", "pressure_share", "initial_porosity", "am"):
            if not 0 <= getattr(self, name) < 100:
                raise InputError(f"The process scatter '{name}' must be 0 or more.")


class Sensitivity:
    """How the predictions of a model follow the porosity, at equal composition.

    A structure is determined by its composition and its calendered porosity, whatever
    pressure led there. So the model's own predictions over its domain are regressed on the
    two: ``ln y`` against AM, ln porosity, its square and the product. Beyond the porosities
    of the domain the slope at its end is kept.

    Parameters
    ----------
    responses : Responses
        With the law that gives the porosities.
    model : PropertyModel

    Attributes
    ----------
    r2_ : float
        How well composition and porosity explain the model; low values mean that the
        carried-over law error is only rough.
    """

    def __init__(self, responses: Responses, model: PropertyModel):
        axes = {name: np.linspace(*responses.ranges[name], _NODES) for name in responses.settings}
        mesh = np.meshgrid(*axes.values(), indexing="ij")
        frame = pd.DataFrame({name: part.ravel() for name, part in zip(axes, mesh, strict=True)})
        settings = responses.complete(frame)
        y = np.asarray(model.predict(settings), dtype=float)
        porosity = settings["porosity_percent"].to_numpy(float)
        good = np.isfinite(y) & (y > 0) & (porosity > 0) & ~impossible(model.target, y)
        self._low, self._high = 1.0, 100.0
        self._coefficients = np.zeros(5)
        self.r2_ = 0.0
        if good.sum() < 10 or np.ptp(porosity[good]) < 1e-6:
            return
        self._low, self._high = float(porosity[good].min()), float(porosity[good].max())
        design = self._design(settings["am_percent"].to_numpy(float)[good], porosity[good])
        target = np.log(y[good])
        self._coefficients = np.linalg.lstsq(design, target, rcond=None)[0]
        total = np.sum((target - target.mean()) ** 2)
        if total > 0:
            self.r2_ = float(1 - np.sum((target - design @ self._coefficients) ** 2) / total)

    @staticmethod
    def _design(am: np.ndarray, porosity: np.ndarray) -> np.ndarray:
        a, e = (am - 95.0) / 2.0, np.log(porosity / 35.0)
        return np.column_stack([np.ones(len(a)), a, e, e**2, a * e])

    def logarithm(self, am: np.ndarray, porosity: np.ndarray) -> np.ndarray:
        """Regressed ln y at AM (%) and porosity (%), shape (n,)."""
        held = np.clip(porosity, self._low, self._high)
        a, e = (am - 95.0) / 2.0, np.log(held / 35.0)
        slope = self._coefficients[2] + 2 * self._coefficients[3] * e + self._coefficients[4] * a
        beyond = np.log(np.maximum(porosity, 1e-3) / held)
        return self._design(am, held) @ self._coefficients + slope * beyond

    def factor(self, am: np.ndarray, porosity: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Factor on y when the porosity is `porosity` instead of ``porosity - shift`` (%)."""
        return np.exp(self.logarithm(am, porosity) - self.logarithm(am, porosity - shift))


class _Possible:
    """A model that gives nothing (nan) where its value is one that no electrode can have."""

    def __init__(self, model: PropertyModel):
        self._model = model
        self.target = model.target
        self.inputs = model.inputs
        self.domain = getattr(model, "domain", {})
        self.interval = model.interval

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        value = np.asarray(self._model.predict(frame), dtype=float)
        return np.where(impossible(self.target, value), np.nan, value)


class _Shifted:
    """A model that follows a porosity other than the law's."""

    def __init__(self, model: PropertyModel, sensitivity: Sensitivity):
        self._model = model
        self._sensitivity = sensitivity
        self.target = model.target
        self.inputs = model.inputs
        self.domain = getattr(model, "domain", {})

    def _factor(self, frame: pd.DataFrame) -> np.ndarray:
        return self._sensitivity.factor(
            frame["am_percent"].to_numpy(float),
            frame["porosity_percent"].to_numpy(float),
            frame[POROSITY_SHIFT].to_numpy(float),
        )

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        return np.asarray(self._model.predict(frame), dtype=float) * self._factor(frame)

    def interval(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        low, high = self._model.interval(frame)
        factor = self._factor(frame)
        return np.asarray(low) * factor, np.asarray(high) * factor


class _Perturbed:
    """A model plus its own error, drawn per row."""

    def __init__(self, model: PropertyModel, column: str, half_width: float, level: float):
        self._model = model
        self._column = column
        self._half_width = half_width
        self._z = special.ndtri(0.5 + level / 2)
        self.target = model.target
        self.inputs = model.inputs
        self.domain = getattr(model, "domain", {})

    def predict(self, frame: pd.DataFrame) -> np.ndarray:
        value = np.asarray(self._model.predict(frame), dtype=float)
        moved = value + frame[self._column].to_numpy(float) * self._half_width / self._z
        # No error makes a way shorter than straight, nor a share or a surface negative.
        return np.clip(moved, least_possible(self.target), most_possible(self.target))

    def interval(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
        return self._model.interval(frame)


@dataclass(frozen=True)
class Draws:
    """Standard normal numbers for every source, the same at every condition.

    Attributes
    ----------
    process : ndarray, shape (n, 3)
        Gap (or pressure), initial porosity, AM.
    law : ndarray, shape (n,)
    models : dict of target to ndarray, shape (n,)
    """

    process: np.ndarray
    law: np.ndarray
    models: dict[str, np.ndarray]

    @classmethod
    def make(
        cls,
        targets: Sequence[str],
        count: int = 128,
        sources: Sequence[str] = SOURCES,
        seed: int = 0,
    ) -> Draws:
        """Draw; a source that is left out gets zeros.

        Scrambled Sobol points: even coverage with few draws, and the same ones every time.
        """
        names = sorted(targets)
        engine = stats.qmc.Sobol(4 + len(names), rng=np.random.default_rng(seed))
        exponent = max(1, int(np.ceil(np.log2(count))))
        points = special.ndtri(np.clip(engine.random_base2(exponent), 1e-9, 1 - 1e-9))
        on = {source: float(source in sources) for source in SOURCES}
        return cls(
            points[:, :3] * on["process"],
            points[:, 3] * on["law"],
            {name: points[:, 4 + i] * on["models"] for i, name in enumerate(names)},
        )

    def __len__(self) -> int:
        return len(self.law)


def without_interval(responses: Responses, names: Iterable[str]) -> list[str]:
    """Targets among `names` whose model gives no interval amid the ranges: its error is unknown."""
    try:
        middle = responses.complete(pd.DataFrame([responses.base]))
    except InputError:
        return []  # not all inputs of the law are known: nothing can be asked of any model
    found = []
    for name in names:
        low, high = responses.models[name].interval(middle)
        if not np.isfinite(np.asarray(high, float) - np.asarray(low, float)).all():
            found.append(name)
    return found


class Propagation:
    """Responses under drawn errors.

    Parameters
    ----------
    responses : Responses
    outputs : sequence of str
        What will be asked.
    scatter : Scatter

    Attributes
    ----------
    notes_ : list of str
        What could not be propagated, or only roughly.
    """

    def __init__(self, responses: Responses, outputs: Sequence[str], scatter: Scatter):
        self.responses = responses
        self.outputs = list(outputs)
        self.scatter = scatter
        self.used = responses.models_of(self.outputs)
        self.notes_: list[str] = []
        self._sensitivities: dict[str, Sensitivity] = {}
        if responses.law is not None:
            for name in self.used:
                model = responses.models[name]
                if not {"porosity_percent", "thickness_um"} & set(model.inputs):
                    self._sensitivities[name] = Sensitivity(responses, model)
        unknown = without_interval(responses, self.used)
        if unknown:
            names = ", ".join(quantity(name).label.lower() for name in unknown)
            self.notes_.append(
                f"The models' own error is not known for {names}: it is missing from the "
                "intervals, which are too narrow. Train with cross-validation to know it."
            )
        rough = [name for name, one in self._sensitivities.items() if one.r2_ < 0.8]
        if rough:
            names = ", ".join(quantity(name).label.lower() for name in rough)
            self.notes_.append(
                f"The law's error is carried to {names} only roughly: composition and "
                "porosity explain less than 80 % of the model there."
            )
        if responses.law is None:
            self.notes_.append("No calendering law is known: its uncertainty is not included.")
        elif responses.law_error is None:
            self.notes_.append(
                "The calendering law was never assessed: its uncertainty is not included."
            )

    def draws(self, count: int = 128, sources: Sequence[str] = SOURCES, seed: int = 0) -> Draws:
        """Numbers for `evaluate`; see `Draws.make`."""
        return Draws.make(self.used, count, sources, seed)

    def evaluate(self, conditions: pd.DataFrame, draws: Draws) -> pd.DataFrame:
        """Responses of every condition under every draw.

        Parameters
        ----------
        conditions : DataFrame, n rows
            Completed settings.
        draws : Draws, m

        Returns
        -------
        DataFrame, n*m rows
            Row ``i*m + k`` is condition i under draw k; nan where no path leads through the
            electrode.
        """
        n, m = len(conditions), len(draws)
        spread = self._half_widths(conditions)
        frame = self._scattered(conditions, draws)
        error = self.responses.law_error
        sd = np.zeros(n)
        if error is not None and self.responses.law is not None:
            sd += 100 * error.spread * self.responses.doubt(conditions)
        frame[POROSITY_SHIFT] = np.tile(draws.law, n) * np.repeat(sd, m)
        models: dict[str, Any] = dict(self.responses.models)
        for name in self.used:
            level = interval_level(self.responses.models[name])
            model: Any = _Possible(self.responses.models[name])
            if name in self._sensitivities:
                model = _Shifted(model, self._sensitivities[name])
            column = f"_error_{name}"
            frame[column] = np.tile(draws.models[name], n) * np.repeat(spread[name], m)
            models[name] = _Perturbed(model, column, 1.0, level)
        varied = replace(self.responses, models=models)
        found = varied.evaluate(frame, self.outputs, intervals=False, scope=False)
        blockage = self.responses.blockage
        if blockage is None or "porosity_percent" not in found.settings:
            return found.values
        # Where no path leads through the electrode it has no properties to speak of.
        values = found.values.copy()
        values.loc[blockage.closed(found.settings)] = np.nan
        return values

    def _half_widths(self, conditions: pd.DataFrame) -> dict[str, np.ndarray]:
        """Half width of each model's interval at each condition (0 where it has none)."""
        settings = self.responses.complete(conditions[self._own(conditions)])
        widths = {}
        for name in self.used:
            low, high = self.responses.models[name].interval(settings)
            widths[name] = np.nan_to_num(0.5 * (np.asarray(high) - np.asarray(low)))
        return widths

    def _own(self, conditions: pd.DataFrame) -> list[str]:
        known = [*SETTINGS, *self.responses.ranges, *self.responses.base]
        return [name for name in dict.fromkeys(known) if name in conditions and name != "gap_um"]

    def _reachable(self, pressure: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """Scattered pressures, held within what a law written in the roll gap can be asked."""
        law = self.responses.law
        if not getattr(law, "uses_gap", False):
            return moved
        calibration = law.calibration
        low, high = calibration.pressure_min, calibration.pressure_max
        return np.clip(moved, np.minimum(pressure, low), np.maximum(pressure, high))

    def _scattered(self, conditions: pd.DataFrame, draws: Draws) -> pd.DataFrame:
        """Conditions times draws, with the process scatter on pressure, porosity and AM.

        A draw beyond the machine's calibration stays at its end.
        """
        n, m = len(conditions), len(draws)
        own = self._own(conditions)
        frame = conditions[own].loc[conditions.index.repeat(m)].reset_index(drop=True)
        first, second, third = (np.tile(column, n) for column in draws.process.T)
        calibration = self.responses.calibration
        if "pressure_MPa" in frame:
            pressure = frame["pressure_MPa"].to_numpy(float)
            gap = np.repeat(
                conditions["gap_um"].to_numpy(float)
                if "gap_um" in conditions
                else np.full(n, np.nan),
                m,
            )
            turned = self.responses.lab_variable == "gap_um"
            if turned and calibration is not None and np.isfinite(gap).all():
                moved = np.clip(
                    gap + self.scatter.gap * first, calibration.gap_min, calibration.gap_max
                )
                frame["pressure_MPa"] = calibration.pressure(moved)
            else:
                share = np.maximum(1 + self.scatter.pressure_share * first, 0.05)
                frame["pressure_MPa"] = self._reachable(pressure, pressure * share)
        for name, sd, normal in (
            ("initial_porosity_percent", self.scatter.initial_porosity, second),
            ("am_percent", self.scatter.am, third),
        ):
            if name in frame:
                frame[name] = np.clip(frame[name].to_numpy(float) + sd * normal, 0.5, 99.5)
        return frame


def summarise(values: np.ndarray, level: float = 0.8) -> Mapping[str, float]:
    """Median and central interval of drawn values, shape (m,); nan where all are nan."""
    finite = values[~np.isnan(values)]
    if len(finite) == 0:
        return {"median": np.nan, "low": np.nan, "high": np.nan}
    low, median, high = np.quantile(finite, [0.5 - level / 2, 0.5, 0.5 + level / 2])
    return {"median": float(median), "low": float(low), "high": float(high)}
