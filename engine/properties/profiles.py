"""How the phases are spread from the collector to the separator."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.structure.stack import PHASE_NAMES, VoxelStack


@dataclass(frozen=True, eq=False)
class SliceProfile:
    """Share of each phase in every slice.

    Attributes
    ----------
    height : ndarray, shape (nz,), µm
        Middle of each slice above the collector.
    share : dict of ndarray, shape (nz,), 0..1
        By phase: ``electrolyte``, ``am``, ``cbd``.
    """

    height: np.ndarray
    share: dict[str, np.ndarray]


def slice_profile(stack: VoxelStack) -> SliceProfile:
    """Phase shares along z.

    Parameters
    ----------
    stack : VoxelStack

    Returns
    -------
    SliceProfile
    """
    nz = stack.shape[0]
    flat = stack.labels.reshape(nz, -1)
    share = {
        name: np.count_nonzero(flat == label, axis=1) / flat.shape[1]
        for label, name in enumerate(PHASE_NAMES)
    }
    return SliceProfile((np.arange(nz) + 0.5) * stack.spacing[0], share)
