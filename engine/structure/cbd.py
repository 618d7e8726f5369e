"""Where carbon and binder (CBD) go between the particles.

Each rule turns an exact number of pore voxels into CBD. Voxels touch through faces; periodic in
y and x; where the collector is wetted, it counts as solid below the first slice.
"""

from __future__ import annotations

import numpy as np

from engine.compiled import kernel
from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure import published
from engine.structure.random_stream import below, new_stream, uniform
from engine.structure.stack import AM, CBD
from engine.structure.voxelise import smallest, surface_distances

RULES = ("film_finger", "bridges", "clusters", "published")
_STREAM = 2  # of the structure's random streams
_STAGE = "adding carbon and binder"
_AT_A_TIME = 500_000
_CLASSES = 49  # (AM neighbours, CBD neighbours), 0..6 each
_GIVEN_UP, _FULL = 1, 2


@kernel
def _neighbour(spot, side, nz, ny, nx):
    """Flat index of a voxel's neighbour through face `side`; -1 below, -2 above the box."""
    x = spot % nx
    y = (spot // nx) % ny
    z = spot // (nx * ny)
    if side == 0:
        return spot - nx * ny if z > 0 else -1
    if side == 1:
        return spot + nx * ny if z < nz - 1 else -2
    if side == 2:
        return spot - nx if y > 0 else spot + nx * (ny - 1)
    if side == 3:
        return spot + nx if y < ny - 1 else spot - nx * (ny - 1)
    if side == 4:
        return spot - 1 if x > 0 else spot + nx - 1
    return spot + 1 if x < nx - 1 else spot - nx + 1


@kernel
def _class_of(flat, spot, nz, ny, nx, wetted):
    am = 0
    cbd = 0
    for side in range(6):
        other = _neighbour(spot, side, nz, ny, nx)
        if other == -1:
            am += wetted
        elif other >= 0:
            am += flat[other] == AM
            cbd += flat[other] == CBD
    return 7 * am + cbd


@kernel
def _count_classes(flat, nz, ny, nx, wetted, kinds, counts):
    """Class of every pore voxel that touches solid (0 elsewhere), and how many each class has."""
    counts[:] = 0
    for spot in range(len(flat)):
        kinds[spot] = 0
        if flat[spot] == 0:
            kinds[spot] = _class_of(flat, spot, nz, ny, nx, wetted)
            counts[kinds[spot]] += 1
    counts[0] = 0


@kernel
def _fill_classes(flat, kinds, starts, members, places, counts):
    counts[:] = 0
    for spot in range(len(flat)):
        kind = kinds[spot]
        if flat[spot] == 0 and kind > 0:
            places[spot] = counts[kind]
            members[starts[kind] + counts[kind]] = spot
            counts[kind] += 1


@kernel
def _grow(state, flat, nz, ny, nx, wetted, weights, acceptance, kinds, starts, members, places,
          counts, done, target, tries):  # fmt: skip
    """Deposit voxel by voxel, drawn in proportion to the weight of its class (roulette)."""
    for _ in range(tries):
        if done[0] == target:
            break
        total = 0.0
        for kind in range(1, _CLASSES):
            total += counts[kind] * weights[kind]
        fallback = total <= 0.0  # nothing with weight is left: any pore voxel that touches solid
        if fallback:
            for kind in range(1, _CLASSES):
                total += counts[kind]
        if total <= 0.0:
            return _GIVEN_UP
        mark = uniform(state) * total
        chosen = 0
        for kind in range(1, _CLASSES):
            share = counts[kind] * (1.0 if fallback else weights[kind])
            if share > 0:
                chosen = kind
                if mark < share:
                    break
                mark -= share
        spot = members[starts[chosen] + below(state, counts[chosen])]
        if uniform(state) >= acceptance[spot // (ny * nx)]:
            continue
        for side in range(6):  # first see that there is room, so that a refusal changes nothing
            other = _neighbour(spot, side, nz, ny, nx)
            if other >= 0 and flat[other] == 0:
                kind = kinds[other] + 1
                if counts[kind] + 6 > starts[kind + 1] - starts[kind]:
                    return _FULL
        _take_out(chosen, spot, starts, members, places, counts)
        flat[spot] = CBD
        done[0] += 1
        for side in range(6):
            other = _neighbour(spot, side, nz, ny, nx)
            if other < 0 or flat[other] != 0:
                continue
            if kinds[other] > 0:
                _take_out(kinds[other], other, starts, members, places, counts)
            kind = kinds[other] + 1
            kinds[other] = kind
            places[other] = counts[kind]
            members[starts[kind] + counts[kind]] = other
            counts[kind] += 1
    return 0


@kernel
def _take_out(kind, spot, starts, members, places, counts):
    """Remove a voxel from its class: the last member takes its place."""
    last = members[starts[kind] + counts[kind] - 1]
    members[starts[kind] + places[spot]] = last
    places[last] = places[spot]
    counts[kind] -= 1


@kernel
def _add_clusters(state, flat, nz, ny, nx, wetted, offsets, acceptance, done, target, tries):
    """Fill the pores around random nuclei, each a pore voxel that touches solid."""
    for _ in range(tries):
        if done[0] == target:
            break
        spot = below(state, len(flat))
        if flat[spot] != 0 or _class_of(flat, spot, nz, ny, nx, wetted) == 0:
            continue
        z = spot // (ny * nx)
        if uniform(state) >= acceptance[z]:
            continue
        y = (spot // nx) % ny
        x = spot % nx
        for o in range(len(offsets)):
            k = z + offsets[o, 0]
            if k < 0 or k >= nz or done[0] == target:
                continue
            place = (k * ny + (y + offsets[o, 1]) % ny) * nx + (x + offsets[o, 2]) % nx
            if flat[place] == 0:
                flat[place] = CBD
                done[0] += 1


def _acceptance(slices: int, gradient: float) -> np.ndarray:
    """Weight of each slice, largest 1: rises linearly towards the separator for gradient > 0."""
    height = (2 * np.arange(slices) + 1) / slices - 1
    return (1 + gradient * height) / (1 + abs(gradient))


def film_to_finger(
    labels: np.ndarray,
    count: int,
    seed: int,
    weight: float = 0.5,
    gradient: float = 0.0,
    wetted: bool = True,
    progress: Progress | None = None,
) -> None:
    """Deposit CBD as a film on the particles or as fingers on itself, in place.

    A pore voxel is drawn in proportion to ``[w n_CBD + (1 - w) n_AM] / 6`` over its faces
    (Mistry, Smith, Mukherjee 2018, DOI 10.1021/acsami.7b17771). Each deposit costs the same
    however many voxels there are: pore voxels are kept in classes of equal weight.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    count : int
        Voxels to deposit.
    seed : int
    weight : float, 0..1
        w: 0 a film, 1 fingers (held under 0.999, since a finger needs a wall to start from).
    gradient : float, -0.95..0.95
        Relative surplus at the separator (negative: at the collector).
    wetted : bool
        Whether the collector counts as particle surface.
    """
    progress = progress or silent()
    flat = labels.reshape(-1)
    nz, ny, nx = labels.shape
    state = new_stream(seed, _STREAM)
    w = min(weight, 0.999)
    am, cbd = np.divmod(np.arange(_CLASSES), 7)
    weights = (w * cbd + (1 - w) * am) / 6
    kinds = np.empty(flat.size, dtype=np.uint8)
    places = np.empty(flat.size, dtype=np.int32)
    counts = np.empty(_CLASSES + 1, dtype=np.int64)
    _count_classes(flat, nz, ny, nx, int(wetted), kinds, counts)
    done = np.zeros(1, dtype=np.int64)
    acceptance = _acceptance(nz, gradient)
    full = True
    while done[0] < count:
        progress.report(done[0] / count, _STAGE)
        if full:  # lay the classes out anew, each with room to double
            starts = np.concatenate([[0], np.cumsum(2 * counts + 64)])
            members = np.empty(starts[-1], dtype=np.int32)
            _fill_classes(flat, kinds, starts, members, places, counts)
        outcome = _grow(state, flat, nz, ny, nx, int(wetted), weights, acceptance, kinds, starts,
                        members, places, counts, done, count, _AT_A_TIME)  # fmt: skip
        if outcome == _GIVEN_UP:
            raise InputError(_no_room(count, labels))
        full = outcome == _FULL


def clusters(
    labels: np.ndarray,
    count: int,
    voxel_size: float,
    seed: int,
    radius: float = 1.5,
    gradient: float = 0.0,
    wetted: bool = True,
    progress: Progress | None = None,
) -> None:
    """Deposit CBD as round clusters of `radius` µm at random places on the solid, in place.

    Other parameters as in `film_to_finger`.
    """
    progress = progress or silent()
    flat = labels.reshape(-1)
    nz, ny, nx = labels.shape
    reach = max(int(radius / voxel_size), 0)
    grid = np.mgrid[tuple(slice(-min(reach, (n - 1) // 2), min(reach, (n - 1) // 2) + 1)
                          for n in labels.shape)].reshape(3, -1).T  # fmt: skip
    far = (grid**2).sum(axis=1)
    near = far * voxel_size**2 <= radius**2
    offsets = grid[near][np.argsort(far[near], kind="stable")]
    state = new_stream(seed, _STREAM)
    done = np.zeros(1, dtype=np.int64)
    if not labels.any() and not wetted:
        raise InputError(_no_room(count, labels))
    acceptance = _acceptance(nz, gradient)
    while done[0] < count:
        progress.report(done[0] / count, _STAGE)
        _add_clusters(state, flat, nz, ny, nx, int(wetted), offsets, acceptance, done, count,
                      _AT_A_TIME)  # fmt: skip


def bridges(
    labels: np.ndarray,
    count: int,
    positions: np.ndarray,
    radii: np.ndarray,
    voxel_size: float,
    gradient: float = 0.0,
    wetted: bool = True,
    progress: Progress | None = None,
    shapes: np.ndarray | None = None,
) -> None:
    """Deposit CBD in the narrowest gaps first, in place.

    The gap at a voxel is its distance to the nearest surface plus that to the second nearest
    (particles, and the collector where wetted). Nothing is random.

    Parameters
    ----------
    labels : ndarray of uint8, shape (nz, ny, nx)
    count : int
    positions, radii : ndarray, shapes (n, 3) and (n,), µm
    voxel_size : float, µm
    gradient, wetted
        As in `film_to_finger`.
    shapes : ndarray, shape (n, 4), optional
        Of spheroids, see `engine.structure.spheroids`.
    """
    progress = progress or silent()
    acceptance = _acceptance(labels.shape[0], gradient).astype(np.float32)[:, None, None]
    pores = labels == 0
    farthest = voxel_size * float(np.sum(labels.shape)) + 4 * float(radii.max(initial=0))
    reach = 3.0 * voxel_size
    while True:
        progress.report(0.5, _STAGE)
        near, second = surface_distances(
            positions, radii, labels.shape, voxel_size, reach, wetted, shapes
        )
        gap = np.where(pores, (near + second) / acceptance, np.inf).astype(np.float32)
        chosen = smallest(gap, count)
        # a voxel whose second surface lies beyond `reach` was not ranked: is any of them due?
        if np.max(gap[chosen], initial=0.0) <= reach or reach > farthest:
            break
        reach *= 2
    chosen &= pores
    missing = count - int(np.count_nonzero(chosen))
    if missing:  # a lone particle has gaps to nothing: go on with what is nearest to it
        rest = np.where(pores & ~chosen, near, np.inf)
        chosen |= smallest(rest, missing)
    labels[chosen] = CBD


def add_cbd(
    labels: np.ndarray,
    count: int,
    seed: int,
    voxel_size: float,
    positions: np.ndarray,
    radii: np.ndarray,
    rule: str = "film_finger",
    weight: float = 0.5,
    cluster_radius: float = 1.5,
    gradient: float = 0.0,
    wetted: bool = True,
    progress: Progress | None = None,
    shapes: np.ndarray | None = None,
) -> None:
    """Turn exactly `count` pore voxels into CBD by one of `RULES`, in place.

    Raises
    ------
    InputError
        If there are fewer pore voxels than that, or the rule is unknown.
    """
    if rule not in RULES:
        raise InputError(f"CBD rule '{rule}' is not one of {', '.join(RULES)}.")
    free = labels.size - int(np.count_nonzero(labels))
    if count > free:
        raise InputError(_no_room(count, labels))
    if count == 0:
        return
    if rule == "film_finger":
        film_to_finger(labels, count, seed, weight, gradient, wetted, progress)
    elif rule == "clusters":
        clusters(labels, count, voxel_size, seed, cluster_radius, gradient, wetted, progress)
    elif rule == "bridges":
        bridges(labels, count, positions, radii, voxel_size, gradient, wetted, progress, shapes)
    else:
        published.add_cbd_voxels(labels, count, seed, progress)


def _no_room(count: int, labels: np.ndarray) -> str:
    free = labels.size - int(np.count_nonzero(labels))
    return (
        f"{count} voxels of CBD do not fit beside the active material ({free} voxels are free): "
        "raise the porosity."
    )
