"""A Gaussian process around a compaction law: flexible near the data, the plain law far away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.laws.compaction import ExponentialLaw
from engine.experiment.table import CalenderingTable
from engine.progress import Progress
from engine.threads import one_thread

# The covariance of more conditions than this takes minutes.
_MOST_CONDITIONS = 800
# Logarithms of (amplitude, length over coatings, length over ln P, noise): porosity 0..1 and
# standard deviations of the inputs. The noise is at least the scatter of good replicates.
_LOW = np.log([2e-3, 0.3, 0.3, 1.5e-3])
_HIGH = np.log([0.2, 20.0, 20.0, 0.05])
_STARTS = (
    np.log([0.02, 1.0, 1.0, 0.004]),
    np.log([0.03, 3.0, 3.0, 0.01]),
    np.log([0.02, 0.6, 3.0, 0.004]),
)


class GaussianProcessLaw(CalenderingLaw):
    """Exponential law common to all coatings, plus a Gaussian process for what it misses.

    The process runs over AM, initial porosity, initial thickness and ln(P + 1 MPa) with a
    squared exponential kernel; its amplitude, two lengths and noise maximise the likelihood.
    Beyond the measured region it falls back to the exponential law, and
    `standard_deviation` grows. It is not bound to fall with the pressure.

    Notes
    -----
    Rasmussen and Williams, *Gaussian Processes for Machine Learning* (2006), algorithm 2.1.
    """

    kind = "gaussian_process"

    @property
    def coefficient_count(self) -> int:
        return 2 + len(_LOW)

    @property
    def coefficient_units(self) -> dict[str, str]:
        return self._mean.coefficient_units

    def _fit(self, table: CalenderingTable, progress: Progress) -> None:
        if len(table) > _MOST_CONDITIONS:
            raise InputError(
                f"The Gaussian process takes up to {_MOST_CONDITIONS} conditions, not "
                f"{len(table)}: choose another law."
            )
        self._mean = ExponentialLaw(depends_on=()).fit(table)
        inputs = _inputs(table.am, table.initial_porosity, table.initial_thickness, table.pressure)
        self._centre = inputs.mean(axis=0)
        spread = inputs.std(axis=0)
        self._spread = np.where(spread > 1e-12, spread, 1.0)
        points = (inputs - self._centre) / self._spread
        rest = table.porosity - self._mean.predict_table(table)
        apart = _squared_distances(points)

        def likelihood(*inputs: Any) -> tuple[float, NDArray[np.float64]]:
            progress.stop_if_cancelled()
            return _negative_likelihood(*inputs)

        with one_thread():
            tries = [
                minimize(
                    likelihood, start, args=(apart, rest), jac=True,
                    method="L-BFGS-B", bounds=list(zip(_LOW, _HIGH, strict=True)),
                )
                for start in _STARTS
            ]  # fmt: skip
        best = min(tries, key=lambda found: float(found.fun))
        names = ("amplitude", "length_coating", "length_pressure", "noise")
        hyper = dict(zip(names, np.exp(best.x).tolist(), strict=True))
        self.coefficients_ = {**self._mean.coefficients_, **hyper}
        self._points, self._rest = points, rest
        self._solve()

    def _solve(self) -> None:
        self._factor, self._weights = _factorise(self._hyper(), self._points, self._rest)

    def _hyper(self) -> NDArray[np.float64]:
        names = ("amplitude", "length_coating", "length_pressure", "noise")
        return np.array([self.coefficients_[name] for name in names])

    def _scaled(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        inputs = _inputs(v["AM"], v["eps_init"], v["t0"], v["P"])
        return (inputs - self._centre) / self._spread

    def _porosity(self, v: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        points = self._scaled(v)
        shape = points.shape[:-1]
        kernel = _kernel(self._hyper(), points.reshape(-1, 4), self._points)
        shift = (kernel @ self._weights).reshape(shape)
        return np.asarray(np.clip(self._mean._porosity(v) + shift, 0.0, v["eps_init"]))

    def standard_deviation(
        self, am: Any, initial_porosity: Any, initial_thickness: Any, *, pressure: Any
    ) -> NDArray[np.float64]:
        """What the process does not know, noise of a measurement included.

        Parameters are those of `predict`.

        Returns
        -------
        ndarray, 0..1
            Standard deviation of the porosity. It trusts the form of the law; the error when
            a family is left out does not.
        """
        v = self._variables(am, initial_porosity, initial_thickness, None, pressure, None)
        points = self._scaled(v)
        hyper = self._hyper()
        kernel = _kernel(hyper, points.reshape(-1, 4), self._points)
        explained = np.sum(kernel * cho_solve((self._factor, True), kernel.T).T, axis=1)
        variance = np.maximum(hyper[0] ** 2 - explained, 0.0) + hyper[3] ** 2
        return np.sqrt(variance).reshape(points.shape[:-1])

    def _state(self) -> dict[str, Any]:
        return {
            "mean": self._mean.to_dict(),
            "centre": self._centre.tolist(),
            "spread": self._spread.tolist(),
            "points": self._points.tolist(),
            "rest": self._rest.tolist(),
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._mean = ExponentialLaw.from_dict(state["mean"])  # type: ignore[assignment]
        self._centre = np.array(state["centre"], float)
        self._spread = np.array(state["spread"], float)
        self._points = np.array(state["points"], float)
        self._rest = np.array(state["rest"], float)
        if self._points.shape != (len(self._rest), 4) or len(self._rest) > _MOST_CONDITIONS:
            raise InputError("The Gaussian process of this law is damaged.")
        self._solve()


def _inputs(am: Any, porosity: Any, thickness: Any, pressure: Any) -> NDArray[np.float64]:
    return np.stack(np.broadcast_arrays(am, porosity, thickness, np.log1p(pressure)), axis=-1)


def _kernel(
    hyper: NDArray[np.float64], left: NDArray[np.float64], right: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Covariance (n, m) of two sets of points (n, 4), (m, 4)."""
    lengths = np.array([hyper[1], hyper[1], hyper[1], hyper[2]])
    apart = (left[:, None, :] - right[None, :, :]) / lengths
    return np.asarray(hyper[0] ** 2 * np.exp(-0.5 * np.sum(apart**2, axis=-1)))


