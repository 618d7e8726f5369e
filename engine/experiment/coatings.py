"""Which conditions share a coating, and what that coating is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Two coatings are one family when they differ by less than the scatter of electrodes cut
# from one coating: mass fraction, porosity (both 0..1), thickness relative to itself.
_FAMILY_TOLERANCE = (0.0015, 0.008, 0.04)

# What a sheet calls one sample may scatter this much, from end to end, and be one coating still.
_LABEL_TOLERANCE = (0.003, 0.03, 0.15)

# Pairs of neighbours of more rows than this are not listed one by one.
_MANY_ROWS = 2000

# A name put together from more labels than this says less than what tells the coating apart.
_MOST_LABELS = 3
_LONGEST = 40


def find_families(
    am: ArrayLike, initial_porosity: ArrayLike, initial_thickness: ArrayLike
) -> NDArray[np.intp]:
    """Number the coatings: rows of one composition and one coating share a number.

    Parameters
    ----------
    am, initial_porosity : array_like, shape (n,), 0..1
    initial_thickness : array_like, shape (n,), µm

    Returns
    -------
    families : ndarray of int, shape (n,)
        Numbered from 0 in order of first appearance.

    Notes
    -----
    Where the coatings repeat exactly (values given per coating) they are compared exactly.
    Where almost every row has values of its own (measured per electrode), rows closer than
    the usual scatter are chained into one family: too few families make the
    cross-validated error larger, never smaller.
    """
    coating = np.column_stack([np.asarray(v, float) for v in (am, initial_porosity)])
    thickness = np.asarray(initial_thickness, float)
    exact = np.column_stack([coating, thickness])
    _, first, label = np.unique(exact, axis=0, return_index=True, return_inverse=True)
    label = label.ravel()
    if len(first) > 0.5 * len(exact):
        scale = np.column_stack(
            [
                coating / np.array(_FAMILY_TOLERANCE[:2]),
                np.log(np.maximum(thickness, 1e-9)) / _FAMILY_TOLERANCE[2],
            ]
        )
        if len(scale) > _MANY_ROWS:
            # Rows that share a small cell of the tolerance are one point: pairs stay few.
            cells, back = np.unique(np.round(4 * scale), axis=0, return_inverse=True)
            label = _chain(cells / 4)[back.ravel()]
        else:
            label = _chain(scale)
    return _number_by_appearance(label)


def _chain(points: NDArray[np.float64]) -> NDArray[np.intp]:
    """Single-linkage groups of points closer than 1 on every axis."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    pairs = cKDTree(points).query_pairs(1.0, p=np.inf, output_type="ndarray")
    n = len(points)
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(n, n))
    return np.asarray(connected_components(graph, directed=False)[1], np.intp)


def _number_by_appearance(label: NDArray[Any]) -> NDArray[np.intp]:
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.intp)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse.ravel()]


def distinguishing_names(
    am: ArrayLike, initial_porosity: ArrayLike, initial_thickness: ArrayLike
) -> tuple[str, ...]:
    """Name coatings by what tells them apart, e.g. ``"AM 94 %, ε_init 48.7 %"``.

    Parameters
    ----------
    am, initial_porosity : array_like, shape (k,), 0..1
    initial_thickness : array_like, shape (k,), µm

    Returns
    -------
    tuple of str
        As few quantities as make all names differ; all that differ where none do.
    """
    columns = [
        [f"AM {100 * v:.4g} %" for v in np.asarray(am, float)],
        [f"ε_init {100 * v:.3g} %" for v in np.asarray(initial_porosity, float)],
        [f"{v:.4g} µm" for v in np.asarray(initial_thickness, float)],
    ]
    varying = [column for column in columns if len(set(column)) > 1] or columns
    count = len(columns[0])
    names: list[str] = []
    for used in range(1, len(varying) + 1):
        names = [", ".join(parts) for parts in zip(*varying[:used], strict=True)]
        if len(set(names)) == count > 1:
            break
    return tuple(names)


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """The same names; those that stand twice are numbered, e.g. ``"AM 94 % (2)"``."""
    taken, seen = set(names), set[str]()
    unique = []
    for name in names:
        number, free = 2, name
        while free in seen or (free != name and free in taken):
            free, number = f"{name} ({number})", number + 1
        seen.add(free)
        unique.append(free)
    return tuple(unique)


