"""A symbolic model: an intercept and a sum of coefficients times expressions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.learning import printing
from engine.learning.expression import Expression, apply, from_json, number
from engine.learning.intervals import Box, is_safe


@dataclass(frozen=True)
class SymbolicModel:
    """``intercept + sum(coefficient * term)``.

    Attributes
    ----------
    intercept : float
        In the unit of the target.
    coefficients : tuple of float
    terms : tuple of Expression
    """

    intercept: float
    coefficients: tuple[float, ...]
    terms: tuple[Expression, ...]

    @classmethod
    def fit(
        cls, terms: Sequence[Expression], columns: Mapping[str, np.ndarray], target: np.ndarray
    ) -> SymbolicModel:
        """Least squares with an intercept.

        Parameters
        ----------
        columns : mapping of str to ndarray, shape (rows,)
        target : ndarray, shape (rows,)
        """
        if not terms:
            return cls(float(np.mean(target)), (), ())
        values = np.column_stack(
            [np.broadcast_to(t.evaluate(columns), target.shape) for t in terms]
        )
        mean = values.mean(axis=0)
        centred = values - mean
        scale = np.sqrt((centred**2).sum(axis=0))
        scale[scale == 0] = 1.0
        level = float(np.mean(target))
        solution = np.linalg.lstsq(centred / scale, target - level, rcond=None)[0]
        coefficients = solution / scale
        return cls(
            float(level - coefficients @ mean), tuple(float(c) for c in coefficients), tuple(terms)
        )

    def predict(self, columns: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """Values over columns of one length, shape (rows,)."""
        total = np.full(rows, self.intercept)
        for coefficient, term in zip(self.coefficients, self.terms, strict=True):
            total = total + coefficient * term.evaluate(columns)
        return total

    def contributions(self, columns: Mapping[str, np.ndarray], rows: int) -> np.ndarray:
        """Share of each term in the prediction, shape (terms, rows), unit of the target."""
        return np.array(
            [
                c * np.broadcast_to(t.evaluate(columns), rows)
                for c, t in zip(self.coefficients, self.terms, strict=True)
            ]
        ).reshape(len(self.terms), rows)

    @property
    def complexity(self) -> int:
        """Operators in all terms."""
        return sum(term.complexity for term in self.terms)

    def tree(self) -> Expression:
        """The whole model as one expression."""
        total: Expression | None = None
        if self.intercept != 0 or not self.terms:
            total = number(self.intercept)
        for coefficient, term in zip(self.coefficients, self.terms, strict=True):
            size = coefficient if total is None else abs(coefficient)
            part = term if size == 1 else apply("*", number(size), term)
            if total is None:
                total = part
            else:
                total = apply("-" if coefficient < 0 else "+", total, part)
        assert total is not None
        return total

    def text(self, digits: int | None = None) -> str:
        """Right-hand side as text."""
        return printing.to_text(self.tree(), digits)

    def latex(self, names: Mapping[str, str] | None = None, digits: int | None = None) -> str:
        """Right-hand side as LaTeX."""
        return printing.to_latex(self.tree(), names, digits)

    def safe_in(self, box: Box) -> bool:
        """Whether every term is proven finite over a box of the inputs."""
        return all(is_safe(term, box) for term in self.terms)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "intercept": self.intercept,
            "terms": [
                {"coefficient": c, "expression": t.to_json(), "text": printing.to_text(t)}
                for c, t in zip(self.coefficients, self.terms, strict=True)
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> SymbolicModel:
        """Rebuild from `to_dict`.

        Raises
        ------
        InputError
            If the data is no such model.
        """
        try:
            coefficients = tuple(float(part["coefficient"]) for part in data["terms"])
            terms = tuple(from_json(part["expression"]) for part in data["terms"])
            model = cls(float(data["intercept"]), coefficients, terms)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError("The model file holds no symbolic model that can be read.") from error
        if not all(math.isfinite(c) for c in (model.intercept, *model.coefficients)):
            raise InputError("The model file holds a coefficient that is not finite.")
        return model
