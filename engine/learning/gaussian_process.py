"""Gaussian process regression: smooth interpolation that knows how unsure it is.

Source: C. E. Rasmussen, C. K. I. Williams, Gaussian Processes for Machine Learning (2006),
DOI 10.7551/mitpress/3206.001.0001, algorithm 2.1.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve
from scipy.linalg.blas import dtrmm
from scipy.linalg.lapack import dtrtri
from scipy.optimize import minimize

from engine.errors import InputError
from engine.threads import one_thread

MOST_ROWS = 3000

_BLOCK = 256
"""New rows whose kernel is held at once: few enough to stay in a core's cache."""


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
        rows = table.shape[0]
        if rows > MOST_ROWS:
            raise InputError(
                f"A Gaussian process over {rows} rows is too large: use at most {MOST_ROWS} rows, "
                "or another method."
            )
        centre, scale = table.mean(axis=0), table.std(axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        level, spread = float(target.mean()), float(target.std())
        inputs, goal = (table - centre) / scale, (target - level) / spread
        stream = np.random.default_rng(np.random.SeedSequence(seed))
        d = table.shape[1]
        starts = [
            np.array([0.0] * d + [0.0, np.log(1e-2)]),
            np.concatenate([stream.normal(1.0, 0.3, d), [np.log(10.0), np.log(1e-3)]]),
        ]
        lengths, signal, noise = _most_likely(inputs, goal, starts, 100)
        return cls(inputs, goal, centre, scale, level, spread, lengths, signal, noise)

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

    @cached_property
    def _inverse_factor(self) -> np.ndarray:
        """Upper triangular U, shape (rows, rows), with ``U U' = (K + noise)^-1``.

        A product with it takes the place of a solve for each new row.
        """
        inverse, info = dtrtri(self._solved[0][0], lower=1)
        if info:
            raise LinAlgError("the factor of a Gaussian process is singular")
        return np.ascontiguousarray(np.tril(inverse).T)

    def predict(self, table: np.ndarray, shared: dict[Any, Any] | None = None) -> np.ndarray:
        """Mean, shape (n,), in the unit of the target.

        `shared` is that of `Network.predict`; Gaussian processes have nothing in common to share.
        """
        return self._evaluate(table)[0]

    def deviation(self, table: np.ndarray) -> np.ndarray:
        """Standard deviation of an observation, shape (n,), in the unit of the target."""
        return self.with_deviation(table)[1]

    def with_deviation(
        self, table: np.ndarray, shared: dict[Any, Any] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`predict` and `deviation` from one evaluation of the kernel."""
        mean, explained = self._evaluate(table, self._inverse_factor)
        variance = np.maximum(self.signal + self.noise - explained, self.noise)
        return mean, self.spread * np.sqrt(variance)

    def _evaluate(
        self, table: np.ndarray, factor: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean in the unit of the target, and the variance that the training rows explain.

        Without `factor` (`_inverse_factor`) that variance is not computed and left at 0.
        """
        mean, explained = np.empty(len(table)), np.zeros(len(table))
        with one_thread():
            for start in range(0, len(table), _BLOCK):
                part = slice(start, start + _BLOCK)
                cross = self._cross(table[part])
                mean[part] = cross @ self._solved[1]
                if factor is not None:
                    # Half of a triangular factor is zeros: a product that knows it.
                    left = dtrmm(1.0, factor.T, cross.T, lower=1, overwrite_b=1).T
                    explained[part] = np.einsum("ij,ij->i", left, left)
        return self.level + self.spread * mean, explained

    def _cross(self, table: np.ndarray) -> np.ndarray:
        """Kernel between new rows and the training rows, shape (n, rows).

        The exponent ``a.b - a²/2 - b²/2`` is one matrix product.
        """
        a = (table - self.centre) / self.scale / self.lengths
        kernel = np.column_stack([a, -0.5 * (a**2).sum(axis=1), np.ones(len(a))]) @ self._known
        np.minimum(kernel, 0.0, out=kernel)
        np.exp(kernel, out=kernel)
        kernel *= self.signal
        return kernel

    @cached_property
    def _known(self) -> np.ndarray:
        """Training rows as a factor of the kernel's exponent, shape (d + 2, rows)."""
        b = self.inputs / self.lengths
        return np.vstack([b.T, np.ones(len(b)), -0.5 * (b**2).sum(axis=1)])

    def refitted(self, table: np.ndarray, target: np.ndarray) -> GaussianProcess:
        """Fit other rows, starting from the kernel of this one: for cross-validation."""
        inputs, goal = (table - self.centre) / self.scale, (target - self.level) / self.spread
        start = np.log([*self.lengths, self.signal, self.noise])
        lengths, signal, noise = _most_likely(inputs, goal, [start], 30)
        return dataclasses.replace(
            self, inputs=inputs, goal=goal, lengths=lengths, signal=signal, noise=noise
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


def negative_log_likelihood(
    logs: np.ndarray, squares: np.ndarray, goal: np.ndarray
) -> tuple[float, np.ndarray]:
    """Minus the log marginal likelihood and its gradient.

    Parameters
    ----------
    logs : ndarray of float, shape (d + 2,)
        Logarithms of the lengths, the signal and the noise variance.
    squares : ndarray of float, shape (d, rows, rows)
        Squared differences of the scaled inputs.
    goal : ndarray of float, shape (rows,)
    """
    d, rows = squares.shape[0], goal.size
    weights = np.exp(-2 * logs[:d])
    signal, noise = np.exp(logs[d]), np.exp(logs[d + 1])
    smooth = signal * np.exp(-0.5 * np.tensordot(weights, squares, axes=1))
    matrix = smooth.copy()
    matrix[np.diag_indices(rows)] += noise + 1e-10
    try:
        factor = cho_factor(matrix, lower=True)
    except LinAlgError:
        return 1e25, np.zeros_like(logs)
    solved = cho_solve(factor, goal)
    value = (
        0.5 * float(goal @ solved)
        + float(np.log(np.diag(factor[0])).sum())
        + 0.5 * rows * np.log(2 * np.pi)
    )
    inner = np.outer(solved, solved) - cho_solve(factor, np.eye(rows))
    shaped = inner * smooth
    gradient = np.empty_like(logs)
    for k in range(d):
        gradient[k] = -0.5 * weights[k] * float(np.sum(shaped * squares[k]))
    gradient[d] = -0.5 * float(shaped.sum())
    gradient[d + 1] = -0.5 * noise * float(np.trace(inner))
    return value, gradient


def _most_likely(
    inputs: np.ndarray, goal: np.ndarray, starts: list[np.ndarray], steps: int
) -> tuple[np.ndarray, float, float]:
    """Lengths, signal and noise of largest marginal likelihood reached from the starts."""
    d = inputs.shape[1]
    squares = (inputs.T[:, :, None] - inputs.T[:, None, :]) ** 2
    limits = [(np.log(1e-2), np.log(1e3))] * d + [
        (np.log(1e-3), np.log(1e5)),
        (np.log(1e-8), np.log(1e1)),
    ]
    best = None
    for start in starts:
        found = minimize(
            negative_log_likelihood,
            start,
            args=(squares, goal),
            jac=True,
            method="L-BFGS-B",
            bounds=limits,
            options={"maxiter": steps},
        )
        if best is None or found.fun < best.fun:
            best = found
    assert best is not None
    values = np.exp(best.x)
    return values[:d], float(values[d]), float(values[d + 1]) + 1e-10
