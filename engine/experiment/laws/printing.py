"""A fitted law as an equation to read, for LaTeX, for a spreadsheet cell, for Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import get_column_letter

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.compaction import CompactionLaw
from engine.experiment.laws.polynomial import PolynomialLaw
from engine.experiment.laws.symbolic import SissoLaw
from engine.experiment.laws.terms import parse_term
from engine.learning.printing import escape_latex

FORMS = ("text", "latex", "excel", "python")

EXCEL_CELLS = {"AM": "A2", "eps_init": "B2", "t0": "C2", "gap": "D2", "P": "D2"}
"""Cells that the Excel formula reads unless told otherwise: fractions, µm, µm or MPa.

A law that needs both gap and pressure reads the pressure from E2; extra inputs stand in F2, G2,
and so on, in the order of the law's `extra_inputs`.
"""

# Enough digits that the printed law gives the porosity of the fitted one to 1e-7.
_DIGITS = 9

_LATEX = {
    "AM": r"w_\mathrm{AM}", "eps_init": r"\varepsilon_\mathrm{init}", "t0": "t_0", "gap": "g",
    "P": "P",
}  # fmt: skip
_PYTHON = {"AM": "am", "eps_init": "initial_porosity", "t0": "initial_thickness", "gap": "gap",
           "P": "pressure"}  # fmt: skip


@dataclass(frozen=True)
class _Node:
    """An expression: a number, an input, or an operation on parts."""

    what: str
    parts: tuple[Any, ...] = ()


def _number(value: float) -> _Node:
    return _Node("number", (float(value),))


def _input(name: str) -> _Node:
    return _Node("input", (name,))


def _op(what: str, *parts: _Node) -> _Node:
    return _Node(what, parts)


def _sum(parts: list[_Node]) -> _Node:
    return parts[0] if len(parts) == 1 else _Node("add", tuple(parts))


def expression(law: CalenderingLaw) -> _Node:
    """Expression tree of a fitted law.

    Raises
    ------
    InputError
        If the law has no closed form.
    """
    c = law.coefficients_
    if isinstance(law, PolynomialLaw):
        products = []
        for name in law.chosen_terms:
            factors = [_number(c[name])]
            for variable, power in parse_term(name, law.extra_inputs).factors:
                base = _op("ln", _input("P")) if variable == "ln(P)" else _input(variable)
                factors.append(base if power == 1 else _op("power", base, _number(power)))
            products.append(_op("multiply", *factors) if len(factors) > 1 else factors[0])
        return _bounded(_sum(products), law.physical)
    if isinstance(law, CompactionLaw):
        return _compaction(law)
    raise InputError(f"The law '{law.kind}' has no equation to print: save it as a file instead.")


def _compaction(law: CompactionLaw) -> _Node:
    c = law.coefficients_
    symbol = law.level_symbol
    parts = [_number(c[f"{symbol}0"])]
    for name in law.active_inputs:
        slope = c[f"{symbol}{1 + law.depends_on.index(name)}"]
        parts.append(_op("multiply", _number(slope), _input(name)))
    level, initial, pressure = _sum(parts), _input("eps_init"), _input("P")
    one = _number(1.0)
    if law.kind == "heckel":
        if law.physical:
            level = _op("max", level, _op("negative", _op("ln", initial)))
        pressed = _op("multiply", _number(c["K"]), pressure)
        return _op("exp", _op("negative", _op("add", pressed, level)))
    if law.physical:
        level = _bounded(level, True)
    if law.kind == "exponential":
        decay = _op("exp", _op("negative", _op("divide", pressure, _number(c["gamma"]))))
        above = _op("subtract", initial, level)
        return _op("add", level, _op("multiply", above, decay))
    pressed = _op("multiply", _number(c["b"]), pressure)
    lost = _op("multiply", level, _op("divide", pressed, _op("add", one, pressed)))
    left = _op("divide", _op("subtract", one, initial), _op("subtract", one, lost))
    return _op("subtract", one, left)


def _bounded(node: _Node, physical: bool) -> _Node:
    if not physical:
        return node
    return _op("max", _number(0.0), _op("min", _input("eps_init"), node))


def print_law(
    law: CalenderingLaw, form: str = "text", cells: Mapping[str, str] | None = None
) -> str:
    """Write a fitted law as an equation.

    Parameters
    ----------
    law : CalenderingLaw
    form : {"text", "latex", "excel", "python"}
        `python` is a function that needs nothing but the standard library.
    cells : dict of str to str, optional
        For `excel`: the cell of each input; by default `EXCEL_CELLS`.

    Returns
    -------
    str
        Porosity after calendering; fractions, µm, MPa (a symbolic law: percents).

    Raises
    ------
    InputError
        If the form is not known, or the law has no closed form.
    """
    if form not in FORMS:
        raise InputError(f"Form '{form}' is not one of {', '.join(FORMS)}.")
    if isinstance(law, SissoLaw):
        return law.export(form)
    tree = expression(law)
    if form == "excel":
        both = {"P": "E2"} if law.uses_gap and law.uses_pressure else {}
        return "=" + _excel(tree, {**EXCEL_CELLS, **both, **extra_cells(law), **(cells or {})})
    if form == "latex":
        return r"\varepsilon_\mathrm{cal} = " + _latex(tree)
    if form == "python":
        return _function(law, tree)
    return "eps_cal = " + _plain(tree, {}, "^")


def extra_cells(law: CalenderingLaw) -> dict[str, str]:
    """Cell of each extra input of a law in its Excel formula: F2, G2, and so on."""
    return {name: f"{get_column_letter(6 + i)}2" for i, name in enumerate(law.extra_inputs)}


def _format(value: float) -> str:
    return f"{value:.{_DIGITS}g}"


_RANK = {"add": 1, "subtract": 1, "negative": 1, "multiply": 2, "divide": 2, "power": 3}


def _inside(node: _Node, written: str, than: int) -> str:
    """Put parentheses where the operation binds less than the one around it."""
    binds = _RANK.get(node.what, 9)
    if node.what == "number" and written.startswith("-"):
        binds = 1
    return f"({written})" if binds < than else written


def _plain(node: _Node, names: Mapping[str, str], power: str) -> str:
    """Infix notation with functions, as in Python."""

    def walk(n: _Node) -> str:
        return _plain(n, names, power)

    parts = node.parts
    if node.what == "number":
        return _format(parts[0])
    if node.what == "input":
        return names.get(parts[0], parts[0])
    if node.what == "add":
        text = walk(parts[0])
        for part in parts[1:]:
            written = walk(part)
            text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
        return text
    if node.what == "subtract":
        return f"{walk(parts[0])} - {_inside(parts[1], walk(parts[1]), 2)}"
    if node.what == "negative":
        return f"-{_inside(parts[0], walk(parts[0]), 2)}"
    if node.what == "multiply":
        first = walk(parts[0])
        head = first if parts[0].what == "number" else _inside(parts[0], first, 2)
        return "*".join([head, *(_inside(p, walk(p), 2) for p in parts[1:])])
    if node.what == "divide":
        return f"{_inside(parts[0], walk(parts[0]), 2)}/{_inside(parts[1], walk(parts[1]), 3)}"
    if node.what == "power":
        return f"{_inside(parts[0], walk(parts[0]), 4)}{power}{walk(parts[1])}"
    return f"{node.what}({', '.join(walk(p) for p in parts)})"


def _excel(node: _Node, cells: Mapping[str, str]) -> str:
    missing = _inputs(node) - set(cells)
    if missing:
        raise InputError(f"Say which cell holds '{sorted(missing)[0]}' for the Excel formula.")
    text = _plain(node, cells, "^")
    for name in ("exp", "max", "min", "ln"):
        text = text.replace(f"{name}(", f"{name.upper()}(")
    return text


def _inputs(node: _Node) -> set[str]:
    if node.what == "input":
        return {node.parts[0]}
    found: set[str] = set()
    for part in node.parts:
        if isinstance(part, _Node):
            found |= _inputs(part)
    return found


def _latex(node: _Node) -> str:
    parts = node.parts
    if node.what == "number":
        mantissa, _, exponent = _format(parts[0]).partition("e")
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if exponent else mantissa
    if node.what == "input":
        return _LATEX.get(parts[0], rf"\mathrm{{{escape_latex(parts[0])}}}")
    if node.what == "add":
        text = _latex(parts[0])
        for part in parts[1:]:
            written = _latex(part)
            text += f" - {written[1:]}" if written.startswith("-") else f" + {written}"
        return text
    if node.what == "subtract":
        return f"{_latex(parts[0])} - {_parentheses(parts[1], 2)}"
    if node.what == "negative":
        return f"-{_parentheses(parts[0], 2)}"
    if node.what == "multiply":
        head = _latex(parts[0]) if parts[0].what == "number" else _parentheses(parts[0], 2)
        return r" \, ".join([head, *(_parentheses(p, 2) for p in parts[1:])])
    if node.what == "divide":
        return rf"\frac{{{_latex(parts[0])}}}{{{_latex(parts[1])}}}"
    if node.what == "power":
        return f"{_parentheses(parts[0], 4)}^{{{_latex(parts[1])}}}"
    arguments = ", ".join(_latex(p) for p in parts)
    return rf"\{node.what}\left({arguments}\right)"


def _parentheses(node: _Node, than: int) -> str:
    written = _latex(node)
    inside = _inside(node, written, than)
    return inside if inside == written else rf"\left({written}\right)"


def _function(law: CalenderingLaw, tree: _Node) -> str:
    names = {**_PYTHON, **{name: f"extra_{i}" for i, name in enumerate(law.extra_inputs)}}
    arguments = ["AM", "eps_init", "t0", "gap" if law.uses_gap else "P", *law.extra_inputs]
    if law.uses_gap and law.uses_pressure:
        arguments.insert(4, "P")
    body = _plain(tree, names, "**")
    for function in ("exp", "ln"):
        body = body.replace(f"{function}(", f"math.{'log' if function == 'ln' else function}(")
    # Names come from a user's sheet: as comments on one line they cannot become code.
    extra = "".join(f"    # {names[name]}: {' '.join(name.split())}\n" for name in law.extra_inputs)
    return (
        "import math\n\n\n"
        f"def porosity({', '.join(names[name] for name in arguments)}):\n"
        f'    """Porosity after calendering; fractions, µm, MPa ({law.kind} law)."""\n'
        f"{extra}"
        f"    return {body}\n"
    )
