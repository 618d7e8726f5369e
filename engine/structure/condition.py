"""What is to be generated: a recipe, a coating, and the calendered condition they give."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InputError

PROTOCOLS = ("physical", "published")
POROSITY_KINDS = ("total", "resolved")


@dataclass(frozen=True)
class Recipe:
    """Dry composition of the electrode.

    Attributes
    ----------
    am_fraction : float, 0..1
        Mass fraction of active material; the rest is carbon-binder domain (CBD).
    am_density : float, g/cm³
        Skeletal density of the AM; 4.65 is NMC111 (DOI 10.1016/j.jpowsour.2020.229103).
    cbd_density : float, g/cm³
        Skeletal density of carbon black and binder, about 1.8 each.
    cbd_nanoporosity : float, 0..1
        Share of nanopores in the volume that the CBD occupies.
    """

    am_fraction: float
    am_density: float = 4.65
    cbd_density: float = 1.8
    cbd_nanoporosity: float = 0.47

    def __post_init__(self) -> None:
        if not 0 < self.am_fraction <= 1:
            raise InputError(
                f"AM mass fraction {self.am_fraction:g} is not between 0 and 1: give e.g. 0.94."
            )
        for name in ("am_density", "cbd_density"):
            if not 0 < getattr(self, name) < 30:
                raise InputError(
                    f"{name.replace('_', ' ')} {getattr(self, name):g} g/cm³ is not between "
                    "0 and 30: give e.g. 4.65."
                )
        if not 0 <= self.cbd_nanoporosity < 1:
            raise InputError(
                f"CBD nanoporosity {self.cbd_nanoporosity:g} is not between 0 and 1: "
                "give e.g. 0.47."
            )

    @classmethod
    def published(cls, am_fraction: float) -> Recipe:
        """Recipe of the published protocol: CBD at 0.95 g/cm³, nanopores included."""
        return cls(am_fraction, cbd_nanoporosity=1 - 0.95 / 1.8)

    @property
    def cbd_envelope_density(self) -> float:
        """Density of the CBD with its nanopores, g/cm³."""
        return self.cbd_density * (1 - self.cbd_nanoporosity)

    def volume_fractions(self, porosity: float, kind: str = "total") -> tuple[float, float, float]:
        """Voxel shares of (electrolyte, AM, CBD) at a porosity.

        Parameters
        ----------
        porosity : float, 0..1
        kind : {"total", "resolved"}
            `total` is the lab porosity, which includes the nanopores in the CBD;
            `resolved` is the share of electrolyte voxels.

        Raises
        ------
        InputError
            If no electrolyte would be left between the particles.
        """
        if kind not in POROSITY_KINDS:
            raise InputError(f"Porosity kind '{kind}' is not one of {', '.join(POROSITY_KINDS)}.")
        if not 0 < porosity < 1:
            raise InputError(f"Porosity {porosity:g} is not between 0 and 1 (0 and 100 %).")
        am = self.am_fraction / self.am_density
        cbd = 1 - self.am_fraction
        if kind == "resolved":
            cbd /= self.cbd_envelope_density
            share = (1 - porosity) / (am + cbd)
            return porosity, share * am, share * cbd
        cbd /= self.cbd_density
        share = (1 - porosity) / (am + cbd)
        am, cbd = share * am, share * cbd / (1 - self.cbd_nanoporosity)
        if am + cbd >= 1:
            raise InputError(
                f"A total porosity of {100 * porosity:.1f} % leaves no pores outside the CBD at "
                f"{100 * self.am_fraction:.1f} % AM: raise the porosity or lower the CBD "
                "nanoporosity."
            )
        return 1 - am - cbd, am, cbd


@dataclass(frozen=True)
class Coating:
    """The dried electrode before calendering: porosity (0..1, lab) and thickness (µm)."""

    initial_porosity: float
    initial_thickness: float

    def __post_init__(self) -> None:
        if not 0 < self.initial_porosity < 1:
            raise InputError(
                f"Initial porosity {self.initial_porosity:g} is not between 0 and 1 (0 and 100 %)."
            )
        if not 1 <= self.initial_thickness <= 2000:
            raise InputError(
                f"Initial thickness {self.initial_thickness:g} µm is not between 1 and 2000 µm."
            )


@dataclass(frozen=True)
class Condition:
    """One calendered condition: all that, with a seed, determines a structure.

    Attributes
    ----------
    recipe : Recipe
    porosity : float, 0..1
        After calendering, of the kind `porosity_kind`.
    thickness : float, µm
        After calendering.
    porosity_kind : {"total", "resolved"}
    protocol : {"physical", "published"}
    box : tuple of two floats, µm
        Lateral size (y, x).
    voxel_size : float, µm
    coating, pressure, gap : optional
        Where the condition comes from (MPa, µm); kept as record, not used in generation.
    options : dict
        Parameters of the generator by name (JSON values only); `engine.structure.options`
        gives names, defaults and ranges.
    """

    recipe: Recipe
    porosity: float
    thickness: float
    porosity_kind: str = "total"
    protocol: str = "physical"
    box: tuple[float, float] = (50.0, 50.0)
    voxel_size: float = 1.0
    coating: Coating | None = None
    pressure: float | None = None
    gap: float | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.protocol not in PROTOCOLS:
            raise InputError(f"Protocol '{self.protocol}' is not one of {', '.join(PROTOCOLS)}.")
        if not 0 < self.voxel_size <= 100:
            raise InputError(f"Voxel size {self.voxel_size:g} µm is not between 0 and 100 µm.")
        if not self.voxel_size <= self.thickness <= 5000:
            raise InputError(
                f"Thickness {self.thickness:g} µm is not between one voxel and 5000 µm."
            )
        object.__setattr__(self, "box", tuple(float(edge) for edge in self.box))
        if len(self.box) != 2 or min(self.box) < self.voxel_size:
            raise InputError(f"Box {self.box} must be two lengths (y, x) in µm of a voxel or more.")
        self.volume_fractions  # noqa: B018  refuses an impossible recipe at once

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (z, y, x); each length is rounded half up to whole voxels."""
        nz, ny, nx = (
            max(1, int(length / self.voxel_size + 0.5)) for length in (self.thickness, *self.box)
        )
        return nz, ny, nx

    @property
    def volume_fractions(self) -> tuple[float, float, float]:
        """Target voxel shares of (electrolyte, AM, CBD)."""
        return self.recipe.volume_fractions(self.porosity, self.porosity_kind)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the condition back exactly."""
        return dataclasses.asdict(self) | {"box": list(self.box)}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Condition:
        """Rebuild a condition from `to_dict`."""
        coating = data.get("coating")
        return cls(
            **{
                **data,
                "recipe": Recipe(**data["recipe"]),
                "coating": Coating(**coating) if coating else None,
                "box": tuple(data["box"]),
            }
        )

    @property
    def key(self) -> str:
        """Short hash that names the condition."""
        text = json.dumps(self.to_dict(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
