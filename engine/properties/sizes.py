"""Sizes of pores and particles by local thickness.

The size at a point of a phase is the diameter of the largest ball inside the phase that covers the
point (Hildebrand and Rueegsegger 1997, J. Microsc. 185, 67, DOI 10.1046/j.1365-2818.1997.1340694.x).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from engine.compiled import kernel
from engine.progress import Progress, silent
from engine.properties.axes import edges_of

BINS = 24


@dataclass(frozen=True, eq=False)
class SizeDistribution:
    """Volume-weighted distribution of local thickness; all nan where the phase is absent.

    Attributes
    ----------
    mean, d10, d50, d90 : float, µm
        Diameters; a tenth of the phase's volume is thinner than `d10`.
    diameter : ndarray, shape (bins,), µm
        Middles of the bins.
    share : ndarray, shape (bins,)
        Share of the phase's volume in each bin.
    """

    mean: float
    d10: float
    d50: float
    d90: float
    diameter: np.ndarray
    share: np.ndarray


def local_thickness(
    phase: np.ndarray,
    spacing: float | tuple[float, float, float] = 1.0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Diameter of the largest ball inside the phase that covers each voxel.

    Faces of the box do not bound the phase.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    spacing : float or three floats, µm
    progress : Progress, optional

    Returns
    -------
    ndarray of float32, shape (nz, ny, nx), µm
        0 outside the phase; inf where the phase fills the whole box.

    Raises
    ------
    Cancelled
        If `progress` was cancelled.
    """
    progress = progress or silent()
    phase = np.ascontiguousarray(phase, dtype=bool)
    edges = np.array(edges_of(spacing))
    if phase.all():
        return np.full(phase.shape, np.inf, np.float32)
    progress.report(0.0, "distances")
    distance = ndimage.distance_transform_edt(phase, sampling=edges).astype(np.float32)
    centres = _ridge(distance, edges)
    radii = distance.ravel()[centres]
    order = np.argsort(-radii, kind="stable")
    largest = np.zeros(phase.shape, np.float32)
    centres = centres[order]
    step = max(1, centres.size // 20)
    for low in range(0, centres.size, step):
        progress.report(0.2 + 0.8 * low / centres.size, "local thickness")
        _fill_balls(largest, distance, centres[low : low + step], edges)
    # The surface lies half a voxel before the nearest voxel outside.
    half = np.float32(edges.mean() / 2)
    return np.where(phase, 2 * np.maximum(largest - half, half), np.float32(0))


@kernel
def _ridge(distance, edges):
    """Linear indices of voxels whose ball is not inside the ball of a neighbour."""
    nz, ny, nx = distance.shape
    found = np.empty(distance.size, np.int64)
    count = 0
    for z in range(nz):
        for y in range(ny):
            for x in range(nx):
                mine = distance[z, y, x]
                if mine == 0:
                    continue
                inside = False
                for zz in range(max(z - 1, 0), min(z + 2, nz)):
                    for yy in range(max(y - 1, 0), min(y + 2, ny)):
                        for xx in range(max(x - 1, 0), min(x + 2, nx)):
                            apart = np.sqrt(
                                ((zz - z) * edges[0]) ** 2
                                + ((yy - y) * edges[1]) ** 2
                                + ((xx - x) * edges[2]) ** 2
                            )
                            if apart > 0 and distance[zz, yy, xx] >= mine + apart:
                                inside = True
                if not inside:
                    found[count] = (z * ny + y) * nx + x
                    count += 1
    return found[:count].copy()


@kernel
def _fill_balls(largest, distance, centres, edges):
    """Write the radius of each ball, in falling order, into voxels not covered yet."""
    nz, ny, nx = largest.shape
    for centre in centres:
        z, y, x = centre // (ny * nx), centre // nx % ny, centre % nx
        radius = distance[z, y, x]
        # Voxels at exactly the radius are outside; rounding must not bring them in.
        square = np.float64(radius) ** 2 * (1 - 1e-6)
        reach = np.int64(radius / edges[0])
        for zz in range(max(z - reach, 0), min(z + reach + 1, nz)):
            rest_z = square - ((zz - z) * edges[0]) ** 2
            if rest_z <= 0:
                continue
            reach_y = np.int64(np.sqrt(rest_z) / edges[1])
            for yy in range(max(y - reach_y, 0), min(y + reach_y + 1, ny)):
                rest = rest_z - ((yy - y) * edges[1]) ** 2
                if rest <= 0:
                    continue
                reach_x = np.int64(np.sqrt(rest) / edges[2])
                for xx in range(max(x - reach_x, 0), min(x + reach_x + 1, nx)):
                    if largest[zz, yy, xx] == 0 and rest - ((xx - x) * edges[2]) ** 2 > 0:
                        largest[zz, yy, xx] = radius


def size_distribution(
    phase: np.ndarray,
    spacing: float | tuple[float, float, float] = 1.0,
    progress: Progress | None = None,
) -> SizeDistribution:
    """Distribution of local thickness over the volume of a phase.

    Parameters
    ----------
    phase : ndarray of bool, shape (nz, ny, nx)
    spacing : float or three floats, µm
    progress : Progress, optional

    Returns
    -------
    SizeDistribution
    """
    thickness = local_thickness(phase, spacing, progress)
    values = thickness[(thickness > 0) & np.isfinite(thickness)]
    if not values.size:
        nothing = np.empty(0)
        return SizeDistribution(*(float("nan"),) * 4, nothing, nothing)
    share, limits = np.histogram(values, bins=BINS, range=(0, float(values.max())))
    d10, d50, d90 = np.percentile(values, (10, 50, 90))
    return SizeDistribution(
        float(values.mean(dtype=float)),
        float(d10),
        float(d50),
        float(d90),
        (limits[1:] + limits[:-1]) / 2,
        share / values.size,
    )
