"""A user's own materials, kept in one file beside the settings."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.structure.materials import MATERIALS, Material
from engine.structure.options import check_option

OWN_SOURCE = "the user's own"
_MOST_LETTERS = 40


def own_material(
    name: str, density: float, specific_capacity: float, size_options: dict[str, Any]
) -> Material:
    """Return a material after a look at what it holds.

    Parameters
    ----------
    name : str
        Of up to 40 letters, none of the presets' names.
    density : float, g/cm³
    specific_capacity : float, mAh/g
    size_options : dict
        Generator options of the particle sizes.

    Raises
    ------
    InputError
        If one of them cannot be.
    """
    name = " ".join(name.split())
    if not name or len(name) > _MOST_LETTERS:
        raise InputError(f"A material needs a name of 1 to {_MOST_LETTERS} letters.")
    if name.lower() in ("own", *(preset.lower() for preset in MATERIALS)):
        raise InputError(f"{name} is the name of a preset of the program: choose another.")
    for what, value in (("density", density), ("specific capacity", specific_capacity)):
        if not (math.isfinite(value) and value > 0):
            raise InputError(f"{name}: a {what} of {value:g} is not positive.")
    sizes = {option: check_option(option, value) for option, value in size_options.items()}
    return Material(name, density, specific_capacity, sizes, OWN_SOURCE, OWN_SOURCE, OWN_SOURCE)


def read_own_materials(path: str | Path) -> dict[str, Material]:
    """Return the materials of a file by name; none where it does not exist.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    path = Path(path)
    if not path.exists():
        return {}
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        found = [
            own_material(
                str(entry["name"]),
                float(entry["density"]),
                float(entry["specific_capacity"]),
                dict(entry["size_options"]),
            )
            for entry in entries
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"Your own materials cannot be read ({error}): mend or delete {path}."
        ) from None
    return {each.name: each for each in found}


def write_own_materials(path: str | Path, materials: dict[str, Material]) -> None:
    """Write the materials, whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    beside = path.with_name(path.name + ".new")
    text = json.dumps([each.to_dict() for each in materials.values()], ensure_ascii=False, indent=1)
    try:
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, path)
    except OSError as error:
        raise InputError(f"Cannot write {path}: {error.strerror or error}.") from None
