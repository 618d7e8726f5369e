"""Plain models that every learned one must beat to be worth its terms."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.learning.expression import Expression, apply, column, number
from engine.learning.subset_search import COLLINEAR
from engine.learning.symbolic import SymbolicModel
from engine.learning.units import Unit, make_unit

_PRESSURE_NAME = re.compile(r"(^|_)(p|pressure)($|_)", re.IGNORECASE)
_POROSITY_NAME = re.compile(r"porosity|^eps_?cal|^epsilon_?cal", re.IGNORECASE)
_TORTUOSITY_NAME = re.compile(r"tortuosity|^tau", re.IGNORECASE)
_SOLID_NAME = re.compile(r"solid|sol(?![a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Baseline:
    """A fixed form to be fitted by least squares.

    Attributes
    ----------
    name, label : str
        Key in JSON, and how it is called in a sentence.
    terms : tuple of Expression
    fixed : bool
        True for a relation without any parameter: the only term is the prediction itself.
    power : bool
        True where target = factor * term ** exponent is fitted in logarithms.
    """

    name: str
    label: str
    terms: tuple[Expression, ...]
    fixed: bool = False
    power: bool = False

    def fit(self, columns: Mapping[str, np.ndarray], target: np.ndarray) -> SymbolicModel | None:
        """Fit to rows; None where the form does not apply to them."""
        if self.fixed:
            return SymbolicModel(0.0, (1.0,), self.terms)
        if self.power:
            base = self.terms[0].evaluate(columns)
            if np.any(target <= 0) or np.any(base <= 0) or np.ptp(base) == 0:
                return None
            slope, level = np.polyfit(np.log(base), np.log(target), 1)
            term = apply("^", self.terms[0], number(float(slope)))
            return SymbolicModel(0.0, (float(np.exp(level)),), (term,))
        terms = independent_terms(self.terms, columns)
        if target.size < len(terms) + 2:
            return None
        return SymbolicModel.fit(terms, columns, target)


def independent_terms(
    terms: Sequence[Expression], columns: Mapping[str, np.ndarray]
) -> list[Expression]:
    """Drop constant terms and those that earlier terms determine, such as CBD beside AM."""
    kept: list[Expression] = []
    basis: list[np.ndarray] = []
    for term in terms:
        values = np.asarray(term.evaluate(columns), dtype=float)
        if values.ndim == 0 or not np.all(np.isfinite(values)):
            continue
        v = values - values.mean()
        size = np.linalg.norm(v)
        if size <= 1e-9 * np.abs(values).max() * np.sqrt(v.size):
            continue
        v = v / size
        for _ in range(2):
            for q in basis:
                v = v - (q @ v) * q
        left = np.linalg.norm(v)
        if left**2 < COLLINEAR:
            continue
        basis.append(v / left)
        kept.append(term)
    return kept


def is_pressure(name: str, unit: Unit) -> bool:
    """Whether a column is a pressure, by its unit or its name."""
    return unit == make_unit({"MPa": 1}) or bool(_PRESSURE_NAME.search(name))


def porosity_fraction(names: Sequence[str], columns: Mapping[str, np.ndarray]) -> Expression | None:
    """Porosity after calendering as a fraction, where it is one of the inputs."""
    for name in names:
        if _POROSITY_NAME.search(name) and "initial" not in name.lower():
            percent = name.endswith("_percent") or float(np.max(columns[name])) > 1
            return apply("/", column(name), number(100.0)) if percent else column(name)
    return None


def baselines_for(
    target: str, names: Sequence[str], units: Sequence[Unit], columns: Mapping[str, np.ndarray]
) -> list[Baseline]:
    """Forms that make sense for a target and its inputs.

    Parameters
    ----------
    columns : mapping of str to ndarray, shape (rows,)
        All rows on which the forms will be evaluated: a logarithm is used only if all allow it.
    """
    plain = tuple(column(name) for name in names)
    scaled = []
    logarithmic = False
    for name, unit in zip(names, units, strict=True):
        if is_pressure(name, unit) and np.min(columns[name]) > 0:
            scaled.append(apply("log", column(name)))
            logarithmic = True
        else:
            scaled.append(column(name))
    products = [
        apply("^2", a) if a == b else apply("*", a, b)
        for a, b in itertools.combinations_with_replacement(scaled, 2)
    ]
    found = [
        Baseline("linear", "straight line in the inputs", plain),
        Baseline(
            "quadratic",
            "full quadratic" + (" in ln P and the other inputs" if logarithmic else ""),
            (*scaled, *products),
        ),
    ]
    porosity = porosity_fraction(names, columns)
    if porosity is not None and np.max(porosity.evaluate(columns)) < 1:
        solid = apply("-", number(1.0), porosity)
        if np.min(porosity.evaluate(columns)) > 0:
            ratio = apply("/", porosity, solid)
            found.append(Baseline("porosity_ratio", "straight line in eps/(1 - eps)", (ratio,)))
            if _TORTUOSITY_NAME.search(target):
                base = solid if _SOLID_NAME.search(target) else porosity
                factor = "factor" in target.lower() or "tau_f" in target.lower()
                law = apply("^", base, number(-0.5 if factor else -0.25))
                found.append(Baseline("bruggeman", "Bruggeman", (law,), fixed=True))
                found.append(Baseline("power_law", "Bruggeman form, fitted", (base,), power=True))
    return found
