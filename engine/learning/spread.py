"""How far the errors of a formula spread where it predicts little, and where it predicts much.

A tortuosity of 8 is missed by more than one of 1.5. An interval of one width would be too wide for
most electrodes and too narrow for the few that matter. Source of intervals from residuals that are
scaled so: J. Lei et al., J. Am. Stat. Assoc. 113 (2018) 1094, DOI 10.1080/01621459.2017.1307116.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InputError

_ROWS = 30
"""Rows a group: their mean error is known to about a seventh."""
_GROUPS = 8
_LEAST = 0.3
"""Share of the mean error that is assumed everywhere, however well a group was met."""


@dataclass(frozen=True)
class Spread:
    """Mean absolute error as a function of the prediction, straight between a few points.

    Attributes
    ----------
    predicted, size : ndarray of float, shape (k,)
        Rising predictions and the error there, > 0, both in the unit of the target; beyond the
        first and the last the error is taken as there.

    Notes
    -----
    Taken from the residuals that it then scales: with few groups intervals come out a little
    narrow, as each group's own mean is among what it is compared with.
    """

    predicted: np.ndarray
    size: np.ndarray

    @classmethod
    def of_residuals(cls, predicted: np.ndarray, errors: np.ndarray) -> Spread | None:
        """Take it from predictions of rows left out.

        Parameters
        ----------
        predicted, errors : ndarray of float, shape (n,)
            Predictions of rows that were left out, and by how much each is off, >= 0.

        Returns
        -------
        Spread or None
            None where there are too few rows, or too few different predictions, to tell.
        """
        groups = min(_GROUPS, len(predicted) // _ROWS)
        least = _LEAST * float(errors.mean()) if len(errors) else 0.0
        if groups < 2 or not least > 0:
            return None
        order = np.argsort(predicted, kind="stable")
        parts = np.array_split(order, groups)
        middle = np.array([predicted[part].mean() for part in parts])
        size = np.array([max(float(errors[part].mean()), least) for part in parts])
        keep = np.concatenate([[True], np.diff(middle) > 0])
        return cls(middle[keep], size[keep]) if keep.sum() > 1 else None

    def at(self, predicted: np.ndarray) -> np.ndarray:
        """Error to expect at predictions, of their shape."""
        return np.interp(predicted, self.predicted, self.size)

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"predicted": self.predicted.tolist(), "size": self.size.tolist()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Spread:
        """Rebuild from `to_dict`.

        Raises
        ------
        InputError
        """
        try:
            found = cls(np.array(data["predicted"], float), np.array(data["size"], float))
            same = found.predicted.shape == found.size.shape and found.size.ndim == 1
            sound = same and len(found.size) > 1 and bool((np.diff(found.predicted) > 0).all())
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound or not np.isfinite(found.size).all() or not (found.size > 0).all():
            raise InputError("The model file holds a spread of errors that cannot be read.")
        return found
