"""What `characterize` returns: every property of one stack, with JSON and column forms."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from engine.properties.transport import TransportResult


@dataclass(frozen=True, eq=False)
class Properties:
    """Properties of one stack.

    Undefined numbers (a phase that is absent) are nan, infinite ones (a phase that does not
    percolate) inf. What ``parts="outputs"`` leaves out is None, and no column.

    Attributes
    ----------
    phase_fractions : dict, 0..1
        Voxel shares of ``electrolyte``, ``am``, ``cbd``.
    transport : dict of TransportResult
        For ``electrolyte``, ``solid`` (AM and CBD as one phase) and, but for
        ``parts="outputs"``, ``am``.
    ionic_conductivity, electronic_conductivity : float, S/m
        Effective.
    collector_coverage : dict, %
        Share of the collector slice (z = 0) that is ``am`` and ``cbd``.
    active_surface_published : float, %
    active_surface : float, %
        Share of the AM surface that touches electrolyte.
    active_area_per_volume : float, 1/µm
        AM-electrolyte area per volume of the sample (Crofton).
    seconds : float
        Time that the computation took.
    morphology : dict
        What ``parts="all"`` adds: JSON values by name, empty for ``parts="published"``.
    """

    phase_fractions: dict[str, float]
    transport: dict[str, TransportResult]
    ionic_conductivity: float
    electronic_conductivity: float | None
    collector_coverage: dict[str, float]
    active_surface_published: float
    active_surface: float | None
    active_area_per_volume: float | None
    seconds: float
    morphology: dict[str, Any] = field(default_factory=dict)

    @property
    def warnings(self) -> list[str]:
        """Sentences on what makes numbers undefined, infinite or inexact."""
        said = []
        names = {"electrolyte": "electrolyte", "am": "active material", "cbd": "CBD"}
        absent = [names[key] for key, share in self.phase_fractions.items() if share == 0]
        if absent:
            whose = "its" if len(absent) == 1 else "their"
            said.append(
                f"The stack has no {' and no '.join(absent)}: {whose} properties are undefined."
            )
        words = {"electrolyte": "electrolyte", "solid": "solid (AM and CBD)", "am": "AM"}
        for name, result in self.transport.items():
            if math.isinf(result.tortuosity_factor):
                said.append(
                    f"The {words[name]} does not join both ends of the flow axis: its tortuosity "
                    "factor is infinite."
                )
            elif not result.converged:
                said.append(
                    f"Transport in the {words[name]} stopped before its tolerance was reached; the "
                    f"fluxes through the planes differ by {100 * result.flux_imbalance:.2g} %."
                )
        return said

    def _nested(self) -> dict[str, Any]:
        phases = self.transport.items()
        nested: dict[str, Any] = {
            "phase_fractions": dict(self.phase_fractions),
            "percolating_fractions": {name: t.percolating_fraction for name, t in phases},
            "tortuosity_factor": {name: t.tortuosity_factor for name, t in phases},
            "tortuosity": {name: t.tortuosity for name, t in phases},
            "effective_conductivity_S_per_m": {
                "ionic": self.ionic_conductivity,
                "electronic": self.electronic_conductivity,
            },
            "current_collector_coverage_percent": dict(self.collector_coverage),
            "active_surface_published_percent": self.active_surface_published,
            "active_surface_percent": self.active_surface,
            "active_area_per_volume_1_per_um": self.active_area_per_volume,
            # without a flux there is none to be unbalanced
            "flux_imbalance": {
                name: t.flux_imbalance if math.isfinite(t.tortuosity_factor) else math.nan
                for name, t in phases
            },
            "seconds": self.seconds,
        }
        if self.electronic_conductivity is None:
            del nested["effective_conductivity_S_per_m"]["electronic"]
        return {name: value for name, value in nested.items() if value is not None}

    def to_dict(self) -> dict[str, Any]:
        """JSON form of the headless contract: infinite is ``"inf"``, undefined is None."""
        return _json(self._nested() | self.morphology)

    def flat(self) -> dict[str, float]:
        """One number per column, for tables: infinite is inf, undefined is nan."""
        columns: dict[str, float] = {}
        for key, value in (self._nested() | self.morphology).items():
            if not isinstance(value, dict):
                if isinstance(value, (int, float)):
                    columns[key] = float(value)
                continue
            stem, unit = _split_unit(key)
            for name, number in value.items():
                if isinstance(number, (int, float)):
                    columns[f"{SINGULAR.get(stem, stem)}_{name}{unit}"] = float(number)
        return columns


SINGULAR = {
    "phase_fractions": "phase_fraction",
    "percolating_fractions": "percolating_fraction",
}
UNITS = ("_S_per_m", "_percent", "_1_per_um2", "_1_per_um", "_um")


def _split_unit(key: str) -> tuple[str, str]:
    """Split the unit suffix off a key, so that a name can go before it."""
    for unit in UNITS:
        if key.endswith(unit):
            return key.removesuffix(unit), unit
    return key, ""


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_json(item) for item in value]
    if isinstance(value, float):
        if math.isnan(value):
            return None
        if math.isinf(value):
            return "inf" if value > 0 else "-inf"
    return value
