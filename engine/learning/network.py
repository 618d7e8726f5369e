"""An ensemble of small neural networks, stored as plain arrays.

Every member is trained without one fold of the rows and stops early on a share of its own, so
that the members that have not seen a row predict it honestly, and their spread tells where
the ensemble is unsure.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.progress import Progress
from engine.threads import one_thread

_BLOCK = 256
"""Rows that pass through the layers at once: few enough to stay in a core's cache."""

_MOST_KEPT = 4096
"""Rows whose hidden layers are held in memory at once."""


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

    @cached_property
    def _trunk(self) -> bytes:
        """Digest of all before the last layer; networks trained together have it in common."""
        digest = hashlib.blake2b(digest_size=16)
        arrays = [self.logarithmic, self.centre, self.scale]
        arrays += [part for layers in self.members for layer in layers[:-1] for part in layer]
        for array in arrays:
            digest.update(repr(array.shape).encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.digest()

    def _hidden(self, table: np.ndarray) -> list[np.ndarray]:
        """Last hidden layer of every member, each of shape (n, width)."""
        scaled = self._scaled(table)
        found = []
        for layers in self.members:
            parts = []
            for start in range(0, len(scaled), _BLOCK):
                v = scaled[start : start + _BLOCK]
                for weights, bias in layers[:-1]:
                    v = v @ weights
                    v += bias
                    np.tanh(v, out=v)
                parts.append(v)
            found.append(np.concatenate(parts))
        return found

    def each(self, table: np.ndarray, shared: dict[Any, Any] | None = None) -> np.ndarray:
        """Predictions of every member, shape (members, n), unit of the target.

        Parameters
        ----------
        table : ndarray of float, shape (n, d)
        shared : dict, optional
            Filled and used by networks that were trained together, so that their common
            layers are computed once; for one table only.
        """
        outputs = np.empty((len(self.members), len(table)))
        for start in range(0, len(table), _MOST_KEPT):
            part = table[start : start + _MOST_KEPT]
            # Longer tables are worked off in parts, which nobody else needs.
            kept = {} if shared is None or len(part) < len(table) else shared
            if self._trunk not in kept:
                with one_thread():
                    kept[self._trunk] = self._hidden(part)
            for member, (layers, v) in enumerate(zip(self.members, kept[self._trunk], strict=True)):
                weights, bias = layers[-1]
                outputs[member, start : start + len(part)] = v @ weights[:, 0] + bias[0]
        outputs *= self.spread
        outputs += self.level
        return outputs

    def predict(self, table: np.ndarray, shared: dict[Any, Any] | None = None) -> np.ndarray:
        """Mean over the members, shape (n,); `table` and `shared` as in `each`."""
        return self.each(table, shared).mean(axis=0)

    def deviation(self, table: np.ndarray) -> np.ndarray:
        """Standard deviation between the members, shape (n,)."""
        return self.with_deviation(table)[1]

    def with_deviation(
        self, table: np.ndarray, shared: dict[Any, Any] | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """`predict` and `deviation` from one evaluation."""
        each = self.each(table, shared)
        return each.mean(axis=0), each.std(axis=0, ddof=1 if len(self.members) > 1 else 0)

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
