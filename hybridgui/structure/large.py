"""A question before an electrode is made that takes much memory and time."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from engine.structure.condition import Condition
from hybridgui import dialogs

MOST_VOXELS = 64_000_000
"""Voxels that are made without a question."""


def wants_large(parent: QWidget, condition: Condition) -> bool:
    """Whether an electrode is to be made; asks where it is large."""
    nz, ny, nx = condition.shape
    voxels = nz * ny * nx
    if voxels <= MOST_VOXELS:
        return True
    answer = dialogs.ask(
        parent,
        f"This electrode has {voxels / 1e6:,.0f} million voxels.",
        f"It needs about {voxels * 40 / 2**30:.0f} GB of memory and some minutes. "
        "A smaller box or larger voxels are quicker.",
        [("go", "Generate it"), ("stop", "Change the box")],
        default="stop",
        escape="stop",
    )
    return answer == "go"
