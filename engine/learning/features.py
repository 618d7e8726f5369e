"""The explicit feature space: every rung but the last, with values, units and signs.

Features of equal value up to sign are kept once, in their simplest form. The last rung is
never stored; `engine.learning.screening` enumerates it from this table.

Source of the construction: R. Ouyang et al., Phys. Rev. Materials 2 (2018) 083802,
DOI 10.1103/PhysRevMaterials.2.083802.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numba import njit

from engine.errors import InputError
from engine.learning.duplicates import classes_of_equal, first_of_each
from engine.learning.expression import Expression, column, negate
from engine.learning.intervals import Box, Interval, combine, cut_box, is_nonnegative, sign_in_box
from engine.learning.operators import (
    ABS,
    ABS_SUM,
    DIFF_BY_ADD,
    DIV,
    EXP,
    INV,
    LOG,
    MUL,
    NAMES,
    NEG_EXP,
    POWERS,
    SAME,
    SIGN_SENSITIVE,
    SQRT,
    SUM_BY_SUB,
    TRANSCENDENTAL,
    TURNED,
    expression_of,
    operate,
    sum_codes,
)
from engine.learning.units import PLAIN, Unit, multiply, raise_to, reference_of
from engine.progress import Progress

_RAW_TOLERANCE = 1e-10
_CELLS = 512


@dataclass(frozen=True)
class Rules:
    """What a feature may be.

    Attributes
    ----------
    operators : tuple of int
        Codes of `engine.learning.operators`.
    complexity : int
        Largest number of operators in a feature.
    bounds : tuple of two floats
        The largest absolute value over the rows must lie between them.
    references : mapping of str to float
        Reference of each unit symbol, over which exp and log take a quantity.
    strict : bool
        exp, log, sin and cos take a quantity only where a reference is declared for its unit.
    box : mapping of str to (float, float), or None
        Every feature must be proven finite in it; None asks nothing beyond the rows.
    memory : int, bytes
        Refuse a space that would need more.
    """

    operators: tuple[int, ...]
    complexity: int = 10
    bounds: tuple[float, float] = (1e-3, 1e5)
    references: Mapping[str, float] = field(default_factory=dict)
    strict: bool = False
    box: Box | None = None
    memory: int = 1_200_000_000


def projections(rows: int) -> np.ndarray:
    """Two fixed random directions, shape (2, rows), by which equal columns are recognised."""
    stream = np.random.default_rng(np.random.SeedSequence(20201229))
    return stream.normal(size=(2, rows))


@njit(nogil=True, cache=True)
def acceptable(v, low, high):
    """Whether a column is finite, within bounds and far enough from a constant."""
    largest, top, bottom, total = 0.0, -np.inf, np.inf, 0.0
    for x in v:
        if not np.isfinite(x):
            return False
        largest = max(largest, abs(x))
        top = max(top, x)
        bottom = min(bottom, x)
        total += x
    if largest < low or largest > high or top - bottom < 1e-8:
        return False
    mean, spread = total / v.size, 0.0
    for x in v:
        spread += (x - mean) ** 2
    return spread > (1e-9 * largest) ** 2 * v.size


@njit(nogil=True, cache=True)
def _describe(codes, left, right, values, references, low, high, direction, keys):
    """Fill `keys` (m, 2) with the norm and one absolute projection; norm 0 marks a rejected one."""
    out = np.empty(values.shape[1])
    for m in range(codes.size):
        i, j = left[m], right[m]
        operate(codes[m], values[i], values[j], references[i], out)
        keys[m, 0] = 0.0
        if acceptable(out, low, high):
            total, projected = 0.0, 0.0
            for t in range(out.size):
                total += out[t] * out[t]
                projected += out[t] * direction[t]
            keys[m, 0] = np.sqrt(total)
            keys[m, 1] = abs(projected)


@njit(nogil=True, cache=True)
def evaluate_records(codes, left, right, values, references):
    """Values of operations over table rows, shape (m, rows)."""
    out = np.empty((codes.size, values.shape[1]))
    for m in range(codes.size):
        operate(codes[m], values[left[m]], values[right[m]], references[left[m]], out[m])
    return out


@dataclass
class FeatureSpace:
    """Table of explicit features; index is a row of `values`.

    Attributes
    ----------
    values : ndarray of float, shape (n, rows)
    complexity : ndarray of int, shape (n,)
    unit : ndarray of int, shape (n,)
        Index into `units`.
    reference : ndarray of float, shape (n,)
        Declared reference of each feature's unit.
    expressions : list of Expression
    negatable : ndarray of bool, shape (n,)
        Whether the opposite sign can be written with as many operators.
    sign : ndarray of int, shape (n,)
        Sign kept over the whole box (without a box: over the rows), 0 where it changes.
    non_negative : ndarray of bool, shape (n,)
    non_zero : ndarray of bool, shape (n,)
        Whether it may divide: proven not to reach zero in the box; without a box, not at a row.
    exponent_range : ndarray of float, shape (n, 2)
        Enclosure of the value over the box, for exp.
    """

    rules: Rules
    columns: tuple[str, ...]
    values: np.ndarray
    complexity: np.ndarray
    unit: np.ndarray
    reference: np.ndarray
    expressions: list[Expression]
    negatable: np.ndarray
    sign: np.ndarray
    non_negative: np.ndarray
    non_zero: np.ndarray
    exponent_range: np.ndarray
    units: list[Unit]
    sizes: list[int] = field(default_factory=list)
    _cells: Interval | None = None

    @classmethod
    def of_columns(
        cls, table: np.ndarray, columns: tuple[str, ...], units: list[Unit], rules: Rules
    ) -> FeatureSpace:
        """Rung 0: the columns themselves.

        Parameters
        ----------
        table : ndarray of float, shape (rows, columns)
        """
        values = np.ascontiguousarray(table.T, dtype=float)
        n = len(columns)
        distinct = list(dict.fromkeys([PLAIN, *units]))
        unit = np.array([distinct.index(u) for u in units])
        space = cls(
            rules=rules,
            columns=columns,
            values=values,
            complexity=np.zeros(n, dtype=np.int64),
            unit=unit,
            reference=np.array([reference_of(u, rules.references) for u in units]),
            expressions=[column(name) for name in columns],
            negatable=np.zeros(n, dtype=bool),
            sign=np.zeros(n, dtype=np.int64),
            non_negative=np.zeros(n, dtype=bool),
            non_zero=np.zeros(n, dtype=bool),
            exponent_range=np.zeros((n, 2)),
            units=distinct,
            sizes=[n],
        )
        if rules.box is not None:
            cells = cut_box(rules.box, columns, _CELLS)
            space._cells = Interval(
                np.array([cells[c].low for c in columns]),
                np.array([cells[c].high for c in columns]),
            )
        space._judge_signs(0)
        return space

    def __len__(self) -> int:
        return len(self.expressions)

    def _judge_signs(self, start: int) -> None:
        """Fill what is known of the sign and range of the features from `start` on."""
        part = slice(start, None)
        if self._cells is None or self.rules.box is None:
            low, high = self.values[part].min(axis=1), self.values[part].max(axis=1)
        else:
            low, high = self._cells.low[part].min(axis=1), self._cells.high[part].max(axis=1)
        sign = np.where(low > 0, 1, np.where(high < 0, -1, 0))
        non_negative = low >= 0
        if self.rules.box is not None:
            rows = self.values[part]
            one_sided = (rows > 0).all(axis=1) | (rows < 0).all(axis=1)
            for k in np.flatnonzero((sign == 0) & one_sided & ~non_negative):
                tree = self.expressions[start + k]
                sign[k] = sign_in_box(tree, self.rules.box)
                non_negative[k] = sign[k] > 0 or is_nonnegative(tree, self.rules.box)
        self.sign[part] = sign
        self.non_negative[part] = non_negative
        self.non_zero[part] = (
            sign != 0 if self.rules.box is not None else (self.values[part] != 0).all(axis=1)
        )
        self.exponent_range[part] = np.stack([low, high], axis=1)

    @property
    def over_reference(self) -> np.ndarray:
        """Which of `units` are plain or have a declared reference, shape (units,), bool."""
        declared = self.rules.references
        return np.array([all(s in declared for s, _ in unit) for unit in self.units], dtype=bool)

    def allowed_unary(self, code: int) -> np.ndarray:
        """Which features an operator of one argument may act on, shape (n,), bool."""
        turned = code >= TURNED
        base = code - TURNED if turned else code
        allowed = self.negatable.copy() if turned else np.ones(len(self), dtype=bool)
        sign = -self.sign if turned else self.sign
        low, high = self.exponent_range.T
        if turned:
            low, high = -high, -low
        if base in TRANSCENDENTAL and self.rules.strict:
            allowed &= self.over_reference[self.unit]
        if base == LOG:
            allowed &= sign > 0
        elif base == SQRT:
            allowed &= (sign > 0) | (self.non_negative & (not turned))
        elif base == INV:
            allowed &= self.non_zero
        elif base == EXP:
            allowed &= high / self.reference < 700
        elif base == NEG_EXP:
            allowed &= low / self.reference > -700
        elif base == ABS:
            allowed &= sign == 0
        return allowed

    def with_turnable_last(self, i: np.ndarray, j: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Order pairs so that the second feature has its negative at no cost."""
        swap = ~self.negatable[j]
        return np.where(swap, j, i), np.where(swap, i, j)

    def unary_codes(self) -> list[int]:
        """Operators of one argument in use, with the sign-changed forms that differ."""
        codes = [c for c in self.rules.operators if EXP <= c < SAME]
        return codes + [c + TURNED for c in codes if c in SIGN_SENSITIVE]

    def _candidates(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Operations that give the next rung: codes, left and right indices."""
        n = len(self)
        everything = np.arange(n)
        codes: list[np.ndarray] = []
        left: list[np.ndarray] = []
        right: list[np.ndarray] = []

        def add(code: int, i: np.ndarray, j: np.ndarray) -> None:
            codes.append(np.full(i.size, code, dtype=np.int64))
            left.append(i)
            right.append(j)

        for code in self.unary_codes():
            chosen = everything[self.allowed_unary(code)]
            add(code, chosen, chosen)
        i, j = np.triu_indices(n, 1)
        same = self.unit[i] == self.unit[j]
        operators = self.rules.operators
        for code, turnable, _ in sum_codes(operators):
            a, b = i[same], j[same]
            if turnable:
                able = self.negatable[a] | self.negatable[b]
                a, b = self.with_turnable_last(a[able], b[able])
            add(code, a, b)
        if MUL in operators:
            add(MUL, i, j)
        if DIV in operators:
            for a, b in ((i, j), (j, i)):
                divisible = self.non_zero[b]
                add(DIV, a[divisible], b[divisible])
        return np.concatenate(codes), np.concatenate(left), np.concatenate(right)

    @cached_property
    def is_reciprocal(self) -> np.ndarray:
        """Which features are written as one over another, shape (n,), bool."""
        return np.array([tree.op == "^-1" for tree in self.expressions], dtype=bool)

    def complexity_of(self, codes: np.ndarray, i: np.ndarray, j: np.ndarray) -> np.ndarray:
        """Number of operators of operations; a times 1/b counts as a quotient."""
        binary = codes < EXP
        shorter = (codes == MUL) & (self.is_reciprocal[i] | self.is_reciprocal[j])
        return np.where(
            codes == SAME,
            self.complexity[i],
            self.complexity[i] + np.where(binary, self.complexity[j], 0) + 1 - shorter,
        )

    def expression(self, code: int, i: int, j: int) -> Expression | None:
        """Expression of one operation over the table."""
        right = self.expressions[j] if code < EXP else None
        return expression_of(code, self.expressions[i], right, float(self.reference[i]))

    def _unit_of(self, code: int, i: int, j: int) -> Unit:
        left = self.units[self.unit[i]]
        base = code - TURNED if code >= TURNED else code
        if base == MUL:
            return multiply(left, self.units[self.unit[j]])
        if base == DIV:
            return multiply(left, self.units[self.unit[j]], -1)
        if base in TRANSCENDENTAL:
            return PLAIN
        return raise_to(left, POWERS[base]) if base in POWERS else left

    def grown(self, progress: Progress | None = None) -> FeatureSpace:
        """Add the next rung; features of a value that is there already are dropped.

        Raises
        ------
        InputError
            If the space would not fit into the memory allowed.
        """
        codes, i, j = self._candidates()
        small = self.complexity_of(codes, i, j) <= self.rules.complexity
        codes, i, j = codes[small], i[small], j[small]
        rows = self.values.shape[1]
        if codes.size * 60 > self.rules.memory:
            raise InputError(
                f"The feature space would hold {codes.size:,} candidates before the last rung: "
                "use fewer inputs, fewer operators or a lower rung."
            )
        keys = np.zeros((codes.size, 2))
        direction = projections(rows)[0]
        step = 200_000
        for start in range(0, codes.size, step):
            part = slice(start, start + step)
            _describe(
                codes[part],
                i[part],
                j[part],
                self.values,
                self.reference,
                *self.rules.bounds,
                direction,
                keys[part],
            )
            if progress is not None:
                progress.report(start / codes.size, "building features")
        good = keys[:, 0] > 0
        codes, i, j, keys = codes[good], i[good], j[good], keys[good]

        own = np.linalg.norm(self.values, axis=1)
        norms = np.concatenate([own, keys[:, 0]])
        places = np.concatenate([np.abs(self.values @ direction), keys[:, 1]])
        # Explicit features come first in every class, then the simplest, then the earliest.
        complexity = np.concatenate(
            [self.complexity - 10_000, self.complexity_of(codes, i, j)]
        ).astype(np.int64)
        classes = classes_of_equal(norms, places, norms, _RAW_TOLERANCE)
        kept = first_of_each(classes, (complexity, np.arange(norms.size)))
        kept = kept[kept >= len(self)] - len(self)
        if (kept.size + len(self)) * rows * 20 > self.rules.memory:
            raise InputError(
                f"The explicit feature space would hold {kept.size:,} features of {rows} rows: "
                "use fewer inputs, fewer operators or a lower rung."
            )
        return self._extended(codes[kept], i[kept], j[kept])

    def _extended(self, codes: np.ndarray, i: np.ndarray, j: np.ndarray) -> FeatureSpace:
        order = np.argsort(self.complexity_of(codes, i, j), kind="stable")
        trees = [self.expression(int(codes[k]), int(i[k]), int(j[k])) for k in order]
        writable = np.array([tree is not None for tree in trees], dtype=bool)
        order = order[writable]
        new = [tree for tree in trees if tree is not None]
        codes, i, j = codes[order], i[order], j[order]
        values = evaluate_records(codes, i, j, self.values, self.reference)

        units = list(self.units)
        index = {unit: k for k, unit in enumerate(units)}
        unit = np.empty(len(new), dtype=np.int64)
        for k in range(len(new)):
            found = self._unit_of(int(codes[k]), int(i[k]), int(j[k]))
            if found not in index:
                index[found] = len(units)
                units.append(found)
            unit[k] = index[found]
        reference = np.array([reference_of(u, self.rules.references) for u in units])

        def extend(old: np.ndarray, fresh: np.ndarray) -> np.ndarray:
            return np.concatenate([old, fresh])

        blank = np.zeros(len(new), dtype=np.int64)
        grown = FeatureSpace(
            rules=self.rules,
            columns=self.columns,
            values=np.ascontiguousarray(extend(self.values, values)),
            complexity=extend(self.complexity, np.array([t.complexity for t in new], dtype=int)),
            unit=extend(self.unit, unit),
            reference=extend(self.reference, reference[unit]),
            expressions=self.expressions + new,
            negatable=extend(self.negatable, np.array([negate(t) is not None for t in new], bool)),
            sign=extend(self.sign, blank),
            non_negative=extend(self.non_negative, blank.astype(bool)),
            non_zero=extend(self.non_zero, blank.astype(bool)),
            exponent_range=np.concatenate([self.exponent_range, np.zeros((len(new), 2))]),
            units=units,
            sizes=[*self.sizes, len(self) + len(new)],
        )
        if self._cells is not None:
            grown._cells = self._grown_cells(codes, i, j)
        grown._judge_signs(len(self))
        return grown

    def _grown_cells(self, codes: np.ndarray, i: np.ndarray, j: np.ndarray) -> Interval:
        """Enclosures of the new features, from those of their arguments."""
        assert self._cells is not None
        low, high = self._cells
        most = max(1, int(4e6 / max(1, codes.size + len(self))))
        if low.shape[1] > most:  # too many features for fine cells: fall back to the whole box
            low, high = low.min(axis=1, keepdims=True), high.max(axis=1, keepdims=True)
        new_low = np.empty((codes.size, low.shape[1]))
        new_high = np.empty_like(new_low)
        for code in np.unique(codes):
            chosen = np.flatnonzero(codes == code)
            a = Interval(low[i[chosen]], high[i[chosen]])
            b = Interval(low[j[chosen]], high[j[chosen]])
            base = int(code - TURNED if code >= TURNED else code)
            if code >= TURNED:
                a = Interval(-a.high, -a.low)
            if base in TRANSCENDENTAL:
                over = 1.0 / self.reference[i[chosen]][:, None]
                a = Interval(a.low * over, a.high * over)
            if base in (ABS_SUM, SUM_BY_SUB):
                found = combine("+", a, b)
                found = combine("abs", found) if base == ABS_SUM else found
            elif base == DIFF_BY_ADD:
                found = combine("-", a, b)
            else:
                found = combine(NAMES[base], a, b if base < EXP else None)
            new_low[chosen], new_high[chosen] = found
        return Interval(np.concatenate([low, new_low]), np.concatenate([high, new_high]))
