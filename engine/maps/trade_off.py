"""Every condition of a fine grid, judged: what keeps the limits, and what nothing beats.

`survey` computes the grid once, `judge` applies targets and limits to it and finds the exact
non-dominated set; `trade_off` does both.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.pareto import non_dominated
from engine.maps.quantities import quantity
from engine.maps.responses import Responses, setting_range
from engine.maps.targets import Desirability, Target

STEPS = {"gap_um": 41, "pressure_MPa": 41, "am_percent": 13, "initial_porosity_percent": 21}
"""Grid points along each setting at most; 11 for any other."""

LAB_STEPS = {
    "gap_um": 1.0,
    "pressure_MPa": 1.0,
    "am_percent": 0.5,
    "initial_porosity_percent": 0.5,
    "initial_thickness_um": 1.0,
}
"""Steps in which a lab can set each setting: a dial of the calender has whole µm or MPa, a slurry is
weighed to half a percent of AM, and a coating's porosity and thickness are known no better."""
_FINER = (1, 5, 10, 50)


@dataclass(frozen=True)
class Survey:
    """Responses of n conditions, before any wish is applied to them.

    Attributes
    ----------
    settings : DataFrame, n rows
        Completed settings (gap, pressure, porosity after calendering included).
    values : DataFrame, n rows
    inside : ndarray of bool, shape (n,)
        Inside the domains of law and models.
    notes : tuple of str
    impossible : dict of output to str
        Which models give values that no electrode can have; nan in `values` there.
    closed : ndarray of bool, shape (n,), optional
        Where no path leads through a phase (`engine.maps.blocked.Blockage`).
    closed_note : str
        That in words.
    """

    settings: pd.DataFrame
    values: pd.DataFrame
    inside: np.ndarray
    notes: tuple[str, ...] = ()
    impossible: Mapping[str, str] = field(default_factory=dict)
    closed: np.ndarray | None = None
    closed_note: str = ""


@dataclass(frozen=True)
class TradeOff:
    """Every condition of the grid, judged.

    Attributes
    ----------
    settings : DataFrame, n rows
        Completed settings (gap, pressure, porosity after calendering included).
    values : DataFrame, n rows
        The outputs that the targets name.
    feasible : ndarray of bool, shape (n,)
        Whether all limits are kept, where a path leads through the electrode.
    front : ndarray of bool, shape (n,)
        Non-dominated among the feasible.
    desirability : ndarray, shape (n,), 0..1
    inside : ndarray of bool, shape (n,)
        Inside the domains of law and models.
    notes, impossible : tuple of str
        `impossible` says which settings were left out, as their values are impossible or no path
        leads through the electrode.
    """

    targets: tuple[Target, ...]
    settings: pd.DataFrame
    values: pd.DataFrame
    feasible: np.ndarray
    front: np.ndarray
    desirability: np.ndarray
    inside: np.ndarray
    scale: Desirability
    notes: tuple[str, ...] = ()
    impossible: tuple[str, ...] = ()

    @property
    def left_out(self) -> np.ndarray:
        """Settings that keep all limits and yet are not feasible, shape (n,).

        No path leads through their electrode, or they lie beyond what was measured.
        """
        kept = np.ones(len(self.values), dtype=bool)
        for target in self.targets:
            kept &= target.kept(self.values[target.output].to_numpy(float))
        return kept & ~self.feasible

    @property
    def best_first(self) -> np.ndarray:
        """Rows of the non-dominated conditions, most desirable first; int, shape (m,)."""
        rows = np.flatnonzero(self.front)
        return rows[np.argsort(-self.desirability[rows], kind="stable")]

    @property
    def telling_pair(self) -> tuple[str, ...]:
        """The two responses to draw against each other: the objectives most in conflict.

        By rank correlation over the settings that keep all limits, the better way of each counted
        up. With one objective, a response that is limited stands beside it; fewer than two names
        where fewer are asked of.
        """
        objectives = [target for target in self.targets if target.direction]
        if len(objectives) < 2:
            rest = [target for target in self.targets if not target.direction]
            return tuple(target.output for target in [*objectives, *rest][:2])
        rows = self.feasible if self.feasible.sum() > 2 else np.ones(len(self.values), dtype=bool)
        ranks = self.values.loc[rows, [target.output for target in objectives]].rank()
        ranks *= [1.0 if target.direction == "up" else -1.0 for target in objectives]
        together = ranks.corr().to_numpy()
        pairs = list(itertools.combinations(range(len(objectives)), 2))
        # Of responses that do not vary nothing is known: they come last, the first two before them.
        against = [np.nan_to_num(together[i, j], nan=1.0) for i, j in pairs]
        i, j = pairs[int(np.argmin(np.round(against, 9)))]
        return objectives[i].output, objectives[j].output

    def table(self, count: int | None = None) -> pd.DataFrame:
        """The non-dominated conditions, most desirable first; the data behind the plot."""
        rows = self.best_first[:count]
        frame = pd.concat([self.settings.iloc[rows], self.values.iloc[rows]], axis=1)
        frame = frame.loc[:, ~frame.columns.duplicated()]
        frame["desirability"] = self.desirability[rows]
        frame["inside_domain"] = self.inside[rows]
        return frame.reset_index(drop=True)


