"""What a model does over its data and its box: points, residuals, responses with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.learning.classification import LimitClassifier
from engine.learning.model import PropertyModel
from engine.learning.table import as_frame

PARTS = ("train", "test", "validation")


def fitted_points(
    model: PropertyModel, table: Any, test: np.ndarray | None = None, validation: Any = None
) -> pd.DataFrame:
    """Every row that a model can be compared with.

    Parameters
    ----------
    model : PropertyModel
    table : DataFrame or mapping
        Rows trained on and kept for testing.
    test : ndarray of bool, shape (rows,), optional
        Rows kept for testing; none by default.
    validation : DataFrame or mapping, optional
        Another table.

    Returns
    -------
    DataFrame
        Columns ``part``, ``row`` (from 0, in its table), ``actual``, ``predicted``, ``residual``
        (actual minus predicted, unit of the target), ``outside`` (beyond the training range), and
        the inputs. Rows where the target is missing or infinite are left out.

    Raises
    ------
    InputError
        If a table lacks the target or an input.
    """
    frames = []
    for name, source in (("", table), ("validation", validation)):
        if source is None:
            continue
        frame = as_frame(source)
        if model.target not in frame:
            raise InputError(f"The table has no column '{model.target}' to compare with.")
        if not len(frame):
            continue
        part = np.full(len(frame), name or "train", dtype=object)
        if not name and test is not None:
            part[np.asarray(test, dtype=bool)] = "test"
        predicted = model.predict(frame)
        actual = frame[model.target].to_numpy(float)
        made = pd.DataFrame(
            {
                "part": part,
                "row": np.arange(len(frame)),
                "actual": actual,
                "predicted": predicted,
                "residual": actual - predicted,
                "outside": model.outside(frame),
                **{column: frame[column].to_numpy(float) for column in model.inputs},
            }
        )
        frames.append(made[np.isfinite(actual) & np.isfinite(predicted)])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame({"part": []})


def middle(model: PropertyModel) -> dict[str, float]:
    """Middle of the training range of every input."""
    return {name: 0.5 * (low + high) for name, (low, high) in model.domain.items()}


@dataclass(frozen=True)
class Response:
    """Predictions along one input, the others held.

    Attributes
    ----------
    name : str
    x, y, low, high : ndarray of float, shape (count,)
        Input, prediction and its interval; the interval is nan where the model has none.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray


@dataclass(frozen=True)
class ResponseMap:
    """Predictions over two inputs, the others held.

    Attributes
    ----------
    across, up : str
    x, y : ndarray of float, shape (nx,), (ny,)
    value, low, high : ndarray of float, shape (ny, nx)
    """

    across: str
    up: str
    x: np.ndarray
    y: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def _held(model: PropertyModel, at: Mapping[str, float] | None, *moved: str) -> dict[str, float]:
    for name in moved:
        if name not in model.domain:
            raise InputError(f"'{name}' is no input that the model of '{model.target}' varies.")
    held = {**middle(model), **(at or {})}
    absent = [name for name in model.inputs if name not in held]
    if absent:
        raise InputError(f"'{absent[0]}' has no value to be held at.")
    return held


def response(
    model: PropertyModel,
    name: str,
    at: Mapping[str, float] | None = None,
    count: int = 121,
    level: float | None = None,
) -> Response:
    """Predict along the training range of one input.

    Parameters
    ----------
    at : mapping of str to float, optional
        Where the other inputs are held; the middle of their range by default.
    level : float, optional
        Of the interval; the model's own by default.

    Raises
    ------
    InputError
        If the input is unknown.
    """
    held = _held(model, at, name)
    x = np.linspace(*model.domain[name], count)
    table = {n: x if n == name else np.full(count, held[n]) for n in model.inputs}
    low, high = model.interval(table, level)
    return Response(name, x, model.predict(table), low, high)


def response_map(
    model: PropertyModel,
    across: str,
    up: str,
    at: Mapping[str, float] | None = None,
    count: int = 61,
    level: float | None = None,
) -> ResponseMap:
    """Predict over the training ranges of two inputs.

    Raises
    ------
    InputError
        If an input is unknown or named twice.
    """
    if across == up:
        raise InputError(f"'{across}' is on both axes of the map: choose two inputs.")
    held = _held(model, at, across, up)
    x, y = np.linspace(*model.domain[across], count), np.linspace(*model.domain[up], count)
    grid = dict(zip((across, up), np.meshgrid(x, y), strict=True))
    table = {n: grid[n].ravel() if n in grid else np.full(count**2, held[n]) for n in model.inputs}
    shape = (count, count)
    low, high = model.interval(table, level)
    value = model.predict(table)
    return ResponseMap(
        across, up, x, y, value.reshape(shape), low.reshape(shape), high.reshape(shape)
    )


@dataclass(frozen=True)
class BorderMap:
    """Where the limits are met, over two inputs.

    Attributes
    ----------
    across, up : str
    x, y : ndarray of float, shape (nx,), (ny,)
    decision : ndarray of float, shape (ny, nx)
        Above zero where the limits are expected to be met; the border is its zero line.
    held : dict of str to float
        Values of the other inputs.
    """

    across: str
    up: str
    x: np.ndarray
    y: np.ndarray
    decision: np.ndarray
    held: dict[str, float]


def border_map(
    classifier: LimitClassifier,
    across: str,
    up: str,
    at: Mapping[str, float] | None = None,
    count: int = 121,
) -> BorderMap:
    """Evaluate the border function of a classifier over two of its inputs.

    Parameters
    ----------
    at : mapping of str to float, optional
        Where the other inputs are held; the middle of their range by default.

    Raises
    ------
    InputError
        If an input is unknown or named twice.
    """
    domain = classifier.domain
    for name in (across, up):
        if name not in domain:
            raise InputError(f"'{name}' is no input of this border.")
    if across == up:
        raise InputError(f"'{across}' is on both axes of the map: choose two inputs.")
    held = {n: 0.5 * (low + high) for n, (low, high) in domain.items()} | dict(at or {})
    held = {n: float(v) for n, v in held.items() if n in domain and n not in (across, up)}
    x, y = np.linspace(*domain[across], count), np.linspace(*domain[up], count)
    grid = dict(zip((across, up), np.meshgrid(x, y), strict=True))
    size = count**2
    table = {n: grid[n].ravel() if n in grid else np.full(size, held[n]) for n in domain}
    decision = classifier.decision(table).reshape(count, count)
    return BorderMap(across, up, x, y, decision, held)
