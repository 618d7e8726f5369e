"""What the responses say at a table of settings, by column.

Maps ask for a few hundred to a few thousand rows many times a second while an input is moved.
Data frames cost more there than the models: they are put together only for those who ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Columns: TypeAlias = pd.DataFrame | Mapping[str, np.ndarray]
"""A table of settings: a frame, or arrays of one length by name."""


def floats(table: Columns, name: str) -> np.ndarray:
    """One column of a table, as floats of shape (n,)."""
    return np.asarray(table[name], dtype=float)


def row_count(settings: Columns) -> int:
    """Rows of a table."""
    return len(next(iter(settings.values()))) if isinstance(settings, dict) else len(settings)


@dataclass(frozen=True)
class Evaluation:
    """Responses at n settings.

    Attributes
    ----------
    columns : dict of ndarray, shape (n,)
        The settings with all that follows from them: gap, pressure, porosity, thickness.
    answers : dict of (value, low, high), each of shape (n,)
        By output: the expected value and the bounds of the models' interval (nan where none is
        known), none beyond what the property can be.
    could : dict of ndarray of bool, shape (n,)
        By output: False where a model gave a value that no electrode can have (a tortuosity
        below 1, say). The value here is then the limit itself and tells nothing.
    cut : dict of ndarray of bool, shape (n,)
        By output: True where the model's interval reaches beyond what the property can be. It is
        cut there, and no longer says how sure the model is.
    inside : ndarray of bool, shape (n,)
        Whether law and models were both trained around this setting.
    notes : tuple of str
        What is outside, or impossible, in words.
    """

    columns: dict[str, np.ndarray]
    answers: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
    could: dict[str, np.ndarray]
    cut: dict[str, np.ndarray]
    inside: np.ndarray
    notes: tuple[str, ...] = ()

    @cached_property
    def settings(self) -> pd.DataFrame:
        """`columns` as a frame of n rows."""
        return pd.DataFrame(self.columns)

    @cached_property
    def values(self) -> pd.DataFrame:
        """Expected values, one column an output."""
        return self._part(0)

    @cached_property
    def low(self) -> pd.DataFrame:
        """Lower bounds, one column an output."""
        return self._part(1)

    @cached_property
    def high(self) -> pd.DataFrame:
        """Upper bounds, one column an output."""
        return self._part(2)

    @cached_property
    def possible(self) -> pd.DataFrame:
        """`could` as a frame of n rows."""
        return pd.DataFrame(self.could, index=range(len(self.inside)))

    def _part(self, part: int) -> pd.DataFrame:
        found = {name: answer[part] for name, answer in self.answers.items()}
        return pd.DataFrame(found, index=range(len(self.inside)))


class Asked:
    """What was asked of the responses, and what was answered so far.

    Parameters
    ----------
    settings : dict of ndarray, shape (n,)
    intervals : bool
        Whether bounds are wanted.
    """

    def __init__(self, settings: dict[str, np.ndarray], intervals: bool) -> None:
        self.settings = settings
        self.intervals = intervals
        self.rows = row_count(settings)
        self.answers: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.possible: dict[str, np.ndarray] = {}
        self.cut: dict[str, np.ndarray] = {}
        self._shared: dict[Any, Any] = {}

    @cached_property
    def _frame(self) -> pd.DataFrame:
        return pd.DataFrame(self.settings)

    def of_model(self, model: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Value and bounds of a model, as it gives them."""
        if hasattr(model, "prediction"):
            result: tuple[np.ndarray, np.ndarray, np.ndarray] = model.prediction(
                self.settings, intervals=self.intervals, shared=self._shared
            )
            return result
        value = np.asarray(model.predict(self._frame), dtype=float)
        if not self.intervals:
            unknown = np.full(self.rows, np.nan)
            return value, unknown, unknown
        low, high = model.interval(self._frame)
        return value, np.asarray(low, dtype=float), np.asarray(high, dtype=float)
