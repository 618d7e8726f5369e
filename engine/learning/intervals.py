"""Interval arithmetic: what a feature can do anywhere inside the input box, not only at data.

An interval array holds lower and upper ends for many sub-boxes at once. Enclosures are wide
where a column appears twice; cutting the box into cells narrows them.

Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis (2009),
DOI 10.1137/1.9780898717716.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from engine.learning.expression import Expression

_EXP_LIMIT = 700.0


class Interval(NamedTuple):
    """Ends, ndarrays of float of one shape; nan where the value may be undefined."""

    low: np.ndarray
    high: np.ndarray


def _nan_where(bad: np.ndarray, low: np.ndarray, high: np.ndarray) -> Interval:
    return Interval(np.where(bad, np.nan, low), np.where(bad, np.nan, high))


def _hull(*values: np.ndarray) -> Interval:
    return Interval(np.minimum.reduce(values), np.maximum.reduce(values))


def _increasing(function, a: Interval) -> Interval:
    return Interval(function(a.low), function(a.high))


def _even_power(a: Interval, power: int) -> Interval:
    ends = _hull(a.low**power, a.high**power)
    return Interval(np.where((a.low <= 0) & (a.high >= 0), 0.0, ends.low), ends.high)


def _absolute(a: Interval) -> Interval:
    ends = _hull(np.abs(a.low), np.abs(a.high))
    return Interval(np.where((a.low <= 0) & (a.high >= 0), 0.0, ends.low), ends.high)


def _inverse(a: Interval) -> Interval:
    crosses = ~((a.low > 0) | (a.high < 0))
    return _nan_where(crosses, 1.0 / a.high, 1.0 / a.low)


def _product(a: Interval, b: Interval) -> Interval:
    return _hull(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high)


def _difference(a: Interval, b: Interval) -> Interval:
    return Interval(a.low - b.high, a.high - b.low)


def combine(op: str, a: Interval, b: Interval | None = None) -> Interval:
    """Enclosure of one operation, nan where it may be undefined.

    Parameters
    ----------
    op : str
        Operator name of `engine.learning.expression`.
    """
    with np.errstate(all="ignore"):
        if b is not None:
            if op == "+":
                return Interval(a.low + b.low, a.high + b.high)
            if op == "-":
                return _difference(a, b)
            if op == "*":
                return _product(a, b)
            if op == "/":
                return _product(a, _inverse(b))
            if op == "|-|":
                return _absolute(_difference(a, b))
            return combine("exp", _product(combine("log", a), b))  # a power
        if op == "neg":
            return Interval(-a.high, -a.low)
        if op in ("exp", "exp-"):
            if op == "exp-":
                a = Interval(-a.high, -a.low)
            return _nan_where(~(a.high < _EXP_LIMIT), np.exp(a.low), np.exp(a.high))
        if op == "log":
            return _nan_where(~(a.low > 0), np.log(a.low), np.log(a.high))
        if op == "sqrt":
            return _nan_where(~(a.low >= 0), np.sqrt(a.low), np.sqrt(a.high))
        if op == "cbrt":
            return _increasing(np.cbrt, a)
        if op == "^3":
            return Interval(a.low**3, a.high**3)
        if op in ("^2", "^6"):
            return _even_power(a, int(op[1]))
        if op == "^-1":
            return _inverse(a)
        if op == "abs":
            return _absolute(a)
        whole = np.where(np.isnan(a.low), np.nan, 1.0)  # sin, cos
        return Interval(-whole, whole)


def enclose(tree: Expression, box: Mapping[str, Interval]) -> Interval:
    """Enclosure of an expression over arrays of sub-boxes."""
    if tree.op == "column":
        return box[tree.name]
    if tree.op == "number":
        value = np.asarray(tree.value)
        return Interval(value, value)
    return combine(tree.op, *(enclose(argument, box) for argument in tree.args))


Box = Mapping[str, tuple[float, float]]


def cut_box(box: Box, columns: tuple[str, ...], cells: int) -> dict[str, Interval]:
    """Cut a box into about `cells` equal sub-boxes (at least one per axis)."""
    if not columns:
        return {}
    per_axis = max(1, int(cells ** (1 / len(columns)) + 1e-9))
    edges = [np.linspace(*box[name], per_axis + 1) for name in columns]
    lows = np.meshgrid(*(e[:-1] for e in edges), indexing="ij")
    highs = np.meshgrid(*(e[1:] for e in edges), indexing="ij")
    return {
        name: Interval(low.ravel(), high.ravel())
        for name, low, high in zip(columns, lows, highs, strict=True)
    }


def _halve(cells: dict[str, Interval]) -> dict[str, Interval]:
    """Cut every cell in two along every axis."""
    names = list(cells)
    middles = {name: 0.5 * (c.low + c.high) for name, c in cells.items()}
    parts: dict[str, list[Interval]] = {name: [] for name in names}
    for choice in itertools.product((0, 1), repeat=len(names)):
        for name, upper in zip(names, choice, strict=True):
            cell = cells[name]
            half = (
                Interval(middles[name], cell.high) if upper else Interval(cell.low, middles[name])
            )
            parts[name].append(half)
    return {
        name: Interval(
            np.concatenate([p.low for p in halves]), np.concatenate([p.high for p in halves])
        )
        for name, halves in parts.items()
    }


def sign_in_box(tree: Expression, box: Box, most_cells: int = 40_000) -> int:
    """Sign that an expression is proven to keep over a whole box.

    Returns
    -------
    int
        1 or -1; 0 where it reaches zero, may be undefined, or nothing could be proven within
        `most_cells` sub-boxes (so that doubt counts against a feature).
    """
    columns = tree.columns
    cells = cut_box(box, columns, 64)
    if not cells:
        value = float(tree.evaluate({}))
        return 0 if not np.isfinite(value) else int(np.sign(value))
    sign = 0
    for _ in range(12):
        middle = tree.evaluate({name: 0.5 * (c.low + c.high) for name, c in cells.items()})
        signs = set(np.sign(middle)) | ({sign} if sign else set())
        if len(signs) != 1 or not signs <= {1.0, -1.0}:
            return 0
        sign = int(signs.pop())
        bounds = enclose(tree, cells)
        undecided = ~(bounds.low > 0) if sign > 0 else ~(bounds.high < 0)
        if not undecided.any():
            return sign
        count = int(undecided.sum()) * 2 ** len(columns)
        if count > most_cells:
            return 0
        cells = _halve({n: Interval(c.low[undecided], c.high[undecided]) for n, c in cells.items()})
    return 0


def is_nonnegative(tree: Expression, box: Box) -> bool:
    """Whether an expression is proven to stay at or above zero over a whole box."""
    bounds = enclose(tree, cut_box(box, tree.columns, 512))
    return bool(np.all(bounds.low >= 0)) or sign_in_box(tree, box) > 0


def is_safe(tree: Expression, box: Box) -> bool:
    """Whether an expression is proven to be defined and finite over a whole box.

    Only the arguments of divisions, logarithms, roots and exponentials can break it.
    """
    for node in tree.walk():
        if node.op in ("/", "^-1"):
            if sign_in_box(node.args[-1], box) == 0:
                return False
        elif node.op in ("log", "^"):
            if sign_in_box(node.args[0], box) <= 0:
                return False
        elif node.op == "sqrt" and not is_nonnegative(node.args[0], box):
            return False
        elif node.op in ("exp", "exp-"):
            cells = cut_box(box, node.args[0].columns, 512)
            bounds = enclose(node.args[0], cells)
            worst = bounds.high if node.op == "exp" else -np.asarray(bounds.low)
            if not np.all(worst < _EXP_LIMIT):
                return False
    return True