def candidates(
    responses: Responses,
    *,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    steps: Mapping[str, int] | None = None,
    fixed: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """A fine grid over the settings that a lab can set, in its own variable: roll gap or pressure.

    Settings stand on multiples of `LAB_STEPS`, so that what is recommended can be made, and is
    judged as it is made; where the range holds hardly any, on those of a finer step.

    Parameters
    ----------
    responses : Responses
    ranges : mapping, optional
        ``{setting: (low, high)}``, narrower than the models' domains.
    steps : mapping, optional
        Points along a setting; `STEPS` otherwise.
    fixed : mapping, optional
        Settings that the lab does not want to move.

    Raises
    ------
    InputError
        If a range is empty or reaches outside the models' domains.
    """
    ranges, fixed = dict(ranges or {}), dict(fixed or {})
    counts = {**STEPS, **dict(steps or {})}
    variable = responses.lab_variable
    axes: dict[str, np.ndarray] = {}
    for name in responses.settings:
        axis = variable if name == "pressure_MPa" else name
        if axis in fixed or name in fixed:
            axis = axis if axis in fixed else name
            axes[axis] = np.array([float(fixed[axis])])
            continue
        axis = name if name in ranges else axis
        low, high = setting_range(responses, axis)
        if axis in ranges:
            asked = ranges[axis]
            one = quantity(axis)
            slack = 1e-6 * max(1.0, abs(low), abs(high))
            if not low - slack <= asked[0] <= asked[1] <= high + slack:
                raise InputError(
                    f"{one.label}: {asked[0]:g} to {asked[1]:g} {one.unit} is not inside the "
                    f"{low:.4g} to {high:.4g} {one.unit} that the models know."
                )
            low, high = asked
        axes[axis] = _axis(axis, low, high, counts.get(axis, 11))
    mesh = np.meshgrid(*axes.values(), indexing="ij")
    frame = pd.DataFrame({name: part.ravel() for name, part in zip(axes, mesh, strict=True)})
    for name, value in fixed.items():
        if name not in frame:
            frame[name] = float(value)
    return frame


def survey(
    responses: Responses,
    outputs: Sequence[str] | None = None,
    grid: pd.DataFrame | None = None,
    **grid_choices: Any,
) -> Survey:
    """Compute the responses of every condition of a grid, once for all targets and limits.

    Parameters
    ----------
    responses : Responses
    outputs : sequence of str, optional
        All by default.
    grid : DataFrame, optional
        Settings; `candidates` otherwise.
    **grid_choices
        For `candidates`.
    """
    frame = candidates(responses, **grid_choices) if grid is None else grid
    result = responses.evaluate(frame, outputs, intervals=False)
    told = responses.impossible_notes(result.possible)
    closed, note = None, ""
    if responses.blockage is not None and "porosity_percent" in result.settings:
        closed = responses.blockage.closed(result.settings)
        if closed.any():
            note = responses.blockage.note(int(closed.sum()), len(closed))
    return Survey(
        result.settings,
        result.values.where(result.possible),
        result.inside,
        result.notes,
        {name: f"{one[:-1]}: these are left out." for name, one in told.items()},
        closed,
        note,
    )


def _axis(name: str, low: float, high: float, count: int) -> np.ndarray:
    """Points along one setting, on steps that a lab can set."""
    if high <= low:
        return np.array([low])
    step = LAB_STEPS.get(name)
    if step is None:
        return np.linspace(low, high, count)
    for finer in _FINER:
        # Whole multiples inside the range, which rounding of its ends does not narrow.
        first, last = np.ceil(low * finer / step - 1e-9), np.floor(high * finer / step + 1e-9)
        if last - first >= 2:
            return np.unique(np.round(np.linspace(first, last, count))) * step / finer
    return np.linspace(low, high, count)


def judge(survey: Survey, targets: Sequence[Target], *, inside_only: bool = False) -> TradeOff:
    """Judge conditions whose responses are known: what a moved limit needs, and no more.

    Parameters
    ----------
    survey : Survey
    targets : sequence of Target
    inside_only : bool
        Count a setting outside the domains of law and models as not feasible.

    Raises
    ------
    InputError
        If there is no target, or one that the survey does not hold.
    """
    names = [target.output for target in targets]
    missing = [name for name in names if name not in survey.values]
    if missing:
        raise InputError(f"'{quantity(missing[0]).label}' was not computed: survey it too.")
    values = survey.values[names]
    # What can never be chosen says nothing of what good is.
    eligible = np.ones(len(values), dtype=bool) if survey.closed is None else ~survey.closed
    if inside_only:
        eligible &= survey.inside
    scale = Desirability.over(targets, values[eligible] if eligible.any() else values)
    feasible = np.ones(len(values), dtype=bool)
    for target in targets:
        feasible &= target.kept(values[target.output].to_numpy(float))
    told = {name: survey.impossible[name] for name in names if name in survey.impossible}
    left_out = [survey.closed_note] if survey.closed_note else []
    left_out += dict.fromkeys(told.values())
    notes = [*left_out, *survey.notes]
    kept_anywhere = feasible.any()
    if survey.closed is not None:
        feasible &= ~survey.closed
    if not kept_anywhere:
        notes.insert(0, _why_nothing(targets, values))
        notes[:0] = [told[n] for n in told if values[n].isna().all()]
    elif not feasible.any():
        notes.insert(
            0,
            "Settings that keep all limits exist only where no path leads through the electrode: "
            "loosen a limit.",
        )
    desirability = np.where(feasible, scale(values), 0.0)
    if inside_only:
        if feasible.any() and not (feasible & survey.inside).any():
            notes.insert(
                0, "Settings that keep all limits exist only where law or models extrapolate."
            )
        feasible &= survey.inside
        desirability = np.where(feasible, desirability, 0.0)
    front = feasible.copy()
    objectives = [target for target in targets if target.direction]
    if objectives and feasible.any():
        columns = values.loc[feasible, [target.output for target in objectives]]
        front[feasible] = non_dominated(
            columns.to_numpy(float), [target.direction for target in objectives]
        )
    return TradeOff(
        tuple(targets),
        survey.settings,
        values,
        feasible,
        front,
        desirability,
        survey.inside,
        scale,
        tuple(notes),
        tuple(left_out),
    )


def trade_off(
    responses: Responses,
    targets: Sequence[Target],
    *,
    inside_only: bool = False,
    **grid_choices: Any,
) -> TradeOff:
    """Judge every condition of a grid and find the exact non-dominated set.

    Parameters
    ----------
    responses : Responses
    targets : sequence of Target
    inside_only : bool
        See `judge`.
    **grid_choices
        For `candidates`.

    Raises
    ------
    InputError
        If a target cannot be predicted.
    """
    names = [target.output for target in targets]
    if not names:
        raise InputError("Say first what is wanted: at least one target.")
    return judge(
        survey(responses.asked(names), names, **grid_choices), targets, inside_only=inside_only
    )


def _why_nothing(targets: Sequence[Target], values: pd.DataFrame) -> str:
    """Name the limit that alone excludes most."""
    kept = {
        target: int(target.kept(values[target.output].to_numpy(float)).sum()) for target in targets
    }
    hardest = min(kept, key=lambda target: kept[target])
    column = values[hardest.output].to_numpy(float)
    finite = column[np.isfinite(column)]
    reach = f" (reached: {finite.min():.3g} to {finite.max():.3g})" if len(finite) else ""
    return (
        f"No setting keeps all limits; the hardest is {hardest.sentence}{reach}: loosen a limit "
        "or widen the ranges."
    )
