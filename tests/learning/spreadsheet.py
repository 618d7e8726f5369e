"""A small evaluator of spreadsheet formulas, with a spreadsheet's own rules of precedence.

Written from the documented grammar and independent of the printer it checks: a sign binds more
strongly than ``^``, ``^`` is left-associative, function names are those of Excel.
"""

import math
import re

_TOKEN = re.compile(r"\s*(\d+\.?\d*(?:E[+-]?\d+)?|[A-Z]+\d+|[A-Z]+|[-+*/^(),])")
_FUNCTIONS = {
    "ABS": abs,
    "EXP": math.exp,
    "LN": math.log,
    "SQRT": math.sqrt,
    "SIN": math.sin,
    "COS": math.cos,
    "SIGN": lambda x: (x > 0) - (x < 0),
    "POWER": lambda x, y: x**y,
}


class _Reader:
    def __init__(self, text, cells):
        self.tokens = []
        place = 0
        while place < len(text):
            found = _TOKEN.match(text, place)
            if not found:
                raise ValueError(f"not a formula: {text[place:]}")
            self.tokens.append(found.group(1))
            place = found.end()
        self.cells = cells
        self.at = 0

    def peek(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self):
        token = self.peek()
        self.at += 1
        return token

    def sum(self):
        value = self.product()
        while self.peek() in ("+", "-"):
            value = value + self.product() if self.take() == "+" else value - self.product()
        return value

    def product(self):
        value = self.power()
        while self.peek() in ("*", "/"):
            value = value * self.power() if self.take() == "*" else value / self.power()
        return value

    def power(self):
        value = self.signed()
        while self.peek() == "^":
            self.take()
            value = value ** self.signed()
        return value

    def signed(self):
        if self.peek() == "-":
            self.take()
            return -self.signed()
        return self.atom()

    def atom(self):
        token = self.take()
        if token == "(":
            value = self.sum()
            assert self.take() == ")"
            return value
        if token in _FUNCTIONS:
            assert self.take() == "("
            arguments = [self.sum()]
            while self.peek() == ",":
                self.take()
                arguments.append(self.sum())
            assert self.take() == ")"
            return _FUNCTIONS[token](*arguments)
        return float(token) if token[0].isdigit() else self.cells[token]


def evaluate_formula(text, cells):
    """Value of a formula over a mapping of cell references to numbers."""
    reader = _Reader(text.lstrip("="), cells)
    value = reader.sum()
    assert reader.at == len(reader.tokens)
    return float(value)
