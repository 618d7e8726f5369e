"""Which input moves a property most: Sobol indices of a model over the input box.

Source: A. Saltelli et al., Comput. Phys. Commun. 181 (2010) 259,
DOI 10.1016/j.cpc.2009.09.018 (first order: table 2 (b), total: Jansen, table 2 (f)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import qmc

from engine.errors import InputError
from engine.learning.model import PropertyModel


@dataclass(frozen=True)
class Sensitivity:
    """Shares of the variance of a model, with all inputs varied independently over a box.

    Attributes
    ----------
    inputs : tuple of str
    first : ndarray of float, shape (inputs,)
        Share due to the input alone, 0..1 but for sampling noise.
    total : ndarray of float, shape (inputs,)
        Share that involves the input in any combination.
    error : ndarray of float, shape (inputs,)
        Standard error of `total`, from parts of the sample.
    variance : float
        Unit of the target squared.
    """

    inputs: tuple[str, ...]
    first: np.ndarray
    total: np.ndarray
    error: np.ndarray
    variance: float


def sobol_indices(
    model: PropertyModel,
    box: Mapping[str, tuple[float, float]] | None = None,
    samples: int = 4096,
    seed: int = 0,
) -> Sensitivity:
    """Estimate Sobol indices by a quasi-random sample.

    Parameters
    ----------
    model : PropertyModel
    box : mapping of str to (float, float), optional
        Ranges of the inputs, the training ranges by default.
    samples : int
        Rounded up to a power of two.

    Notes
    -----
    Inputs are varied independently; where two depend on each other (CBD = 100 - AM) the indices
    describe the model, not the electrode.

    Raises
    ------
    InputError
        If the model is not finite over the box or a range is missing.
    """
    ranges = {**model.domain, **(box or {})}
    absent = [name for name in model.inputs if name not in ranges]
    if absent:
        raise InputError(f"'{absent[0]}' has no range to vary it over.")
    d = len(model.inputs)
    low = np.array([ranges[n][0] for n in model.inputs])
    high = np.array([ranges[n][1] for n in model.inputs])
    power = max(6, int(np.ceil(np.log2(samples))))
    points = qmc.Sobol(2 * d, scramble=True, rng=np.random.default_rng(seed)).random_base2(power)
    a, b = points[:, :d], points[:, d:]

    def evaluate(unit: np.ndarray) -> np.ndarray:
        table = low + unit * (high - low)
        return model.predict({n: table[:, k] for k, n in enumerate(model.inputs)})

    at_a, at_b = evaluate(a), evaluate(b)
    both = np.concatenate([at_a, at_b])
    if not np.all(np.isfinite(both)):
        raise InputError(f"The model of '{model.target}' is not finite over this box.")
    variance = float(both.var())
    first, total, error = np.zeros(d), np.zeros(d), np.zeros(d)
    if variance > 0:
        for k in range(d):
            mixed = a.copy()
            mixed[:, k] = b[:, k]
            at_mixed = evaluate(mixed)
            # Centred values: the estimator is exact in expectation but noisy far from zero.
            first[k] = np.mean((at_b - both.mean()) * (at_mixed - at_a)) / variance
            shares = 0.5 * (at_a - at_mixed) ** 2 / variance
            total[k] = shares.mean()
            parts = shares.reshape(16, -1).mean(axis=1)
            error[k] = parts.std(ddof=1) / 4
    return Sensitivity(model.inputs, first, total, error, variance)
