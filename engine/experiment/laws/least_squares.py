"""Small least-squares tools that the laws share."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from engine.errors import InputError

_UNKNOWN = 1e30
# Descents of curves: steps at most, damping that moves nothing any more, squared residuals and
# cosines between residuals and derivatives that are rounding.
_MOST_STEPS = 400
_MOST_DAMPING = 1e16
_NO_COST = 1e-33
_FLAT = 1e-14
# Share of the cost that a step must promise to be worth a look.
_NO_GAIN = 1e-14


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
    model: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    starts: Sequence[NDArray[np.float64]],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    kinked: Callable[[NDArray[np.float64]], bool],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Best non-linear least-squares solution from several starts.

    Parameters
    ----------
    model : callable
        Residuals, shape (n,), and their derivatives, shape (n, p), at coefficients of shape (p,).
    starts : sequence of ndarray, shape (p,)
    bounds : (low, high), each ndarray of shape (p,)
    kinked : callable
        Whether the model is at, or past, a kink at these coefficients. A descent that ends
        there is made again, from all starts, by scipy's slower but sturdier search.

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
            found = _descend(model, np.clip(start, low, high), low, high)
        except np.linalg.LinAlgError:
            continue
        if np.isfinite(found[0]) and (best is None or found[0] < best[0] * (1 - 1e-12)):
            best = found
    if best is None or kinked(best[1]):
        for start in starts:
            try:
                found = _search(model, np.clip(start, low, high), bounds)
            except (ValueError, np.linalg.LinAlgError):
                continue
            if np.isfinite(found[0]) and (best is None or found[0] < best[0] * (1 - 1e-12)):
                best = found
    if best is None:
        raise InputError("The law could not be fitted to these measurements: try another law.")
    return best[1], best[2]


def _search(
    model: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    start: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Cost, solution and Jacobian of scipy's trust-region search."""
    found = least_squares(
        lambda theta: model(theta)[0], start, bounds=bounds, x_scale="jac",
        xtol=1e-14, ftol=1e-14, gtol=1e-14, max_nfev=400,
    )  # fmt: skip
    return 2 * float(found.cost), found.x, np.atleast_2d(found.jac)


def _descend(
    model: Callable[[NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]],
    theta: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
    """Cost, solution and Jacobian of a Levenberg-Marquardt descent in a box.

    Notes
    -----
    Moré (1978), DOI 10.1007/BFb0067700: the damping is scaled with the largest column norms
    seen. Coefficients at an end of the box that the descent would leave are held there. The
    problems have a few dozen rows and five coefficients, so what a general solver spends on
    checks and bookkeeping is most of its time.
    """
    residuals, jacobian = model(theta)
    cost = float(residuals @ residuals)
    damping, n, p = 1e-3, len(residuals), len(theta)
    scale = np.zeros(p)
    padding = np.zeros(p)
    for _ in range(_MOST_STEPS):
        if not np.isfinite(cost) or cost <= _NO_COST * n:
            break
        gradient = jacobian.T @ residuals
        norms = np.sqrt(np.einsum("ij,ij->j", jacobian, jacobian))
        free = (norms > 0) & ~((theta <= low) & (gradient > 0) | (theta >= high) & (gradient < 0))
        if not free.any() or (np.abs(gradient[free]) <= _FLAT * norms[free] * np.sqrt(cost)).all():
            break
        scale = np.maximum(scale, norms)
        left = np.vstack([jacobian * free, np.zeros((p, p))])
        right = np.concatenate([-residuals, padding])
        lowered = False
        while damping < _MOST_DAMPING:
            left[n:].flat[:: p + 1] = np.sqrt(damping) * np.where(scale > 0, scale, 1.0)
            step = np.linalg.lstsq(left, right, rcond=None)[0]
            bent = residuals + left[:n] @ step
            if cost - float(bent @ bent) <= _NO_GAIN * cost:
                break
            trial = np.clip(theta + step, low, high)
            new_residuals, new_jacobian = model(trial)
            new_cost = float(new_residuals @ new_residuals)
            if new_cost < cost:
                lowered = True
                break
            damping *= 4
        if not lowered:
            break
        theta, residuals, jacobian, cost = trial, new_residuals, new_jacobian, new_cost
        damping = max(damping / 9, 1e-15)
    return cost, theta, jacobian
