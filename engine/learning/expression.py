"""Expression trees: what a symbolic model is made of, stored as JSON and never as code.

The JSON form of a node is a list: ``["column", "pressure_MPa"]``, ``["number", 2.5]`` or an
operator with its arguments, ``["/", ["column", "a"], ["column", "b"]]``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError

BINARY = ("+", "-", "*", "/", "|-|", "^")
UNARY = (
    *("exp", "exp-", "log", "^-1", "^2", "^3", "^6"),
    *("sqrt", "cbrt", "abs", "sin", "cos", "neg"),
)
_DEPTH_LIMIT = 60

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "|-|": lambda a, b: np.abs(a - b),
    "^": np.power,
    "exp": np.exp,
    "exp-": lambda a: np.exp(-a),
    "log": np.log,
    "^-1": lambda a: 1.0 / a,
    "^2": lambda a: a * a,
    "^3": lambda a: a * a * a,
    "^6": lambda a: (a * a * a) ** 2,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "abs": np.abs,
    "sin": np.sin,
    "cos": np.cos,
    "neg": np.negative,
}


@dataclass(frozen=True)
class Expression:
    """One node of a tree.

    Attributes
    ----------
    op : str
        ``"column"``, ``"number"`` or one of `BINARY` and `UNARY`.
    args : tuple of Expression
    name : str
        Column name, for a column.
    value : float
        For a number.
    """

    op: str
    args: tuple[Expression, ...] = ()
    name: str = ""
    value: float = 0.0

    def evaluate(self, columns: Mapping[str, np.ndarray]) -> np.ndarray:
        """Values over arrays of one shape; poles give inf or nan, silently.

        Parameters
        ----------
        columns : mapping of str to ndarray of float
        """
        with np.errstate(all="ignore"):
            return np.asarray(self._evaluate(columns), dtype=float)

    def _evaluate(self, columns: Mapping[str, np.ndarray]) -> Any:
        if self.op == "column":
            return columns[self.name]
        if self.op == "number":
            return self.value
        return _FUNCTIONS[self.op](*(argument._evaluate(columns) for argument in self.args))

    @property
    def complexity(self) -> int:
        """Number of operators; dividing by a declared reference does not count."""
        if not self.args:
            return 0
        own = 0 if self.op == "/" and self.args[1].op == "number" else 1
        return own + sum(argument.complexity for argument in self.args)

    def walk(self) -> Iterator[Expression]:
        """Visit every node, root first."""
        yield self
        for argument in self.args:
            yield from argument.walk()

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that appear, sorted."""
        return tuple(sorted({node.name for node in self.walk() if node.op == "column"}))

    def renamed(self, names: Mapping[str, str]) -> Expression:
        """Return the same tree over other column names."""
        if self.op == "column":
            return column(names.get(self.name, self.name))
        return Expression(
            self.op, tuple(a.renamed(names) for a in self.args), self.name, self.value
        )

    def to_json(self) -> list[Any]:
        """Nested lists of JSON values."""
        if self.op == "column":
            return ["column", self.name]
        if self.op == "number":
            return ["number", self.value]
        return [self.op, *(argument.to_json() for argument in self.args)]


def column(name: str) -> Expression:
    """Leaf that stands for a column of the table."""
    return Expression("column", name=name)


def number(value: float) -> Expression:
    """Leaf that stands for a constant."""
    return Expression("number", value=float(value))


def apply(op: str, *args: Expression) -> Expression:
    """Node of an operator, checked for its number of arguments.

    Raises
    ------
    InputError
        If the operator is unknown or has other arguments.
    """
    expected = 2 if op in BINARY else 1 if op in UNARY else -1
    if expected != len(args):
        raise InputError(f"'{op}' with {len(args)} arguments is not an expression of this program.")
    return Expression(op, args)


def from_json(data: Any, depth: int = 0) -> Expression:
    """Rebuild a tree from `Expression.to_json`.

    Raises
    ------
    InputError
        If the data is anything else than such a tree.
    """
    if depth > _DEPTH_LIMIT or not isinstance(data, list) or not data:
        raise InputError("The model file holds an expression that cannot be read.")
    head, *rest = data
    if head == "column" and len(rest) == 1 and isinstance(rest[0], str):
        return column(rest[0])
    if head == "number" and len(rest) == 1 and isinstance(rest[0], (int, float)):
        if not math.isfinite(rest[0]):
            raise InputError("The model file holds a constant that is not finite.")
        return number(rest[0])
    if not isinstance(head, str):
        raise InputError("The model file holds an expression that cannot be read.")
    return apply(head, *(from_json(part, depth + 1) for part in rest))


def negate(tree: Expression) -> Expression | None:
    """Expression of the opposite sign with as many operators, or None where there is none.

    ``a - b`` becomes ``b - a``; products, quotients and odd powers pass the change on.
    """
    if tree.op == "-":
        return Expression("-", (tree.args[1], tree.args[0]))
    if tree.op in ("*", "/"):
        left, right = tree.args
        turned = negate(left)
        if turned is not None:
            return Expression(tree.op, (turned, right))
        turned = negate(right)
        return None if turned is None else Expression(tree.op, (left, turned))
    if tree.op in ("^-1", "^3", "cbrt"):
        turned = negate(tree.args[0])
        return None if turned is None else Expression(tree.op, (turned,))
    if tree.op == "+":
        turned_pair = [negate(argument) for argument in tree.args]
        if all(turned_pair):
            return Expression("+", tuple(t for t in turned_pair if t is not None))
    return None
