"""From process settings to every response of the electrode: law, then models, then what follows.

This is the one place where a calendering law and the property models meet; every map, the
profiler and the decision ask it and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.blocked import Blockage
from engine.maps.digits import lower_first
from engine.maps.electrode import (
    PUBLISHED_LAW_ERROR,
    CellAssumptions,
    LawError,
    RecipeConstants,
)
from engine.maps.evaluation import Asked, Columns, Evaluation, floats, row_count
from engine.maps.law_doubt import LawDoubt
from engine.maps.quantities import (
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
    impossible,
    least_possible,
    most_possible,
    quantity,
)
from engine.maps.scope import (
    FROM_LAW,
    LEVEL,
    common_ranges,
    domain_of,
    interval_level,
    law_domain,
    law_scope,
    outside,
    widest_ranges,
)

__all__ = [
    "POROSITY_SHIFT",
    "PUBLISHED_LAW_ERROR",
    "SETTINGS",
    "CellAssumptions",
    "Evaluation",
    "LawError",
    "PropertyModel",
    "RecipeConstants",
    "Responses",
    "domain_of",
    "interval_level",
    "law_domain",
    "setting_range",
]

SETTINGS = ("pressure_MPa", "am_percent", "initial_porosity_percent", "initial_thickness_um")
"""What the lab sets, in the order in which maps show it; the gap stands for the pressure."""

POROSITY_SHIFT = "_porosity_shift_percent"
"""Column of a table of settings: what the porosity after calendering differs from the law's."""

_ROUNDING = 1e-6


class PropertyModel(Protocol):
    """What a map needs of a trained model (see `engine.learning`)."""

    @property
    def target(self) -> str: ...
    @property
    def inputs(self) -> Any: ...
    def predict(self, frame: pd.DataFrame) -> np.ndarray: ...
    def interval(self, frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]: ...


