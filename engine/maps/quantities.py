"""Names, symbols and units of everything that a map can show, in one place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.maps.symbols import to_mathtext
from engine.properties.catalogue import CATALOGUE


@dataclass(frozen=True)
class Quantity:
    """One column of a map, as a plot names it.

    Attributes
    ----------
    column : str
        Name in tables; its suffix carries the unit.
    label : str
        The field's term, in words.
    symbol : str
        Symbol with an underscore before the index, e.g. ``τ_liq``.
    unit : str
        Unit, or "–" for a pure number.
    direction : {"up", "down", ""}
        Direction wanted for performance; empty where there is none.
    """

    column: str
    label: str
    symbol: str
    unit: str
    direction: str = ""

    @property
    def axis(self) -> str:
        """Axis title for plain text, e.g. ``Calender pressure P (MPa)``."""
        return f"{self.label} {self.symbol} ({self.unit})".replace("  ", " ")

    @property
    def brief(self) -> str:
        """The label where room is scarce, e.g. ``Active surface (published)``."""
        return self.label.replace(" definition)", ")")

    @property
    def mathtext(self) -> str:
        """Axis title in which matplotlib sets the indices of the symbol."""
        return f"{self.label} {to_mathtext(self.symbol)} ({self.unit})".replace("  ", " ")

    @property
    def short(self) -> str:
        """Symbol and unit, e.g. ``τ_liq (–)``; the label where there is no symbol."""
        return f"{self.symbol or self.label} ({self.unit})"


SIGMA_EFF = "effective_conductivity_ionic_S_per_m"
TAU_LIQUID = "tortuosity_electrolyte"
TAU_SOLID = "tortuosity_solid"
COVERAGE_AM = "current_collector_coverage_am_percent"
COVERAGE_CBD = "current_collector_coverage_cbd_percent"
ACTIVE_SURFACE = "active_surface_published_percent"
POROSITY = "porosity_percent"

PAPER_INPUTS = ("pressure_MPa", "am_percent", "initial_porosity_percent")
"""The three free inputs of the paper (CBD is 100 - AM)."""

PAPER_TARGETS = (TAU_LIQUID, TAU_SOLID, COVERAGE_AM, COVERAGE_CBD, ACTIVE_SURFACE)
"""The five outputs that the paper learns; the conductivity follows from the first."""

_TABLE = (
    Quantity("pressure_MPa", "Calender pressure", "P", "MPa"),
    Quantity("gap_um", "Roll gap", "g", "µm"),
    Quantity("am_percent", "Active material", "AM", "%"),
    Quantity("cbd_percent", "Carbon-binder domain", "CBD", "%"),
    Quantity("initial_porosity_percent", "Initial porosity", "ε_init", "%"),
    Quantity("initial_thickness_um", "Initial thickness", "t_init", "µm"),
    Quantity(POROSITY, "Porosity after calendering", "ε_cal", "%"),
    Quantity("thickness_um", "Thickness after calendering", "t_cal", "µm"),
    Quantity("macmullin_number", "MacMullin number", "N_M", "–", "down"),
    Quantity("areal_capacity_mAh_per_cm2", "Areal capacity", "Q_A", "mAh/cm²", "up"),
    Quantity("energy_density_Wh_per_L", "Volumetric energy density", "w_V", "Wh/L", "up"),
)
QUANTITIES: dict[str, Quantity] = {one.column: one for one in _TABLE}


def least_possible(column: str) -> float:
    """Smallest value that a property can have.

    1 for a tortuosity and its factor, 0 for what the project knows, none for any other column:
    a model of an imported table may predict a change or a logarithm.
    """
    if column not in CATALOGUE and column not in QUANTITIES:
        return -math.inf
    return 1.0 if column.startswith("tortuosity") else 0.0


def most_possible(column: str) -> float:
    """Largest value that a property can have: 100 % or 1 for a share of a whole, else inf.

    The published active surface compares pores with solid and may pass 100 %.
    """
    if column not in CATALOGUE and column not in QUANTITIES:
        return math.inf
    if "_coverage_" in column or column in (POROSITY, "active_surface_percent"):
        return 100.0
    return 1.0 if "_fraction_" in column else math.inf


def impossible(column: str, values: np.ndarray) -> np.ndarray:
    """Whether values lie outside what the property can be, beyond rounding; shape as given."""
    low, high = least_possible(column), most_possible(column)
    return (values < low - 1e-9 * max(low, 1.0)) | (values > high * (1 + 1e-9))


def quantity(column: str) -> Quantity:
    """Return how a column is named on an axis.

    Settings and what follows from them stand here, properties of structures in
    `engine.properties.catalogue`; any other column is shown under its own name with the unit
    that its suffix says.
    """
    if column in QUANTITIES:
        return QUANTITIES[column]
    entry = CATALOGUE.get(column)
    if entry is not None:
        return Quantity(column, entry.label, entry.symbol, entry.unit or "–", entry.direction)
    for suffix, unit in (("_percent", "%"), ("_um", "µm"), ("_MPa", "MPa"), ("_S_per_m", "S/m")):
        if column.endswith(suffix):
            return Quantity(column, column.removesuffix(suffix).replace("_", " "), "", unit)
    return Quantity(column, column.replace("_", " "), "", "–")
