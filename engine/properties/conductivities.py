"""Bulk conductivities that turn geometry into S/m: inputs of the product, with their sources."""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import InputError


@dataclass(frozen=True)
class Conductivities:
    """Bulk conductivities of the phases, S/m. Replace the defaults by your own measurements.

    Attributes
    ----------
    electrolyte : float, S/m
        Ionic. 1.119 is LP30 (1 M LiPF6 in EC:DMC) at 25 °C, the value of the published workflow
        (DOI 10.1016/j.jpowsour.2020.229103).
    am : float, S/m
        Electronic. NMC111 spans 1e-5 (lithiated) to 1 S/m (x = 0.75), Amin and Chiang 2016,
        DOI 10.1149/2.0131608jes; 3e-3 is the geometric middle of that range.
    cbd : float, S/m
        Electronic, of carbon black and PVdF together with their nanopores. Films reach the order
        of 100 S/m; it depends on the carbon content and falls by half in use (Grillet et al. 2016,
        DOI 10.1149/2.0341609jes). The least certain of the three: measure it.
    cbd_ionic : float, S/m
        Ionic, of electrolyte in the nanopores of the CBD. Zero (the default, as published) closes
        the CBD to ions; 47 % nanopores after Bruggeman would give about 0.32 of the electrolyte.
    """

    electrolyte: float = 1.119
    am: float = 3e-3
    cbd: float = 100.0
    cbd_ionic: float = 0.0

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            number = isinstance(value, numbers.Real) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and value >= 0):
                raise InputError(
                    f"Conductivity {field.name} = {value} S/m must be zero or a positive number."
                )
            object.__setattr__(self, field.name, float(value))
        if self.electrolyte == 0:
            raise InputError("The conductivity of the electrolyte must be above zero.")

    @classmethod
    def of(cls, values: Mapping[str, Any] | None) -> Conductivities:
        """Return the defaults with some values (S/m) replaced, by their names.

        Raises
        ------
        InputError
            If a name is unknown or a value is no positive number.
        """
        names = [field.name for field in dataclasses.fields(cls)]
        for name in values or ():
            if name not in names:
                known = f"{', '.join(names[:-1])} or {names[-1]}"
                raise InputError(f"Conductivity '{name}' is unknown: name {known}.")
        return cls(**(values or {}))

    def to_dict(self) -> dict[str, float]:
        """JSON form; `of` gives it back."""
        return dataclasses.asdict(self)

    def columns(self) -> dict[str, float]:
        """All four by column of a dataset."""
        return {f"bulk_conductivity_{name}_S_per_m": v for name, v in self.to_dict().items()}

    @property
    def in_words(self) -> str:
        """All four values, with their unit."""
        return (
            f"electrolyte {self.electrolyte:g}, AM {self.am:g}, CBD {self.cbd:g}, electrolyte in "
            f"the nanopores of the CBD {self.cbd_ionic:g} S/m"
        )

    @property
    def opens_cbd(self) -> bool:
        """Whether ions go through the nanopores of the CBD."""
        return self.cbd_ionic > 0

    @property
    def ionic(self) -> tuple[float, float, float]:
        """Ionic conductivity of (electrolyte, AM, CBD), S/m."""
        return (self.electrolyte, 0.0, self.cbd_ionic)

    @property
    def electronic(self) -> tuple[float, float, float]:
        """Electronic conductivity of (electrolyte, AM, CBD), S/m."""
        return (0.0, self.am, self.cbd)
