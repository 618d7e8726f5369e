"""Conditions at which calendering closed the way through a phase: in words, and on maps."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.study.condition_words import condition_words

_AXES = ("am_percent", "porosity_percent")
_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Blockage:
    """Where half of the structures or more have no path, between the conditions of a campaign.

    Whether pores connect is decided by composition and porosity after calendering, whatever
    pressure led there, so the share of blocked structures is interpolated linearly over the two;
    beyond the conditions the nearest one counts.

    Attributes
    ----------
    points : ndarray, shape (n, k)
        Those of AM (%) and porosity after calendering (%) that the campaign varied.
    share : ndarray, shape (n,), 0..1
        Of the structures that were blocked.
    axes : tuple of str
        Columns of `points`.
    phase : str
        In words.
    """

    points: np.ndarray
    share: np.ndarray
    axes: tuple[str, ...]
    phase: str

    @classmethod
    def of(cls, dataset: pd.DataFrame) -> Blockage | None:
        """Read it off a dataset; None where no condition was blocked in half of its structures."""
        if not {"repeats", "not_percolating", "porosity_percent"} <= {*dataset}:
            return None
        share = (dataset["not_percolating"].fillna(0) / dataset["repeats"]).to_numpy(float)
        if not (share >= _HALF).any():
            return None
        axes = tuple(
            name for name in _AXES if name in dataset and np.ptp(dataset[name].to_numpy(float)) > 0
        )
        phase = _phase(dataset[share > 0])
        if not axes:
            return cls(np.zeros((len(share), 0)), share, axes, phase)
        # Conditions of equal composition and porosity are one point.
        means = pd.DataFrame(dataset[list(axes)].round(9)).assign(share=share)
        means = means.groupby(list(axes), as_index=False)["share"].mean()
        return cls(means[list(axes)].to_numpy(float), means["share"].to_numpy(float), axes, phase)

    def closed(self, settings: pd.DataFrame) -> np.ndarray:
        """Whether half of the structures or more would be blocked, shape (n,), bool.

        Parameters
        ----------
        settings : DataFrame
            Completed settings.
        """
        if not self.axes:
            return np.full(len(settings), float(self.share.mean()) >= _HALF)
        asked = settings[list(self.axes)].to_numpy(float)
        if len(self.axes) == 1:
            order = np.argsort(self.points[:, 0])
            found = np.interp(asked[:, 0], self.points[order, 0], self.share[order])
            return np.asarray(found >= _HALF - 1e-9)
        between, nearest = self._interpolators
        found = np.full(len(asked), np.nan) if between is None else np.asarray(between(asked))
        beyond = np.isnan(found)
        if beyond.any():
            found[beyond] = nearest(asked[beyond])
        return np.asarray(found >= _HALF - 1e-9)

    @functools.cached_property
    def _interpolators(self) -> tuple[Any, Any]:
        """Between the points, and of the nearest; the first is None where all lie on a line."""
        from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
        from scipy.spatial import QhullError

        nearest = NearestNDInterpolator(self.points, self.share, rescale=True)
        try:
            return LinearNDInterpolator(self.points, self.share, rescale=True), nearest
        except QhullError:
            return None, nearest

    def note(self, closed: int, total: int) -> str:
        """What was left out, in words."""
        return (
            f"{closed} of {total} settings are left out: half of the structures or more have no "
            f"path through the {self.phase} there."
        )


def blocked_note(dataset: pd.DataFrame) -> str:
    """Say where at least half of the structures had no path through the electrolyte or solid.

    Such structures have no finite tortuosity, so that models never see them: what they tell
    would be lost without words.

    Parameters
    ----------
    dataset : DataFrame
        One row a condition, with the counts ``repeats`` and ``not_percolating``.

    Returns
    -------
    str
        Empty where no structure was blocked.
    """
    if not {"repeats", "not_percolating"} <= {*dataset}:
        return ""
    blocked = dataset["not_percolating"].fillna(0)
    if not blocked.any():
        return ""
    often = (2 * blocked >= dataset["repeats"]) & (blocked > 0)
    rows = dataset[often] if often.any() else dataset[blocked > 0]
    phase = _phase(dataset[blocked > 0])
    where = condition_words(rows, dataset)
    where = f" ({where})" if where else ""
    count = f"{int(blocked[rows.index].sum())} of {int(rows['repeats'].sum())}"
    if not often.any():
        return (
            f"In {len(rows)} of {len(dataset)} conditions{where} the {phase} was blocked in some "
            f"structures ({count}): its transport there is the mean of the open ones alone."
        )
    return (
        f"In {len(rows)} of {len(dataset)} conditions{where} the {phase} was blocked in half of "
        f"the structures or more ({count}): no path leads through. Models of its transport know "
        "the open structures only, and none of these settings is recommended."
    )


def _phase(rows: pd.DataFrame) -> str:
    """Which phase was blocked, as far as the means tell: none is finite where all were."""
    found = [
        name
        for name in ("electrolyte", "solid")
        if f"tortuosity_factor_{name}" in rows and rows[f"tortuosity_factor_{name}"].isna().any()
    ]
    return " or the ".join(found or ["electrolyte or the solid"])
