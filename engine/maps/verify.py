"""Verify a recommendation: generate fresh structures there and compare with the prediction."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from engine.errors import InputError
from engine.maps.digits import decimals, interval_decimals, joined, with_decimals
from engine.maps.quantities import SIGMA_EFF, least_possible, most_possible, quantity
from engine.maps.responses import Responses
from engine.progress import Progress
from engine.structure.changes import changes_since
from engine.structure.condition import Coating, Condition

FIRST_SEED = 20_000_000
"""Seed of the first fresh structure, far from those of campaigns."""

_TOO_WIDE = 3.0
"""An interval wider than so many times what was computed agrees with nearly everything."""
_WIDE = 0.25
"""A half width, as a share of what was computed, above which an interval tests little."""

_UNTOLD = {
    "too wide to tell": "the interval is too wide to tell",
    "impossible prediction": "the model gives an impossible value here",
    "no interval": "the model has no interval",
    "not computed": "the fresh structures have no value",
}


@dataclass(frozen=True)
class Check:
    """One output: what was predicted and what fresh structures gave.

    `low` and `high` bound the mean of the structures: the models' interval, widened for the
    scatter of few structures. `sd` is the spread between them. `possible` is False where the
    model's own value was one that no electrode can have.
    """

    output: str
    predicted: float
    low: float
    high: float
    computed: float
    sd: float
    possible: bool = True

    @property
    def verdict(self) -> str:
        """``inside`` or ``outside`` the interval; else why nothing can be told."""
        if math.isnan(self.computed):
            return "not computed"
        if not self.possible:
            return "impossible prediction"
        if math.isnan(self.low) or math.isnan(self.high):
            return "no interval"
        if not self.low <= self.computed <= self.high:
            return "outside"
        if self.high - self.low > _TOO_WIDE * abs(self.computed):
            return "too wide to tell"
        return "inside"

    @property
    def agrees(self) -> bool:
        """Whether the computed mean lies inside an interval that tells something."""
        return self.verdict == "inside"

    @property
    def judged(self) -> bool:
        """Whether the interval tells anything, for or against."""
        return self.verdict in ("inside", "outside")

    @property
    def width(self) -> float:
        """Half of the interval as a share of the computed value; nan where one is unknown."""
        return _ratio(0.5 * (self.high - self.low), abs(self.computed))

    @property
    def off(self) -> float:
        """Computed over predicted value, less 1; nan where one is unknown."""
        return _ratio(self.computed - self.predicted, abs(self.predicted))

    @property
    def wide(self) -> bool:
        """Whether the value lies inside an interval so wide that this says little."""
        return self.agrees and self.width > _WIDE

    @property
    def texts(self) -> tuple[str, str, str, str, str]:
        """Predicted, low, high, computed and spread, as far as interval and spread reach."""
        places = interval_decimals(self.predicted, self.low, self.high)
        own = decimals(self.sd)
        fine = places if own is None else own
        return (
            *(with_decimals(value, places) for value in (self.predicted, self.low, self.high)),
            *(with_decimals(value, fine) for value in (self.computed, self.sd)),
        )  # type: ignore[return-value]

    @property
    def sentence(self) -> str:
        """The comparison in words."""
        one = quantity(self.output)
        unit = "" if one.unit == "–" else f" {one.unit}"
        known = not (math.isnan(self.low) or math.isnan(self.high))
        reach = f" ({self.low:.3g} to {self.high:.3g})" if known else ""
        return (
            f"{one.symbol or one.label}: predicted {self.predicted:.3g}{reach}{unit}, computed "
            f"{self.computed:.3g} ± {self.sd:.2g}{unit}: {self.verdict}"
            f"{' the interval' if self.judged else ''}."
        )


@dataclass(frozen=True)
class Verification:
    """The comparison at one setting.

    Attributes
    ----------
    condition : Condition
    checks : tuple of Check
    seeds : tuple of int
    level : float
        Level of the models' intervals.
    notes : tuple of str
    changed : tuple of str
        Why fresh structures differ from those that the models learned from, where the program
        was changed since.
    means : dict of column to float
        Mean of every property of the fresh structures, also of those that no model gives; nan
        and infinite ones left out. Empty for a check of an earlier version.
    """

    condition: Condition
    checks: tuple[Check, ...]
    seeds: tuple[int, ...]
    level: float
    notes: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    means: dict[str, float] = field(default_factory=dict)

    @property
    def agreeing(self) -> int:
        """How many outputs agree."""
        return sum(check.agrees for check in self.checks)

    @property
    def sentence(self) -> str:
        """The outcome in words."""
        judged = sum(check.judged for check in self.checks)
        told = (
            f"{self.agreeing} of {judged} outputs of {len(self.seeds)} fresh structures "
            f"lie inside their {100 * self.level:.0f} % interval. This tests the models at the "
            "law's porosity; only a measurement tests the law."
            if judged
            else f"Nothing can be told from {len(self.seeds)} fresh structures by the models' "
            "intervals."
        )
        told += self._sharpness()
        for verdict, words in _UNTOLD.items():
            names = [_symbol(check) for check in self.checks if check.verdict == verdict]
            if names:
                told += f" Not counted, as {words}: {', '.join(names)}."
        missed = [_symbol(check) for check in self.checks if check.verdict == "outside"]
        if missed and not self.changed:
            many = len(missed) > 1
            told += (
                f" The model{'s' * many} of {joined(missed)} {'are' if many else 'is'} off here: "
                "train another method, or run a campaign around this setting."
            )
        if self.changed:
            told += (
                " The campaign was made by an older version of this program, and fresh structures "
                f"differ from its: {'; '.join(self.changed)}. Run the campaign again and train anew "
                "before reading a difference as an error of the models."
            )
        return told

    def _sharpness(self) -> str:
        """How wide the intervals are: a wide one holds nearly every value."""
        judged = sorted((c for c in self.checks if c.judged), key=lambda check: check.width)
        if not judged or not math.isfinite(judged[-1].width):
            return ""
        first, last = judged[0], judged[-1]
        reach = f"± {_percent(first.width)} ({_symbol(first)})"
        if last is not first:
            reach += f" to ± {_percent(last.width)} ({_symbol(last)})"
        told = f" The intervals reach {reach} of what was computed"
        wide = [_symbol(check) for check in judged if check.wide]
        if wide:
            told += (
                f"; to lie inside one of more than ± {_percent(_WIDE)} says little: "
                f"{', '.join(wide)}"
            )
        return f"{told}."

    def to_dict(self) -> dict[str, Any]:
        """JSON form, for a study's settings and the report."""
        return {
            "condition": self.condition.to_dict(),
            "checks": self.to_frame().replace({np.nan: None}).to_dict("records"),
            "seeds": list(self.seeds),
            "level": self.level,
            "notes": list(self.notes),
            "changed": list(self.changed),
            "means": dict(self.means),
            "sentence": self.sentence,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verification:
        """Rebuild a verification from `to_dict`.

        Raises
        ------
        InputError
            If the data are not those of a verification.
        """
        names = [one.name for one in dataclasses.fields(Check)]
        try:
            return cls(
                Condition.from_dict(data["condition"]),
                tuple(
                    Check(**{n: _number(one[n]) for n in names if n in one})
                    for one in data["checks"]
                ),
                tuple(int(seed) for seed in data["seeds"]),
                float(data["level"]),
                tuple(data["notes"]),
                tuple(data.get("changed", ())),
                {str(n): float(value) for n, value in data.get("means", {}).items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise InputError(f"The stored check cannot be read ({error}).") from error

    def to_frame(self) -> pd.DataFrame:
        """One row per output."""
        return pd.DataFrame(
            [
                dataclasses.asdict(check) | {"agrees": check.agrees, "verdict": check.verdict}
                for check in self.checks
            ]
        )


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def _percent(share: float) -> str:
    """A share in percent, two digits of small ones; how many times where it is large."""
    if share >= 10:
        return f"{share:.0f} times"
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"


def _symbol(check: Check) -> str:
    one = quantity(check.output)
    return one.symbol or one.label


def _number(value: Any) -> Any:
    return math.nan if value is None else value


def verify(
    responses: Responses,
    setting: Mapping[str, float],
    template: Condition,
    outputs: Sequence[str] | None = None,
    *,
    repeats: int = 4,
    trained_repeats: int = 1,
    seed: int = FIRST_SEED,
    made_with: str = "",
    progress: Progress | None = None,
) -> Verification:
    """Generate fresh structures at a setting and compare with the models.

    Parameters
    ----------
    responses : Responses
    setting : mapping
        By column, e.g. ``recommendation.setting``.
    template : Condition
        A condition of the campaign: box, voxel size, protocol, densities and options are
        taken from it.
    outputs : sequence of str, optional
        By default every output of the models, and the ionic conductivity.
    repeats : int
        Fresh structures.
    trained_repeats : int
        Structures behind each row that the models were trained on: their intervals are for
        the mean of so many.
    seed : int
        First seed, far from those of campaigns, so that the structures are fresh.
    made_with : str
        Program version of the campaign; what changed the voxels since is said.
    progress : Progress, optional

    Raises
    ------
    InputError
        If there is no law, or the setting cannot be made.
    """
    from engine.properties.characterize import characterize
    from engine.structure.generate import generate

    if repeats < 1:
        raise InputError("Verify with at least one structure.")
    progress = progress or Progress()
    condition, notes = condition_at(responses, setting, template)
    settings = responses.complete(pd.DataFrame([_own(responses, setting)]))
    seeds = tuple(range(seed, seed + repeats))
    bulk = responses.constants.conductivities
    rows = []
    for k, one in enumerate(seeds):
        progress.report(k / repeats, f"Structure {k + 1} of {repeats}")
        structure = generate(condition, one)
        rows.append(characterize(structure.stack, conductivities=bulk).flat())
    progress.report(1.0, "Compared")
    if outputs is None:
        outputs = [name for name in responses.outputs if name in responses.models]
        if responses.gives(SIGMA_EFF) and SIGMA_EFF not in outputs:
            outputs = [*outputs, SIGMA_EFF]
    result = responses.evaluate(settings, outputs)
    level = min((responses.level_of(name) for name in outputs), default=0.9)
    z = float(special.ndtri(0.5 + level / 2))
    checks = []
    for name in outputs:
        computed, sd = _computed(responses, name, rows)
        value, low, high = (
            float(part[name].iloc[0]) for part in (result.values, result.low, result.high)
        )
        few = z * sd * math.sqrt(max(1 / repeats - 1 / trained_repeats, 0.0))
        few = 0.0 if math.isnan(few) else few
        checks.append(
            Check(
                name,
                value,
                max(value - math.hypot(value - low, few), least_possible(name)),
                min(value + math.hypot(high - value, few), most_possible(name)),
                computed,
                sd,
                bool(result.possible[name].iloc[0]),
            )
        )
    changed = changes_since(made_with, condition) if made_with else []
    means = pd.DataFrame(rows).mean(numeric_only=True)
    known = {str(name): float(value) for name, value in means.items() if math.isfinite(value)}
    return Verification(condition, tuple(checks), seeds, level, tuple(notes), tuple(changed), known)


def condition_at(
    responses: Responses, setting: Mapping[str, float], template: Condition
) -> tuple[Condition, list[str]]:
    """The electrode that a setting gives, made as those of a campaign.

    Parameters
    ----------
    responses : Responses
        With the calendering law.
    setting : mapping
        By column.
    template : Condition
        Gives box, voxel size, protocol, densities and options.

    Returns
    -------
    condition : Condition
    warnings : list of str
        Where the law is asked outside its data.

    Raises
    ------
    InputError
        If there is no law, or the setting cannot be made.
    """
    from engine.experiment.calendering import calendered_condition

    if responses.law is None:
        raise InputError("An electrode at this setting needs the calendering law: fit one first.")
    row = responses.complete(pd.DataFrame([_own(responses, setting)])).iloc[0]
    varied = {
        name: float(row[name])
        for name in ("am_density", "cbd_density", "cbd_nanoporosity")
        if name in row
    }
    return calendered_condition(
        responses.law,
        dataclasses.replace(template.recipe, am_fraction=float(row["am_percent"]) / 100, **varied),
        Coating(float(row["initial_porosity_percent"]) / 100, float(row["initial_thickness_um"])),
        pressure=float(row["pressure_MPa"]),
        protocol=template.protocol,
        extra=responses.law_inputs or None,
        porosity_kind=template.porosity_kind,
        box=template.box,
        voxel_size=template.voxel_size,
        options=dict(template.options),
    )


def _own(responses: Responses, setting: Mapping[str, float]) -> dict[str, float]:
    """The setting without what follows from it."""
    names = {*responses.base, *responses.ranges, "pressure_MPa", "gap_um"}
    own = {name: float(value) for name, value in setting.items() if name in names}
    if "pressure_MPa" in own:
        own.pop("gap_um", None)
    return own


def _computed(
    responses: Responses, name: str, rows: Sequence[Mapping[str, float]]
) -> tuple[float, float]:
    """Mean over structures as a dataset gives it (tau from the mean tau factor), and spread."""
    column = np.array([row.get(name, math.nan) for row in rows], dtype=float)
    sd = float(np.std(column, ddof=1)) if len(column) > 1 else math.nan
    if name.startswith("tortuosity_") and not name.startswith("tortuosity_factor_"):
        factor = name.replace("tortuosity_", "tortuosity_factor_", 1)
        return math.sqrt(float(np.mean([row[factor] for row in rows]))), sd
    if name == SIGMA_EFF and name not in responses.models:
        factors = np.mean([row["tortuosity_factor_electrolyte"] for row in rows])
        share = np.mean([row["phase_fraction_electrolyte"] for row in rows])
        return float(responses.constants.sigma_bulk * share / factors), sd
    return float(np.mean(column)), sd
