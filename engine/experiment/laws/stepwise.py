"""Which terms a polynomial law should have: stepwise by an information criterion."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError
from engine.experiment.laws.terms import Term, parse_term
from engine.experiment.table import CalenderingTable
from engine.threads import one_thread

CRITERIA = ("bic", "aicc")

# A residual below this (porosity 0..1) is rounding: more terms cannot be told from fewer.
_EXACT = 1e-9


@dataclass(frozen=True)
class TermChoice:
    """Terms chosen, and the way there.

    Attributes
    ----------
    terms : tuple of str
    criterion : str
    value : float
        Of the criterion; lower is better.
    steps : tuple of (str, float)
        What was done, e.g. ``"+ gap"``, and the criterion after it.
    candidates : int
        Number of terms to choose from.
    """

    terms: tuple[str, ...]
    criterion: str
    value: float
    steps: tuple[tuple[str, float], ...]
    candidates: int


def candidate_terms(
    table: CalenderingTable, extra: Sequence[str] = (), inputs: Sequence[str] | None = None
) -> tuple[str, ...]:
    """Constant, inputs, their squares and products, for a table.

    Parameters
    ----------
    table : CalenderingTable
    extra : sequence of str
        Extra number columns to consider as inputs.
    inputs : sequence of str, optional
        Of ``AM``, ``eps_init``, ``t0``, those to consider; by default all. The roll gap or
        pressure is always one.

    Returns
    -------
    tuple of str
        In the roll gap where it is known, otherwise in the pressure.
    """
    known = ("AM", "eps_init", "t0")
    coating = [n for n in known if inputs is None or n in inputs] + list(extra)
    driver = ["gap"] if table.has_gap else ["P"]
    inputs = [*coating, *driver]
    products = [f"{a}*{b}" for a, b in itertools.combinations(inputs, 2)]
    # A square of a coating input needs more coatings than a lab has; that of the gap does not.
    return ("1", *inputs, f"{driver[0]}²", "ln(P)", *products)


def choose_terms(
    table: CalenderingTable,
    criterion: str = "bic",
    candidates: Sequence[str] | None = None,
    most: int | None = None,
) -> TermChoice:
    """Choose terms by adding and dropping one at a time while the criterion falls.

    Parameters
    ----------
    table : CalenderingTable
    criterion : {"bic", "aicc"}
        Schwarz's criterion, or Akaike's with the correction for few conditions.
    candidates : sequence of str, optional
        By default `candidate_terms`.
    most : int, optional
        Most terms; by default a third of the conditions.

    Returns
    -------
    TermChoice

    Raises
    ------
    InputError
        If the criterion is not known, or no candidate fits.

    Notes
    -----
    Schwarz 1978 (DOI 10.1214/aos/1176344136); Hurvich and Tsai 1989
    (DOI 10.1093/biomet/76.2.297). Both take rows as independent, which rows of one coating
    are not: judge the result by the error on a left-out family.
    """
    if criterion not in CRITERIA:
        raise InputError(f"Criterion '{criterion}' is not one of {', '.join(CRITERIA)}.")
    names = tuple(candidates) if candidates is not None else candidate_terms(table)
    extra = tuple(table.numeric_extra())
    terms = {term.name: term for term in (parse_term(name, extra) for name in names)}
    columns = {
        name: column
        for name, column in ((n, _column(t, table)) for n, t in terms.items())
        if np.isfinite(column).all() and np.linalg.norm(column) > 0
    }
    most = max(1, len(table) // 3) if most is None else most
    most = min(most, len(table) - 2, len(columns))
    if most < 1:
        raise InputError("Too few conditions to choose terms for: add measurements.")
    chosen: list[str] = []
    value = math.inf
    steps: list[tuple[str, float]] = []
    with one_thread():
        while True:
            moves: list[tuple[float, str, list[str]]] = []
            if len(chosen) < most:
                for name in columns:
                    if name not in chosen:
                        wider = [n for n in columns if n in (*chosen, name)]
                        moves.append((_score(wider, columns, table, criterion), f"+ {name}", wider))
            if len(chosen) > 1:
                for name in chosen:
                    fewer = [n for n in chosen if n != name]
                    moves.append((_score(fewer, columns, table, criterion), f"- {name}", fewer))
            if not moves:
                break
            best, what, after = min(moves, key=lambda move: move[0])
            if not best < value - 1e-9:
                break
            chosen, value = after, best
            steps.append((what, best))
    if not chosen:
        raise InputError("No candidate term fits these measurements.")
    return TermChoice(tuple(chosen), criterion, value, tuple(steps), len(columns))


def _column(term: Term, table: CalenderingTable) -> NDArray[np.float64]:
    v = {
        "AM": table.am,
        "eps_init": table.initial_porosity,
        "t0": table.initial_thickness,
        "gap": table.gap,
        "P": table.pressure,
        **table.numeric_extra(),
    }
    return term.values(v)


def _score(
    names: Sequence[str],
    columns: dict[str, NDArray[np.float64]],
    table: CalenderingTable,
    criterion: str,
) -> float:
    """Information criterion of a least-squares fit; inf where columns are confounded."""
    matrix = np.column_stack([columns[n] / np.linalg.norm(columns[n]) for n in names])
    n, p = matrix.shape
    solution, _, rank, _ = np.linalg.lstsq(matrix, table.porosity, rcond=1e-9)
    if rank < p:
        return math.inf
    residuals = table.porosity - matrix @ solution
    likelihood = n * math.log(max(float(residuals @ residuals) / n, _EXACT**2))
    # The noise is one more parameter.
    k = p + 1
    if criterion == "bic":
        return likelihood + k * math.log(n)
    if n <= k + 1:
        return math.inf
    return likelihood + 2 * k + 2 * k * (k + 1) / (n - k - 1)
