"""Bulk conductivities that turn geometry into S/m: inputs of the product, with their sources."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

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
            if not (np.isfinite(value) and value >= 0):
                raise InputError(
                    f"Conductivity {field.name} = {value} S/m must be zero or a positive number."
                )
        if self.electrolyte == 0:
            raise InputError("The conductivity of the electrolyte must be above zero.")

    @property
    def ionic(self) -> tuple[float, float, float]:
        """Ionic conductivity of (electrolyte, AM, CBD), S/m."""
        return (self.electrolyte, 0.0, self.cbd_ionic)

    @property
    def electronic(self) -> tuple[float, float, float]:
        """Electronic conductivity of (electrolyte, AM, CBD), S/m."""
        return (0.0, self.am, self.cbd)
