"""Where law and models were trained, and what to say elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np

from engine.experiment.hull import distinct_rows
from engine.maps.evaluation import Columns, floats
from engine.maps.quantities import quantity

FROM_LAW = ("porosity_percent", "thickness_um")
"""Columns that the calendering law gives."""

LEVEL = 0.8
"""Level of every interval on maps and in decisions: no more than a few coating families support,
so that bands, recommendation and verification can be read beside one another."""


def at_level(model: Any) -> Any:
    """The same model, with intervals of `LEVEL`; as it is where it has none of its own."""
    kept = getattr(model, "residuals", None)
    if not kept or not is_dataclass(model) or isinstance(model, type):
        return model
    return replace(model, residuals={**kept, "level": LEVEL})


def interval_level(model: Any) -> float:
    """Level of a model's interval, 0..1; 0.9 where it does not say."""
    return float((getattr(model, "residuals", None) or {}).get("level", 0.9))


def domain_of(model: Any) -> dict[str, tuple[float, float]]:
    """Range of each input over which a model was trained, ``{column: (low, high)}``."""
    domain = getattr(model, "domain", None) or {}
    return {name: (float(span[0]), float(span[1])) for name, span in dict(domain).items()}


_LAW_COLUMNS = {
    "am": ("am_percent", 100.0),
    "initial_porosity": ("initial_porosity_percent", 100.0),
    "initial_thickness": ("initial_thickness_um", 1.0),
    "pressure": ("pressure_MPa", 1.0),
}


def law_domain(law: Any) -> dict[str, tuple[float, float]]:
    """Range of each setting over which a law was measured, in the units of the maps."""
    return {
        _LAW_COLUMNS[role][0]: (_LAW_COLUMNS[role][1] * low, _LAW_COLUMNS[role][1] * high)
        for role, (low, high) in law.domain_.ranges.items()
        if role in _LAW_COLUMNS
    }


def law_scope(
    law: Any,
    settings: Columns,
    *,
    words: bool = True,
    inputs: Mapping[str, float] | None = None,
) -> tuple[np.ndarray, list[str]]:
    """Where a law was measured and behaves as calendering must, and what to say elsewhere."""
    am, before, start, pressure = (
        floats(settings, name) / scale
        for name, scale in zip(
            ("am_percent", "initial_porosity_percent", "initial_thickness_um", "pressure_MPa"),
            (100, 100, 1, 1),
            strict=True,
        )
    )
    inside = law.domain_.contains(am, before, start, pressure=pressure)
    after = floats(settings, "porosity_percent") / 100
    inside &= (after > 0) & (after <= before)
    if inside.any():
        # Where the law turns is asked only for coatings that are inside otherwise.
        asked = np.column_stack([am, before, start])[inside]
        coatings, back = distinct_rows(asked)
        turns = np.asarray(law.turning_pressures(*coatings.T))[back]
        inside[inside] = pressure[inside] <= turns
    if not words:
        return inside, []
    extra = {"extra": inputs} if inputs else {}
    return inside, list(law.warnings(am, before, start, pressure=pressure, **extra))


def common_ranges(models: Iterable[Any], law: Any) -> dict[str, tuple[float, float]]:
    """Where maps may go: within every model's domain; the law's for what no model restricts."""
    ranges: dict[str, tuple[float, float]] = {}
    law_alone = True
    for model in models:
        domain = domain_of(model)
        law_alone = law_alone and bool(set(FROM_LAW) & set(domain))
        for name, (low, high) in domain.items():
            if name in (*FROM_LAW, "cbd_percent", "gap_um"):
                continue
            old = ranges.get(name, (low, high))
            ranges[name] = (max(low, old[0]), min(high, old[1]))
    for name, span in law_domain(law).items() if law is not None and law_alone else ():
        ranges.setdefault(name, span)
    return ranges


def widest_ranges(models: Iterable[Any]) -> dict[str, tuple[float, float]]:
    """Where at least one model was trained."""
    ranges: dict[str, tuple[float, float]] = {}
    for model in models:
        for name, (low, high) in domain_of(model).items():
            old = ranges.get(name, (low, high))
            ranges[name] = (min(low, old[0]), max(high, old[1]))
    return ranges


def outside(name: str, values: np.ndarray, low: float, high: float) -> str:
    one = quantity(name)
    least, most = float(values.min()), float(values.max())
    asked = f"{least:.4g}" if most - least < 1e-9 else f"{least:.4g} to {most:.4g}"
    trained = f"{low:.4g}" if high - low < 1e-9 else f"{low:.4g}-{high:.4g}"
    return (
        f"{one.label} {asked} {one.unit} is outside the {trained} {one.unit} of the training "
        "data: the models extrapolate."
    )
