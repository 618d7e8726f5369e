"""From single structures to the dataset: one row a condition, means and spreads."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from engine.study.records import DONE, ConditionRecord, StructureRecord

if TYPE_CHECKING:
    # imported where it is used: pool workers need StructureTask, not half a second of pandas
    import pandas as pd

LEADING = (
    "gap_um",
    "pressure_MPa",
    "am_percent",
    "initial_porosity_percent",
    "initial_thickness_um",
    "porosity_percent",
    "thickness_um",
)
COUNTS = ("repeats", "not_percolating")
# The phases whose blocked paths make a condition "not percolating". The AM alone is left out:
# touching spheres share few voxels, so that its paths are an artefact of the voxel size.
_COUNTED = ("tortuosity_factor_electrolyte", "tortuosity_factor_solid")
_IONIC = "effective_conductivity_ionic_S_per_m"


def _blocked(properties: Mapping[str, float]) -> bool:
    """Whether ions or electrons find no way through a structure.

    Ions that the free electrolyte does not let through may still pass the nanopores of the CBD,
    where they conduct: the effective conductivity knows.
    """
    ions, solid = (math.isinf(properties.get(name, 0.0)) for name in _COUNTED)
    return solid or (ions and not properties.get(_IONIC, 0.0) > 0)


def mean(values: Sequence[float]) -> float:
    """Return the mean of the finite values; nan if there are none. Exact sum, so any order."""
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation (n - 1) of the finite values; nan for fewer than two."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return math.nan
    centre = math.fsum(finite) / len(finite)
    return math.sqrt(math.fsum((value - centre) ** 2 for value in finite) / (len(finite) - 1))


def _in_order(records: Iterable[StructureRecord]) -> list[str]:
    names: dict[str, None] = {}
    for record in records:
        names.update(dict.fromkeys(record.properties))
    return list(names)


def settings_of(condition: ConditionRecord) -> dict[str, Any]:
    """Values of a condition, with the bulk conductivities that its campaign left at the defaults."""
    from engine.properties.conductivities import Conductivities

    return Conductivities().columns() | condition.values


def _varied(conditions: Iterable[ConditionRecord]) -> list[str]:
    """Columns beside the leading ones whose value differs between conditions."""
    seen: dict[str, set[str]] = {}
    for condition in conditions:
        for name, value in settings_of(condition).items():
            if name not in LEADING:
                seen.setdefault(name, set()).add(repr(value))
    return [name for name, values in seen.items() if len(values) > 1]


def _sort(frame: pd.DataFrame, then: Sequence[str]) -> pd.DataFrame:
    columns = [name for name in (*LEADING[:5], *then) if name in frame]
    return frame.sort_values(columns, kind="stable", ignore_index=True, key=_sortable)


def _sortable(column: pd.Series) -> pd.Series:
    import pandas as pd

    return column if pd.api.types.is_numeric_dtype(column) else column.map(repr)


def by_condition(
    conditions: Sequence[ConditionRecord], structures: Sequence[StructureRecord]
) -> pd.DataFrame:
    """Return the dataset: one row for each condition with at least one finished structure.

    Means and standard deviations are over repeats. Tortuosity factors of structures that do
    not percolate are infinite: they are left out of the mean and counted in
    ``not_percolating`` (no path for ions, in pores or CBD, or for electrons).
    ``tortuosity_*`` is the square root of the mean tortuosity factor, as published
    (DOI 10.1016/j.jpowsour.2020.229103); its ``_sd`` is the spread of the single square roots.
    Columns ending in ``_seconds`` are times and have no ``_sd``.
    """
    import pandas as pd

    done = [record for record in structures if record.status == DONE]
    names = _in_order(done)
    groups: dict[tuple[int, int], list[StructureRecord]] = {}
    for record in done:
        groups.setdefault((record.campaign, record.number), []).append(record)
    extra = _varied(conditions)
    several = len({condition.campaign for condition in conditions}) > 1
    rows: list[dict[str, Any]] = []
    for condition in conditions:
        group = groups.get((condition.campaign, condition.number))
        if not group:
            continue
        group.sort(key=lambda record: record.repeat)
        row: dict[str, Any] = _leading(condition)
        row["repeats"] = len(group)
        row["not_percolating"] = sum(_blocked(record.properties) for record in group)
        for name in names:
            row |= _summary(name, group)
        row |= _chosen(condition, extra)
        if several:
            row["campaign"] = condition.campaign
        rows.append(row)
    columns = [*LEADING, *COUNTS]
    if not rows:
        return pd.DataFrame(columns=columns)
    return _sort(pd.DataFrame(rows), [*extra, "campaign"])


def _leading(condition: ConditionRecord) -> dict[str, Any]:
    # a gap that no calibration gives is nan, so that the column holds numbers
    values = {name: condition.values.get(name) for name in LEADING}
    return {name: math.nan if value is None else value for name, value in values.items()}


def _chosen(condition: ConditionRecord, names: Sequence[str]) -> dict[str, Any]:
    values = settings_of(condition)
    return {name: values.get(name) for name in names}


def _summary(name: str, group: Sequence[StructureRecord]) -> dict[str, float]:
    values = [record.properties.get(name, math.nan) for record in group]
    if name.endswith("_seconds"):
        return {name: mean(values)}
    centre = mean(values)
    if name.startswith("tortuosity_") and not name.startswith("tortuosity_factor_"):
        factor = name.replace("tortuosity_", "tortuosity_factor_", 1)
        factors = [record.properties.get(factor, math.nan) for record in group]
        centre = math.sqrt(mean(factors)) if mean(factors) >= 0 else centre
    return {name: centre, f"{name}_sd": spread(values)}


def by_structure(
    conditions: Sequence[ConditionRecord], structures: Sequence[StructureRecord]
) -> pd.DataFrame:
    """Return one row for each structure that was tried, with its seed and voxel hash.

    A column ``traceback`` is there where one is known.
    """
    import pandas as pd

    of = {(record.campaign, record.number): record for record in conditions}
    names = _in_order(structures)
    extra = _varied(conditions)
    explained = any(record.details for record in structures)
    rows: list[dict[str, Any]] = []
    for record in structures:
        condition = of[record.campaign, record.number]
        rows.append(
            _leading(condition)
            | _chosen(condition, extra)
            | {
                "campaign": record.campaign,
                "condition": record.number,
                "repeat": record.repeat,
                "seed": record.seed,
                "status": record.status,
                "voxels_sha256": record.voxels_sha256,
                "error": record.error,
            }
            | ({"traceback": record.details or None} if explained else {})
            | {name: record.properties.get(name, math.nan) for name in names}
        )
    columns = [*LEADING, *extra, "campaign", "condition", "repeat", "seed", "status"]
    if not rows:
        return pd.DataFrame(columns=[*columns, "voxels_sha256", "error"])
    return _sort(pd.DataFrame(rows), [*extra, "campaign", "condition", "repeat"])
