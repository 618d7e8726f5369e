"""Small least-squares tools that the laws share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls
from threadpoolctl import threadpool_limits

from engine.errors import InputError

_UNKNOWN = 1e30


def one_thread() -> AbstractContextManager[object]:
    """Context in which linear algebra uses one thread.

    The systems here are a few dozen numbers wide: threads that wait for one another cost
    thirty times what they save.
    """
    return threadpool_limits(1, user_api="blas")


def constrained_least_squares(
    matrix: NDArray[np.float64],
    target: NDArray[np.float64],
    constraints: NDArray[np.float64],
    bounds: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Least squares under linear inequalities ``constraints @ x >= bounds``.

    Parameters
    ----------
    matrix : ndarray, shape (n, p)
        Of full column rank.
    target : ndarray, shape (n,)
    constraints : ndarray, shape (m, p)
    bounds : ndarray, shape (m,)

    Returns
    -------
    ndarray, shape (p,)

    Raises
    ------
    InputError
        If no solution obeys the constraints.

    Notes
    -----
    Problem LSI, turned into a least-distance problem and solved by one non-negative least
    squares: Lawson and Hanson, *Solving Least Squares Problems*, chapter 23
    (DOI 10.1137/1.9781611971217).
    """
    q, r = np.linalg.qr(matrix)
    free = np.linalg.solve(r, q.T @ target)
    if (constraints @ free >= bounds).all():
        return free
    g = np.linalg.solve(r.T, constraints.T).T
    h = bounds - constraints @ free
    system = np.vstack([g.T, h])
    right = np.zeros(len(system))
    right[-1] = 1.0
    weights, distance = nnls(system, right, maxiter=50 * system.shape[1])
    if distance < 1e-10:
        raise InputError(
            "No law of this form falls with the pressure everywhere: change the terms."
        )
    residual = system @ weights - right
    shift = np.linalg.solve(r, -residual[:-1] / residual[-1])
    return np.asarray(free + shift)


def standard_errors(
    jacobian: NDArray[np.float64], residuals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Standard error of each coefficient if the residuals were independent.

    Parameters
    ----------
    jacobian : ndarray, shape (n, p)
        Derivatives of the fitted values with respect to the coefficients.
    residuals : ndarray, shape (n,)

    Returns
    -------
    ndarray, shape (p,)
        At most 1e30, which stands for unknown.
    """
    n, p = jacobian.shape
    scale = np.linalg.norm(jacobian, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    _, s, vt = np.linalg.svd(jacobian / scale, full_matrices=False)
    variance = float(residuals @ residuals) / max(n - p, 1)
    # A direction of which the data say nothing has an error that is huge, yet a number.
    weights = (vt.T / np.maximum(s, 1e-15 * max(float(s[0]), 1e-100))) ** 2
    return np.minimum(np.sqrt(variance * weights.sum(axis=1)) / scale, _UNKNOWN)


def fit_from_starts(
    residuals: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    starts: Sequence[NDArray[np.float64]],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Best non-linear least-squares solution from several starts.

    Parameters
    ----------
    residuals : callable
        Residuals, shape (n,), of coefficients, shape (p,).
    starts : sequence of ndarray, shape (p,)
    bounds : (low, high), each ndarray of shape (p,)

    Returns
    -------
    solution : ndarray, shape (p,)
    jacobian : ndarray, shape (n, p)

    Raises
    ------
    InputError
        If no start leads anywhere.
    """
    low, high = bounds
    best = None
    for start in starts:
        try:
            found = least_squares(
                residuals, np.clip(start, low, high), bounds=bounds, x_scale="jac",
                xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=400,
            )  # fmt: skip
        except (ValueError, np.linalg.LinAlgError):
            continue
        if np.isfinite(found.cost) and (best is None or found.cost < best.cost * (1 - 1e-12)):
            best = found
    if best is None:
        raise InputError("The law could not be fitted to these measurements: try another law.")
    return best.x, np.atleast_2d(best.jac)
