"""What a training works on: checked columns, the split, folds, and what had to be said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.learning.metrics import content_order, fold_numbers
from engine.learning.table import as_frame, input_columns, name_rows, number_column, row_mask
from engine.learning.units import Unit, units_of
from engine.study.condition_words import condition_words


@dataclass(frozen=True)
class Split:
    """Rows of one part of the data.

    Attributes
    ----------
    columns : dict of str to ndarray, shape (rows,)
    targets : ndarray of float, shape (rows, targets)
    """

    columns: dict[str, np.ndarray]
    targets: np.ndarray

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.targets.shape[0]

    def table(self, names: Sequence[str]) -> np.ndarray:
        """Inputs as a matrix, shape (rows, inputs)."""
        return np.column_stack([self.columns[name] for name in names])


@dataclass(frozen=True)
class TrainingSet:
    """Targets that share their rows, ready to be trained on.

    Attributes
    ----------
    names : tuple of str
        Inputs that vary.
    inputs : tuple of str
        Inputs that the user named.
    parts : dict of str to Split
        ``train`` in an order that depends on the rows' content alone, ``test``, ``validation``.
    folds : ndarray of int, shape (training rows,), or None where there are too few rows
    groups : str
        Column that kept rows together in cross-validation, or empty.
    box : dict of str to (float, float)
        Where predictions must be finite: the range of the training rows unless given.
    """

    targets: tuple[str, ...]
    names: tuple[str, ...]
    inputs: tuple[str, ...]
    units: tuple[Unit, ...]
    parts: dict[str, Split]
    folds: np.ndarray | None
    groups: str
    box: dict[str, tuple[float, float]]
    domain: dict[str, tuple[float, float]]
    statements: tuple[str, ...]

    @property
    def train(self) -> Split:
        """Training rows."""
        return self.parts["train"]


COUNTED = "not_percolating"
"""Column that only the dataset of a campaign has."""


def _not_finite(values: np.ndarray, rows: np.ndarray, target: str, frame: pd.DataFrame) -> str:
    infinite = int(np.isinf(values[rows]).sum())
    kind = "infinite (not percolating)" if infinite == rows.size else "infinite or missing"
    are = "is" if rows.size == 1 else "are"
    if COUNTED in frame:  # of a campaign: its conditions have settings, and no row numbers
        where = condition_words(frame.iloc[rows], frame)
        return (
            f"{rows.size} of {values.size} conditions {are} left out for '{target}' because it is "
            f"{kind} there{': ' if where else ''}{where}. The model holds only where it is finite."
        )
    return (
        f"{rows.size} of {values.size} rows {are} left out for '{target}' because it is {kind} "
        f"there: row {name_rows(rows)} (the header is row 1). The model holds only where it is finite."
    )


def _check_names(inputs: Sequence[str], targets: Sequence[str]) -> None:
    if not inputs or not targets:
        raise InputError("Name at least one input column and one target column.")
    for kind, names in (("input", inputs), ("target", targets)):
        if len(set(names)) != len(names):
            raise InputError(f"An {kind} column is named twice: name each once.")
    both = set(inputs) & set(targets)
    if both:
        raise InputError(f"'{sorted(both)[0]}' is both input and target: choose one.")


def _dependent(table: np.ndarray, names: Sequence[str]) -> list[str]:
    """Sentences about inputs that another input determines exactly by a straight line."""
    found = []
    for k in range(len(names)):
        for m in range(k):
            correlation = np.corrcoef(table[:, k], table[:, m])[0, 1]
            if abs(correlation) > 1 - 1e-10:
                found.append(
                    f"'{names[k]}' follows from '{names[m]}' by a straight line: it adds nothing "
                    "new and may be dropped."
                )
                break
    return found


def prepare(
    frame: Any,
    inputs: Sequence[str],
    targets: Sequence[str],
    test_rows: Iterable[int] | None = None,
    validation: Any = None,
    groups: str | None = None,
    folds: int = 5,
    seed: int = 0,
    units: Mapping[str, str] | None = None,
    box: Mapping[str, tuple[float, float]] | None = None,
) -> list[TrainingSet]:
    """Check a table and cut it into sets of targets that share their rows.

    Parameters
    ----------
    frame : DataFrame or mapping
    test_rows : iterable of int, optional
        0-based.
    groups : str, optional
        Column whose equal values keep rows together in cross-validation.

    Raises
    ------
    InputError
        One sentence about the first thing that is wrong.
    """
    frame = as_frame(frame)
    inputs, targets = tuple(inputs), tuple(targets)
    _check_names(inputs, targets)
    if len(frame) == 0:
        raise InputError("The table has no rows to train on.")
    columns = input_columns(frame, inputs)
    goals = {name: number_column(frame, name, "target column") for name in targets}
    testing = row_mask(test_rows, len(frame))
    checked = None
    if validation is not None:
        other = as_frame(validation)
        checked = (
            input_columns(other, inputs),
            {name: number_column(other, name, "target column") for name in targets},
        )
    kept_together = None
    if groups is not None:
        if groups not in frame.columns:
            raise InputError(f"The table has no column '{groups}' to group rows by.")
        kept_together = pd.factorize(frame[groups], use_na_sentinel=False)[0]

    by_rows: dict[bytes, list[str]] = {}
    for name in targets:
        by_rows.setdefault(np.isfinite(goals[name]).tobytes(), []).append(name)
    return [
        _one_set(
            tuple(shared),
            inputs,
            columns,
            goals,
            testing,
            checked,
            (groups, kept_together),
            folds,
            seed,
            units,
            box,
            frame,
        )
        for shared in by_rows.values()
    ]


def _one_set(
    targets, inputs, columns, goals, testing, checked, grouping, folds, seed, units, box, frame
) -> TrainingSet:
    finite = np.isfinite(goals[targets[0]])
    said = [
        _not_finite(goals[t], np.flatnonzero(~finite), t, frame)
        for t in targets
        if not finite.all()
    ]
    training = np.flatnonzero(finite & ~testing)
    if training.size < 3:
        raise InputError(
            f"Only {training.size} rows are left to train '{targets[0]}' on: at least 3 are needed."
        )
    goal = np.column_stack([goals[t] for t in targets])
    everything = np.column_stack([*(columns[n] for n in inputs), goal])
    training = training[content_order(everything[training])]
    names = tuple(n for n in inputs if np.ptp(columns[n][training]) > 0)
    said += [
        f"'{n}' has one value in all training rows: it is left out."
        for n in inputs
        if n not in names
    ]
    if not names:
        raise InputError("No input varies over the training rows: there is nothing to learn from.")
    for k, t in enumerate(targets):
        values = goal[training, k]
        if np.ptp(values) <= 1e-12 * max(1e-300, float(np.abs(values).max())):
            raise InputError(
                f"'{t}' has one value ({values[0]:g}) in all training rows: there is nothing to "
                "learn; leave it out."
            )

    def split(rows: np.ndarray, source=columns, target_values=goal) -> Split:
        return Split({n: source[n][rows] for n in inputs}, target_values[rows])

    parts = {"train": split(training)}
    if testing.any():
        parts["test"] = split(np.flatnonzero(finite & testing))
    if checked is not None:
        other = np.column_stack([checked[1][t] for t in targets])
        good = np.flatnonzero(np.isfinite(other).all(axis=1))
        parts["validation"] = split(good, checked[0], other)
        if good.size < other.shape[0]:
            said.append(
                f"{other.shape[0] - good.size} validation rows are left out because a target is "
                "infinite or missing there."
            )
    table = parts["train"].table(names)
    said += _dependent(table, names)
    if len(np.unique(table, axis=0)) < table.shape[0]:
        said.append(
            "Some training rows agree in every input: they stay together in cross-validation."
        )
    column, labels = grouping
    dealt = None
    if folds >= 2:
        groups = labels[training] if labels is not None else None
        distinct = len(np.unique(groups)) if groups is not None else len(np.unique(table, axis=0))
        if distinct >= 2:
            dealt = fold_numbers(table, min(folds, distinct), groups, seed)
        else:
            said.append("There is one group of rows only: no cross-validation is possible.")
    if dealt is None and folds < 2:
        said.append("Cross-validation was switched off: intervals and the front lack it.")
    domain = {n: (float(table[:, k].min()), float(table[:, k].max())) for k, n in enumerate(names)}
    wanted = dict(domain)
    for name, ends in (box or {}).items():
        if name in wanted:
            wanted[name] = (min(float(ends[0]), domain[name][0]), max(ends[1], domain[name][1]))
    return TrainingSet(
        targets=targets,
        names=names,
        inputs=inputs,
        units=tuple(units_of(names, units)),
        parts=parts,
        folds=dealt,
        groups=column or "",
        box=wanted,
        domain=domain,
        statements=tuple(said),
    )
