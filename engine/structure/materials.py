"""Presets of active materials. Every number can be replaced by the user's own.

Densities are of the crystal, from formula mass and lattice constants, except NMC111 where the
published work's value stands. Real powders have closed pores and are a little lighter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from engine.errors import InputError
from engine.structure.condition import Recipe
from engine.structure.options import GENERATOR_OPTIONS


@dataclass(frozen=True)
class Material:
    """An active material.

    Attributes
    ----------
    name : str
    density : float, g/cm³
    specific_capacity : float, mAh/g
    size_options : dict
        Generator options that give its particle sizes.
    density_source, capacity_source, size_source : str
        Where each number comes from; "assumed" says that it has no source but habit.
    voltage : float, V
        Usual mean discharge voltage of a cell; cathodes against graphite.
    """

    name: str
    density: float
    specific_capacity: float
    size_options: dict[str, Any]
    density_source: str
    capacity_source: str
    size_source: str
    voltage: float = 3.7

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives it back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Material:
        """Rebuild a material from `to_dict`; what a newer version adds is passed over.

        Raises
        ------
        InputError
            If the data are not those of a material.
        """
        names = {one.name for one in fields(cls)}
        try:
            return cls(**{name: value for name, value in data.items() if name in names})
        except (AttributeError, TypeError) as error:
            raise InputError(f"The stored material cannot be read ({error}).") from error

    @property
    def changed_options(self) -> dict[str, Any]:
        """Options of its particle sizes that differ from the generator's defaults."""
        return {
            name: value
            for name, value in self.size_options.items()
            if GENERATOR_OPTIONS[name].default != value
        }

    @property
    def variables(self) -> dict[str, Any]:
        """Its density and particle sizes as values of a campaign's variables.

        Those that differ from what a campaign takes anyway.
        """
        own = {"am_density": self.density} if self.density != Recipe(0.95).am_density else {}
        return own | self.changed_options

    @property
    def in_words(self) -> str:
        """``NMC811: 4.78 g/cm³, 203 mAh/g, 3.7 V``"""
        return (
            f"{self.name}: {self.density:g} g/cm³, {self.specific_capacity:g} mAh/g, "
            f"{self.voltage:g} V"
        )


def _about(d50: float) -> dict[str, Any]:
    """Log-normal sizes by volume around a median: half of D90/D10 of 3 on either side."""
    spread = 3**0.5
    return {
        "size_distribution": "lognormal",
        "size_basis": "volume",
        "d10": round(d50 / spread, 3),
        "d50": d50,
        "d90": round(d50 * spread, 3),
    }


_NOH = "Noh et al. 2013, 0.1 C, 3.0-4.3 V (DOI 10.1016/j.jpowsour.2013.01.063)"
_CHEN = "mean radius of Chen et al. 2020 (DOI 10.1149/1945-7111/ab9050); spread assumed"

MATERIALS: dict[str, Material] = {
    material.name: material
    for material in (
        Material(
            "NMC111", 4.65, 163.0, {"size_distribution": "nmc111"},
            "Duquesnoy et al. 2020 (DOI 10.1016/j.jpowsour.2020.229103)",
            _NOH,
            "409 measured diameters (DOI 10.5281/zenodo.3901459)",
        ),
        Material(
            "NMC622", 4.77, 187.0, _about(10.0),
            "crystal: 96.93 g/mol, a 2.868 Å, c 14.22 Å, 3 formulas a cell",
            _NOH,
            "assumed: secondary particles of about 10 µm; give your own",
        ),
        Material(
            "NMC811", 4.78, 203.0, _about(10.44),
            "crystal: 97.28 g/mol, a 2.872 Å, c 14.21 Å, 3 formulas a cell",
            _NOH,
            _CHEN,
        ),
        Material(
            "LFP", 3.60, 170.0, _about(1.0),
            "crystal: 157.76 g/mol, 10.33 x 6.01 x 4.69 Å, 4 formulas a cell",
            "theoretical, one Li a formula; Padhi et al. 1997 (DOI 10.1149/1.1837571)",
            "assumed: agglomerates of about 1 µm; give your own",
            3.2,
        ),
        Material(
            "LCO", 5.05, 137.0, _about(10.0),
            "crystal: 97.87 g/mol, a 2.816 Å, c 14.05 Å, 3 formulas a cell",
            "half of the theoretical 274 mAh/g, the stable range of LiCoO2",
            "assumed: particles of about 10 µm; give your own",
            3.8,
        ),
        Material(
            "graphite", 2.26, 372.0, _about(11.72),
            "crystal: a 2.461 Å, c 6.708 Å, 4 atoms a cell",
            "theoretical, LiC6",
            _CHEN,
        ),
    )
}  # fmt: skip
"""Presets by name."""


def material(name: str) -> Material:
    """Look up a preset; upper or lower case does not matter.

    Raises
    ------
    InputError
        If there is no such preset.
    """
    for preset in MATERIALS.values():
        if preset.name.lower() == name.lower():
            return preset
    raise InputError(f"'{name}' is no known material: use one of {', '.join(MATERIALS)}.")


def material_named_in(text: str) -> str:
    """Name of the preset that a text mentions, say that of a file; empty where none or several.

    >>> material_named_in("line 2, nmc-811.xlsx"), material_named_in("trial 7.xlsx")
    ('NMC811', '')
    """
    found = [name for name in MATERIALS if _mention(name).search(text)]
    return found[0] if len(found) == 1 else ""


def _mention(name: str) -> re.Pattern[str]:
    """A name that stands alone: ``electrical_conductivity`` holds no LCO."""
    letters, digits = re.fullmatch(r"(\D+)(\d*)", name).groups()  # type: ignore[union-attr]
    end = rf"[\s_-]*{digits}(?!\d)" if digits else r"(?![^\W\d_])"
    return re.compile(rf"(?<![^\W\d_]){letters}{end}", re.IGNORECASE)
