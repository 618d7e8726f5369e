"""A symbolic descriptor that separates the conditions meeting the user's limits from the others.

A feature is sought whose values overlap least between the classes, or a pair of features of which
a straight line puts the fewest rows on the wrong side; among equals the pair of convex hulls that
overlap least. One line cannot enclose a band: limits from both sides need a feature that folds.

Source: R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
DOI 10.1103/PhysRevMaterials.2.083802, section on classification.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from engine.errors import InputError
from engine.learning.duplicates import classes_of_equal, first_of_each
from engine.learning.expression import Expression, from_json
from engine.learning.features import FeatureSpace, projections
from engine.learning.metrics import fold_numbers
from engine.learning.printing import to_latex, to_text
from engine.learning.sisso_search import SissoOptions, build_space
from engine.learning.table import as_frame, input_columns, number_column
from engine.learning.units import Unit, units_of
from engine.progress import Progress

Limits = Mapping[str, tuple[float | None, float | None]]


@dataclass(frozen=True)
class LimitClassifier:
    """Tells which conditions meet the limits: where ``bias + sum(weight * feature) > 0``.

    Attributes
    ----------
    inputs : tuple of str
    features : tuple of Expression
        One or two.
    weights : tuple of float
    bias : float
    domain : dict of str to (float, float)
        Ranges of the training rows.
    limits : dict of str to [low or None, high or None]
    metrics : dict
        ``train`` and ``cross_validation``: ``accuracy``, ``missed`` (meets the limits but was
        refused), ``false`` (was accepted but does not), ``rows``; ``overlap``: training rows
        inside the overlap of the classes.
    statements : tuple of str
    data : str
        Digest of the training rows, so that `fits_rows` can tell them from others; empty in older
        files.
    """

    inputs: tuple[str, ...]
    features: tuple[Expression, ...]
    weights: tuple[float, ...]
    bias: float
    domain: dict[str, tuple[float, float]]
    limits: dict[str, list[float | None]]
    metrics: dict[str, Any] = field(default_factory=dict)
    statements: tuple[str, ...] = ()
    data: str = ""

    def fits_rows(self, table: Any) -> bool:
        """Whether these are the rows that the border was found on, in any order.

        Raises
        ------
        InputError
            If an input or a limited column is missing.
        """
        names = {*self.inputs, *self.limits}
        if self.data:
            return _digest(table, names) == self.data
        return len(as_frame(table)) == self.metrics.get("train", {}).get("rows")

    def decision(self, table: Any) -> np.ndarray:
        """Value of the border function, shape (n,); its zero line is the border in a map."""
        columns = input_columns(table, self.inputs)
        rows = next(iter(columns.values())).size
        total = np.full(rows, self.bias)
        for weight, feature in zip(self.weights, self.features, strict=True):
            total = total + weight * feature.evaluate(columns)
        return total

    def predict(self, table: Any) -> np.ndarray:
        """Whether each condition is expected to meet the limits, shape (n,), bool."""
        return self.decision(table) > 0

    def descriptor(self, table: Any) -> np.ndarray:
        """Values of the features, shape (features, n), for a plot of the classes."""
        columns = input_columns(table, self.inputs)
        rows = next(iter(columns.values())).size
        return np.array([np.broadcast_to(f.evaluate(columns), rows) for f in self.features])

    @property
    def equation(self) -> str:
        """The border in words: ``meets the limits where … > 0``."""
        parts = [f"{w!r}*({to_text(f)})" for w, f in zip(self.weights, self.features, strict=True)]
        return f"meets the limits where {' + '.join([repr(self.bias), *parts])} > 0"

    @property
    def latex(self) -> str:
        """The border function in LaTeX, four digits."""
        parts = []
        for weight, feature in zip(self.weights, self.features, strict=True):
            text = to_latex(feature)
            if feature.op in ("+", "-"):
                text = rf"\left({text}\right)"
            parts.append(rf"{weight:+.4g} \, {text}")
        return f"{self.bias:.4g} {' '.join(parts)} > 0"

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "format": "hybridgui limit classifier",
            "version": 1,
            "inputs": list(self.inputs),
            "features": [f.to_json() for f in self.features],
            "weights": list(self.weights),
            "bias": self.bias,
            "domain": {n: list(ends) for n, ends in self.domain.items()},
            "limits": self.limits,
            "metrics": self.metrics,
            "statements": list(self.statements),
            "data": self.data,
        }

    @classmethod
    def from_dict(cls, data: Any) -> LimitClassifier:
        """Rebuild from `to_dict`.

        Raises
        ------
        InputError
            If the data is no classifier.
        """
        if not isinstance(data, dict) or data.get("format") != "hybridgui limit classifier":
            raise InputError("This is not a classifier of this program.")
        try:
            found = cls(
                inputs=tuple(str(n) for n in data["inputs"]),
                features=tuple(from_json(f) for f in data["features"]),
                weights=tuple(float(w) for w in data["weights"]),
                bias=float(data["bias"]),
                domain={k: (float(v[0]), float(v[1])) for k, v in data["domain"].items()},
                limits={k: list(v) for k, v in data["limits"].items()},
                metrics=dict(data["metrics"]),
                statements=tuple(data["statements"]),
                data=str(data.get("data", "")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("The classifier file is damaged.") from error
        needed = {name for feature in found.features for name in feature.columns}
        if not needed <= set(found.inputs) or len(found.weights) != len(found.features):
            raise InputError("The classifier file is damaged: its parts do not fit.")
        return found


def _digest(table: Any, names: Iterable[str]) -> str:
    """Short name of some columns' content, whatever the order of rows and columns."""
    frame = as_frame(table)
    chosen = sorted(names)
    values = np.array([number_column(frame, name) for name in chosen]) + 0.0  # -0.0 is 0.0
    values = np.ascontiguousarray(values[:, np.lexsort(values)])
    return hashlib.sha256("\t".join(chosen).encode() + values.tobytes()).hexdigest()[:16]


