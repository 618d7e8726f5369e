"""Slow, readable twins of what the experiment room computes."""

from __future__ import annotations

import math


def least_squares(matrix, target):
    """Solve the normal equations by Gauss elimination, with exact sums."""
    p = len(matrix[0])
    scale = [math.sqrt(math.fsum(row[j] ** 2 for row in matrix)) for j in range(p)]
    rows = [[row[j] / scale[j] for j in range(p)] for row in matrix]
    a = [
        [math.fsum(row[i] * row[j] for row in rows) for j in range(p)]
        + [math.fsum(row[i] * y for row, y in zip(rows, target, strict=True))]
        for i in range(p)
    ]
    for i in range(p):
        pivot = max(range(i, p), key=lambda k: abs(a[k][i]))
        a[i], a[pivot] = a[pivot], a[i]
        for k in range(p):
            if k != i:
                factor = a[k][i] / a[i][i]
                a[k] = [x - factor * y for x, y in zip(a[k], a[i], strict=True)]
    return [a[i][p] / a[i][i] / scale[i] for i in range(p)]


def compaction(kind, c, am, e0, pressure):
    """Porosity by one of the compaction laws, one number at a time."""
    if kind == "kawakita":
        a = c["a0"] + c["a1"] * e0 + c["a2"] * am
        lost = a * c["b"] * pressure / (1 + c["b"] * pressure)
        return 1 - (1 - e0) / (1 - lost)
    if kind == "exponential":
        lowest = c["m0"] + c["m1"] * e0 + c["m2"] * am
        return lowest + (e0 - lowest) * math.exp(-pressure / c["gamma"])
    a = max(c["A0"] + c["A1"] * e0 + c["A2"] * am, math.log(1 / e0))
    return math.exp(-(c["K"] * pressure + a))


def leave_one_family_out(law, table):
    """Predict each row by a law that never saw the row's family."""
    predictions = []
    for i in range(len(table)):
        others = [k for k in range(len(table)) if table.families[k] != table.families[i]]
        refit = law.refittable().fit(table.take(others))
        predictions.append(float(refit.predict_table(table.take([i]))[0]))
    return predictions
