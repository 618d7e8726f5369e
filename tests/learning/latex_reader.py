"""Reads the LaTeX of a formula back as numbers: an evaluator independent of the printer."""

import re

import numpy as np

_NUMBER = re.compile(r"\d+\.?\d*(?:[eE][+-]?\d+)?")
_FUNCTIONS = {r"\exp": np.exp, r"\ln": np.log, r"\sin": np.sin, r"\cos": np.cos}


class _Reader:
    def __init__(self, text, columns):
        self.text = re.sub(r"\s+", " ", text)
        self.columns = columns
        self.at = 0

    def skip(self):
        while self.text.startswith((" ", r"\,"), self.at):
            self.at += 2 if self.text.startswith(r"\,", self.at) else 1

    def sees(self, *parts):
        self.skip()
        return next((p for p in parts if self.text.startswith(p, self.at)), None)

    def take(self, *parts):
        found = self.sees(*parts)
        if found is not None:
            self.at += len(found)
        return found

    def need(self, part):
        assert self.take(part), f"{part} expected at: {self.text[self.at : self.at + 40]}"

    def group(self):
        self.need("{")
        value = self.sum()
        self.need("}")
        return value

    def sum(self):
        value = -self.product() if self.take("-") else self.product()
        while sign := self.take("+", "-"):
            part = self.product()
            value = value + part if sign == "+" else value - part
        return value

    def product(self):
        value = self.power()
        while self.at < len(self.text) and not self.sees("+", "-", "}", r"\right"):
            self.take(r"\cdot")
            self.skip()
            if self.at == len(self.text):
                break
            value = value * self.power()
        return value

    def power(self):
        value = self.atom()
        if self.take("^"):
            value = value ** self.group()
        return value

    def between(self, opening, closing):
        self.need(rf"\left{opening}")
        value = self.sum()
        self.need(rf"\right{closing}")
        return value

    def atom(self):
        if self.take(r"\frac"):
            above = self.group()
            return above / self.group()
        if self.take(r"\sqrt[3]"):
            return np.cbrt(self.group())
        if self.take(r"\sqrt"):
            return np.sqrt(self.group())
        if name := self.take(*_FUNCTIONS):
            return _FUNCTIONS[name](self.between("(", ")"))
        if self.sees(r"\left|"):
            return np.abs(self.between("|", "|"))
        if self.sees(r"\left("):
            return self.between("(", ")")
        if self.take(r"\mathrm{"):
            end = self.text.index("}", self.at)
            name = re.sub(r"\\([_%&#$])", r"\1", self.text[self.at : end])
            self.at = end + 1
            return self.columns[name]
        self.skip()
        found = _NUMBER.match(self.text, self.at)
        assert found, f"nothing known at: {self.text[self.at : self.at + 40]}"
        self.at = found.end()
        return float(found.group())


def evaluate_latex(text, columns):
    """Values of the right-hand side of a formula over columns of numbers."""
    reader = _Reader(text, columns)
    value = reader.sum()
    reader.skip()
    assert reader.at == len(reader.text), f"left over: {reader.text[reader.at :]}"
    return value