@dataclass(frozen=True)
class Responses:
    """Everything that answers "what electrode do these settings give".

    Attributes
    ----------
    models : mapping of column to PropertyModel
    law : calendering law or None
        Contract of `engine.experiment`: ``predict(am, initial_porosity, initial_thickness,
        pressure=…)`` in fractions, µm and MPa.
    calibration : gap calibration or None
        Roll gap to pressure; the law's own where None.
    law_error : LawError or None
        How far the law errs for a coating that it has not seen; None where it was never
        assessed.
    constants : RecipeConstants
    cell : CellAssumptions
    base : dict
        Value of each setting where a table leaves it out. A setting that no model takes as
        input was held at this value in the campaign: elsewhere the models extrapolate.
    ranges : dict
        ``{setting: (low, high)}`` over which maps are drawn.
    law_inputs : dict
        Inputs of the law beside the settings, by the names of the sheet, as the campaign held
        them; the law's measured means where left out.
    law_doubt : LawDoubt or None
        How much larger the law's error may be away from the measured coatings; the same
        everywhere where None.
    blockage : Blockage or None
        Where calendering closes the way through a phase; nowhere where None.
    turns : {"gap_um", "pressure_MPa", ""}
        What the lab sets at its calender; empty where it did not say.
    gap_known : bool
        Whether roll gaps mean this lab's: not where it gives pressures alone and no calibration
        of its own, so that gaps would be those of another machine.
    rolls : Rolls or None
        Line load or force that gives each pressure, where that is what the lab sets.
    """

    models: Mapping[str, PropertyModel]
    law: Any = None
    calibration: Any = None
    law_error: LawError | None = None
    constants: RecipeConstants = field(default_factory=RecipeConstants)
    cell: CellAssumptions = field(default_factory=CellAssumptions)
    base: dict[str, float] = field(default_factory=dict)
    ranges: dict[str, tuple[float, float]] = field(default_factory=dict)
    law_doubt: LawDoubt | None = None
    law_inputs: dict[str, float] = field(default_factory=dict)
    blockage: Blockage | None = None
    turns: str = ""
    gap_known: bool = True
    rolls: Any = None

    def __post_init__(self) -> None:
        if not self.gap_known:
            object.__setattr__(self, "calibration", None)
        elif self.calibration is None and self.law is not None:
            object.__setattr__(self, "calibration", getattr(self.law, "calibration", None))
        ranges = common_ranges(self.models.values(), self.law) | dict(self.ranges)
        object.__setattr__(self, "ranges", ranges)
        middle = {name: 0.5 * (low + high) for name, (low, high) in ranges.items()}
        object.__setattr__(self, "base", middle | dict(self.base))

    def asked(self, outputs: Iterable[str]) -> Responses:
        """The same, with settings that move as far as the models of these outputs know.

        A model that is not asked restricts nothing. What law alone gives is known wherever any
        model is. Ranges that were given stay.
        """
        behind = [self.models[name] for name in self.models_of(outputs)]
        own = common_ranges(behind, self.law) if behind else widest_ranges(self.models.values())
        whole = common_ranges(self.models.values(), self.law)
        ranges = {
            name: own.get(name, span) if span == whole.get(name) else span
            for name, span in self.ranges.items()
        }
        found = replace(self, ranges=ranges)
        # Where no gap belongs to what is new, the lab is still spoken to of its gap.
        return found if found.lab_variable == self.lab_variable else self

    @property
    def settings(self) -> list[str]:
        """Settings that can be moved: those with a range, the paper's first."""
        first = [name for name in SETTINGS if name in self.ranges]
        rest = [name for name in self.ranges if name not in first and name != "gap_um"]
        return [name for name in first + rest if self.ranges[name][1] > self.ranges[name][0]]

    @property
    def lab_variable(self) -> str:
        """What the lab sets: the roll gap where it is calibrated over the range, else pressure.

        Pressure as well where the lab says so (`turns`).
        """
        if self.turns != "pressure_MPa" and self.has_gap:
            return "gap_um"
        return "pressure_MPa"

    @property
    def has_gap(self) -> bool:
        """Whether a roll gap belongs to every pressure of the range."""
        if self.calibration is None or "pressure_MPa" not in self.ranges:
            return False
        ends = _gap_or_nan(self.calibration, np.array(self.ranges["pressure_MPa"]))
        return bool(np.isfinite(ends).all())

    @property
    def outputs(self) -> list[str]:
        """Columns that `evaluate` can give, in the order of the paper's figures."""
        candidates = ["porosity_percent", TAU_SOLID, TAU_LIQUID, SIGMA_EFF]
        candidates += [name for name in self.models if name not in candidates]
        candidates += ["areal_capacity_mAh_per_cm2", "energy_density_Wh_per_L"]
        return [name for name in candidates if self.gives(name)]

    def gives(self, output: str) -> bool:
        """Whether this column can be computed from the law and the models at hand."""
        if output in self.models:
            return True
        if output in FROM_LAW or output.startswith(("areal_capacity", "energy_density")):
            return self.law is not None
        source = self._source_of(output)
        if source is None:
            return False
        needs_law = output in (SIGMA_EFF, "macmullin_number")
        return self.gives_directly(source) and (self.law is not None or not needs_law)

    def level_of(self, output: str) -> float:
        """Level of the interval that `evaluate` gives for an output, 0..1."""
        if output == "porosity_percent" and output not in self.models:
            return LEVEL if self.law_error is None else self.law_error.level
        levels = [interval_level(self.models[name]) for name in self.models_of([output])]
        return min(levels, default=LEVEL)

    def gives_directly(self, output: str) -> bool:
        """Whether a model gives this column, or its square or square root."""
        return output in self.models or self._source_of(output) in self.models

    def _source_of(self, output: str) -> str | None:
        """What a column follows from; None for one that a model alone can give.

        Ions that go through the CBD as well make the conductivity follow from no tortuosity of
        the free electrolyte.
        """
        if self.constants.conductivities.opens_cbd:
            opened = {SIGMA_EFF: None, "macmullin_number": SIGMA_EFF}
            if output in opened:
                return opened[output]
        return _DERIVED.get(output)

    def complete(self, frame: Columns) -> pd.DataFrame:
        """Add to a table of settings all that follows from them.

        Parameters
        ----------
        frame : DataFrame, or mapping of column to array
            Settings by column; ``pressure_MPa`` or ``gap_um`` (pressure rules where both
            stand). What is missing is taken from `base`.

        Raises
        ------
        InputError
            If neither pressure nor gap is known, or a gap is asked for without calibration.
        """
        return pd.DataFrame(self._completed(frame))

    def _completed(self, frame: Columns) -> dict[str, np.ndarray]:
        done = {name: np.asarray(frame[name]) for name in frame}
        rows = len(next(iter(done.values()))) if done else 0
        if "pressure_MPa" not in done and "gap_um" in done:
            if self.calibration is None:
                raise InputError(
                    "A roll gap needs a gap calibration: fit a law with one, or use the pressure."
                )
            done["pressure_MPa"] = self.calibration.pressure(floats(done, "gap_um"))
        for name, value in self.base.items():
            if name not in done and name != "gap_um":
                done[name] = np.full(rows, value)
        if "am_percent" in done:
            done["cbd_percent"] = 100.0 - done["am_percent"]
        if "pressure_MPa" in done and self.calibration is not None:
            done["gap_um"] = _gap_or_nan(self.calibration, floats(done, "pressure_MPa"))
        if self.law is not None and "porosity_percent" not in frame:
            porosity = self._porosity(done)
            if POROSITY_SHIFT in done:
                # No error of the law makes pores vanish or opens a coating by pressing it.
                before = np.maximum(floats(done, "initial_porosity_percent"), porosity)
                moved = np.clip(porosity + floats(done, POROSITY_SHIFT), 1.0, before)
                done[POROSITY_SHIFT] = moved - porosity
                porosity = moved
            done["porosity_percent"] = porosity
        if {"porosity_percent", "initial_porosity_percent", "initial_thickness_um"} <= done.keys():
            done["thickness_um"] = self._thickness(done)
        return done

    def _porosity(self, done: Columns) -> np.ndarray:
        missing = [name for name in SETTINGS if name not in done]
        if missing:
            names = ", ".join(quantity(name).label.lower() for name in missing)
            raise InputError(f"The calendering law also needs a value for: {names}.")
        extra = {"extra": self.law_inputs} if self.law_inputs else {}
        return 100.0 * np.asarray(
            self.law.predict(
                floats(done, "am_percent") / 100,
                floats(done, "initial_porosity_percent") / 100,
                floats(done, "initial_thickness_um"),
                pressure=floats(done, "pressure_MPa"),
                **extra,
            )
        )

    def _thickness(self, done: Columns) -> np.ndarray:
        before = floats(done, "initial_porosity_percent") / 100
        after = floats(done, "porosity_percent") / 100
        start = floats(done, "initial_thickness_um")
        if self.constants.protocol == "published":
            return start * (1 - (before - after))
        return start * (1 - before) / (1 - after)

    def evaluate(
        self,
        frame: Columns,
        outputs: Iterable[str] | None = None,
        *,
        intervals: bool = True,
        scope: bool = True,
        words: bool = True,
    ) -> Evaluation:
        """Compute the responses at each row of a table of settings.

        Parameters
        ----------
        frame : DataFrame, or mapping of column to array
            See `complete`.
        outputs : iterable of str, optional
            Columns wanted; all by default.
        intervals : bool
            Leave the bounds out (nan) where only the expected value matters.
        scope : bool
            Find out what lies inside the domains; without, all is called inside.
        words : bool
            Say what is outside.

        Raises
        ------
        InputError
            If an output cannot be had from the law and the models at hand.
        """
        settings = self._completed(frame)
        wanted = list(self.outputs if outputs is None else outputs)
        asked = Asked(settings, intervals)
        for name in wanted:
            self._compute(name, asked)
        inside = np.ones(asked.rows, dtype=bool)
        notes: tuple[str, ...] = ()
        if scope:
            inside, notes = self.scope(settings, wanted, words=words)
        could = {name: asked.possible[name] for name in wanted}
        if words:
            notes = (*notes, *dict.fromkeys(self.impossible_notes(could).values()))
        answers = {name: asked.answers[name] for name in wanted}
        cut = {name: asked.cut[name] for name in wanted}
        return Evaluation(settings, answers, could, cut, inside, notes)

    def impossible_notes(self, possible: Mapping[str, np.ndarray]) -> dict[str, str]:
        """Outputs of `Evaluation.could` with impossible values, and which model is to blame."""
        told = {}
        for name, good in possible.items():
            count = len(good) - int(np.count_nonzero(good))
            if count:
                source = next(iter(self.models_of([name])), name)
                told[name] = (
                    f"The model of {lower_first(quantity(source).label)} "
                    f"gives impossible values at {count} of {len(good)} settings."
                )
        return told

    def _compute(self, name: str, asked: Asked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        if name in asked.answers:
            return asked.answers[name]
        if not self.gives(name):
            raise InputError(
                f"'{quantity(name).label}' cannot be shown: no trained model gives it. "
                f"Train a model for '{name}' first."
            )
        settings = asked.settings
        unknown = np.full(asked.rows, np.nan)
        good, cut = np.ones(asked.rows, dtype=bool), np.zeros(asked.rows, dtype=bool)
        if name in self.models:
            result = asked.of_model(self.models[name])
        elif name == "porosity_percent":
            value = floats(settings, name)
            width: np.ndarray | float = np.nan
            if self.law_error is not None:
                width = 100 * self.law_error.half_width * self.doubt(settings)
            result = value, value - width, value + width
        elif name == "thickness_um":
            result = floats(settings, name), unknown, unknown
        elif name in ("areal_capacity_mAh_per_cm2", "energy_density_Wh_per_L"):
            result = self._stored(name, settings), unknown, unknown
        else:
            before = self._source_of(name) or ""
            result = self._derive(name, self._compute(before, asked), settings)
            good, cut = asked.possible[before], asked.cut[before]
        asked.possible[name] = good & ~impossible(name, result[0])
        if asked.intervals:
            cut = cut | impossible(name, result[1]) | impossible(name, result[2])
        asked.cut[name] = cut
        value, low, high = (np.clip(x, least_possible(name), most_possible(name)) for x in result)
        asked.answers[name] = value, low, high
        return asked.answers[name]

    def _derive(
        self, name: str, source: tuple[np.ndarray, ...], settings: Columns
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value, low, high = source
        with np.errstate(divide="ignore", invalid="ignore"):
            if name.startswith("tortuosity_factor"):
                return value**2, np.maximum(low, 0) ** 2, high**2
            if name.startswith("tortuosity"):
                return np.sqrt(value), np.sqrt(np.maximum(low, 0)), np.sqrt(high)
            if name == "macmullin_number" and self.constants.conductivities.opens_cbd:
                bulk = self.constants.sigma_bulk
                return bulk / value, bulk / high, bulk / low
            share = self.electrolyte_share(settings)
            if name == "macmullin_number":
                return value**2 / share, np.maximum(low, 0) ** 2 / share, high**2 / share
            through = self.constants.sigma_bulk * share
            return through / value**2, through / high**2, through / low**2

    def doubt(self, settings: Columns) -> np.ndarray | float:
        """How many times larger than for a left-out coating the law's error may be, >= 1."""
        return 1.0 if self.law_doubt is None else self.law_doubt.factor(settings)

    def electrolyte_share(self, settings: Columns) -> np.ndarray:
        """Volume share of electrolyte (0..1) at completed settings."""
        return self.constants.shares(
            floats(settings, "am_percent") / 100,
            floats(settings, "porosity_percent") / 100,
        )[0]

    def _stored(self, name: str, settings: Columns) -> np.ndarray:
        # The AM per area is set by the coating alone: calendering moves none of it. Volumes
        # are therefore mass conserving here even where a protocol's box is not.
        am = floats(settings, "am_percent") / 100
        before = floats(settings, "initial_porosity_percent") / 100
        after = floats(settings, "porosity_percent") / 100
        start = floats(settings, "initial_thickness_um")
        share = self.constants.shares(am, before)[1]
        grams_per_cm2 = share * self.constants.am_density * start * 1e-4
        capacity = grams_per_cm2 * self.cell.specific_capacity
        if name.startswith("areal"):
            return capacity
        thickness = start * (1 - before) / (1 - after) + self.cell.other_thickness(capacity)
        # mAh/cm² * V / µm = 1e-3 Wh/cm² / 1e-4 cm = 10 Wh/cm³ = 1e4 Wh/L
        return 1e4 * capacity * self.cell.voltage / thickness

    def scope(
        self, settings: Columns, outputs: Iterable[str], *, words: bool = True
    ) -> tuple[np.ndarray, tuple[str, ...]]:
        """Say which settings lie inside what law and models were trained on.

        Without `words` nothing is said of the law, which saves a third of the time.

        Returns
        -------
        inside : ndarray of bool, shape (n,)
        notes : tuple of str
            One sentence per reason to be outside.
        """
        inside = np.ones(row_count(settings), dtype=bool)
        notes: list[str] = []
        if self.law is not None and set(SETTINGS) <= set(settings):
            inside, notes = law_scope(self.law, settings, words=words, inputs=self.law_inputs)
        for name in self.models_of(outputs):
            for column, (low, high) in self._trained(self.models[name]).items():
                if column not in settings:
                    continue
                values = floats(settings, column)
                slack = _ROUNDING * max(abs(low), abs(high), 1.0)
                out = (values < low - slack) | (values > high + slack)
                if out.any():
                    inside &= ~out
                    notes.append(outside(column, values[out], low, high))
        return inside, tuple(dict.fromkeys(notes))

    def _trained(self, model: PropertyModel) -> dict[str, tuple[float, float]]:
        """Domain of a model, with the settings that its campaign held constant."""
        domain = domain_of(model)
        if set(FROM_LAW) & set(domain):
            return domain  # it learned from the calendered electrode, whatever led there
        held = {
            name: (self.base[name], self.base[name])
            for name in SETTINGS
            if name not in domain and name in self.base
        }
        return domain | held

    def models_of(self, outputs: Iterable[str]) -> list[str]:
        """Targets of the models behind some outputs."""
        found: list[str] = []
        for name in outputs:
            step = name
            for _ in range(len(_DERIVED)):
                if step in self.models:
                    break
                step = self._source_of(step) or step
            if step in self.models and step not in found:
                found.append(step)
        return found


_DERIVED = {
    TAU_LIQUID: "tortuosity_factor_electrolyte",
    TAU_SOLID: "tortuosity_factor_solid",
    "tortuosity_factor_electrolyte": TAU_LIQUID,
    "tortuosity_factor_solid": TAU_SOLID,
    SIGMA_EFF: TAU_LIQUID,
    "macmullin_number": TAU_LIQUID,
}


def _gap_or_nan(calibration: Any, pressure: np.ndarray) -> np.ndarray:
    """Roll gap (µm) for each pressure; nan where the machine cannot give that pressure."""
    ends = np.asarray(calibration.pressure(np.array([calibration.gap_min, calibration.gap_max])))
    slack = 1e-9 * max(abs(ends[0]), abs(ends[1]))
    valid = (pressure >= ends.min() - slack) & (pressure <= ends.max() + slack)
    gap = np.full(pressure.shape, np.nan)
    if valid.any():
        gap[valid] = calibration.gap(np.clip(pressure[valid], ends.min(), ends.max()))
    return gap


def setting_range(responses: Responses, column: str) -> tuple[float, float]:
    """Range over which a setting can be moved in the maps; the roll gap included.

    Raises
    ------
    InputError
        If neither law nor models know the setting.
    """
    if column in responses.ranges:
        return responses.ranges[column]
    if column == "gap_um" and responses.calibration is not None:
        low, high = responses.ranges["pressure_MPa"]
        ends = responses.complete(pd.DataFrame({"pressure_MPa": [high, low]}))["gap_um"]
        if ends.notna().all():
            return float(ends.iloc[0]), float(ends.iloc[1])
    if column in responses.base:
        return responses.base[column], responses.base[column]
    raise InputError(
        f"'{quantity(column).label}' cannot be moved here: no model or law was trained on it."
    )
