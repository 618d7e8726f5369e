"""The interdependence matrix (the paper's Figure 10): what moves what, which way, how strongly.

From data it is read off by correlation, from models by variance decomposition. Both give one
signed strength in -1..1 for each pair, a mark where a relation turns, and the direction wanted
for performance in the last column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from engine.errors import InputError
from engine.learning.reliability import doubt, reliable
from engine.maps.quantities import Quantity, quantity
from engine.maps.responses import SETTINGS, Responses

METHODS = {
    "pearson": "Pearson correlation in the data",
    "spearman": "Spearman rank correlation in the data",
    "partial_rank": "partial rank correlation in the data, the other inputs held",
    "sobol": "square root of the first-order Sobol index of the models, with the sign of the trend",
    "partial_rank_models": "partial rank correlation of the models, the other inputs held",
    "sobol_total": "square root of the total Sobol index of the models, with the sign of the trend",
}
TURNING_SHARE = 0.1
"""A relation is called non-monotonic when its largest move against the trend exceeds this
share of its largest move with it; a good fit of a monotonic relation shows less at its ends."""

_WEAK = 0.1
_LEVELS = 8
_GRID_POINTS = 3_000
_RANKED_POINTS = 1_024

MODEL_METHODS = ("sobol", "sobol_total", "partial_rank_models")
"""Those of `METHODS` that `from_models` knows; the others read the data."""


@dataclass(frozen=True)
class Interdependence:
    """The matrix, ready to draw.

    Attributes
    ----------
    inputs, outputs : tuple of Quantity
        Columns and rows.
    strength : ndarray, shape (n_outputs, n_inputs)
        Signed, -1..1; nan where nothing can be said (a constant column).
    turning : ndarray of bool, same shape
        Non-monotonic relations.
    interaction : ndarray, same shape, or None
        Total minus first-order Sobol index: what the input does only together with others.
    method : str
        Key of `METHODS`.
    rows : int
        Rows of data, or settings evaluated.
    trust : tuple of str
        How well the models behind each output predict conditions left out: ``yes``, ``roughly``,
        ``no``, or empty where no model was asked or it was never judged. Empty for data.
    doubts : tuple of str
        Why, for each output; empty where the models are good.
    """

    inputs: tuple[Quantity, ...]
    outputs: tuple[Quantity, ...]
    strength: np.ndarray
    turning: np.ndarray
    interaction: np.ndarray | None
    method: str
    rows: int
    notes: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def signs(self) -> np.ndarray:
        """-1, 0 or 1 for each pair; 0 where the relation is too weak to speak of (< 0.1)."""
        strength = np.nan_to_num(self.strength)
        return np.where(np.abs(strength) < _WEAK, 0, np.sign(strength)).astype(int)

    def trusted(self, row: int) -> str:
        """`trust` of one output; empty where it is not known."""
        return self.trust[row] if row < len(self.trust) else ""

    def trust_words(self, row: int) -> str:
        """Words beside an output whose models are not good; empty where they are."""
        return {"no": "do not rely on the model", "roughly": "roughly predicted"}.get(
            self.trusted(row), ""
        )

    @property
    def wanted(self) -> tuple[str, ...]:
        """Direction wanted of each output: ``up``, ``down`` or empty."""
        return tuple(one.direction for one in self.outputs)

    def to_frame(self) -> pd.DataFrame:
        """One row per pair; the data behind the figure."""
        rows = []
        for i, output in enumerate(self.outputs):
            for j, name in enumerate(self.inputs):
                rows.append(
                    {
                        "output": output.column,
                        "input": name.column,
                        "strength": self.strength[i, j],
                        "relation": {1: "direct", -1: "inverse", 0: "weak"}[self.signs[i, j]],
                        "non_monotonic": bool(self.turning[i, j]),
                        "interaction": np.nan
                        if self.interaction is None
                        else self.interaction[i, j],
                        "direction_wanted": output.direction,
                        "method": self.method,
                        "model_reliable": self.trusted(i),
                    }
                )
        return pd.DataFrame(rows)


def from_data(
    dataset: pd.DataFrame,
    outputs: Sequence[str],
    inputs: Sequence[str] = SETTINGS,
    method: str = "pearson",
) -> Interdependence:
    """Read the matrix off a table of results.

    Parameters
    ----------
    dataset : DataFrame
        One row a condition.
    outputs, inputs : sequences of str
        Columns; inputs that do not vary are left out, and so are rows with a value that is
        not finite (a tortuosity of a structure that does not percolate).
    method : {"pearson", "spearman", "partial_rank"}

    Raises
    ------
    InputError
        If a column is missing, no input varies, or fewer than four rows are left.
    """
    if method not in ("pearson", "spearman", "partial_rank"):
        raise InputError(
            f"'{method}' is not a correlation of data: choose pearson, spearman or partial_rank."
        )
    missing = [name for name in outputs if name not in dataset]
    if missing:
        raise InputError(f"The data have no column '{missing[0]}': run a campaign that gives it.")
    used = [
        name for name in inputs if name in dataset and np.ptp(dataset[name].to_numpy(float)) > 1e-9
    ]
    if not used:
        raise InputError("No input varies in the data: vary at least one in the campaign.")
    strength = np.full((len(outputs), len(used)), np.nan)
    turning = np.zeros(strength.shape, dtype=bool)
    least = len(dataset)
    notes = []
    for i, output in enumerate(outputs):
        table = dataset[[*used, output]].to_numpy(float)
        table = table[np.isfinite(table).all(axis=1)]
        least = min(least, len(table))
        if len(table) < 4:
            raise InputError(
                f"Only {len(table)} rows have a finite '{quantity(output).label}': a "
                "correlation needs four or more."
            )
        if len(table) < len(dataset):
            notes.append(
                f"{len(dataset) - len(table)} of {len(dataset)} rows have no finite "
                f"{quantity(output).label.lower()} and are left out there."
            )
        strength[i] = _correlations(table[:, :-1], table[:, -1], method)
        turning[i] = _turning_in_data(table[:, :-1], table[:, -1])
    return Interdependence(
        tuple(map(quantity, used)),
        tuple(map(quantity, outputs)),
        strength,
        turning,
        None,
        method,
        least,
        tuple(notes),
    )


def from_models(
    responses: Responses,
    outputs: Sequence[str] | None = None,
    inputs: Sequence[str] | None = None,
    *,
    method: str = "sobol",
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Interdependence:
    """Strength of relations in the models over their domain.

    Inputs are independent and uniform over their ranges. Sobol indices decompose the variance of
    the responses; their sign is that of the mean trend. The integrals are Gauss-Legendre on a
    full grid, exact to rounding for smooth responses, so that the matrix does not flicker from
    one draw to the next. Partial rank correlations are taken over evenly spread points, the
    same every time; they judge how strictly an output follows an input, not how far it goes.

    Parameters
    ----------
    responses : Responses
    outputs, inputs : sequences of str, optional
        By default every output with a wanted direction, every setting that can be moved.
    method : {"sobol", "sobol_total", "partial_rank_models"}
        First-order or total Sobol index, or partial rank correlation.
    ranges : mapping, optional
        Narrower ranges than those of `responses`.

    Notes
    -----
    Sobol, Math. Comput. Simul. 55 (2001) 271, DOI 10.1016/S0378-4754(00)00270-6. The
    strength shown is the square root of the index, to stand on the scale of a correlation:
    for a linear response to independent inputs it is the absolute Pearson correlation.
    Partial rank correlation: Iman and Conover, Technometrics 21 (1979) 499, DOI
    10.1080/00401706.1979.10489820.

    Raises
    ------
    InputError
        If the method is unknown or no input can be moved.
    """
    if method not in MODEL_METHODS:
        raise InputError(
            f"'{method}' is not a measure of models: choose {', '.join(MODEL_METHODS)}."
        )
    moved = list(responses.settings if inputs is None else inputs)
    if not moved:
        raise InputError("No input can be moved: train models on a campaign that varies one.")
    wanted = (
        [name for name in responses.outputs if quantity(name).direction]
        if outputs is None
        else list(outputs)
    )
    spans = {**responses.ranges, **dict(ranges or {})}

    possible: list[pd.DataFrame] = []

    def evaluate(points: np.ndarray) -> np.ndarray:
        frame = pd.DataFrame(points, columns=moved)
        found = responses.evaluate(frame, wanted, intervals=False, scope=False, words=False)
        possible.append(found.possible)
        return found.values.to_numpy(float)

    first, whole, trend, turning, rows = sobol_indices(evaluate, [spans[name] for name in moved])
    if method == "partial_rank_models":
        points = stats.qmc.Sobol(len(moved), rng=np.random.default_rng(0)).random(_RANKED_POINTS)
        low, high = np.array([spans[name] for name in moved]).T
        points = low + (high - low) * points
        strength = np.array(
            [_correlations(points, column, "partial_rank") for column in evaluate(points).T]
        )
        rows = len(points)
    else:
        shown = whole if method == "sobol_total" else first
        strength = np.sqrt(np.clip(shown, 0, 1)) * np.where(trend < 0, -1, 1)
    judged = [_trust(responses, name) for name in wanted]
    return Interdependence(
        tuple(map(quantity, moved)),
        tuple(map(quantity, wanted)),
        strength,
        turning,
        np.clip(whole - first, 0, 1),
        method,
        rows,
        tuple(dict.fromkeys(responses.impossible_notes(pd.concat(possible)).values())),
        tuple(grade for grade, _ in judged),
        tuple(why for _, why in judged),
    )


def _trust(responses: Responses, output: str) -> tuple[str, str]:
    """How far the models behind an output can be trusted, and why not."""
    behind = [responses.models[name] for name in responses.models_of([output])]
    judged: list[Any] = [model for model in behind if hasattr(model, "metrics")]
    grades = [(reliable(model), model) for model in judged]
    for grade in ("no", "roughly"):
        for own, model in grades:
            if own == grade:
                r2 = (model.metrics.get("cross_validation") or {}).get("r2")
                return grade, doubt(model) or f"R² on conditions left out is {r2:.2f}"
    return ("yes" if grades else ""), ""


def sobol_indices(
    function: Callable[[np.ndarray], np.ndarray], ranges: Sequence[tuple[float, float]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """First-order and total Sobol indices of a smooth function of few inputs.

    Parameters
    ----------
    function : callable
        Takes points, shape (n, d), gives values, shape (n, m).
    ranges : sequence of (low, high)
        Uniform distribution of each of the d inputs.

    Returns
    -------
    first, total, trend : ndarray, shape (m, d)
        `trend` is the covariance of the main effect with the input: its sign is the relation's.
    turning : ndarray of bool, shape (m, d)
        Whether the main effect goes both ways (see `TURNING_SHARE`).
    evaluations : int
    """
    d = len(ranges)
    nodes = int(max(3, min(48, _GRID_POINTS ** (1 / d))))
    abscissa, weight = np.polynomial.legendre.leggauss(nodes)
    weight = weight / 2
    axes = [low + (high - low) * (abscissa + 1) / 2 for low, high in ranges]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, d)
    values = np.asarray(function(points), dtype=float)
    m = values.shape[1]
    if not np.isfinite(values).all():
        raise InputError(
            "A model gives no finite value somewhere in its own domain: train it anew or "
            "narrow the ranges."
        )
    grid = np.moveaxis(values.reshape(*(nodes,) * d, m), -1, 0)
    mean = _average(grid, weight, range(d))
    variance = _average((grid - mean.reshape(m, *(1,) * d)) ** 2, weight, range(d))
    scale = np.maximum(np.abs(mean), 1e-300)
    first, total = np.zeros((m, d)), np.zeros((m, d))
    trend = np.zeros((m, d))
    turning = np.zeros((m, d), dtype=bool)
    alive = variance > (1e-10 * scale) ** 2
    divisor = np.where(alive, variance, 1.0)
    for i in range(d):
        others = [j for j in range(d) if j != i]
        main = _average(grid, weight, others)
        effect = ((main - mean[:, None]) ** 2) @ weight
        first[:, i] = np.where(alive, effect / divisor, 0)
        trend[:, i] = ((main - mean[:, None]) * abscissa) @ weight
        rest = _average(grid, weight, [i])
        kept = _average((rest - mean.reshape(m, *(1,) * (d - 1))) ** 2, weight, range(d - 1))
        total[:, i] = np.where(alive, 1 - kept / divisor, 0)
        turning[:, i] = alive & (first[:, i] > _WEAK**2) & _turns(main)
    return first, np.clip(total, 0, 1), trend, turning, len(points)


def _average(grid: np.ndarray, weight: np.ndarray, axes: Sequence[int] | range) -> np.ndarray:
    """Weighted mean of ``grid[m, …]`` over some of its input axes."""
    for axis in sorted(axes, reverse=True):
        grid = np.moveaxis(grid, axis + 1, -1) @ weight
    return grid


def _turns(effect: np.ndarray, beyond: float = 0.0) -> np.ndarray:
    """Whether effects, shape (m, levels), go both ways.

    The largest rise from any level to a later one and the largest fall are compared: the
    smaller must exceed `TURNING_SHARE` of the larger, and `beyond`.
    """
    rise = (effect - np.minimum.accumulate(effect, axis=1)).max(axis=1)
    fall = (np.maximum.accumulate(effect, axis=1) - effect).max(axis=1)
    against, along = np.minimum(rise, fall), np.maximum(rise, fall)
    return (against > TURNING_SHARE * along) & (against > beyond)


def _correlations(inputs: np.ndarray, output: np.ndarray, method: str) -> np.ndarray:
    if np.ptp(output) <= 1e-12 * max(1.0, float(np.abs(output).max())):
        return np.full(inputs.shape[1], np.nan)
    if method == "pearson":
        columns, target = inputs, output
    else:
        columns = stats.rankdata(inputs, axis=0)
        target = stats.rankdata(output)
    result = np.full(inputs.shape[1], np.nan)
    for j in range(inputs.shape[1]):
        x, y = columns[:, j], target
        if method == "partial_rank":
            # Correlate what the other inputs leave unexplained in both.
            others = np.column_stack([np.ones(len(y)), np.delete(columns, j, axis=1)])
            x = x - others @ np.linalg.lstsq(others, x, rcond=None)[0]
            y = y - others @ np.linalg.lstsq(others, y, rcond=None)[0]
        x, y = x - x.mean(), y - y.mean()
        norm = np.sqrt((x @ x) * (y @ y))
        if norm > 1e-9 * len(y):
            result[j] = np.clip(x @ y / norm, -1, 1)
    return result


def _turning_in_data(inputs: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Which inputs the output follows up and down again, beyond the scatter.

    The effect of the other inputs is taken out by a quadratic in each of them; what is left is
    averaged at each level of the input (at most `_LEVELS` equal groups). It turns when the
    means do, by more than three standard errors of a difference of two means.
    """
    n, d = inputs.shape
    result = np.zeros(d, dtype=bool)
    spread = inputs.std(axis=0)
    if (spread <= 0).any() or np.ptp(output) == 0:
        return result
    z = (inputs - inputs.mean(axis=0)) / spread
    for j in range(d):
        others = np.delete(z, j, axis=1)
        design = np.column_stack([np.ones(n), others, others**2])
        if n < 2 * design.shape[1] + 2:
            continue
        rest = output - design @ np.linalg.lstsq(design, output, rcond=None)[0]
        level, group = np.unique(np.round(z[:, j], 9), return_inverse=True)
        if len(level) > _LEVELS:
            edges = np.quantile(z[:, j], np.linspace(0, 1, _LEVELS + 1)[1:-1])
            group = np.searchsorted(edges, z[:, j])
        size = np.bincount(group)
        if len(size) < 3 or size.min() < 2:
            continue
        means = np.bincount(group, rest) / size
        scatter = np.sqrt(((rest - means[group]) ** 2).sum() / (n - len(size)))
        error = scatter * np.sqrt(2 / size.min())
        result[j] = bool(_turns(means[None, :], beyond=3 * error)[0])
    return result
