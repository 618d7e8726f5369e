"""Since which version one and the same recipe and seed give other voxels, and why."""

from __future__ import annotations

import re

from engine import __version__
from engine.structure.condition import Condition

CHANGES = (
    (
        (0, 2, 0),
        "published",
        "spheres are drawn as they lie in a padded box, which brings the coverage of the "
        "collector to the published values; before, slice k was drawn at height k "
        "(sphere_drawing = plain gives that again)",
    ),
)
"""Version, protocol, and what was changed there: a line for each change that moved a voxel."""


def changes_since(version: str, condition: Condition) -> list[str]:
    """What makes the structure of a condition differ from that of an older version.

    Parameters
    ----------
    version : str
        Of the program that built it first, such as "0.1.0".
    condition : Condition

    Returns
    -------
    list of str
        Sentences without a full stop, oldest change first; empty where nothing was changed.
    """
    if "sphere_drawing" in condition.options:
        return []  # says itself how it is drawn
    built = _numbers(version)
    return [
        f"since version {'.'.join(map(str, since))} {what}"
        for since, protocol, what in CHANGES
        if built < since <= _numbers(__version__) and protocol == condition.protocol
    ]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
