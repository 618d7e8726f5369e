"""TauFactor behind the interface of the transport solver, for cross-checks.

Kench, Squires and Cooper 2023, "TauFactor 2", J. Open Source Softw. 8, 5358
(DOI 10.21105/joss.05358). It needs torch and takes seconds to import, so it is imported when
chosen. It solves one phase by successive over-relaxation in float32; with several conductivities
it places the plates elsewhere, so that problem is not offered here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from engine.errors import InputError
from engine.progress import Progress
from engine.properties.conductor import Conductor
from engine.properties.multigrid import Solution

SWEEPS_AT_A_TIME = 200
MOST_SWEEPS = 100_000
TIGHTEST = 1e-3  # closer agreement of the fluxes is often out of reach of float32
LARGEST_SUM = 8  # TauFactor 1.2 takes voxels whose weights add up to more for walls


def solve_with_taufactor(conductor: Conductor, tolerance: float, progress: Progress) -> Solution:
    """Solve a single-phase problem whose conducting voxels all join both ends.

    Parameters
    ----------
    conductor : Conductor
    tolerance : float
        Flux through all planes agrees within ten times this, but not closer than 1e-3.
    progress : Progress

    Returns
    -------
    Solution

    Raises
    ------
    InputError
        If TauFactor is not installed or does not offer the problem.
    Cancelled
        If `progress` was cancelled.
    """
    cells, pair, weights, wrap = conductor
    if 2 * weights.sum() + weights[0] > LARGEST_SUM:
        raise InputError(
            "TauFactor is wrong for voxels this flat along the flow: choose the multigrid solver."
        )
    cubic = np.allclose(weights, weights[0])
    if pair.shape[0] > 2:
        raise InputError(
            "TauFactor is offered for one conducting phase only: choose the multigrid solver for "
            "several conductivities."
        )
    if cells.shape[0] < 2:
        raise InputError(
            "TauFactor needs two voxels or more along the flow: choose the multigrid solver."
        )
    if wrap and not cubic:
        raise InputError(
            "TauFactor does not combine periodic sides with non-cubic voxels: choose the multigrid "
            "solver."
        )
    try:
        from taufactor import AnisotropicSolver, PeriodicSolver, Solver
    except ImportError as error:
        raise InputError(
            "The solver 'taufactor' needs the packages taufactor and torch: install them or choose "
            "the multigrid solver."
        ) from error
    mask = cells.astype(np.float32)
    solver: Any
    if wrap:
        solver = PeriodicSolver(mask, device="cpu")
    elif cubic:
        solver = Solver(mask, device="cpu")
    else:
        spacing = tuple(float(edge) for edge in 1 / np.sqrt(weights))
        solver = AnisotropicSolver(mask, spacing, device="cpu")
    # It reports to the console at the end of every call.
    solver._end_simulation = lambda *_: None
    while not solver.converged and solver.iter < MOST_SWEEPS:
        progress.report(solver.iter / (solver.iter + 1000), "transport (TauFactor)")
        solver.solve(
            iter_limit=solver.iter + SWEEPS_AT_A_TIME,
            verbose=False,
            conv_crit=max(10 * tolerance, TIGHTEST),
        )
    nz = cells.shape[0]
    fluxes = solver.flux_1d[0].astype(float)
    potential = 0.5 - solver.field[0, 1:-1, 1:-1, 1:-1].numpy()
    linear = (1 - (np.arange(nz) + 0.5) / nz).astype(np.float32)[:, None, None]
    return Solution(
        float(solver.D_rel[0]),
        int(solver.iter),
        float(np.ptp(fluxes) / fluxes.mean()),
        float("nan"),
        bool(solver.converged),
        np.where(cells > 0, potential - linear, np.float32(0)),
    )
