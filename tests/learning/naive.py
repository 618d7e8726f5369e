"""Slow, readable twins of the learning kernels."""

import itertools
from fractions import Fraction

import numpy as np

from engine.learning.expression import apply, column
from engine.learning.units import PLAIN, multiply, raise_to

UNARY_POWERS = {
    "^-1": Fraction(-1),
    "^2": Fraction(2),
    "^3": Fraction(3),
    "sqrt": Fraction(1, 2),
    "cbrt": Fraction(1, 3),
}


def acceptable(values, low=1e-3, high=1e5):
    """Whether a column may be a feature."""
    if not np.all(np.isfinite(values)):
        return False
    largest = np.abs(values).max()
    if not low <= largest <= high or np.ptp(values) < 1e-8:
        return False
    return np.linalg.norm(values - values.mean()) > 1e-9 * largest * np.sqrt(values.size)


def grow(features, operators, table):
    """Next rung of a list of (expression, unit): every operator on everything, nothing merged."""
    found = list(features)
    columns = dict(table)

    def keep(tree, unit):
        if acceptable(tree.evaluate(columns)):
            found.append((tree, unit))

    for tree, unit in features:
        for op in operators:
            if op in ("exp", "exp-", "log", "sin", "cos"):
                keep(apply(op, tree), PLAIN)
            elif op in UNARY_POWERS:
                keep(apply(op, tree), raise_to(unit, UNARY_POWERS[op]))
    for (a, u), (b, v) in itertools.permutations(features, 2):
        for op in operators:
            if op in ("+", "-", "|-|") and u == v:
                keep(apply(op, a, b), u)
            elif op == "*":
                keep(apply(op, a, b), multiply(u, v))
            elif op == "/":
                keep(apply(op, a, b), multiply(u, v, -1))
    return found


def feature_values(table, units, operators, rung):
    """Standardised columns of the whole space, distinct up to sign, sorted; shape (n, rows)."""
    features = [(column(name), unit) for name, unit in zip(table, units, strict=True)]
    for _ in range(rung):
        features = grow(features, operators, table)
    values = np.array([tree.evaluate(table) for tree, _ in features])
    return distinct(values)


def distinct(values):
    """Standardise rows, fix their sign, merge equals, sort."""
    z = values - values.mean(axis=1, keepdims=True)
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    anchor = np.random.default_rng(5).normal(size=z.shape[1])
    z *= np.sign(z @ anchor)[:, None]
    _, index = np.unique(np.round(z @ anchor, 7), return_index=True)
    return z[index]


def subsets(values, target, size):
    """Every subset with its explained share, best first, by least squares on the rows."""
    found = []
    total = np.sum((target - target.mean()) ** 2)
    for chosen in itertools.combinations(range(values.shape[0]), size):
        design = np.column_stack([values[list(chosen)].T, np.ones(target.size)])
        left = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
        found.append((1 - left @ left / total, chosen))
    return sorted(found, reverse=True)
