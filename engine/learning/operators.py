"""The operators from which features are built, as codes for the kernels and names for people."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import numpy as np
from numba import njit

from engine.errors import InputError
from engine.learning.expression import Expression, apply, negate, number

ADD, SUB, MUL, DIV, ABS_DIFF = range(5)
# Features are kept up to sign, so that a - (-b) must be reached too: as a sum where only the
# difference is an operator, as a difference where only the sum is, and inside |-|.
ABS_SUM, SUM_BY_SUB, DIFF_BY_ADD = 5, 6, 7
EXP, NEG_EXP, LOG, INV, SQUARE, CUBE, SIXTH, SQRT, CBRT, ABS, SIN, COS = range(10, 22)
SAME = 30
# Added to a one-argument code: the operator acts on the argument with its sign changed.
TURNED = 64

NAMES = {
    ADD: "+",
    SUB: "-",
    MUL: "*",
    DIV: "/",
    ABS_DIFF: "|-|",
    EXP: "exp",
    NEG_EXP: "exp-",
    LOG: "log",
    INV: "^-1",
    SQUARE: "^2",
    CUBE: "^3",
    SIXTH: "^6",
    SQRT: "sqrt",
    CBRT: "cbrt",
    ABS: "abs",
    SIN: "sin",
    COS: "cos",
}
CODES = {name: code for code, name in NAMES.items()}

# The set of the published study, DOI 10.1016/j.jpowsour.2020.229103.
DEFAULT_OPERATORS = (
    *("+", "-", "*", "/", "exp", "log"),
    *("^-1", "^2", "^3", "sqrt", "cbrt", "|-|"),
)

POWERS = {
    INV: Fraction(-1),
    SQUARE: Fraction(2),
    CUBE: Fraction(3),
    SIXTH: Fraction(6),
    SQRT: Fraction(1, 2),
    CBRT: Fraction(1, 3),
    ABS: Fraction(1),
}
# These take a plain number, or a quantity over its declared reference, and give a plain number.
TRANSCENDENTAL = frozenset({EXP, NEG_EXP, LOG, SIN, COS})
# Of these the value, not only the sign, changes with the sign of the argument.
SIGN_SENSITIVE = frozenset({EXP, NEG_EXP, LOG, SQRT})

_ALIASES = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "mult": "*",
    "div": "/",
    "inv": "^-1",
    "sq": "^2",
    "cb": "^3",
    "six": "^6",
    "abs_diff": "|-|",
    "neg_exp": "exp-",
    "ln": "log",
}


def parse_operators(names: Iterable[str] | None) -> tuple[int, ...]:
    """Codes of a set of operators, in one fixed order.

    Raises
    ------
    InputError
        If a name is unknown or the set is empty.
    """
    wanted = DEFAULT_OPERATORS if names is None else tuple(names)
    codes = set()
    for name in wanted:
        key = _ALIASES.get(name, name)
        if key not in CODES:
            raise InputError(f"Operator '{name}' is unknown: choose among {', '.join(CODES)}.")
        codes.add(CODES[key])
    if not codes:
        raise InputError("No operator is chosen: give at least one, for example + - * /.")
    return tuple(sorted(codes))


def expression_of(
    code: int, left: Expression, right: Expression | None, reference: float
) -> Expression | None:
    """Expression of one operation, or None where it cannot be written.

    Parameters
    ----------
    reference : float
        Declared reference of the unit of `left`; exp and log act on ``left/reference``.
    """
    if code == SAME:
        return left
    if code >= TURNED:
        turned = negate(left)
        return None if turned is None else expression_of(code - TURNED, turned, None, reference)
    if code == ABS_SUM:
        assert right is not None
        turned = negate(right)
        if turned is not None:
            return apply("|-|", left, turned)
        turned = negate(left)
        return None if turned is None else apply("|-|", right, turned)
    if code == SUM_BY_SUB:
        assert right is not None
        turned = negate(right)
        if turned is not None:
            return apply("-", left, turned)
        turned = negate(left)
        return None if turned is None else apply("-", right, turned)
    if code == DIFF_BY_ADD:
        assert right is not None
        turned = negate(right)
        return None if turned is None else apply("+", left, turned)
    if code in TRANSCENDENTAL and reference != 1.0:
        left = apply("/", left, number(reference))
    if right is None or code >= EXP:
        return apply(NAMES[code], left)
    if code == MUL:  # a * (1/b) is a / b with one operator less
        if right.op == "^-1":
            return apply("/", left, right.args[0])
        if left.op == "^-1":
            return apply("/", right, left.args[0])
    return apply(NAMES[code], left, right)


def sum_codes(operators: tuple[int, ...]) -> list[tuple[int, bool, bool]]:
    """How to reach the sums and differences of features that are kept up to sign.

    Returns
    -------
    list of (code, turnable, crossing)
        `turnable`: one of the two must have its negative at no cost. `crossing`: of interest only
        where the sign changes over the rows, since otherwise another code gives the same.
    """
    codes = [(code, False, False) for code in (ADD, SUB) if code in operators]
    if SUB in operators and ADD not in operators:
        codes.append((SUM_BY_SUB, True, False))
    if ADD in operators and SUB not in operators:
        codes.append((DIFF_BY_ADD, True, False))
    if ABS_DIFF in operators:
        codes.append((ABS_DIFF, False, SUB in operators))
        codes.append((ABS_SUM, True, ADD in operators or SUB in operators))
    return codes


@njit(nogil=True, cache=True)
def operate(code, a, b, reference, out):
    """Fill `out` with the values of one operation over rows `a` and `b`; poles give inf or nan.

    `reference` divides the argument of exp, log, sin and cos.
    """
    n = a.size
    if code == SAME:
        for t in range(n):
            out[t] = a[t]
    elif code in (ADD, SUM_BY_SUB):
        for t in range(n):
            out[t] = a[t] + b[t]
    elif code in (SUB, DIFF_BY_ADD):
        for t in range(n):
            out[t] = a[t] - b[t]
    elif code == MUL:
        for t in range(n):
            out[t] = a[t] * b[t]
    elif code == DIV:
        for t in range(n):
            out[t] = a[t] / b[t] if b[t] != 0.0 else np.inf
    elif code == ABS_DIFF:
        for t in range(n):
            out[t] = abs(a[t] - b[t])
    elif code == ABS_SUM:
        for t in range(n):
            out[t] = abs(a[t] + b[t])
    else:
        sign = 1.0
        if code >= TURNED:
            sign, code = -1.0, code - TURNED
        scale = sign
        if code in (EXP, NEG_EXP, LOG, SIN, COS):
            scale = sign / reference
        for t in range(n):
            x = scale * a[t]
            if code == EXP:
                out[t] = np.exp(x)
            elif code == NEG_EXP:
                out[t] = np.exp(-x)
            elif code == LOG:
                out[t] = np.log(x) if x > 0.0 else np.nan
            elif code == INV:
                out[t] = 1.0 / x if x != 0.0 else np.inf
            elif code == SQUARE:
                out[t] = x * x
            elif code == CUBE:
                out[t] = x * x * x
            elif code == SIXTH:
                out[t] = (x * x * x) ** 2
            elif code == SQRT:
                out[t] = np.sqrt(x) if x >= 0.0 else np.nan
            elif code == CBRT:
                out[t] = np.cbrt(x)
            elif code == ABS:
                out[t] = abs(x)
            elif code == SIN:
                out[t] = np.sin(x)
            else:
                out[t] = np.cos(x)