def meets(table: Any, limits: Limits) -> np.ndarray:
    """Which rows meet all limits, shape (rows,), bool.

    Parameters
    ----------
    limits : mapping of column to (low or None, high or None)
        An infinite value meets no upper limit; a missing one meets none.

    Raises
    ------
    InputError
        If there is no limit or a column is missing.
    """
    frame = as_frame(table)
    if not limits or all(ends == (None, None) for ends in limits.values()):
        raise InputError("Set at least one limit.")
    good = np.ones(len(frame), dtype=bool)
    for name, (low, high) in limits.items():
        values = number_column(frame, name, "target column")
        good &= ~np.isnan(values)
        if low is not None:
            good &= values >= low
        if high is not None:
            good &= values <= high
    return good


def overlap_on_a_line(values: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows inside the overlap of two classes on each feature, and how wide the overlap is.

    Parameters
    ----------
    values : ndarray of float, shape (features, rows)
    member : ndarray of bool, shape (rows,)

    Returns
    -------
    count : ndarray of int, shape (features,)
    width : ndarray of float, shape (features,)
        Length of the overlap over the length of the smaller class; negative: the gap.
    """
    one, two = values[:, member], values[:, ~member]
    low = np.maximum(one.min(axis=1), two.min(axis=1))
    high = np.minimum(one.max(axis=1), two.max(axis=1))
    inside = (values >= low[:, None]) & (values <= high[:, None])
    shorter = np.minimum(np.ptp(one, axis=1), np.ptp(two, axis=1))
    whole = np.ptp(values, axis=1)
    length = np.where(shorter > 0, shorter, whole)
    return inside.sum(axis=1), (high - low) / np.where(length > 0, length, 1.0)


def _inside_hull(points: np.ndarray, hull_of: np.ndarray) -> np.ndarray:
    try:
        hull = ConvexHull(hull_of)
    except (QhullError, ValueError):  # fewer than three points, or all on a line
        return np.zeros(points.shape[0], dtype=bool)
    return np.all(points @ hull.equations[:, :2].T + hull.equations[:, 2] <= 1e-9, axis=1)


def overlap_in_a_plane(points: np.ndarray, member: np.ndarray) -> int:
    """Rows inside the convex hulls of both classes.

    Parameters
    ----------
    points : ndarray of float, shape (rows, 2)
    """
    scaled = (points - points.mean(axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-300)
    other = _inside_hull(scaled[member], scaled[~member]).sum()
    return int(other + _inside_hull(scaled[~member], scaled[member]).sum())


def border(points: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, float]:
    """Straight border of largest likelihood between two classes.

    Logistic regression with a small ridge, so that separable classes have a border too; the
    classes weigh the same however many rows they have.

    Parameters
    ----------
    points : ndarray of float, shape (rows, features)

    Returns
    -------
    weights : ndarray of float, shape (features,)
    bias : float
    """
    centre, scale = points.mean(axis=0), points.std(axis=0)
    z = np.column_stack([(points - centre) / scale, np.ones(len(points))])
    sign = np.where(member, 1.0, -1.0)
    weight = np.where(member, 0.5 / member.sum(), 0.5 / (~member).sum())
    ridge = np.diag([1e-4] * points.shape[1] + [1e-9])
    w = np.zeros(z.shape[1])

    def loss(candidate: np.ndarray) -> float:
        margins = sign * (z @ candidate)
        return float(weight @ np.logaddexp(0, -margins) + 0.5 * candidate @ ridge @ candidate)

    for _ in range(100):
        chance = 1 / (1 + np.exp(np.clip(sign * (z @ w), -500, 500)))
        gradient = -(weight * chance * sign) @ z + ridge @ w
        curvature = (z * (weight * chance * (1 - chance))[:, None]).T @ z + ridge
        step = np.linalg.solve(curvature, gradient)
        size = 1.0
        while loss(w - size * step) > loss(w) and size > 1e-6:
            size /= 2
        w = w - size * step
        if np.abs(size * step).max() < 1e-10 * max(1.0, np.abs(w).max()):
            break
    weights = w[:-1] / scale
    return weights, float(w[-1] - weights @ centre)


def placed_border(points: np.ndarray, member: np.ndarray) -> tuple[np.ndarray, float]:
    """`border`, moved in parallel where that puts fewer rows on the wrong side.

    Likelihood trades a row beside the border for distance elsewhere; classes that can be told
    apart shall be. The classes weigh the same; a tie goes to the nearest place.

    Returns
    -------
    weights : ndarray of float, shape (features,)
    bias : float
    """
    weights, bias = border(points, member)
    along = points @ weights
    order = np.argsort(along, kind="stable")
    values = along[order]
    lost = np.cumsum(np.where(member[order], 1 / member.sum(), 0.0))
    spared = np.cumsum(np.where(member[order], 0.0, 1 / (~member).sum()))
    gaps = np.flatnonzero(np.diff(values) > 1e-12 * max(np.ptp(values), 1e-300))
    if not gaps.size:
        return weights, bias
    wrong = lost[gaps] + 1 - spared[gaps]
    accepted = along + bias > 0
    now = np.mean(~accepted[member]) + np.mean(accepted[~member])
    places = 0.5 * (values[gaps] + values[gaps + 1])
    best = np.lexsort((np.abs(places + bias), np.round(wrong, 12)))[0]
    return (weights, -float(places[best])) if wrong[best] < now - 1e-12 else (weights, bias)


def _accuracy(member: np.ndarray, accepted: np.ndarray) -> dict[str, Any]:
    return {
        "accuracy": float(np.mean(member == accepted)),
        "missed": int(np.sum(member & ~accepted)),
        "false": int(np.sum(~member & accepted)),
        "rows": int(member.size),
    }


def _distinct(space: FeatureSpace) -> np.ndarray:
    """Indices of features that differ by more than scale and offset, the simplest of each."""
    values = space.values - space.values.mean(axis=1, keepdims=True)
    values = values / np.linalg.norm(values, axis=1, keepdims=True)
    keys = values @ projections(values.shape[1]).T
    keys *= np.sign(keys[:, :1])
    classes = classes_of_equal(keys[:, 0], keys[:, 1])
    return first_of_each(classes, (space.complexity, np.arange(len(space))))


def _best_features(
    values: np.ndarray,
    member: np.ndarray,
    complexity: np.ndarray,
    terms: int,
    sis: int,
    heed: Callable[[], None],
) -> tuple[tuple[int, ...], int]:
    """Features of least overlap, and that overlap in rows."""
    count, width = overlap_on_a_line(values, member)
    order = np.lexsort((np.arange(count.size), complexity, width, count))
    best = int(order[0])
    if terms == 1 or count[best] == 0:
        return (best,), int(count[best])
    one, two = values[best, member], values[best, ~member]
    low, high = max(one.min(), two.min()), min(one.max(), two.max())
    doubtful = (values[best] >= low) & (values[best] <= high)
    chosen = list(order[:sis])
    if 0 < member[doubtful].sum() < doubtful.sum():
        left, gap = overlap_on_a_line(values[:, doubtful], member[doubtful])
        chosen += list(np.lexsort((np.arange(count.size), complexity, gap, left))[:sis])
    # Classes that overlap everywhere are ranked badly by their outermost rows: take the features
    # that follow the membership, too.
    centred = values - values.mean(axis=1, keepdims=True)
    norm = np.maximum(np.linalg.norm(centred, axis=1), 1e-300)
    follows = np.abs(centred @ (member - member.mean())) / norm
    chosen += list(np.lexsort((np.arange(count.size), complexity, -follows))[:sis])
    chosen = list(dict.fromkeys(int(k) for k in chosen))
    found: tuple[Any, ...] | None = None
    for place, j in enumerate(chosen):
        heed()
        for i in chosen[:place]:
            points = values[[i, j]].T
            weights, bias = placed_border(points, member)
            wrong = int(np.sum((points @ weights + bias > 0) != member))
            if found is not None and wrong > found[0]:
                continue
            overlap = overlap_in_a_plane(points, member)
            key = (wrong, overlap, int(complexity[i] + complexity[j]), i, j)
            if found is None or key < found:
                found = key
    weights, bias = placed_border(values[[best]].T, member)
    alone = int(np.sum((values[best] * weights[0] + bias > 0) != member))
    if found is None or found[:2] >= (alone, int(count[best])):
        return (best,), int(count[best])
    return (found[3], found[4]), int(found[1])


def train_classifier(
    table: Any,
    inputs: Sequence[str],
    limits: Limits,
    terms: int = 2,
    sis: int = 15,
    rung: int = 1,
    operators: Sequence[str] | None = None,
    units: Mapping[str, str] | None = None,
    folds: int = 5,
    safe: bool = True,
    progress: Progress | None = None,
) -> LimitClassifier:
    """Find a descriptor of the conditions that meet the limits.

    Parameters
    ----------
    table : DataFrame or mapping
        Inputs and the columns that are limited.
    limits : mapping of column to (low or None, high or None)
    terms : {1, 2}
        Most features in the descriptor.
    sis : int
        Features of each round from which pairs are formed.
    rung : int, 0..2
    operators : sequence of str, optional
        The twelve usual ones by default.

    Raises
    ------
    InputError
        If all rows meet the limits, or none.
    Cancelled
    """
    if terms not in (1, 2) or not 0 <= rung <= 2:
        raise InputError("A classifier takes one or two terms and a rung from 0 to 2.")
    frame = as_frame(table)
    columns = input_columns(frame, inputs)
    member = meets(frame, limits)
    if member.all() or not member.any():
        what = "All" if member.all() else "No"
        raise InputError(f"{what} conditions meet the limits: change them to find a border.")
    names = [name for name in inputs if np.ptp(columns[name]) > 0]
    if not names:
        raise InputError("No input varies over the rows: there is no border to find.")
    data = np.column_stack([columns[name] for name in names])
    domain = {n: (float(data[:, k].min()), float(data[:, k].max())) for k, n in enumerate(names)}
    options = SissoOptions(
        rung=rung,
        safe=safe,
        operators=tuple(operators) if operators else SissoOptions.operators,
    )
    declared: list[Unit] = units_of(names, units)
    space = build_space(data, names, declared, options, domain if safe else None, progress)
    if rung > 0:
        space = space.grown(progress)
    kept = _distinct(space)
    values, complexity = space.values[kept], space.complexity[kept]

    done = [0.0]

    def heed() -> None:
        """Give a cancel its chance between the pairs of features."""
        if progress is not None:
            progress.report(done[0], "comparing pairs of features")

    def fit(inside: np.ndarray) -> tuple[tuple[int, ...], np.ndarray, float, int]:
        chosen, overlap = _best_features(
            values[:, inside], member[inside], complexity, terms, sis, heed
        )
        points = values[list(chosen)].T
        weights, bias = placed_border(points[inside], member[inside])
        return chosen, weights, bias, overlap

    everything = np.ones(member.size, dtype=bool)
    chosen, weights, bias, overlap = fit(everything)
    accepted = values[list(chosen)].T @ weights + bias > 0
    metrics: dict[str, Any] = {"train": _accuracy(member, accepted), "overlap": overlap}
    said = []
    held_out = np.zeros(member.size, dtype=bool)
    dealt = fold_numbers(data, folds) if folds >= 2 else np.zeros(member.size, dtype=int)
    usable = folds >= 2
    for number, fold in enumerate(np.unique(dealt) if usable else []):
        done[0] = (number + 1) / (folds + 1)
        inside = dealt != fold
        if member[inside].all() or not member[inside].any():
            usable = False
            break
        picked, w, b, _ = fit(inside)
        held_out[~inside] = values[list(picked)][:, ~inside].T @ w + b > 0
    if usable:
        metrics["cross_validation"] = _accuracy(member, held_out)
        said.append("Cross-validation repeats the choice of the features without each fold.")
    else:
        said.append("There are too few rows of one class for cross-validation.")
    least = max(member.mean(), 1 - member.mean())
    shown = metrics.get("cross_validation", metrics["train"])["accuracy"]
    if shown <= least:
        said.append(
            f"The border is no better than always answering {'yes' if member.mean() > 0.5 else 'no'}"
            f": {100 * shown:.0f} % against {100 * least:.0f} % right."
        )
    return LimitClassifier(
        inputs=tuple(names),
        features=tuple(space.expressions[int(kept[k])] for k in chosen),
        weights=tuple(float(w) for w in weights),
        bias=bias,
        domain=domain,
        limits={n: [low, high] for n, (low, high) in limits.items()},
        metrics=metrics,
        statements=tuple(said),
        data=_digest(frame, {*names, *limits}),
    )
