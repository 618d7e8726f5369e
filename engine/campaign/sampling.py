"""How a design spreads its conditions: grid, list, Latin hypercube, Sobol sequence."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping
from typing import Any

from engine.errors import InputError

SAMPLINGS = ("grid", "list", "latin_hypercube", "sobol")

Variables = Mapping[str, tuple[Any, ...]]
# Digits of a sampled value: enough to fill the space, few enough to be read and typed again.
_DIGITS = 4


def grid(variables: Variables) -> list[dict[str, Any]]:
    """Every combination; the last variable varies fastest."""
    return [
        dict(zip(variables, values, strict=True))
        for values in itertools.product(*variables.values())
    ]


def listed(variables: Variables) -> list[dict[str, Any]]:
    """The n-th values of all lists together; single values hold for all.

    Raises
    ------
    InputError
        If lists differ in length.
    """
    lengths = {name: len(values) for name, values in variables.items() if len(values) > 1}
    if len(set(lengths.values())) > 1:
        stated = ", ".join(f"'{name}' has {length}" for name, length in lengths.items())
        raise InputError(f"A list of conditions needs lists of one length, but {stated} values.")
    count = max(lengths.values(), default=1)
    return [
        {name: values[number if len(values) > 1 else 0] for name, values in variables.items()}
        for number in range(count)
    ]


def sampled(variables: Variables, method: str, samples: int, seed: int) -> list[dict[str, Any]]:
    """Spread points over a box: variables with two values give its edges.

    Parameters
    ----------
    variables : mapping
        Name -> (low, high) or a single fixed value.
    method : {"latin_hypercube", "sobol"}
    samples : int
    seed : int

    Raises
    ------
    InputError
        If a variable is neither a range of numbers nor fixed.
    """
    from scipy.stats import qmc

    ranges: dict[str, tuple[float, float]] = {}
    for name, values in variables.items():
        if len(values) == 1:
            continue
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(values) != 2 or len(numbers) != 2 or not numbers[0] < numbers[1]:
            raise InputError(
                f"'{name}': sampling '{method}' needs a range [low, high] or one fixed value."
            )
        ranges[name] = (float(numbers[0]), float(numbers[1]))
    if not ranges:
        raise InputError(f"Sampling '{method}' needs at least one range [low, high].")
    engine: qmc.QMCEngine
    if method == "sobol":
        engine = qmc.Sobol(len(ranges), rng=seed)
    else:
        engine = qmc.LatinHypercube(len(ranges), rng=seed)
    with warnings.catch_warnings():
        # a Sobol set that is no power of two is less balanced; the user's number counts
        warnings.simplefilter("ignore", UserWarning)
        unit = engine.random(samples)
    points = []
    for row in unit.tolist():
        point = {name: values[0] for name, values in variables.items()}
        for (name, (low, high)), share in zip(ranges.items(), row, strict=True):
            digits = _DIGITS - math.floor(math.log10(high - low))
            point[name] = round(low + (high - low) * share, digits)
        points.append(point)
    return points
