"""A small design that needs neither law nor generator, and things to do to study files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.structure.condition import Condition, Recipe
from engine.study import StructureRecord


@dataclass(frozen=True)
class Point:
    values: dict[str, Any]
    condition: Condition
    warnings: tuple[str, ...] = ()
    seeds: tuple[int, ...] = (11, 12)


@dataclass(frozen=True)
class SmallDesign:
    """Conditions that differ in their AM fraction."""

    am_percent: tuple[float, ...] = (94.0, 95.0)
    seeds: tuple[int, ...] = (11, 12)
    extra: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return repr((self.am_percent, self.seeds, self.extra))

    def to_dict(self) -> dict[str, Any]:
        return {"am_percent": list(self.am_percent), "seed": 0, "variables": {}, "law": {}}

    def conditions(self) -> list[Point]:
        points = []
        for number, am in enumerate(self.am_percent):
            values: dict[str, Any] = {
                "gap_um": 41.0,
                "pressure_MPa": 56.77,
                "am_percent": am,
                "initial_porosity_percent": 46.0,
                "initial_thickness_um": 100.0,
                "porosity_percent": 33.0,
                "thickness_um": 87.0,
            }
            values |= {name: options[number] for name, options in self.extra.items()}
            points.append(Point(values, Condition(Recipe(am / 100), 0.33, 87.0), (), self.seeds))
        return points


def result(
    number: int, repeat: int, seed: int = 11, campaign: int = 1, **properties: float
) -> StructureRecord:
    """Return a finished structure."""
    return StructureRecord(
        campaign, number, repeat, seed, "done", "ab" * 32, dict(properties), None, 0.5
    )


def failure(number: int, repeat: int, error: str, seed: int = 11) -> StructureRecord:
    """Return a structure that failed."""
    return StructureRecord(1, number, repeat, seed, "failed", None, {}, error, None)


def folder_state(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder with its bytes."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
