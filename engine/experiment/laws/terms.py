"""Terms of a polynomial law: products of powers of the inputs, read without `eval`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.errors import InputError

VARIABLES = ("AM", "eps_init", "t0", "gap", "P", "ln(P)")
"""Inputs known to every table: fractions, µm, µm, MPa; further ones are extra columns."""

DRIVERS = ("gap", "P", "ln(P)")
"""The inputs that change with the pressure."""

PUBLISHED_TERMS = ("AM", "eps_init", "t0", "gap", "gap²", "eps_init*gap")
"""The six terms of DOI 10.1016/j.jpowsour.2020.229103 (its data: 10.5281/zenodo.3901441)."""

UNITS = {"AM": "", "eps_init": "", "t0": "µm", "gap": "µm", "P": "MPa", "ln(P)": ""}
"""Unit in which each input stands in a law; fractions have none."""

_SUPERSCRIPTS = {"²": 2, "³": 3}
_ALIASES = {
    "am": "AM", "eps_init": "eps_init", "eps0": "eps_init", "t0": "t0", "gap": "gap", "g": "gap",
    "p": "P", "pressure": "P", "ln(p)": "ln(P)", "log(p)": "ln(P)", "lnp": "ln(P)",
}  # fmt: skip


@dataclass(frozen=True)
class Term:
    """One product of powers, e.g. ``eps_init*gap``; no factor at all is the constant 1.

    Attributes
    ----------
    factors : tuple of (str, int)
        Input and its power (1 or more), in the order written.
    """

    factors: tuple[tuple[str, int], ...]

    @property
    def name(self) -> str:
        """The term as written for people."""
        if not self.factors:
            return "1"
        return "*".join(
            name + {1: "", 2: "²", 3: "³"}.get(power, f"^{power}") for name, power in self.factors
        )

    @property
    def coefficient_unit(self) -> str:
        """Unit of what multiplies the term to give a porosity (a fraction); "" for none.

        An extra column counts in the unit that it has in the sheet, whatever that is.
        """
        powers: dict[str, int] = {}
        for name, power in self.factors:
            unit = UNITS.get(name, f"unit of {name}")
            if unit:
                powers[unit] = powers.get(unit, 0) + power
        below = "·".join(
            unit + {1: "", 2: "²", 3: "³"}.get(power, f"^{power}") for unit, power in powers.items()
        )
        if not below:
            return ""
        return f"1/({below})" if "·" in below or " " in below else f"1/{below}"

    def values(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Value of the term where the inputs are `v` (arrays of one shape)."""
        product = np.ones_like(v["AM"])
        for name, power in self.factors:
            product = product * _input(name, v) ** power
        return product

    def slope(
        self, v: Mapping[str, NDArray[np.float64]], rates: Mapping[str, NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        """Derivative with respect to the pressure.

        Parameters
        ----------
        v : dict of str to ndarray
            Inputs.
        rates : dict of str to ndarray
            Derivative of each of `DRIVERS` with respect to the pressure, 1/MPa and µm/MPa.
        """
        total = np.zeros_like(v["AM"])
        for k, (name, power) in enumerate(self.factors):
            if name not in DRIVERS:
                continue
            others = Term(self.factors[:k] + self.factors[k + 1 :]).values(v)
            total = total + others * power * _input(name, v) ** (power - 1) * rates[name]
        return total


def _input(name: str, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
    if name == "ln(P)":
        # The logarithm of no pressure at all is taken at a tenth of a kilopascal.
        return np.log(np.maximum(v["P"], 1e-4))
    return v[name]


def parse_term(text: str, extra: Sequence[str] = ()) -> Term:
    """Read a term such as ``"eps_init*gap"``, ``"gap^2"`` or ``"1"``.

    Parameters
    ----------
    text : str
    extra : sequence of str
        Names of extra columns that may stand in a term.

    Raises
    ------
    InputError
        If a factor is not an input, or a power is not 1 to 4.
    """
    known = {name.lower(): name for name in extra} | _ALIASES
    text = str(text).strip()
    if text == "1":
        return Term(())
    powers: dict[str, int] = {}
    for factor in text.replace("**", "^").split("*"):
        match = re.fullmatch(r"\s*(.+?)\s*(?:\^\s*(\d+)|([²³]))?\s*", factor)
        name = known.get(match[1].lower()) if match else None
        if match is None or name is None:
            raise InputError(
                f"Term '{text}': '{factor.strip()}' is not an input; inputs are "
                f"{', '.join((*VARIABLES, *extra))}."
            )
        power = int(match[2]) if match[2] else _SUPERSCRIPTS.get(match[3] or "", 1)
        powers[name] = powers.get(name, 0) + power
    if any(not 1 <= power <= 4 for power in powers.values()):
        raise InputError(f"Term '{text}': powers go from 1 to 4.")
    return Term(tuple(powers.items()))
