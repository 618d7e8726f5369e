"""Gaussian process regression: smooth interpolation that knows how unsure it is.

Source: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
DOI 10.7551/mitpress/3206.001.0001, algorithm 2.1.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import cho_factor, cho_solve, solve_triangular

from engine.errors import InputError

MOST_ROWS = 3000


@dataclass(frozen=True)
class GaussianProcess:
    """Squared-exponential kernel with a length per input, plus noise.

    Attributes
    ----------
    inputs : ndarray of float, shape (rows, d)
        Training inputs in units of their spread.
    goal : ndarray of float, shape (rows,)
        Training target, standardised.
    centre, scale : ndarray of float, shape (d,)
    level, spread : float
        Mean and standard deviation of the target.
    lengths : ndarray of float, shape (d,)
    signal, noise : float
        Variances, of the standardised target.
    """

    inputs: np.ndarray
    goal: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    level: float
    spread: float
    lengths: np.ndarray
    signal: float
    noise: float

    @classmethod
    def fit(cls, table: np.ndarray, target: np.ndarray, seed: int = 0) -> GaussianProcess:
        """Choose lengths and variances by the marginal likelihood.

        Parameters
        ----------
        table : ndarray of float, shape (rows, d)
        target : ndarray of float, shape (rows,)

        Raises
        ------
        InputError
            If there are more rows than a dense kernel matrix should hold.
        """
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor
        from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

        rows, d = table.shape
        if rows > MOST_ROWS:
            raise InputError(
                f"A Gaussian process over {rows} rows is too large: use at most {MOST_ROWS} rows, "
                "or another method."
            )
        centre, scale = table.mean(axis=0), table.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        level, spread = float(target.mean()), float(target.std())
        inputs, goal = (table - centre) / scale, (target - level) / spread
        kernel = ConstantKernel(1.0, (1e-3, 1e4)) * RBF(np.ones(d), (1e-2, 1e3)) + WhiteKernel(
            1e-2, (1e-8, 1e1)
        )
        estimator = GaussianProcessRegressor(kernel, n_restarts_optimizer=1, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(inputs, goal)
        fitted = estimator.kernel_
        return cls(
            inputs,
            goal,
            centre,
            scale,
            level,
            spread,
            np.broadcast_to(np.asarray(fitted.k1.k2.length_scale, dtype=float), (d,)).copy(),
            float(fitted.k1.k1.constant_value),
            float(fitted.k2.noise_level) + 1e-10,
        )

    def _kernel(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        a, b = a / self.lengths, b / self.lengths
        square = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None] - 2 * a @ b.T
        return self.signal * np.exp(-0.5 * np.maximum(square, 0.0))

    @cached_property
    def _solved(self) -> tuple[Any, np.ndarray]:
        matrix = self._kernel(self.inputs, self.inputs)
        matrix[np.diag_indices_from(matrix)] += self.noise
        factor = cho_factor(matrix, lower=True)
        return factor, cho_solve(factor, self.goal)

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Mean, shape (n,), in the unit of the target."""
        scaled = (table - self.centre) / self.scale
        return self.level + self.spread * (self._kernel(scaled, self.inputs) @ self._solved[1])

    def deviation(self, table: np.ndarray) -> np.ndarray:
        """Standard deviation of an observation, shape (n,), in the unit of the target."""
        scaled = (table - self.centre) / self.scale
        cross = self._kernel(scaled, self.inputs)
        left = solve_triangular(self._solved[0][0], cross.T, lower=True)
        variance = self.signal + self.noise - (left**2).sum(axis=0)
        return self.spread * np.sqrt(np.maximum(variance, self.noise))

    def refitted(self, table: np.ndarray, target: np.ndarray) -> GaussianProcess:
        """Return the same kernel on other rows, for cross-validation."""
        return GaussianProcess(
            (table - self.centre) / self.scale,
            (target - self.level) / self.spread,
            self.centre,
            self.scale,
            self.level,
            self.spread,
            self.lengths,
            self.signal,
            self.noise,
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON form: the training rows and the kernel."""
        arrays = ("inputs", "goal", "centre", "scale", "lengths")
        numbers = ("level", "spread", "signal", "noise")
        return {name: getattr(self, name).tolist() for name in arrays} | {
            name: getattr(self, name) for name in numbers
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GaussianProcess:
        """Rebuild from `to_dict`.

        Raises
        ------
        InputError
        """
        try:
            arrays = {
                name: np.asarray(data[name], dtype=float)
                for name in ("inputs", "goal", "centre", "scale", "lengths")
            }
            numbers = {name: float(data[name]) for name in ("level", "spread", "signal", "noise")}
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                "The model file holds no Gaussian process that can be read."
            ) from error
        fields: dict[str, Any] = {**arrays, **numbers}
        model = cls(**fields)
        n, d = model.inputs.shape if model.inputs.ndim == 2 else (0, 0)
        shapes = {a.shape for a in (model.centre, model.scale, model.lengths)}
        if (
            model.goal.shape != (n,)
            or shapes != {(d,)}
            or not (
                all(np.all(np.isfinite(a)) for a in arrays.values())
                and model.noise > 0
                and np.all(model.lengths > 0)
                and np.all(model.scale > 0)
            )
        ):
            raise InputError("The model file holds a Gaussian process whose arrays do not fit.")
        return model
