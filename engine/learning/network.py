"""An ensemble of small neural networks, stored as plain arrays.

Every member is trained without one fold of the rows and stops early on a share of its own, so
that the members that have not seen a row predict it honestly, and their spread tells where
the ensemble is unsure.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.progress import Progress


@dataclass(frozen=True)
class Network:
    """Members with tanh layers and one linear output.

    Attributes
    ----------
    members : tuple over members of tuples over layers of (weights, bias)
        Weights of shape (into, out), bias (out,).
    logarithmic : ndarray of bool, shape (d,)
        Inputs of which the logarithm is taken first.
    centre, scale : ndarray of float, shape (d,)
    level, spread : float
        Mean and standard deviation of the target.
    """

    members: tuple[tuple[tuple[np.ndarray, np.ndarray], ...], ...]
    logarithmic: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    level: float
    spread: float

    def _scaled(self, table: np.ndarray) -> np.ndarray:
        table = np.array(table, dtype=float)
        with np.errstate(all="ignore"):
            table[:, self.logarithmic] = np.log(table[:, self.logarithmic])
        return (table - self.centre) / self.scale

    def each(self, table: np.ndarray) -> np.ndarray:
        """Predictions of every member, shape (members, n), unit of the target."""
        scaled = self._scaled(table)
        outputs = []
        for layers in self.members:
            v = scaled
            for weights, bias in layers[:-1]:
                v = np.tanh(v @ weights + bias)
            weights, bias = layers[-1]
            outputs.append((v @ weights + bias)[:, 0])
        return self.level + self.spread * np.array(outputs)

    def predict(self, table: np.ndarray) -> np.ndarray:
        """Mean over the members, shape (n,)."""
        return self.each(table).mean(axis=0)

    def deviation(self, table: np.ndarray) -> np.ndarray:
        """Standard deviation between the members, shape (n,)."""
        return self.each(table).std(axis=0, ddof=1 if len(self.members) > 1 else 0)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "members": [
                [{"weights": w.tolist(), "bias": b.tolist()} for w, b in layers]
                for layers in self.members
            ],
            "logarithmic": [bool(flag) for flag in self.logarithmic],
            "centre": self.centre.tolist(),
            "scale": self.scale.tolist(),
            "level": self.level,
            "spread": self.spread,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Network:
        """Rebuild from `to_dict`.

        Raises
        ------
        InputError
        """
        try:
            members = tuple(
                tuple(
                    (np.asarray(p["weights"], dtype=float), np.asarray(p["bias"], dtype=float))
                    for p in layers
                )
                for layers in data["members"]
            )
            centre = np.asarray(data["centre"], dtype=float)
            scale = np.asarray(data["scale"], dtype=float)
            logarithmic = np.asarray(data["logarithmic"], dtype=bool)
            level, spread = float(data["level"]), float(data["spread"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError("The model file holds no network that can be read.") from error
        d = centre.size
        fits = bool(members) and scale.shape == (d,) and logarithmic.shape == (d,)
        for layers in members:
            width = d
            for weights, bias in layers:
                fits = fits and weights.ndim == 2 and weights.shape[0] == width
                width = bias.size
                fits = fits and weights.shape[1:] == bias.shape
                fits = fits and bool(np.all(np.isfinite(weights)) and np.all(np.isfinite(bias)))
            fits = fits and width == 1
        if not fits:
            raise InputError("The model file holds a network whose layers do not fit.")
        return cls(members, logarithmic, centre, scale, level, spread)


@dataclass(frozen=True)
class NetworkOptions:
    """Settings of the ensemble.

    Attributes
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    repeats : int
        Members for every fold left out.
    epochs : int
        Most passes over the rows.
    patience : int
        Passes without improvement on the rows kept aside after which training stops.
    decay : float
        Weight decay (L2).
    """

    hidden: tuple[int, ...] = (32, 32)
    repeats: int = 2
    epochs: int = 3000
    patience: int = 60
    decay: float = 1e-3


def fit_networks(
    table: np.ndarray,
    targets: np.ndarray,
    folds: np.ndarray,
    logarithmic: np.ndarray,
    options: NetworkOptions,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[list[Network], np.ndarray]:
    """Train one ensemble for several targets, that share the hidden layers.

    Parameters
    ----------
    table : ndarray of float, shape (rows, d)
    targets : ndarray of float, shape (rows, targets)
    folds : ndarray of int, shape (rows,)
        Each member is trained without one of these.
    logarithmic : ndarray of bool, shape (d,)

    Returns
    -------
    networks : list of Network, one a target
    held_out : ndarray of float, shape (rows, targets)
        Prediction of every row by the members that have not seen it.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    shown = np.array(table, dtype=float)
    shown[:, logarithmic] = np.log(shown[:, logarithmic])
    centre, scale = shown.mean(axis=0), shown.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    level, spread = targets.mean(axis=0), targets.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    x, y = (shown - centre) / scale, (targets - level) / spread
    layers_of: list[list[tuple[tuple[np.ndarray, np.ndarray], ...]]] = [[] for _ in level]
    held_out = np.zeros_like(targets)
    numbers = np.unique(folds)
    total = numbers.size * options.repeats
    for count, (fold, repeat) in enumerate((f, r) for f in numbers for r in range(options.repeats)):
        if progress is not None:
            progress.report(count / total, f"training network {count + 1} of {total}")
        inside = folds != fold
        stops_early = inside.sum() >= 30
        estimator = MLPRegressor(
            hidden_layer_sizes=options.hidden,
            activation="tanh",
            solver="adam" if stops_early else "lbfgs",
            alpha=options.decay if stops_early else 0.1,
            learning_rate_init=5e-3,
            batch_size=min(64, int(0.8 * inside.sum())) if stops_early else "auto",
            max_iter=options.epochs if stops_early else 500,
            early_stopping=stops_early,
            validation_fraction=0.12,
            n_iter_no_change=options.patience,
            tol=1e-6,
            random_state=int(
                np.random.SeedSequence([seed, int(fold), repeat]).generate_state(1)[0] % 2**31
            ),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            estimator.fit(x[inside], y[inside] if y.shape[1] > 1 else y[inside, 0])
        hidden = tuple(zip(estimator.coefs_[:-1], estimator.intercepts_[:-1], strict=True))
        last, bias = estimator.coefs_[-1], estimator.intercepts_[-1]
        for t in range(level.size):
            layers_of[t].append((*hidden, (last[:, t : t + 1].copy(), bias[t : t + 1].copy())))
        outside = ~inside
        predicted = estimator.predict(x[outside]).reshape(int(outside.sum()), -1)
        held_out[outside] += (level + spread * predicted) / options.repeats
    networks = [
        Network(
            tuple(members),
            logarithmic.copy(),
            centre,
            scale,
            float(level[t]),
            float(spread[t]),
        )
        for t, members in enumerate(layers_of)
    ]
    return networks, held_out
