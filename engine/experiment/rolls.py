"""Line loads and forces of a calender, and the pressures that they amount to under its rolls."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.errors import InputError


@dataclass(frozen=True)
class Rolls:
    """Contact of electrode and rolls, of a lab that sets a line load or a force.

    ``pressure = line load / contact length``, and ``line load = force / width``.

    Attributes
    ----------
    contact_length : float, mm
        Of the contact in the direction of rolling.
    width : float or None, mm
        Of the electrode under the rolls; given where the lab sets a force (kN), None where it
        sets a line load (N/mm).
    """

    contact_length: float
    width: float | None = None

    def __post_init__(self) -> None:
        for value, what in ((self.contact_length, "contact length"), (self.width, "width")):
            if value is not None and not (math.isfinite(value) and value > 0):
                raise InputError(f"The {what} under the rolls must be above 0 mm.")

    @property
    def name(self) -> str:
        """What the lab sets."""
        return "Line load" if self.width is None else "Force"

    @property
    def unit(self) -> str:
        """Unit of what the lab sets."""
        return "N/mm" if self.width is None else "kN"

    @property
    def contact(self) -> str:
        """The conversion in words, e.g. ``"3 mm contact"``."""
        width = "" if self.width is None else f" and {self.width:g} mm width"
        return f"{self.contact_length:g} mm contact{width}"

    @property
    def heading(self) -> str:
        """Heading of a column, from which `stated_rolls` reads the contact again."""
        return f"{self.name} at {self.contact} ({self.unit})"

    @property
    def sentence(self) -> str:
        """How pressures follow, for a report."""
        over = "" if self.width is None else f" over {self.width:g} mm of width"
        return (
            f"Pressures are {self.name.lower()}s ({self.unit}){over} divided by a contact length of "
            f"{self.contact_length:g} mm: 100 MPa are {self.shown(100.0)}."
        )

    def load(self, pressure: ArrayLike) -> NDArray[np.float64]:
        """Line load (N/mm) or force (kN) that gives each pressure (MPa)."""
        factor = 1.0 if self.width is None else self.width / 1000
        return np.asarray(pressure, float) * self.contact_length * factor

    def shown(self, pressure: float) -> str:
        """The load of a pressure (MPa) with its unit, e.g. ``"861 N/mm"``."""
        value = float(self.load(pressure))
        digits = max(0, 2 - math.floor(math.log10(value))) if value > 0 else 0
        return f"{value:.{digits}f} {self.unit}"

    def in_words(self, pressure: float) -> str:
        """The load of a pressure (MPa) as an aside, e.g. ``"line load 861 N/mm at 3 mm contact"``."""
        return f"{self.name.lower()} {self.shown(pressure)} at {self.contact}"

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the rolls back."""
        return {"contact_length": self.contact_length, "width": self.width}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Rolls:
        """Rebuild from `to_dict`."""
        width = data.get("width")
        return cls(float(data["contact_length"]), None if width is None else float(width))


def stated_rolls(header: str) -> tuple[float | None, float | None]:
    """Contact length and width (mm) that a header of this program states; None where it does not."""
    found = re.search(r"\bat ([\d.]+) mm contact(?: and ([\d.]+) mm width)?", header)
    if found is None:
        return None, None
    return float(found[1]), float(found[2]) if found[2] else None
