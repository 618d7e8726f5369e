"""The voxel electrode that every room of the engine speaks of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

ELECTROLYTE, AM, CBD = 0, 1, 2
PHASE_NAMES = ("electrolyte", "am", "cbd")


@dataclass(frozen=True, eq=False)
class VoxelStack:
    """A segmented electrode.

    Attributes
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
        0 electrolyte, 1 active material (AM), 2 carbon-binder domain (CBD).
        z = 0 is the current collector, the last z the separator.
    spacing : tuple of three floats, µm
        Voxel edge along (z, y, x). A single number given to the constructor means cubes.
    """

    labels: np.ndarray
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        labels = np.ascontiguousarray(self.labels)
        if labels.ndim != 3 or labels.size == 0:
            raise ValueError(f"labels must be a non-empty 3D array, not of shape {labels.shape}")
        if labels.dtype != np.uint8:
            raise ValueError(f"labels must be uint8, not {labels.dtype}")
        if labels.max() > CBD:
            raise ValueError("labels must be 0 (electrolyte), 1 (AM) or 2 (CBD)")
        edges = np.atleast_1d(np.asarray(self.spacing, dtype=float))
        edges = np.repeat(edges, 3) if edges.size == 1 else edges
        if edges.shape != (3,) or not (np.isfinite(edges) & (edges > 0)).all():
            raise ValueError(
                f"spacing must be one or three positive lengths in µm, not {self.spacing}"
            )
        labels.setflags(write=False)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "spacing", tuple(edges.tolist()))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of voxels along (z, y, x)."""
        nz, ny, nx = self.labels.shape
        return (nz, ny, nx)

    @property
    def voxel_size(self) -> float:
        """Voxel edge in µm (geometric mean of the three edges)."""
        return float(np.prod(self.spacing) ** (1 / 3))

    @property
    def thickness(self) -> float:
        """Length along z, µm."""
        return self.labels.shape[0] * self.spacing[0]

    @property
    def phase_fractions(self) -> dict[str, float]:
        """Share of voxels of each phase, keyed by `PHASE_NAMES`, 0..1."""
        counts = np.bincount(self.labels.ravel(), minlength=3)
        return {
            name: float(count / self.labels.size)
            for name, count in zip(PHASE_NAMES, counts, strict=True)
        }

    @property
    def sha256(self) -> str:
        """Hash of shape and voxels, to recognise a structure bit for bit."""
        digest = hashlib.sha256(repr(self.labels.shape).encode())
        digest.update(self.labels.tobytes())
        return digest.hexdigest()