def _factorise(
    hyper: NDArray[np.float64], points: NDArray[np.float64], rest: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    covariance = _kernel(hyper, points, points)
    covariance[np.diag_indices(len(points))] += hyper[3] ** 2
    factor = cholesky(covariance, lower=True)
    return factor, cho_solve((factor, True), rest)


def _squared_distances(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
    """Squared distances (n, n) over the three coating inputs, and over the pressure."""
    squares = (points[:, None, :] - points[None, :, :]) ** 2
    return squares[..., :3].sum(axis=-1), squares[..., 3]


def _negative_likelihood(
    logarithms: NDArray[np.float64],
    apart: tuple[NDArray[np.float64], ...],
    rest: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Negative log marginal likelihood and its gradient by the logarithms (algorithm 5.1)."""
    amplitude, coating, pressure, noise = np.exp(logarithms)
    kernel = amplitude**2 * np.exp(-0.5 * (apart[0] / coating**2 + apart[1] / pressure**2))
    covariance = kernel + noise**2 * np.eye(len(rest))
    factor = np.linalg.cholesky(covariance)
    inverse = np.linalg.inv(covariance)
    weights = inverse @ rest
    value = 0.5 * rest @ weights + np.log(np.diag(factor)).sum()
    slope = inverse - np.outer(weights, weights)
    derivatives = (
        2 * kernel,
        kernel * apart[0] / coating**2,
        kernel * apart[1] / pressure**2,
        2 * noise**2 * np.eye(len(rest)),
    )
    gradient = np.array([0.5 * np.sum(slope * d) for d in derivatives])
    return float(value), gradient
