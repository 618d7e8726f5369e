"""The transport solver: conjugate gradients preconditioned by one multigrid cycle a step.

The finest level is stored as a checkerboard (`engine.properties.checkerboard`), coarser ones are
graphs of connected groups (`engine.properties.blocks` for one phase, `engine.properties.boxes` for
several, `engine.properties.hierarchy`).
Because groups never join what the phase separates, clogged networks need hardly more steps than
open ones: 4 to 10 for an error of 1e-4.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from engine.progress import Progress
from engine.properties.conductor import Conductor
from engine.properties.conjugate_gradients import minimise
from engine.properties.fluxes import dissipation
from engine.properties.several_phases import SeveralPhases
from engine.properties.single_phase import SinglePhase
from engine.properties.voxel_graph import VoxelGraph

DOUBLE_BELOW = 1e-5
"""Tolerances below this take float64 vectors: float32 reaches about 1e-6."""

SEVERAL_DOUBLE_BELOW = 1e-4
"""The same where conductivities differ: at a contrast of 3e4 float32 was off by up to 7e-5."""


class Solution(NamedTuple):
    """What a solver found; the effective conductivity has the unit of `Conductor.pair`."""

    effective: float
    iterations: int
    imbalance: float
    residual: float
    converged: bool
    correction: np.ndarray  # potential less the linear one, shape (nz, ny, nx)


def solve_conductor(
    conductor: Conductor,
    tolerance: float,
    flux_tolerance: float,
    threads: int,
    progress: Progress,
) -> Solution:
    """Solve a conduction problem whose conducting voxels all join both ends.

    Parameters
    ----------
    conductor : Conductor
    tolerance : float
        Relative accuracy asked of the effective conductivity.
    flux_tolerance : float
        Largest difference of the flux through two planes, relative to their mean.
    threads : int
    progress : Progress

    Returns
    -------
    Solution
    """
    nz, ny, nx = conductor.cells.shape
    problem: SinglePhase | VoxelGraph
    if conductor.has_odd_ring:
        problem = VoxelGraph(conductor)
    elif conductor.is_single:
        real = np.float64 if tolerance < DOUBLE_BELOW else np.float32
        problem = SinglePhase(conductor, real, threads)
    else:
        real = np.float64 if tolerance < SEVERAL_DOUBLE_BELOW else np.float32
        problem = SeveralPhases(conductor, real, threads)
    try:
        outcome = minimise(problem, tolerance, flux_tolerance, progress)
        correction = problem.correction()
    finally:
        problem.close()
    energy, fluxes = dissipation(*conductor, correction)
    return Solution(
        float(energy * nz / (ny * nx)),
        outcome.steps,
        float(np.ptp(fluxes) / fluxes.mean()),
        outcome.residual,
        outcome.converged,
        correction,
    )
