"""What the user wants of an electrode: objectives, limits, and one number for all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError
from engine.maps.quantities import least_possible, most_possible, quantity


@dataclass(frozen=True)
class Target:
    """One wish: a direction, limits, or both.

    Attributes
    ----------
    output : str
        Column, in its own unit.
    direction : {"up", "down", ""}
        The better way; empty where only the limits matter.
    least, most : float or None
        Limits that the recommendation must keep.
    weight : float
        Importance among the objectives, > 0.
    stored : bool
        Read back from a study: limits that are refused today are taken as they are.

    Raises
    ------
    InputError
        If the wish is empty or cannot be met by any number.
    """

    output: str
    direction: str = ""
    least: float | None = None
    most: float | None = None
    weight: float = 1.0
    stored: InitVar[bool] = False

    def __post_init__(self, stored: bool) -> None:
        name = quantity(self.output).label
        if self.direction not in ("up", "down", ""):
            raise InputError(f"{name}: the direction is 'up', 'down' or empty.")
        if not self.direction and self.least is None and self.most is None:
            raise InputError(f"{name}: give a direction or a limit.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise InputError(
                f"{name}: at least {self.least:g} and at most {self.most:g} exclude each other."
            )
        if not self.weight > 0 or not np.isfinite(self.weight):
            raise InputError(f"{name}: the weight must be a number above 0.")
        if not stored:
            self.check_limits()

    def check_limits(self) -> None:
        """Refuse limits that every electrode keeps, or none.

        Raises
        ------
        InputError
            If a limit lies beyond what an electrode can have.
        """
        name = quantity(self.output).label
        least, most = least_possible(self.output), most_possible(self.output)
        unit = "" if quantity(self.output).unit == "–" else f" {quantity(self.output).unit}"
        for limit in (self.least, self.most):
            if limit is not None and not least <= limit <= most:
                end = f"less than {least:g}" if limit < least else f"more than {most:g}"
                raise InputError(
                    f"{name}: {limit:g}{unit} is no limit, as no electrode has {end}{unit}."
                )

    def kept(self, values: np.ndarray) -> np.ndarray:
        """Whether values keep the limits, shape as given; nan never does."""
        good = ~np.isnan(values)
        if self.least is not None:
            good &= values >= self.least
        if self.most is not None:
            good &= values <= self.most
        return good

    @property
    def sentence(self) -> str:
        """The wish in words, e.g. ``τ_liq at most 4``."""
        one = quantity(self.output)
        return f"{one.symbol or one.label} {self.wish}"

    @property
    def wish(self) -> str:
        """The wish without its subject, e.g. ``at most 4``."""
        one = quantity(self.output)
        unit = "" if one.unit == "–" else f" {one.unit}"
        parts = []
        if self.direction:
            parts.append("as high as possible" if self.direction == "up" else "as low as possible")
        if self.least is not None:
            parts.append(f"at least {self.least:g}{unit}")
        if self.most is not None:
            parts.append(f"at most {self.most:g}{unit}")
        return " and ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """JSON form; `from_dict` gives the target back."""
        return {
            "output": self.output,
            "direction": self.direction,
            "least": self.least,
            "most": self.most,
            "weight": self.weight,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Target:
        """Rebuild a target from `to_dict`; what a newer version adds is passed over."""
        known = {field.name for field in fields(cls)}
        try:
            return cls(**{name: data[name] for name in data if name in known}, stored=True)
        except TypeError as error:
            raise InputError(f"This target cannot be read: {error}.") from error


@dataclass(frozen=True)
class Desirability:
    """Derringer and Suich's desirability of the targets on fixed scales.

    Attributes
    ----------
    targets : tuple of Target
    scales : tuple of (worst, best)
        For each target with a direction the values that count as 0 and as 1; (nan, nan)
        for pure limits.

    Notes
    -----
    G. Derringer, R. Suich, J. Quality Technology 12 (1980) 214,
    DOI 10.1080/00224065.1980.11980968. The scales are straight; a broken limit gives 0.
    """

    targets: tuple[Target, ...]
    scales: tuple[tuple[float, float], ...]

    @classmethod
    def over(cls, targets: Sequence[Target], values: pd.DataFrame) -> Desirability:
        """Scale each objective from the worst to the best of the conditions that keep the limits.

        Where no condition keeps them, over all conditions.
        """
        if not targets:
            raise InputError("Say first what is wanted: at least one target.")
        names = [target.output for target in targets]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise InputError(f"{quantity(twice.pop()).label} stands twice among the targets.")
        good = np.ones(len(values), dtype=bool)
        for target in targets:
            good &= target.kept(values[target.output].to_numpy(float))
        if not good.any():
            good[:] = True
        scales = []
        for target in targets:
            if not target.direction:
                scales.append((np.nan, np.nan))
                continue
            column = values[target.output].to_numpy(float)[good]
            column = column[np.isfinite(column)]
            low, high = (float(column.min()), float(column.max())) if len(column) else (0.0, 1.0)
            scales.append((low, high) if target.direction == "up" else (high, low))
        return cls(tuple(targets), tuple(scales))

    def __call__(self, values: pd.DataFrame) -> np.ndarray:
        """Overall desirability of each row, shape (n,), 0..1."""
        total = sum(target.weight for target in self.targets if target.direction)
        logarithm = np.zeros(len(values))
        kept = np.ones(len(values), dtype=bool)
        for target, (worst, best) in zip(self.targets, self.scales, strict=True):
            column = values[target.output].to_numpy(float)
            kept &= target.kept(column)
            if target.direction:
                if abs(best - worst) < 1e-12 * max(abs(best), abs(worst), 1e-12):
                    single = np.ones(len(column))
                else:
                    single = np.clip((column - worst) / (best - worst), 0.0, 1.0)
                with np.errstate(divide="ignore"):
                    logarithm += target.weight / total * np.log(np.nan_to_num(single))
        return np.where(kept, np.exp(logarithm), 0.0)
