"""The three phases as the eye sees them: names, colours, visibility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.maps import palette
from engine.structure.stack import AM, CBD, ELECTROLYTE, PHASE_NAMES

OUTSIDE = 3
"""Label of everything beyond the box, so that its faces are interfaces like any other."""

PHASES = (ELECTROLYTE, AM, CBD)
PHASE_TITLES = {ELECTROLYTE: "Electrolyte", AM: "Active material", CBD: "Carbon-binder domain"}
PHASE_SHORT = {ELECTROLYTE: "Electrolyte", AM: "AM", CBD: "CBD"}

Colours = dict[int, str]
# Okabe and Ito's set, told apart by colour-blind eyes.
DEFAULT_COLOURS: Colours = {ELECTROLYTE: palette.ELECTROLYTE, AM: palette.AM, CBD: palette.CBD}


def colours_by_label(names: Mapping[str, str]) -> Colours:
    """Colours keyed by label from colours keyed by phase name ("electrolyte", "am", "cbd")."""
    return {label: names[name] for label, name in enumerate(PHASE_NAMES)}


def rgb(colour: str) -> tuple[float, float, float]:
    """Components 0..1 of a colour written ``#rrggbb``."""
    value = int(colour.lstrip("#"), 16)
    return (value >> 16 & 255) / 255, (value >> 8 & 255) / 255, (value & 255) / 255


@dataclass(frozen=True)
class PhaseLook:
    """How one phase is drawn.

    Attributes
    ----------
    colour : str
        ``#rrggbb``.
    visible : bool
    opacity : float, 0..1
    """

    colour: str
    visible: bool = True
    opacity: float = 1.0

    @property
    def opaque(self) -> bool:
        """Drawn so that nothing behind it is seen."""
        return self.visible and self.opacity > 0.995


Looks = dict[int, PhaseLook]


def default_looks(colours: Colours | None = None) -> Looks:
    """Solid phases opaque, the electrolyte hidden so that one looks into the pores."""
    colours = colours or DEFAULT_COLOURS
    return {phase: PhaseLook(colours[phase], visible=phase != ELECTROLYTE) for phase in PHASES}


def recoloured(looks: Looks, colours: Colours) -> Looks:
    """The same looks in other colours."""
    return {phase: replace(look, colour=colours[phase]) for phase, look in looks.items()}


def interface_look(first: int, second: int, looks: Looks) -> tuple[int, float] | None:
    """Decide how the surface between two phases is drawn.

    A surface is drawn once, in the colour of the phase one would see there: two coincident
    surfaces would flicker through each other.

    Parameters
    ----------
    first, second : int
        The phases on either side; `second` may be `OUTSIDE`.

    Returns
    -------
    (phase, opacity) or None
        Whose colour it takes, and its opacity; None where nothing is to be drawn.
    """
    sides = [p for p in (first, second) if p != OUTSIDE and looks[p].visible and looks[p].opacity]
    if not sides:
        return None
    if len(sides) == 1:
        return sides[0], looks[sides[0]].opacity
    if all(looks[p].opaque for p in sides):
        return None  # nothing ever looks upon a surface between two opaque bodies
    shown = max(sides, key=lambda p: looks[p].opacity)
    return shown, looks[shown].opacity
