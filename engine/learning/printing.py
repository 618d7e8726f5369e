"""Ways to write an expression: text, LaTeX, Python, MATLAB, Excel and sympy.

Constants are written with all their digits, so that every written form gives the numbers of
the model; `digits` shortens them for reading.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from engine.learning.expression import Expression

# Binding strength: sum, product, sign, power, atom.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(5)


def write_number(value: float, digits: int | None = None) -> str:
    """Shortest text that reads back as the same float, or `digits` significant ones."""
    if digits is not None:
        return f"{value:.{digits}g}"
    text = repr(float(value))
    return text[:-2] if text.endswith(".0") else text


def _bracket(text: str, strength: int, needed: int) -> str:
    return text if strength >= needed else f"({text})"


def _code(
    tree: Expression,
    rename: Callable[[str], str],
    functions: Mapping[str, str],
    power: str,
    digits: int | None,
) -> tuple[str, int]:
    """Infix text and how strongly its root binds."""
    if tree.op == "column":
        return rename(tree.name), _ATOM
    if tree.op == "number":
        text = write_number(tree.value, digits)
        return text, _SIGN if tree.value < 0 else _ATOM
    parts = [_code(argument, rename, functions, power, digits) for argument in tree.args]

    def part(index: int, needed: int) -> str:
        return _bracket(*parts[index], needed)

    op = tree.op
    if op == "+":
        return f"{part(0, _SUM)} + {part(1, _PRODUCT)}", _SUM
    if op == "-":
        return f"{part(0, _SUM)} - {part(1, _PRODUCT)}", _SUM
    if op == "*":
        return f"{part(0, _PRODUCT)}*{part(1, _POWER)}", _PRODUCT
    if op == "/":
        return f"{part(0, _PRODUCT)}/{part(1, _POWER)}", _PRODUCT
    if op == "|-|":
        return functions["abs"].format(f"{part(0, _SUM)} - {part(1, _PRODUCT)}"), _ATOM
    if op == "neg":
        return f"-{part(0, _POWER)}", _SIGN
    if op == "^-1":
        return f"1/{part(0, _POWER)}", _PRODUCT
    if op in ("^2", "^3", "^6"):
        return f"{part(0, _ATOM)}{power}{op[1:]}", _POWER
    if op == "^":
        return f"{part(0, _ATOM)}{power}{_bracket(*parts[1], _ATOM)}", _POWER
    if op == "exp-":
        return functions["exp"].format(f"-{part(0, _POWER)}"), _ATOM
    return functions[op].format(parts[0][0]), _ATOM


_PLAIN = {f: f + "({})" for f in ("exp", "log", "sqrt", "cbrt", "abs", "sin", "cos")}
_MATLAB = _PLAIN | {"cbrt": "nthroot({}, 3)"}


def _plain_name(name: str) -> str:
    return name if name.isidentifier() else f"[{name}]"


def identifier(name: str) -> str:
    """Name that Python and MATLAB accept."""
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII) or "x"
    if not cleaned[0].isalpha() or keyword.iskeyword(cleaned):
        cleaned = "x_" + cleaned
    return cleaned


def identifiers(names: list[str] | tuple[str, ...]) -> dict[str, str]:
    """Distinct identifiers for a list of column names."""
    taken: dict[str, str] = {}
    for name in names:
        candidate, count = identifier(name), 2
        while candidate in taken.values():
            candidate, count = f"{identifier(name)}_{count}", count + 1
        taken[name] = candidate
    return taken


def to_text(tree: Expression, digits: int | None = None) -> str:
    """Infix text with the column names; `**` is the power, as in Python and sympy."""
    return _code(tree, _plain_name, _PLAIN, "**", digits)[0]


def to_python(tree: Expression, names: Mapping[str, str]) -> str:
    """Body of a Python function that has imported numpy as ``np``."""
    functions = {key: "np." + text for key, text in _PLAIN.items()}
    return _code(tree, lambda name: names[name], functions, "**", None)[0]


def to_matlab(tree: Expression, names: Mapping[str, str]) -> str:
    """Element-wise MATLAB expression."""
    text = _code(tree, lambda name: names[name], _MATLAB, "^", None)[0]
    # The printer writes every product, quotient and power with the bare sign and no other use
    # of it inside names or numbers, so that the element-wise forms are a plain replacement.
    return text.replace("*", ".*").replace("/", "./").replace("^", ".^")


def to_excel(tree: Expression, cells: Mapping[str, str]) -> str:
    """Excel formula without its leading equals sign, over cell references.

    Powers are written with POWER and every operation in brackets: in a spreadsheet the sign
    binds more strongly than the power.
    """
    if tree.op == "column":
        return cells[tree.name]
    if tree.op == "number":
        text = repr(float(tree.value)).upper()
        return f"({text})" if tree.value < 0 else text
    part = [to_excel(argument, cells) for argument in tree.args]
    op = tree.op
    if op in ("+", "-", "*", "/"):
        return f"({part[0]}{op}{part[1]})"
    patterns = {
        "|-|": "ABS({0}-{1})",
        "^": "POWER({0},{1})",
        "exp": "EXP({0})",
        "exp-": "EXP(-({0}))",
        "log": "LN({0})",
        "^-1": "(1/{0})",
        "^2": "POWER({0},2)",
        "^3": "POWER({0},3)",
        "^6": "POWER({0},6)",
        "sqrt": "SQRT({0})",
        "cbrt": "(SIGN({0})*POWER(ABS({0}),1/3))",
        "abs": "ABS({0})",
        "sin": "SIN({0})",
        "cos": "COS({0})",
        "neg": "(-({0}))",
    }
    return patterns[op].format(*part)


def latex_name(name: str) -> str:
    """Column name as upright LaTeX text."""
    return rf"\mathrm{{{escape_latex(name)}}}"


_LATEX_SIGNS = {
    **{sign: "\\" + sign for sign in "_%&#${}"},
    " ": r"\ ",
    "\\": r"\backslash{}",
    "^": r"\wedge{}",
    "~": r"\sim{}",
}


def escape_latex(name: str) -> str:
    """Any text, so that it stands in a LaTeX formula as it is written."""
    return "".join(_LATEX_SIGNS.get(sign, sign) for sign in name)


def latex_number(value: float, digits: int | None = None) -> str:
    """Number with a power of ten where the float has an exponent."""
    text = write_number(value, digits)
    mantissa, _, exponent = text.partition("e")
    return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa


def to_latex(
    tree: Expression, names: Mapping[str, str] | None = None, digits: int | None = None
) -> str:
    """LaTeX of a tree; `names` gives symbols for columns."""
    return _latex(tree, names or {}, digits)[0]


def _latex(tree: Expression, names: Mapping[str, str], digits: int | None) -> tuple[str, int]:
    if tree.op == "column":
        return names.get(tree.name, latex_name(tree.name)), _ATOM
    if tree.op == "number":
        text = latex_number(tree.value, digits)
        return text, _SIGN if tree.value < 0 else _PRODUCT if "cdot" in text else _ATOM
    parts = [_latex(argument, names, digits) for argument in tree.args]

    def part(index: int, needed: int) -> str:
        text, strength = parts[index]
        return text if strength >= needed else rf"\left({text}\right)"

    op = tree.op
    if op in ("+", "-"):
        return f"{part(0, _SUM)} {op} {part(1, _PRODUCT)}", _SUM
    if op == "*":
        return rf"{part(0, _PRODUCT)} \, {part(1, _PRODUCT)}", _PRODUCT
    if op == "/":
        return rf"\frac{{{parts[0][0]}}}{{{parts[1][0]}}}", _PRODUCT
    if op == "^-1":
        return rf"\frac{{1}}{{{parts[0][0]}}}", _PRODUCT
    if op in ("^2", "^3", "^6"):
        return f"{part(0, _ATOM)}^{{{op[1:]}}}", _POWER
    if op == "^":
        return f"{part(0, _ATOM)}^{{{parts[1][0]}}}", _POWER
    inner = parts[0][0]
    forms: dict[str, Callable[[], str]] = {
        "|-|": lambda: rf"\left|{part(0, _SUM)} - {part(1, _PRODUCT)}\right|",
        "abs": lambda: rf"\left|{inner}\right|",
        "exp": lambda: rf"\exp\left({inner}\right)",
        "exp-": lambda: rf"\exp\left(-{part(0, _PRODUCT)}\right)",
        "log": lambda: rf"\ln\left({inner}\right)",
        "sqrt": lambda: rf"\sqrt{{{inner}}}",
        "cbrt": lambda: rf"\sqrt[3]{{{inner}}}",
        "sin": lambda: rf"\sin\left({inner}\right)",
        "cos": lambda: rf"\cos\left({inner}\right)",
    }
    if op == "neg":
        return f"-{part(0, _PRODUCT)}", _SIGN
    return forms[op](), _ATOM


def to_sympy(tree: Expression, symbols: Mapping[str, Any] | None = None) -> Any:
    """Sympy expression over real symbols; cube roots keep the sign of their argument."""
    import sympy  # half a second to import, wanted by this function alone

    if tree.op == "column":
        known = symbols or {}
        return known.get(tree.name, sympy.Symbol(tree.name, real=True))
    if tree.op == "number":
        return sympy.Float(tree.value, 17)
    part = [to_sympy(argument, symbols) for argument in tree.args]
    forms: dict[str, Callable[[], Any]] = {
        "+": lambda: part[0] + part[1],
        "-": lambda: part[0] - part[1],
        "*": lambda: part[0] * part[1],
        "/": lambda: part[0] / part[1],
        "|-|": lambda: sympy.Abs(part[0] - part[1]),
        "^": lambda: part[0] ** part[1],
        "exp": lambda: sympy.exp(part[0]),
        "exp-": lambda: sympy.exp(-part[0]),
        "log": lambda: sympy.log(part[0]),
        "^-1": lambda: 1 / part[0],
        "^2": lambda: part[0] ** 2,
        "^3": lambda: part[0] ** 3,
        "^6": lambda: part[0] ** 6,
        "sqrt": lambda: sympy.sqrt(part[0]),
        "cbrt": lambda: sympy.real_root(part[0], 3),
        "abs": lambda: sympy.Abs(part[0]),
        "sin": lambda: sympy.sin(part[0]),
        "cos": lambda: sympy.cos(part[0]),
        "neg": lambda: -part[0],
    }
    return forms[tree.op]()
