"""From spheres to voxels: exact distances, exact counts.

Voxel (k, j, i) has its centre at ((k, j, i) + 0.5) times the voxel edge; lengths in µm; periodic
in y and x, cut off at both ends of z.
"""

from __future__ import annotations

import math

import numpy as np

from engine.compiled import kernel
from engine.structure.stack import AM

_BLOCK = 16  # voxels
_REACH = 4.0  # voxels, from a voxel to the surface of its particle


@kernel
def _distances(positions, radii, edge, reach, nearest_surface, second_surface):
    """Lower each voxel's distances to the nearest and second-nearest sphere surface."""
    nz, ny, nx = nearest_surface.shape
    for n in range(len(radii)):
        r = radii[n]
        z, y, x = positions[n, 0], positions[n, 1], positions[n, 2]
        far = r + reach
        k0 = max(math.ceil((z - far) / edge - 0.5), 0)
        k1 = min(math.floor((z + far) / edge - 0.5), nz - 1)
        for k in range(k0, k1 + 1):
            dz = (k + 0.5) * edge - z
            rest = far * far - dz * dz
            if rest < 0:
                continue
            half = math.sqrt(rest)
            j0 = math.ceil((y - half) / edge - 0.5)
            j1 = math.floor((y + half) / edge - 0.5)
            for j in range(j0, j1 + 1):
                dy = (j + 0.5) * edge - y
                rest2 = rest - dy * dy
                if rest2 < 0:
                    continue
                half2 = math.sqrt(rest2)
                i0 = math.ceil((x - half2) / edge - 0.5)
                i1 = math.floor((x + half2) / edge - 0.5)
                jj = j % ny
                ii = i0 % nx
                plane = dz * dz + dy * dy
                for i in range(i0, i1 + 1):
                    dx = (i + 0.5) * edge - x
                    d2 = plane + dx * dx
                    limit = r + second_surface[k, jj, ii]
                    if limit > 0 and d2 < limit * limit:
                        s = np.float32(math.sqrt(d2) - r)
                        if s < nearest_surface[k, jj, ii]:
                            second_surface[k, jj, ii] = nearest_surface[k, jj, ii]
                            nearest_surface[k, jj, ii] = s
                        elif s < second_surface[k, jj, ii]:
                            second_surface[k, jj, ii] = s
                    ii += 1
                    if ii == nx:
                        ii = 0


@kernel
def _nearest(wanted, positions, outer, along, across, axes, edge, reach, best, owner):
    """Number of the body whose surface is nearest (deepest inside) to each wanted voxel."""
    nz, ny, nx = owner.shape
    for n in range(len(outer)):
        far = outer[n] + reach
        z, y, x = positions[n, 0], positions[n, 1], positions[n, 2]
        for k in range(
            max(math.ceil((z - far) / edge - 0.5), 0),
            min(math.floor((z + far) / edge - 0.5), nz - 1) + 1,
        ):
            dz = (k + 0.5) * edge - z
            for j in range(
                math.ceil((y - far) / edge - 0.5), math.floor((y + far) / edge - 0.5) + 1
            ):
                dy = (j + 0.5) * edge - y
                jj = j % ny
                for i in range(
                    math.ceil((x - far) / edge - 0.5), math.floor((x + far) / edge - 0.5) + 1
                ):
                    ii = i % nx
                    if not wanted[k, jj, ii]:
                        continue
                    dx = (i + 0.5) * edge - x
                    s = _spheroid_distance(dz, dy, dx, along[n], across[n], axes[n])
                    if s <= reach and s < best[k, jj, ii]:
                        best[k, jj, ii] = s
                        owner[k, jj, ii] = n


@kernel
def _nearest_to(point, lengths, positions, outer, along, across, axes, reach):
    """As `_nearest`, of one point in a box that is periodic in y and x with these lengths."""
    best = np.float32(np.inf)
    owner = -1
    for n in range(len(outer)):
        far = outer[n] + reach
        dz = point[0] - positions[n, 0]
        if abs(dz) > far:
            continue
        y, x = point[1] - positions[n, 1], point[2] - positions[n, 2]
        for j in range(math.ceil((-far - y) / lengths[0]), math.floor((far - y) / lengths[0]) + 1):
            for i in range(
                math.ceil((-far - x) / lengths[1]), math.floor((far - x) / lengths[1]) + 1
            ):
                dy, dx = y + j * lengths[0], x + i * lengths[1]
                s = _spheroid_distance(dz, dy, dx, along[n], across[n], axes[n])
                if s <= reach and s < best:
                    best = np.float32(s)
                    owner = n
    return owner


