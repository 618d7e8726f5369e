"""From the values in somebody's file to the three labels of the product."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import InputError
from engine.structure.stack import PHASE_NAMES

Phases = Mapping[str, "int | Sequence[int]"]


def map_labels(values: np.ndarray, phases: Phases | None = None, source: str = "") -> np.ndarray:
    """Translate the values of a segmented volume into labels 0, 1, 2.

    Parameters
    ----------
    values : ndarray of integers or bool, any shape
    phases : mapping, optional
        Phase name ("electrolyte", "am", "cbd") to its value or values in `values`; by default
        the labels themselves, 0, 1 and 2.
    source : str
        Name of the file, for messages.

    Returns
    -------
    ndarray of uint8, same shape

    Raises
    ------
    InputError
        If a value belongs to no phase (it is named), or the mapping is ambiguous.
    """
    where = f"{source}: " if source else ""
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if not np.issubdtype(values.dtype, np.integer):
        raise InputError(
            f"{where}the voxels are decimal numbers ({values.dtype}), not labels: segment the "
            "image first and save it as 8-bit or 16-bit integers."
        )
    table = _label_of_value(phases or {name: i for i, name in enumerate(PHASE_NAMES)}, where)
    if values.dtype == np.uint8:  # counted without sorting: the usual case
        found = np.flatnonzero(np.bincount(values.ravel(), minlength=256))
    else:
        found = np.unique(values)
    strangers = [int(value) for value in found if int(value) not in table]
    if strangers:
        named = ", ".join(str(value) for value in strangers[:8])
        more = f" and {len(strangers) - 8} more" if len(strangers) > 8 else ""
        example = (
            " ".join(f"{name}={value}" for name, value in zip(PHASE_NAMES, found, strict=False))
            if len(found) <= 3
            else "electrolyte=0 am=85 cbd=170"
        )
        counted = int(np.isin(values, strangers[:1]).sum())
        raise InputError(
            f"{where}the value{'s' * (len(strangers) > 1)} {named}{more} ({strangers[0]} in "
            f"{counted} voxels) belong{'s' * (len(strangers) == 1)} to no phase: say which value "
            f"is which phase, for example {example}."
        )
    if values.dtype == np.uint8:
        lookup = np.zeros(256, dtype=np.uint8)
        for value, label in table.items():
            if 0 <= value < 256:
                lookup[value] = label
        return lookup[values]
    labels = np.zeros(values.shape, dtype=np.uint8)
    for value in found.tolist():
        labels[values == value] = table[value]
    return labels


def _label_of_value(phases: Phases, where: str) -> dict[int, int]:
    table: dict[int, int] = {}
    for name, values in phases.items():
        if name not in PHASE_NAMES:
            raise InputError(
                f"{where}phase '{name}' is not one of {', '.join(PHASE_NAMES)}: use these names."
            )
        for value in [values] if isinstance(values, int | np.integer) else values:
            if int(value) in table:
                raise InputError(f"{where}the value {value} is given to two phases: give it once.")
            table[int(value)] = PHASE_NAMES.index(name)
    return table
