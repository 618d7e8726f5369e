"""The units that lab sheets are written in, and how many engine units each is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

# Each kind: unit as normalised by `normalise` -> factor to the engine's unit.
_UNITS: dict[str, dict[str, float]] = {
    "fraction": {
        "%": 0.01, "percent": 0.01, "pct": 0.01, "prozent": 0.01, "pourcent": 0.01,
        "wt%": 0.01, "w%": 0.01, "m%": 0.01, "ma%": 0.01, "mass%": 0.01, "masse%": 0.01,
        "massen%": 0.01, "gew%": 0.01, "vol%": 0.01, "v%": 0.01, "%wt": 0.01, "%vol": 0.01,
        "%w/w": 0.01, "%m": 0.01, "%mass": 0.01, "%gew": 0.01, "massenprozent": 0.01,
        "gewichtsprozent": 0.01, "volumenprozent": 0.01, "-": 1.0, "1": 1.0, "fraction": 1.0,
        "anteil": 1.0, "dimensionless": 1.0, "w/w": 1.0, "kg/kg": 1.0, "g/g": 1.0,
    },
    "length": {
        "um": 1.0, "micron": 1.0, "microns": 1.0, "mikron": 1.0, "micrometer": 1.0,
        "micrometre": 1.0, "micrometres": 1.0, "mikrometer": 1.0, "mm": 1e3, "cm": 1e4,
        "m": 1e6, "nm": 1e-3, "mil": 25.4,
    },
    "pressure": {
        "mpa": 1.0, "n/mm2": 1.0, "mn/m2": 1.0, "bar": 0.1, "mbar": 1e-4, "pa": 1e-6,
        "n/m2": 1e-6, "hpa": 1e-4, "kpa": 1e-3, "gpa": 1e3, "kn/cm2": 10.0, "n/cm2": 0.01,
        "kn/mm2": 1e3, "psi": 0.006894757, "ksi": 6.894757, "atm": 0.101325,
        "kg/cm2": 0.0980665, "kgf/cm2": 0.0980665, "kp/cm2": 0.0980665, "t/cm2": 98.0665,
    },
    "line load": {
        "n/mm": 1.0, "kn/m": 1.0, "n/m": 1e-3, "kn/mm": 1e3, "n/cm": 0.1, "kn/cm": 100.0,
        "kgf/cm": 0.980665, "kg/cm": 0.980665, "kp/cm": 0.980665,
    },
    "force": {"n": 1e-3, "kn": 1.0, "mn": 1e3, "kgf": 0.00980665},
    "loading": {
        "mg/cm2": 1.0, "g/m2": 0.1, "mg/mm2": 100.0, "g/cm2": 1e3, "mgcm-2": 1.0, "gm-2": 0.1,
    },
    "density": {
        "g/cm3": 1.0, "g/ccm": 1.0, "g/cc": 1.0, "g/ml": 1.0, "kg/l": 1.0, "kg/dm3": 1.0,
        "t/m3": 1.0, "kg/m3": 1e-3, "gcm-3": 1.0, "mg/mm3": 1.0,
    },
    "mass": {"g": 1.0, "mg": 1e-3, "kg": 1e3},
    "temperature": {"°c": 1.0, "degc": 1.0, "c": 1.0, "k": 1.0, "°f": 1.0},
    "speed": {"m/min": 1.0, "m/s": 60.0, "cm/s": 0.6, "mm/s": 0.06, "rpm": 1.0, "1/min": 1.0},
    "conductivity": {"s/m": 1.0, "s/cm": 100.0, "ms/cm": 0.1, "ms/m": 1e-3},
    "other": {
        "mah/g": 1.0, "mah/cm2": 1.0, "mah": 1.0, "v": 1.0, "ohm": 1.0, "ohmcm2": 1.0, "s": 1.0,
        "min": 1.0, "h": 1.0, "n/25mm": 1.0, "pas": 1.0, "mpas": 1.0, "cm2": 1.0, "m2/g": 1.0,
        "cm3/g": 1.0, "cm3": 1.0, "mm2": 1.0, "1/s": 1.0,
    },
}  # fmt: skip

ENGINE_UNITS = {
    "fraction": "1", "length": "µm", "pressure": "MPa", "line load": "N/mm", "force": "kN",
    "loading": "mg/cm²", "density": "g/cm³",
}  # fmt: skip
"""Unit of the engine for each kind of quantity that is converted."""

CHOICES = {
    "fraction": ("%", "fraction"),
    "length": ("µm", "mm", "cm", "nm"),
    "pressure": ("MPa", "bar", "kPa", "Pa", "N/mm²", "kN/cm²", "psi"),
    "line load": ("N/mm", "kN/m", "kN/cm"),
    "loading": ("mg/cm²", "g/m²", "g/cm²"),
    "density": ("g/cm³", "kg/m³"),
    "force": ("kN", "N"),
}
"""Units to offer for a column of each kind, the usual one first."""

# A single letter at the end of a header is more often a name than a unit.
_TOO_SHORT = {"m", "n", "c", "k", "v", "s", "h", "g", "1", "-", "mn", "min"}


@dataclass(frozen=True)
class Unit:
    """A unit of the table.

    Attributes
    ----------
    text : str
        As normalised, e.g. ``"n/mm2"``.
    kind : str
        What it measures, e.g. ``"pressure"``.
    factor : float
        Engine units in one of it.
    """

    text: str
    kind: str
    factor: float

    @property
    def shown(self) -> str:
        """As people write it, e.g. ``"N/mm²"``."""
        usual = {normalise(unit): unit for units in CHOICES.values() for unit in units}
        return usual.get(self.text, self.text)


def normalise(text: str) -> str:
    """Spell a unit in one way: lower case, ``u`` for µ, no brackets, dots or spaces."""
    text = text.replace("µ", "u").replace("μ", "u").replace("−", "-").replace("–", "-")
    text = unicodedata.normalize("NFKC", text).replace("μ", "u").strip().casefold()
    text = text.strip("()[]{}<>").strip().removeprefix("in ").removeprefix("en ").strip()
    text = text.replace("^", "").replace("**", "").replace("·", "").replace("*", "")
    if text in ("-", "--"):
        return "-"
    compact = re.sub(r"[\s.]+", "", text)
    if "%" in compact:
        compact = compact.replace("-", "")
    return compact


def find_unit(text: str) -> Unit | None:
    """Unit that a text names, or None if it names none."""
    spelled = normalise(text)
    for kind, units in _UNITS.items():
        if spelled in units:
            return Unit(spelled, kind, units[spelled])
    return None


def split_header(header: str) -> tuple[str, Unit | None]:
    """Name and unit of a column header.

    Parameters
    ----------
    header : str
        E.g. ``"Thickness (µm)"``, ``"Dicke / µm"``, ``"Dicke in mm"``, ``"gap_um"``, ``"AM %"``.

    Returns
    -------
    name : str
        The header without its unit.
    unit : Unit or None
    """
    for match in re.finditer(r"[(\[{]([^()\[\]{}]*)[)\]}]", header):
        unit = find_unit(match[1])
        if unit is not None:
            return _tidy(header[: match.start()] + " " + header[match.end() :]), unit
    for pattern in (r"\s(?:in|en)\s+(\S+)\s*$", r"[/,;:]\s*([^\s,;:][^,;:]*?)\s*$"):
        match2 = re.search(pattern, header, re.IGNORECASE)
        unit = find_unit(match2[1]) if match2 else None
        if match2 and unit is not None:
            return _tidy(header[: match2.start()]), unit
    # A unit behind an underscore, point or blank, e.g. gap_um, calender.gap.um, AM wt.%.
    for pattern in (r"(?<=[\s_.\-])([^\s_]+?)\s*$", r"[._\s]([A-Za-zµμ]+)\s*$"):
        match3 = re.search(pattern, header)
        unit = find_unit(match3[1]) if match3 else None
        if match3 and unit is not None and unit.text not in _TOO_SHORT:
            return _tidy(header[: match3.start()]), unit
    if "%" in header:
        shorter = re.sub(r"(?i)(\b(wt|gew|vol|ma|mass)\b)?[.\-\s]*%", " ", header)
        return _tidy(shorter), find_unit("%")
    return _tidy(header), None


def _tidy(name: str) -> str:
    return re.sub(r"\s+", " ", name).strip(" _.,;:/-\t")
