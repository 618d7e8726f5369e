"""Is the volume representative? A property against the size of the sub-volume."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.stack import VoxelStack


@dataclass(frozen=True, eq=False)
class RepresentativeCheck:
    """A property of sub-volumes of growing size.

    Attributes
    ----------
    edge : ndarray, shape (sizes,), µm
        Cube root of the sub-volume.
    mean, spread : ndarray, shape (sizes,)
        Mean and standard deviation over the sub-volumes (nan for a single one); infinite values
        are left out.
    count : ndarray of int, shape (sizes,)
        Sub-volumes with a finite value.
    """

    edge: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    count: np.ndarray

    @property
    def relative_spread(self) -> np.ndarray:
        """Spread over mean, shape (sizes,)."""
        return self.spread / np.abs(self.mean)


def representative_check(
    stack: VoxelStack,
    measure: Callable[[VoxelStack], float],
    divisions: tuple[int, ...] = (4, 3, 2, 1),
    progress: Progress | None = None,
) -> RepresentativeCheck:
    """Measure a property on sub-volumes that divide the stack evenly.

    Parameters
    ----------
    stack : VoxelStack
    measure : callable
        Takes a stack, returns one number.
    divisions : tuple of int
        Into how many parts each axis is cut.
    progress : Progress, optional

    Returns
    -------
    RepresentativeCheck

    Raises
    ------
    InputError
        If a division leaves less than one voxel.
    Cancelled
        If `progress` was cancelled.
    """
    progress = progress or silent()
    if not divisions or min(divisions) < 1 or max(divisions) > min(stack.shape):
        raise InputError(
            f"A stack of {stack.shape} voxels cannot be cut into {divisions} parts along each axis."
        )
    rows = []
    total = sum(n**3 for n in divisions)
    done = 0
    for n in divisions:
        size = [length // n for length in stack.shape]
        values = []
        for corner in itertools.product(range(n), repeat=3):
            progress.report(done / total, "representative volume")
            cut = tuple(slice(i * s, (i + 1) * s) for i, s in zip(corner, size, strict=True))
            values.append(measure(VoxelStack(stack.labels[cut], stack.spacing)))
            done += 1
        finite = np.array(values)[np.isfinite(values)]
        volume = np.prod(size) * np.prod(stack.spacing)
        rows.append(
            (
                float(volume) ** (1 / 3),
                finite.mean() if finite.size else np.nan,
                finite.std(ddof=1) if finite.size > 1 else np.nan,
                finite.size,
            )
        )
    edge, mean, spread, count = zip(*rows, strict=True)
    return RepresentativeCheck(np.array(edge), np.array(mean), np.array(spread), np.array(count))


def phase_fraction(label: int) -> Callable[[VoxelStack], float]:
    """Measure for `representative_check`: the voxel share of a phase."""
    return lambda stack: float(np.mean(stack.labels == label))