def read_labels(
    labels: Sequence[str],
    named: bool,
    am: ArrayLike,
    initial_porosity: ArrayLike,
    initial_thickness: ArrayLike,
) -> tuple[NDArray[np.intp], tuple[str, ...]]:
    """Coatings of the rows of a sheet that has a column of names.

    Parameters
    ----------
    labels : sequence of str, shape (n,)
        What the column says of each row; empty where it is blank.
    named : bool
        Whether the column names coatings or batches. A column of samples or electrodes may
        name each row, or several of one coating.
    am, initial_porosity : array_like, shape (n,), 0..1
    initial_thickness : array_like, shape (n,), µm

    Returns
    -------
    families : ndarray of int, shape (n,)
        Numbered from 0 in order of first appearance.
    coatings : tuple of str, shape (n,)
        Name of each row's coating; empty where the sheet has none.

    Notes
    -----
    Named coatings are taken at their word. Names of samples never part rows of one coating,
    which would flatter the cross-validation, and join rows only where composition and coating
    agree within the scatter of one coating.
    """
    coating = np.column_stack(
        [np.asarray(v, float) for v in (am, initial_porosity, initial_thickness)]
    )
    values = find_families(*coating.T)
    known = _filled_down(labels, values)
    count, distinct = len(known), len(set(known) - {""})
    families = int(values.max()) + 1
    if distinct == 0 or (distinct == 1 and families > 1):
        return values, ("",) * count
    if distinct == count and families < count:
        return values, _common_beginnings(known, values)
    _, label = np.unique(known, return_inverse=True)
    if named and all(known):
        return _number_by_appearance(label), tuple(known)
    if not named and all(known) and _agree(coating, label):
        values = _joined(values, label)
    return values, tuple(known)


def family_names(
    families: NDArray[np.intp],
    coatings: Sequence[str],
    am: ArrayLike,
    initial_porosity: ArrayLike,
    initial_thickness: ArrayLike,
) -> tuple[str, ...]:
    """Short name of each family: the sheet's where it has one, else what tells it apart.

    Parameters
    ----------
    families : ndarray of int, shape (n,)
    coatings : sequence of str, shape (n,)
        Names as the sheet gives them, or empty.
    am, initial_porosity : array_like, shape (k,), 0..1
        Means of the k families, in the order of their numbers.
    initial_thickness : array_like, shape (k,), µm

    Returns
    -------
    tuple of str, shape (k,)
        All different.
    """
    means = [np.asarray(v, float) for v in (am, initial_porosity, initial_thickness)]
    plain = distinguishing_names(*means)
    names = []
    for family in np.unique(families):
        rows = np.flatnonzero(families == family)
        given = list(dict.fromkeys(coatings[i] for i in rows.tolist())) if coatings else [""]
        if "" in given or len(given) > _MOST_LABELS:
            names.append("")
        else:
            names.append(" + ".join(_spoken(name) for name in given))
    for name in set(names) - {""}:
        same = [k for k, other in enumerate(names) if other == name]
        if len(same) > 1:
            parts = distinguishing_names(*(column[same] for column in means))
            for k, part in zip(same, parts, strict=True):
                names[k] = f"{name}, {part}"
    return unique_names([name or plain[k] for k, name in enumerate(names)])


def _spoken(name: str) -> str:
    """A bare number says that it numbers coatings; a sentence is cut to a name."""
    if name.replace(".", "", 1).isdecimal():
        return f"Coating {name}"
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1].rstrip() + "…"


def _filled_down(labels: Sequence[str], values: NDArray[np.intp]) -> list[str]:
    """Labels, written once above the rows of their coating by many labs, in all its rows."""
    known: list[str] = []
    for i, label in enumerate(labels):
        text = " ".join(str(label).split())
        if not text and i and values[i] == values[i - 1]:
            text = known[-1]
        known.append(text)
    return known


def _agree(coating: NDArray[np.float64], label: NDArray[np.intp]) -> bool:
    """Whether rows of one label could be electrodes of one coating."""
    for k in range(int(label.max()) + 1):
        rows = coating[label == k]
        spread = np.ptp(rows, axis=0) / np.array([1.0, 1.0, rows[:, 2].mean()])
        if (spread > _LABEL_TOLERANCE).any():
            return False
    return True


def _joined(values: NDArray[np.intp], label: NDArray[np.intp]) -> NDArray[np.intp]:
    """Coarsest grouping of both: rows that agree in either are one family."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    size = int(values.max()) + 1
    n = size + int(label.max()) + 1
    graph = coo_array((np.ones(len(values)), (values, size + label)), shape=(n, n))
    group = connected_components(graph, directed=False)[1]
    return _number_by_appearance(group[values])


def _common_beginnings(labels: Sequence[str], values: NDArray[np.intp]) -> tuple[str, ...]:
    """What the sample names of each coating begin with: ``A-1``, ``A-2`` are of ``A``."""
    beginnings = []
    for family in range(int(values.max()) + 1):
        of_family = [labels[i] for i in np.flatnonzero(values == family).tolist()]
        begin = of_family[0]
        while not all(name.startswith(begin) for name in of_family):
            begin = begin[:-1]
        others = [name[len(begin)] for name in of_family if len(name) > len(begin)]
        # Half a number or half a word is no name.
        for kind in (str.isdigit, str.isalpha):
            if any(kind(c) for c in others):
                while begin and kind(begin[-1]):
                    begin = begin[:-1]
        beginnings.append(begin.rstrip(" -_./#:,("))
    if len(set(beginnings)) < len(beginnings) or not all(beginnings):
        return ("",) * len(labels)
    return tuple(beginnings[family] for family in values)
