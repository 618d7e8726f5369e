"""How well predictions meet what was measured or simulated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import InputError

Metrics = dict[str, float | int | None]


def assess(actual: np.ndarray, predicted: np.ndarray) -> Metrics:
    """Errors of predictions in the unit of the target.

    Parameters
    ----------
    actual, predicted : ndarray of float, shape (n,)

    Returns
    -------
    dict
        ``r2`` (None where it has no meaning: fewer than two rows, or a constant), ``rmse``,
        ``max_error``, ``rows``; errors are None where a prediction is not finite.
    """
    n = int(actual.size)
    if n == 0 or not np.all(np.isfinite(predicted)):
        return {"r2": None, "rmse": None, "max_error": None, "rows": n}
    error = predicted - actual
    total = float(np.sum((actual - actual.mean()) ** 2))
    r2 = 1 - float(error @ error) / total if n > 1 and total > 0 else None
    return {
        "r2": r2,
        "rmse": float(np.sqrt(np.mean(error**2))),
        "max_error": float(np.max(np.abs(error))),
        "rows": n,
    }


_FEW_ROWS = 10
_WHERE = {
    "test": "the {} test rows",
    "validation": "the {} validation rows",
    "cross_validation": "the {} rows left out in turn",
}


def in_plain_words(metrics: Mapping[str, Any]) -> list[str]:
    """Sentences about an R² that must not be read like any other number.

    Parameters
    ----------
    metrics : mapping of part to the result of `assess`
    """
    said = []
    for part, words in _WHERE.items():
        found = metrics.get(part) or {}
        r2, rows = found.get("r2"), int(found.get("rows") or 0)
        if r2 is not None and r2 < 0:
            text = (
                f"R² on {words.format(rows)} is {r2:.2g}, below zero: their plain mean would "
                "predict them better than this model does."
            )
            if part != "cross_validation" and rows < _FEW_ROWS:
                text += " With so few rows it may be chance: go by the RMSE, or keep more rows."
            said.append(text)
        elif part != "cross_validation" and 0 < rows < _FEW_ROWS:
            said.append(
                f"R² on {words.format(rows)} is a rough number, because they are so few: go by "
                "cross-validation."
            )
    return said


def content_order(columns: np.ndarray) -> np.ndarray:
    """Order of rows that depends on their content alone, not on how rows or columns are arranged.

    Parameters
    ----------
    columns : ndarray of float, shape (rows, columns)

    Returns
    -------
    ndarray of int, shape (rows,)
    """
    profiles = sorted(range(columns.shape[1]), key=lambda c: tuple(np.sort(columns[:, c])))
    return np.lexsort(tuple(columns[:, c] for c in profiles))


def fold_numbers(
    inputs: np.ndarray, folds: int, groups: np.ndarray | None = None, seed: int = 0
) -> np.ndarray:
    """Deal rows, or whole groups of rows, to folds at random but reproducibly.

    Parameters
    ----------
    inputs : ndarray of float, shape (rows, columns)
        Rows that agree in every column always share a fold, since one would tell of the other.
    folds : int
    groups : ndarray, shape (rows,), optional
        Rows of one group share a fold.

    Returns
    -------
    ndarray of int, shape (rows,)
        0 .. folds - 1; fewer folds where there are fewer groups.

    Raises
    ------
    InputError
        If there are fewer than two groups to separate.
    """
    rows = inputs.shape[0]
    order = content_order(inputs)
    if groups is None:
        ranked = inputs[order]
        changed = np.any(ranked[1:] != ranked[:-1], axis=1)
        label = np.empty(rows, dtype=np.int64)
        label[order] = np.concatenate([[0], np.cumsum(changed)])
    else:
        named = np.asarray(groups)
        # Groups are numbered by where they first appear in the order of content.
        _, first, label = np.unique(named[order], return_index=True, return_inverse=True)
        number = np.argsort(np.argsort(first))
        restored = np.empty(rows, dtype=np.int64)
        restored[order] = number[label]
        label = restored
    count = int(label.max()) + 1 if rows else 0
    if count < 2:
        raise InputError(
            "Cross-validation needs at least two different conditions or groups: add rows."
        )
    stream = np.random.default_rng(np.random.SeedSequence([int(seed), count]))
    dealt = np.empty(count, dtype=np.int64)
    dealt[stream.permutation(count)] = np.arange(count) % min(folds, count)
    return dealt[label]
