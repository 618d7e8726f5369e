"""Values per voxel to colour a structure by, and their colours."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:  # loading VTK takes a second, which the window does not wait for
    from hybridgui.structure.streamlines import FlowTubes

MISSING = (184, 184, 184)
"""Grey of voxels that have no value."""


@dataclass(frozen=True, eq=False)
class Field:
    """A value per voxel to colour the structure by.

    Attributes
    ----------
    values : ndarray of float, shape (nz, ny, nx)
        Not a number where there is none.
    title : str
        With its unit.
    colours : {"cividis", "viridis", "plasma", "categories"}
        Categories are whole numbers from 0, such as the number of a particle.
    range : tuple of two floats, optional
        Values at the ends of the colours; the 1st and 99th percentile by default.
    tubes : FlowTubes, optional
        Then the field is shown along these lines of flow, not on surfaces.
    """

    values: np.ndarray
    title: str
    colours: str = "cividis"
    range: tuple[float, float] | None = None
    tubes: FlowTubes | None = None
    limits: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", self._limits())

    @property
    def is_category(self) -> bool:
        """Whether the values only name things."""
        return self.colours == "categories"

    def _limits(self) -> tuple[float, float]:
        if self.range is not None:
            return self.range
        values = self.values
        # A sample of a large volume gives the same percentiles to the eye.
        step = max(1, round((values.size / 2_000_000) ** (1 / 3)))
        known = values[::step, ::step, ::step]
        known = known[np.isfinite(known)]
        if self.is_category:
            finite = values[np.isfinite(values)]
            return 0.0, max(1.0, float(finite.max(initial=1.0)))
        low, high = np.percentile(known, (1, 99)) if known.size else (0.0, 1.0)
        return (float(low), float(high)) if high > low else (float(low) - 0.5, float(low) + 0.5)

    def shades(self) -> np.ndarray:
        """Colours from the low end to the high one; float 0..1, shape (n, 3)."""
        if self.is_category:
            return category_colours(int(self.limits[1]) + 1)
        import matplotlib

        return matplotlib.colormaps[self.colours](np.linspace(0, 1, 256))[:, :3]

    def rgb(self, values: np.ndarray) -> np.ndarray:
        """Colours of some values of the field; uint8, shape (..., 3)."""
        shades = (255 * self.shades() + 0.5).astype(np.uint8)
        low, high = self.limits
        known = np.isfinite(values)
        scaled = (np.where(known, values, low) - low) / (high - low)
        count = len(shades)
        place = np.clip((scaled * (count - (1 if self.is_category else 0))), 0, count - 1)
        place = np.rint(place) if self.is_category else np.floor(place)
        colours = shades[place.astype(np.intp)]
        colours[~known] = MISSING
        return colours


def category_colours(count: int) -> np.ndarray:
    """Colours that tell neighbours in number apart: hues a golden angle from each other."""
    numbers = np.arange(count)
    hues = (0.08 + numbers * 0.61803398875) % 1
    values = 0.72 + 0.23 * (numbers % 3) / 2
    return np.array(
        [colorsys.hsv_to_rgb(h, 0.55, v) for h, v in zip(hues, values, strict=True)]
    ).reshape(-1, 3)
