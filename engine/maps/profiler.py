"""The profiler: every output over every input through one setting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.maps.quantities import Quantity, quantity
from engine.maps.responses import Responses, setting_range


@dataclass(frozen=True)
class Trace:
    """One cell of the profiler: an output over one input, all others held.

    `x`, `y`, `low`, `high`, `inside` have shape (n,); `at` is the present setting. `inside` is
    False where law or models extrapolate, or give a value that cannot be: y is the limit there.
    """

    input: Quantity
    output: Quantity
    x: np.ndarray
    y: np.ndarray
    low: np.ndarray
    high: np.ndarray
    inside: np.ndarray
    at: float


@dataclass(frozen=True)
class Profile:
    """The profiler: every output over every input through one setting.

    Attributes
    ----------
    at : dict
        The setting, completed (gap, pressure, porosity, thickness).
    traces : dict of (input column, output column) to Trace
    values : dict of output column to (value, low, high) at the setting
    inside : bool
        Whether the setting lies inside the training domains.
    notes : tuple of str
    """

    at: dict[str, float]
    traces: dict[tuple[str, str], Trace]
    values: dict[str, tuple[float, float, float]]
    inside: bool
    notes: tuple[str, ...] = ()


def profile(
    responses: Responses,
    at: Mapping[str, float] | None = None,
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    count: int = 41,
) -> Profile:
    """Every output over every input through one setting.

    Parameters
    ----------
    responses : Responses
    at : mapping, optional
        The setting by column; the base of `responses` otherwise.
    inputs, outputs : sequences of str, optional
        All by default. The roll gap can stand for the pressure.
    count : int
        Points a trace.

    Raises
    ------
    InputError
        If an input cannot be moved or an output cannot be had.
    """
    here = {**responses.base, **dict(at or {})}
    if at is not None and "gap_um" in at and "pressure_MPa" not in at:
        here.pop("pressure_MPa", None)
        completed = responses.complete(pd.DataFrame([here]))
        here = {
            name: float(completed[name].iloc[0]) for name in responses.base if name in completed
        }
    here = {name: value for name, value in here.items() if name in responses.base}
    moved = list(responses.settings if inputs is None else inputs)
    wanted = list(responses.outputs if outputs is None else outputs)
    sweeps = {name: np.linspace(*setting_range(responses, name), count) for name in moved}
    rows = 1 + count * len(moved)
    table = {name: np.full(rows, float(value)) for name, value in here.items()}
    parts = {
        name: slice(1 + index * count, 1 + (index + 1) * count) for index, name in enumerate(sweeps)
    }
    for name, along in sweeps.items():
        if name == "gap_um":  # of gap and pressure in one table the pressure rules
            pressed = responses.complete({"gap_um": along})["pressure_MPa"]
            table["pressure_MPa"][parts[name]] = pressed
        else:
            table[name][parts[name]] = along
    result = responses.evaluate(table, wanted, words=False)
    traces = {}
    for output, (value, low_end, high_end) in result.answers.items():
        inside = result.inside & result.could[output]
        for name, part in parts.items():
            x = result.columns[name]
            traces[name, output] = Trace(
                input=quantity(name),
                output=quantity(output),
                x=x[part],
                y=value[part],
                low=low_end[part],
                high=high_end[part],
                inside=inside[part],
                at=float(x[0]),
            )
    setting = {name: float(column[0]) for name, column in result.columns.items()}
    values = {
        output: (float(value[0]), float(low[0]), float(high[0]))
        for output, (value, low, high) in result.answers.items()
    }
    here_inside = bool(result.inside[0])
    notes: tuple[str, ...] = ()
    if not here_inside:
        present = {name: column[:1] for name, column in result.columns.items()}
        notes = responses.scope(present, wanted)[1]
    notes += tuple(dict.fromkeys(responses.impossible_notes(result.could).values()))
    return Profile(setting, traces, values, here_inside, notes)
