"""Steady conduction through a voxel volume: effective conductivity and tortuosity factor."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.properties.axes import edges_of, flow_back, flow_first, flow_first_lengths
from engine.properties.conductor import Conductor
from engine.properties.fluxes import flux_magnitude
from engine.properties.multigrid import DOUBLE_BELOW, solve_conductor
from engine.properties.percolation import percolating

SOLVERS = ("multigrid", "taufactor")
THREADED_FROM = 4_000_000  # voxels; below, handing out the work costs more than it saves


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
        Euclidean norm of the residual relative to that of the first guess; nan from TauFactor.
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
    conductivity: Sequence[float] | None = None,
    *,
    flow_axis: str = "z",
    spacing: float | tuple[float, float, float] = 1.0,
    periodic: bool = False,
    tolerance: float = 1e-4,
    flux_tolerance: float | None = None,
    solver: str = "multigrid",
    threads: int | None = None,
    fields: bool = False,
    spanning: np.ndarray | None = None,
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
        Relative accuracy asked of the effective conductivity. Held in every structure tried; in
        volumes of a few hundred voxels at random, with flat voxels and contrasts to 1e6, the worst of
        several thousand at 5e-4 was 1.1e-3 off: little can be learnt from two or three steps.
    flux_tolerance : float, optional
        Largest difference of the flux through two planes, relative to their mean; the square root
        of `tolerance` unless given, and 100 times a `tolerance` below 1e-5.
    solver : {"multigrid", "taufactor"}
    threads : int, optional
        Slabs swept side by side; unless given, one for small volumes and all that numba may use
        (``NUMBA_NUM_THREADS``) from 4 million voxels on. Results do not depend on it.
    fields : bool
        Also return potential and flux for display.
    spanning : ndarray of bool, shape (nz, ny, nx), optional
        Conducting voxels that are joined to both ends, where a caller has them already.
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
    edges = np.array(flow_first_lengths(edges_of(spacing), flow_axis))
    sides = (False, periodic, periodic)
    uniform = conductivity is None
    cells, table = _classes(volume, conductivity)
    conducting = cells > 0
    count = int(np.count_nonzero(conducting))
    if not count:
        return TransportResult(math.nan, 0.0, math.nan, math.nan, tolerance=tolerance)
    fraction = count / cells.size
    spanning = (
        percolating(conducting, 0, sides) if spanning is None else flow_first(spanning, flow_axis)
    )
    share = np.count_nonzero(spanning) / count
    if not share:
        return TransportResult(
            0.0, fraction, 0.0, math.inf if uniform else math.nan, tolerance=tolerance
        )
    cells *= spanning
    del conducting
    conductor = Conductor(cells, _pairs(table), (edges[0] / edges) ** 2, periodic)
    if threads is None:
        threads = (
            getattr(numba.config, "NUMBA_NUM_THREADS", 1) if cells.size >= THREADED_FROM else 1
        )
    if flux_tolerance is None:
        flux_tolerance = math.sqrt(tolerance)
        if tolerance < DOUBLE_BELOW:
            # At contrasts of 1e6 the last decades come late, and drops alone do not show them.
            flux_tolerance = min(flux_tolerance, 100 * tolerance)
    if solver == "taufactor":
        from engine.properties.taufactor_solver import solve_with_taufactor

        solution = solve_with_taufactor(conductor, tolerance, progress)
    else:
        solution = solve_conductor(conductor, tolerance, flux_tolerance, threads, progress)
    effective = solution.effective * float(table.max())
    potential = flux = None
    if fields:
        fall = 1 - (np.arange(cells.shape[0]) + 0.5) / cells.shape[0]
        shown = np.where(spanning, solution.correction + fall[:, None, None], np.nan)
        potential = flow_back(shown.astype(np.float32), flow_axis)
        magnitude = flux_magnitude(cells, conductor.pair, edges, periodic, solution.correction)
        flux = flow_back(magnitude / np.float32(solution.effective), flow_axis)
    return TransportResult(
        effective,
        fraction,
        share,
        fraction / effective if uniform else math.nan,
        solution.iterations,
        solution.imbalance,
        solution.residual,
        tolerance,
        solution.converged,
        solver,
        potential,
        flux,
    )


def _classes(
    volume: np.ndarray, conductivity: Sequence[float] | None
) -> tuple[np.ndarray, np.ndarray]:
    """Class of every voxel (0 is wall), uint8, and the conductivity of each class from 1 on."""
    if conductivity is None:
        return (volume != 0).astype(np.uint8), np.ones(1)
    given = np.asarray(conductivity, dtype=float)
    if given.ndim != 1 or np.any(~np.isfinite(given)) or np.any(given < 0):
        raise InputError(f"Conductivities {conductivity} must be zero or positive numbers.")
    if volume.max() >= given.size:
        raise InputError(f"Label {volume.max()} has no conductivity: {given.size} were given.")
    present = np.array([(volume == label).any() for label in range(given.size)])
    table = np.unique(given[present & (given > 0)])
    name = np.zeros(given.size, np.uint8)
    name[given > 0] = 1 + np.searchsorted(table, given[given > 0])
    return name.take(volume), table


def _pairs(table: np.ndarray) -> np.ndarray:
    """Harmonic mean of each pair of classes relative to the largest, 0 beside walls."""
    relative = table / table.max()
    pair = np.zeros((table.size + 1, table.size + 1))
    pair[1:, 1:] = 2 / (1 / relative[:, None] + 1 / relative[None, :])
    return pair