@kernel
def _spheroid_distance(dz, dy, dx, along, across, u):
    """First-order distance from the surface of a spheroid: exact on it and for a sphere."""
    t = dz * u[0] + dy * u[1] + dx * u[2]
    d2 = dz * dz + dy * dy + dx * dx
    level2 = max(d2 - t * t, 0.0)
    size = math.sqrt(t * t / (along * along) + level2 / (across * across))
    slope = math.sqrt(t * t / along**4 + level2 / across**4)
    if slope < 1e-12:
        return -min(along, across)
    return size * (size - 1) / slope


@kernel
def _spheroid_distances(positions, along, across, axes, edge, reach, nearest_surface,
                        second_surface):  # fmt: skip
    """As `_distances`, of spheroids."""
    nz, ny, nx = nearest_surface.shape
    for n in range(len(along)):
        a, b = along[n], across[n]
        z, y, x = positions[n, 0], positions[n, 1], positions[n, 2]
        u = axes[n]
        e = a * a - b * b
        fz = math.sqrt(b * b + e * u[0] * u[0]) + reach
        fy = math.sqrt(b * b + e * u[1] * u[1]) + reach
        fx = math.sqrt(b * b + e * u[2] * u[2]) + reach
        k0 = max(math.ceil((z - fz) / edge - 0.5), 0)
        k1 = min(math.floor((z + fz) / edge - 0.5), nz - 1)
        for k in range(k0, k1 + 1):
            dz = (k + 0.5) * edge - z
            for j in range(math.ceil((y - fy) / edge - 0.5), math.floor((y + fy) / edge - 0.5) + 1):
                dy = (j + 0.5) * edge - y
                jj = j % ny
                for i in range(
                    math.ceil((x - fx) / edge - 0.5), math.floor((x + fx) / edge - 0.5) + 1
                ):
                    ii = i % nx
                    dx = (i + 0.5) * edge - x
                    s = np.float32(_spheroid_distance(dz, dy, dx, a, b, u))
                    if s > reach:
                        continue
                    if s < nearest_surface[k, jj, ii]:
                        second_surface[k, jj, ii] = nearest_surface[k, jj, ii]
                        nearest_surface[k, jj, ii] = s
                    elif s < second_surface[k, jj, ii]:
                        second_surface[k, jj, ii] = s


