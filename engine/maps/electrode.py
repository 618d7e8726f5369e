"""What holds for every condition of a map: densities, cell, and how far the law errs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy import special

from engine.errors import InputError
from engine.maps.scope import LEVEL
from engine.properties.conductivities import Conductivities

CAPACITY, ENERGY = "areal_capacity_mAh_per_cm2", "energy_density_Wh_per_L"
"""What follows from the coating and a `CellAssumptions`."""


@dataclass(frozen=True)
class CellAssumptions:
    """What capacity and energy need beside the electrode.

    Attributes
    ----------
    specific_capacity : float, mAh per g of AM
        Reversible capacity.
    voltage : float, V
        Mean discharge voltage against the counter electrode of the cell.
    inactive_thickness : float, µm
        Foils and separator that share the volume; 0 leaves them out.
    counter_capacity : float, mAh per cm³
        Capacity of the counter electrode's coating per its volume, any excess taken off; 0 leaves
        it out. It is as thick as the capacity of this electrode asks for.
    """

    specific_capacity: float = 163.0
    voltage: float = 3.7
    inactive_thickness: float = 0.0
    counter_capacity: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.specific_capacity < 5000:
            raise InputError(
                f"Specific capacity {self.specific_capacity:g} mAh/g is not between 0 and 5000."
            )
        if not 0 < self.voltage < 10:
            raise InputError(f"Mean voltage {self.voltage:g} V is not between 0 and 10 V.")
        if not 0 <= self.inactive_thickness < 5000:
            raise InputError(
                f"Foils and separator of {self.inactive_thickness:g} µm are not between 0 and "
                "5000 µm."
            )
        if not 0 <= self.counter_capacity < 10_000:
            raise InputError(
                f"A counter electrode of {self.counter_capacity:g} mAh/cm³ is not between 0 and "
                "10000 mAh/cm³."
            )

    def other_thickness(self, capacity: np.ndarray) -> np.ndarray:
        """Thickness (µm) of all that is counted beside the coating.

        Parameters
        ----------
        capacity : ndarray, mAh/cm²
            Of the coating, any shape.
        """
        layers = np.full(np.shape(capacity), self.inactive_thickness)
        if self.counter_capacity:
            layers = layers + 1e4 * np.asarray(capacity, float) / self.counter_capacity
        return layers

    def sentence(self, outputs: Iterable[str]) -> str:
        """What capacity and energy among some outputs count; empty where neither is there.

        ``Energy density counts the volume of the coating alone, without foils, separator and
        counter electrode, at 163 mAh/g of AM and a mean voltage of 3.7 V.``
        """
        per_gram = f"{self.specific_capacity:g} mAh/g of AM"
        outputs = set(outputs)
        if ENERGY not in outputs:
            return f"Areal capacity is taken at {per_gram}." if CAPACITY in outputs else ""
        own, left_out = [], []
        if self.inactive_thickness:
            own.append(f"{self.inactive_thickness:g} µm of foils and separator")
        else:
            left_out.append("foils, separator")
        if self.counter_capacity:
            own.append(f"a counter electrode of {self.counter_capacity:g} mAh/cm³")
        else:
            left_out.append("counter electrode")
        what = f"the coating with {' and '.join(own)}" if own else "the coating alone"
        without = f", without {' and '.join(left_out)}" if left_out else ""
        return (
            f"Energy density counts the volume of {what}{without}, at {per_gram} and a mean "
            f"voltage of {self.voltage:g} V."
        )


@dataclass(frozen=True)
class RecipeConstants:
    """Densities (g/cm³) and conventions that hold for every condition of a map.

    Attributes
    ----------
    porosity_kind : {"total", "resolved"}
        What the law's porosity counts; `total` includes the nanopores inside the CBD.
    protocol : {"physical", "published"}
        Decides the thickness after calendering: mass conserving, or the paper's rule
        ``t0*(1 - (eps_init - eps_cal))``.
    conductivities : Conductivities
        Bulk values of the phases, S/m.
    """

    am_density: float = 4.65
    cbd_density: float = 1.8
    cbd_nanoporosity: float = 0.47
    porosity_kind: str = "total"
    protocol: str = "physical"
    conductivities: Conductivities = field(default_factory=Conductivities)

    @property
    def sigma_bulk(self) -> float:
        """Conductivity of the free electrolyte, S/m."""
        return self.conductivities.electrolyte

    @classmethod
    def published(cls) -> RecipeConstants:
        """The paper's convention: CBD of 0.95 g/cm³, porosity = share of electrolyte voxels."""
        return cls(cbd_nanoporosity=1 - 0.95 / 1.8, porosity_kind="resolved", protocol="published")

    def shares(self, am: np.ndarray, porosity: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Volume shares of (electrolyte, AM) at AM mass fractions and porosities in 0..1.

        The same relations as `engine.structure.condition.Recipe.volume_fractions`, for arrays
        and without refusal: a recipe that leaves no free pores gives a share of zero.
        """
        am = np.asarray(am, dtype=float)
        porosity = np.asarray(porosity, dtype=float)
        am_volume = am / self.am_density
        cbd_volume = (1 - am) / self.cbd_density
        envelope = cbd_volume / (1 - self.cbd_nanoporosity)
        if self.porosity_kind == "resolved":
            return porosity, (1 - porosity) * am_volume / (am_volume + envelope)
        solid = (1 - porosity) / (am_volume + cbd_volume)
        electrolyte = 1 - solid * (am_volume + envelope)
        return np.maximum(electrolyte, 0.0), solid * am_volume


@dataclass(frozen=True)
class LawError:
    """Error of a calendering law for a coating family that it has not seen.

    Attributes
    ----------
    sd : float, 0..1
        Root mean square of the leave-family-out errors of the porosity.
    half_width : float, 0..1
        Half width of the prediction interval at `level`.
    level : float, 0..1
        `engine.maps.scope.LEVEL`, or less where few families support no more.
    tail : float, 0..1
        Standard deviation of a normal error as wide as the interval of the highest level that
        the families support.
    """

    sd: float
    half_width: float
    level: float
    tail: float = 0.0

    @property
    def spread(self) -> float:
        """Standard deviation of a normal error (0..1) that keeps what the interval claims.

        Errors of few families have long tails: a normal error of the size `sd` would stay
        inside the interval more often than new coatings do.
        """
        return max(self.sd, self.tail, _normal_sd(self.half_width, self.level))

    @classmethod
    def from_assessment(cls, assessment: Any) -> LawError | None:
        """Read it off an `engine.experiment.diagnostics.LawAssessment`; None if unknown."""
        widest = None if assessment is None else assessment.interval()
        interval = None if assessment is None else assessment.interval(LEVEL)
        if widest is None or interval is None:
            return None
        half_width, level = interval
        # Where some family could not be left out, the interval still bounds the rest.
        sd = assessment.grouped_cv_rmse
        sd = float(half_width if sd is None else sd)
        return cls(sd, float(half_width), float(level), _normal_sd(*widest))


def _normal_sd(half_width: float, level: float) -> float:
    return float(half_width) / float(special.ndtri(0.5 + level / 2))


PUBLISHED_LAW_ERROR = LawError(sd=0.0395, half_width=0.0879, level=0.8)
"""Of the published law, whose 14 conditions are four coating families: each family predicted
by the six terms refitted to the others (data: DOI 10.5281/zenodo.3901441)."""
