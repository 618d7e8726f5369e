"""Steady conduction through a voxel volume: effective conductivity and tortuosity factor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import LinearOperator, cg

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.properties.axes import edges_of, flow_back, flow_first, flow_first_lengths
from engine.properties.percolation import percolating

SOLVERS = ("multigrid", "taufactor")


@dataclass(frozen=True, eq=False)
class TransportResult:
    """Outcome of one conduction problem.

    Attributes
    ----------
    effective_conductivity : float
        In the unit of the conductivities given; relative to the phase (D_eff/D_0) for a mask.
        0 where the conducting voxels do not join the two ends, nan where there are none.
    volume_fraction : float, 0..1
        Share of conducting voxels.
    percolating_fraction : float, 0..1
        Share of the conducting voxels that is joined to both ends; nan where there are none.
    tortuosity_factor : float
        ``volume_fraction / D_eff`` for a mask (inf where it does not percolate, nan where the
        phase is absent); nan for a problem with several conductivities.
    iterations : int
    flux_imbalance : float
        Largest minus smallest total flux over all planes across the flow, relative to the mean.
    residual : float
        Euclidean norm of the residual relative to that of the first guess.
    tolerance : float
        Relative accuracy of the effective conductivity that was asked for.
    converged : bool
    solver : str
    potential : ndarray of float32, shape (nz, ny, nx), or None
        1 at the plate before the first slice, 0 at the plate behind the last, nan where no
        current can flow.
    flux : ndarray of float32, shape (nz, ny, nx), or None
        Magnitude of the local flux density relative to its mean over the cross-section.
    """

    effective_conductivity: float
    volume_fraction: float
    percolating_fraction: float
    tortuosity_factor: float
    iterations: int = 0
    flux_imbalance: float = 0.0
    residual: float = 0.0
    tolerance: float = 0.0
    converged: bool = True
    solver: str = "multigrid"
    potential: np.ndarray | None = None
    flux: np.ndarray | None = None

    @property
    def tortuosity(self) -> float:
        """Square root of the tortuosity factor."""
        return math.sqrt(self.tortuosity_factor)


def solve(
    phase: np.ndarray,
    conductivity: tuple[float, ...] | None = None,
    *,
    flow_axis: str = "z",
    spacing: float | tuple[float, float, float] = 1.0,
    periodic: bool = False,
    tolerance: float = 1e-4,
    solver: str = "multigrid",
    threads: int = 1,
    fields: bool = False,
    progress: Progress | None = None,
) -> TransportResult:
    """Solve div(sigma grad u) = 0 between two plates.

    Parameters
    ----------
    phase : ndarray of bool, or of uint8 labels with `conductivity`; shape (nz, ny, nx)
    conductivity : sequence of float, optional
        Conductivity of each label (any unit); faces between voxels take the harmonic mean.
    flow_axis : {"z", "y", "x"}
    spacing : float or three floats, µm
        Voxel edges along (z, y, x).
    periodic : bool
        Whether opposite sides touch; else no flux crosses the sides.
    tolerance : float
        Relative accuracy asked of the effective conductivity.
    solver : {"multigrid", "taufactor"}
    threads : int
    fields : bool
        Also return potential and flux for display.
    progress : Progress, optional

    Returns
    -------
    TransportResult

    Raises
    ------
    InputError
        On an unknown axis or solver, a negative conductivity, a label without conductivity.
    Cancelled
        If `progress` was cancelled.
    """
    progress = progress or silent()
    if solver not in SOLVERS:
        raise InputError(f"Solver '{solver}' is not one of {', '.join(SOLVERS)}.")
    volume = flow_first(np.asarray(phase), flow_axis)
    edges = flow_first_lengths(edges_of(spacing), flow_axis)
    sigma = _sigma(volume, conductivity)
    sides = (False, periodic, periodic)
    conducting = sigma > 0
    fraction = float(conducting.mean())
    uniform = conductivity is None
    if not fraction:
        return TransportResult(math.nan, 0.0, math.nan, math.nan, tolerance=tolerance)
    spanning = percolating(conducting, 0, sides)
    share = float(spanning.sum() / conducting.sum())
    if not share:
        return TransportResult(
            0.0, fraction, 0.0, math.inf if uniform else math.nan, tolerance=tolerance
        )
    effective, potential, iterations, imbalance, residual = _conjugate_gradients(
        np.where(spanning, sigma, 0.0), edges, sides, tolerance, progress
    )
    return TransportResult(
        effective,
        fraction,
        share,
        fraction / effective if uniform else math.nan,
        iterations,
        imbalance,
        residual,
        tolerance,
        potential=flow_back(potential, flow_axis) if fields else None,
    )


def _sigma(volume: np.ndarray, conductivity: tuple[float, ...] | None) -> np.ndarray:
    """Conductivity of every voxel, float64."""
    if conductivity is None:
        return (volume != 0).astype(float)
    table = np.asarray(conductivity, dtype=float)
    if np.any(~np.isfinite(table)) or np.any(table < 0):
        raise InputError(f"Conductivities {conductivity} must be zero or positive numbers.")
    if volume.max() >= table.size:
        raise InputError(f"Label {volume.max()} has no conductivity: {table.size} were given.")
    return table[volume]


def _conjugate_gradients(sigma, edges, sides, tolerance, progress):
    """Plain preconditioned conjugate gradients on the assembled matrix."""
    nodes = np.flatnonzero(sigma)
    number = np.full(sigma.shape, -1)
    number.ravel()[nodes] = np.arange(nodes.size)
    heads, tails, weights = [], [], []
    for axis in range(3):
        first = np.arange(sigma.shape[axis])
        second = np.roll(first, -1)
        if not sides[axis] or first.size < 2:
            first, second = first[:-1], second[:-1]
        a, b = sigma.take(first, axis), sigma.take(second, axis)
        joined = (a > 0) & (b > 0)
        heads.append(number.take(first, axis)[joined])
        tails.append(number.take(second, axis)[joined])
        a, b = a[joined], b[joined]
        weights.append(2 * a * b / (a + b) * (edges[0] / edges[axis]) ** 2)
    head, tail, weight = map(np.concatenate, (heads, tails, weights))
    plate = np.zeros(sigma.shape)
    plate[0] += 2 * sigma[0]
    source = plate.ravel()[nodes]
    plate[-1] += 2 * sigma[-1]
    size = nodes.size
    off = sparse.coo_array((weight, (head, tail)), (size, size)).tocsr()
    off = off + off.T
    diagonal = off.sum(axis=1) + plate.ravel()[nodes]
    matrix = sparse.diags_array(diagonal) - off
    nz = sigma.shape[0]
    height = nodes // (sigma.shape[1] * sigma.shape[2])
    guess = 1 - (height + 0.5) / nz
    steps = 0

    def count(_):
        nonlocal steps
        steps += 1
        if steps % 50 == 0:
            progress.report(min(0.9, steps / 1000), "transport")

    scale = LinearOperator((size, size), matvec=lambda r: r / diagonal, dtype=float)
    solution, _ = cg(
        matrix, source, guess, rtol=1e-6 * tolerance, maxiter=20 * size, M=scale, callback=count
    )
    potential = np.zeros(sigma.shape)
    potential.ravel()[nodes] = solution
    fluxes = np.empty(nz + 1)
    fluxes[0] = (2 * sigma[0] * (1 - potential[0])).sum()
    fluxes[-1] = (2 * sigma[-1] * potential[-1]).sum()
    a, b = sigma[:-1], sigma[1:]
    mean = np.divide(2 * a * b, a + b, out=np.zeros_like(a), where=(a > 0) & (b > 0))
    fluxes[1:-1] = (mean * (potential[:-1] - potential[1:])).sum(axis=(1, 2))
    start = np.linalg.norm(source - matrix @ guess)
    residual = np.linalg.norm(source - matrix @ solution) / start if start > 1e-9 else 0.0
    area = sigma.shape[1] * sigma.shape[2]
    effective = float((fluxes[1:-1].sum() + (fluxes[0] + fluxes[-1]) / 2) / area)
    imbalance = float(np.ptp(fluxes) / fluxes.mean())
    shown = np.where(sigma > 0, potential, np.nan).astype(np.float32)
    return effective, shown, steps, imbalance, float(residual)
