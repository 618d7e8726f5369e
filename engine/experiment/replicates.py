"""Rows of equal conditions, averaged: laws are fitted over conditions, not over samples."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.experiment.table import CalenderingTable


def average_replicates(table: CalenderingTable, process: tuple[str, ...] = ()) -> CalenderingTable:
    """Average rows that were made alike.

    Parameters
    ----------
    table : CalenderingTable
        One row per sample.
    process : tuple of str
        Extra columns that set a condition (e.g. the roll temperature): rows that differ in
        them are no replicates.

    Returns
    -------
    CalenderingTable
        One row per condition, in order of first appearance. `porosity` is the mean,
        `porosity_sd` the standard deviation over replicates (of n - 1); a condition with one
        row keeps the deviation that the sheet gave. Numbers in further columns are averaged,
        texts kept where all replicates agree.
    """
    keys = [table.am, table.initial_porosity, table.initial_thickness, table.pressure]
    if table.has_gap:
        keys.append(table.gap)
    keys += [np.nan_to_num(table.extra[name].astype(float), nan=-1e300) for name in process]
    origin = np.unique(np.array(table.origin), return_inverse=True)[1].ravel()
    keys += [origin.astype(float), table.families.astype(float)]
    _, first, label = np.unique(
        np.column_stack(keys), axis=0, return_index=True, return_inverse=True
    )
    label = label.ravel()
    order = np.argsort(first)
    if len(order) == len(table):
        return _with_near_repeats(table, process)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order))
    label = rank[label]
    first = first[order]
    count = np.bincount(label)
    mean = _means(label, count, table.porosity)
    deviation = (
        np.full(len(count), np.nan) if table.porosity_sd is None else table.porosity_sd[first]
    )
    squares = np.bincount(label, (table.porosity - mean[label]) ** 2)
    repeated = count > 1
    deviation[repeated] = np.sqrt(squares[repeated] / (count[repeated] - 1))
    extra: dict[str, NDArray[Any]] = {}
    for name, values in table.extra.items():
        if values.dtype.kind == "f":
            known = np.isfinite(values)
            filled = np.bincount(label, known, len(count))
            with np.errstate(invalid="ignore", divide="ignore"):
                sums = np.bincount(label, np.where(known, values, 0.0), len(count))
                extra[name] = np.where(filled > 0, sums / filled, np.nan)
        else:
            same = np.bincount(label, values == values[first][label]) == count
            extra[name] = np.where(same, values[first], "")
    averaged = dataclasses.replace(
        table.take(first),
        porosity=mean,
        porosity_sd=deviation,
        extra=extra,
        replicates=np.bincount(label, table.replicates).astype(np.intp),
        notes=(
            *table.notes,
            f"{count[repeated].sum()} rows are replicates of {repeated.sum()} "
            f"condition{'s' if repeated.sum() > 1 else ''} and were averaged.",
        ),
    )
    return _with_near_repeats(averaged, process)


def _with_near_repeats(table: CalenderingTable, process: tuple[str, ...]) -> CalenderingTable:
    """The table with a note on rows that were pressed alike but not coated quite alike.

    A law takes the initial porosity and thickness of each row: to average rows that differ in
    them would throw away what it needs.
    """
    keys = [table.families.astype(float), table.pressure]
    keys += [np.nan_to_num(table.gap, nan=-1.0)]
    keys += [np.nan_to_num(table.extra[n].astype(float), nan=-1e300) for n in process]
    keys += [np.unique(np.array(table.origin), return_inverse=True)[1].ravel().astype(float)]
    label, count = np.unique(
        np.column_stack(keys), axis=0, return_inverse=True, return_counts=True
    )[1:]
    label = label.ravel()
    near = np.flatnonzero(count[label] > 1)
    if not len(near):
        return table
    first = np.flatnonzero(label == label[near[0]])
    rows = " and ".join(str(table.rows[i]) for i in first[:2])
    what = "initial porosity and thickness"
    many = (
        f"Rows {rows}"
        if len(near) == 2
        else f"{len(near)} rows (e.g. {rows}) repeat a pressing of their coating, but"
    )
    note = (
        f"{many} were not averaged{': pressed alike, they' if len(near) == 2 else ': they'} differ "
        f"in {what}, which the law takes from each row."
    )
    return dataclasses.replace(table, notes=(*table.notes, note))


def _means(
    label: NDArray[np.intp], count: NDArray[np.intp], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.bincount(label, values) / count)