def surface_distances(
    positions: np.ndarray,
    radii: np.ndarray,
    shape: tuple[int, int, int],
    voxel_size: float,
    reach: float,
    floor: bool = False,
    shapes: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Distance of each voxel centre to the nearest and to the second-nearest surface.

    Parameters
    ----------
    positions : ndarray, shape (n, 3), µm
    radii : ndarray, shape (n,), µm
    shape : tuple of three ints
    voxel_size : float, µm
    reach : float, µm
        Surfaces farther away than this are not looked for.
    floor : bool
        Count the plane z = 0 (the current collector) as one of the surfaces.
    shapes : ndarray, shape (n, 4), optional
        Of spheroids, see `engine.structure.spheroids`.

    Returns
    -------
    nearest, second : ndarray of float32, shape (nz, ny, nx), µm
        Negative inside a particle; infinite where there is none within `reach`.
    """
    first = np.full(shape, np.inf, dtype=np.float32)
    second = np.full(shape, np.inf, dtype=np.float32)
    # neighbours one after the other, so that a large box is read from the cache; the order does
    # not change the distances
    blocks = np.floor(positions / (_BLOCK * voxel_size))
    order = np.lexsort((blocks[:, 2], blocks[:, 1], blocks[:, 0]))
    positions, radii = positions[order], radii[order]
    shapes = None if shapes is None else shapes[order]
    if shapes is None:
        _distances(positions, radii, float(voxel_size), float(reach), first, second)
    else:
        along, across = radii * shapes[:, 0] ** (2 / 3), radii * shapes[:, 0] ** (-1 / 3)
        _spheroid_distances(positions, along, across, shapes[:, 1:], float(voxel_size),
                            float(reach), first, second)  # fmt: skip
    if floor:
        for k in range(min(shape[0], int(reach / voxel_size + 0.5))):
            height = np.float32((k + 0.5) * voxel_size)
            outside = first[k] >= 0  # inside a particle the collector is out of sight
            np.minimum(second[k], np.maximum(first[k], height), out=second[k], where=outside)
            np.minimum(first[k], height, out=first[k], where=outside)
    return first, second


def smallest(values: np.ndarray, count: int) -> np.ndarray:
    """Mark exactly `count` smallest values; among equal ones the earliest.

    Parameters
    ----------
    values : ndarray of float, any shape
    count : int

    Returns
    -------
    ndarray of bool, same shape
    """
    flat = values.ravel()
    if count <= 0:
        return np.zeros(values.shape, dtype=bool)
    if count >= flat.size:
        return np.ones(values.shape, dtype=bool)
    limit = np.partition(flat, count - 1)[count - 1]
    chosen = flat < limit
    missing = count - np.count_nonzero(chosen)
    chosen[np.flatnonzero(flat == limit)[:missing]] = True
    return chosen.reshape(values.shape)


def exact_particles(nearest: np.ndarray, count: int) -> tuple[np.ndarray, int]:
    """Voxels of active material: exactly `count`, those deepest inside the particles.

    Parameters
    ----------
    nearest : ndarray of float32, shape (nz, ny, nx), µm
        From `surface_distances`.
    count : int

    Returns
    -------
    labels : ndarray of uint8, shape (nz, ny, nx)
        0 or `AM`.
    moved : int
        Surface voxels that were taken off or added to meet the count.
    """
    inside = int(np.count_nonzero(nearest <= 0))
    labels = smallest(nearest, count).astype(np.uint8) * np.uint8(AM)
    return labels, abs(count - inside)


def nearest_particle(
    wanted: np.ndarray,
    positions: np.ndarray,
    radii: np.ndarray,
    voxel_size: float,
    reach: float | None = None,
    shapes: np.ndarray | None = None,
) -> np.ndarray:
    """Which particle is nearest to each of some voxels.

    Parameters
    ----------
    wanted : ndarray of bool, shape (nz, ny, nx)
    positions, radii : ndarray, shapes (n, 3) and (n,), µm
    voxel_size : float, µm
    reach : float, µm, optional
        Particles with a surface farther away are not looked for; by default 4 voxels.
    shapes : ndarray, shape (n, 4), optional
        Of spheroids.

    Returns
    -------
    ndarray of int32, shape (nz, ny, nx)
        Number of the particle; -1 where not wanted or where none is near.
    """
    best = np.full(wanted.shape, np.inf, dtype=np.float32)
    owner = np.full(wanted.shape, -1, dtype=np.int32)
    far = _REACH * voxel_size if reach is None else reach
    outer, along, across, axes = _bodies(radii, shapes)
    _nearest(wanted, positions, outer, along, across, axes,
             float(voxel_size), float(far), best, owner)  # fmt: skip
    return owner


def _bodies(radii: np.ndarray, shapes: np.ndarray | None) -> tuple[np.ndarray, ...]:
    """Radii around, semi-axes along and across, and axes of particles."""
    if shapes is None:
        shapes = np.tile([1.0, 1.0, 0.0, 0.0], (len(radii), 1))
    along, across = radii * shapes[:, 0] ** (2 / 3), radii * shapes[:, 0] ** (-1 / 3)
    return np.maximum(along, across), along, across, shapes[:, 1:]


def particle_of_voxel(
    labels: np.ndarray,
    positions: np.ndarray,
    radii: np.ndarray,
    voxel_size: float,
    shapes: np.ndarray | None = None,
) -> np.ndarray:
    """Which particle each voxel of active material belongs to (as `nearest_particle`)."""
    return nearest_particle(labels == AM, positions, radii, voxel_size, shapes=shapes)


def particle_at(
    labels: np.ndarray,
    voxel: tuple[int, int, int],
    positions: np.ndarray,
    radii: np.ndarray,
    voxel_size: float,
    shapes: np.ndarray | None = None,
) -> int:
    """Which particle one voxel belongs to: `particle_of_voxel` without the others.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    voxel : tuple of three ints
        (z, y, x).
    positions, radii : ndarray, shapes (n, 3) and (n,), µm
    voxel_size : float, µm
    shapes : ndarray, shape (n, 4), optional
        Of spheroids.

    Returns
    -------
    int
        Number of the particle; -1 where the voxel is no active material or none is near.
    """
    if labels[voxel] != AM:
        return -1
    point = (np.array(voxel) + 0.5) * voxel_size
    lengths = np.array(labels.shape[1:]) * float(voxel_size)
    outer, along, across, axes = _bodies(radii, shapes)
    reach = _REACH * float(voxel_size)
    return int(_nearest_to(point, lengths, positions, outer, along, across, axes, reach))
