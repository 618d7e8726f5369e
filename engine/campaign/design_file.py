"""A design as a TOML file.

``[design]`` says what to generate, ``[law]`` how it is pressed, ``[conductivities]`` what the
phases conduct.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.campaign.design import PUBLISHED_OUTPUTS, AdaptiveRepeats, Design, computed_columns
from engine.campaign.variables import (
    ALIASES,
    INPUT_PREFIX,
    LAW_PREFIX,
    is_known,
    known_names,
    unknown_key,
)
from engine.errors import InputError
from engine.properties.conductivities import Conductivities
from engine.structure.materials import material

_TABLES = ("design", "law", "conductivities")
_DESIGN_KEYS = ("repeats", "seed", "sampling", "samples", "properties", "resolution_check", "name")
_ADAPTIVE_KEYS = ("standard_error_percent", "minimum_repeats", "precision_of")
_LAW_KEYS = ("kind", "file", "sheet", "sheet_name", "map", "calibration")


def read_design(path: Path) -> Design:
    """Read a design file.

    Parameters
    ----------
    path : Path
        TOML. ``[design]`` holds lists (or single values) of ``gap_um`` or ``pressure_MPa``,
        ``am_percent``, ``initial_porosity_percent``, ``initial_thickness_um`` (100 µm if
        absent) and of any other recipe or generator parameter; ``material`` (a preset, whose
        density and particle sizes stand where none are given); and ``repeats`` (3),
        ``seed`` (0), ``protocol`` (physical), ``voxel_size_um``, ``sampling`` (grid),
        ``samples``, ``properties`` (published), ``resolution_check`` (false), ``name``; with ``standard_error_percent``
        repeats stop early, see `AdaptiveRepeats` (``minimum_repeats``, ``precision_of``).
        ``[law]`` holds ``kind`` (published if absent), ``file`` (a law as JSON) or ``sheet``
        (a spreadsheet to fit, with ``sheet_name`` and ``map`` where they must be said), and
        ``calibration``. ``[conductivities]`` replaces bulk values (S/m) by the names of
        `Conductivities`. Paths are relative to the file, else to the current folder.

    Raises
    ------
    InputError
        Naming the file and the key.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"The design {path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path.name} is not a text file in UTF-8: choose a .toml file."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path.name} is not valid TOML: {error}.") from error
    for name, value in data.items():
        if name not in _TABLES:
            raise unknown_key(name, _TABLES, path.name)
        if not isinstance(value, dict):
            raise InputError(f"{path.name}: [{name}] must be a table.")
    if "design" not in data:
        raise InputError(f"{path.name}: the table [design] is missing.")
    try:
        bulk = Conductivities.of(data.get("conductivities"))
    except InputError as error:
        raise InputError(f"{path.name}, [conductivities]: {error}") from error
    return _design(data["design"], _law(data, path), bulk, path)


def _design(
    table: Mapping[str, Any], law: dict[str, Any], bulk: Conductivities, path: Path
) -> Design:
    where = f"{path.name}, [design]"
    own = (*_DESIGN_KEYS, *_ADAPTIVE_KEYS)
    variables = {name: value for name, value in table.items() if name not in own}
    for prefix in (LAW_PREFIX, INPUT_PREFIX):  # law.gap = [...] is a table to TOML
        if isinstance(variables.get(prefix[:-1]), dict):
            for name, value in variables.pop(prefix[:-1]).items():
                variables[prefix + name] = value
    preset = _text(table, "material", where)
    if preset is not None:
        variables.pop("material")
        variables = _material_variables(preset, variables, where) | variables
    for name in variables:
        if not is_known(name) and name not in ALIASES:
            raise unknown_key(name, (*known_names(), *ALIASES, *own, "material"), where)
    fields = {name: table[name] for name in _DESIGN_KEYS if name in table}
    for name in ("sampling", "properties", "name"):
        if name in fields and not isinstance(fields[name], str):
            raise InputError(f"{where}: '{name}' must be text, not {fields[name]!r}.")
    for name in ("repeats", "seed", "samples"):
        # a scalar in brackets is still that scalar
        if isinstance(fields.get(name), list) and len(fields[name]) == 1:
            fields[name] = fields[name][0]
    title = fields.pop("name", "")
    # the place stands in for the name so that errors say where to look
    adaptive = _adaptive(table, where)
    design = Design(variables, law, **fields, adaptive=adaptive, conductivities=bulk, name=where)
    object.__setattr__(design, "name", title or path.stem)
    return design


def _material_variables(name: str, variables: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Density and particle sizes of a preset."""
    if "published" in str(variables.get("protocol", "")):
        raise InputError(
            f"{where}: the published protocol has its own density and particle sizes: leave out "
            "'material'."
        )
    try:
        return material(name).variables
    except InputError as error:
        raise InputError(f"{where}, 'material': {error}") from None


def _adaptive(table: Mapping[str, Any], where: str) -> AdaptiveRepeats | None:
    if "standard_error_percent" not in table:
        for name in _ADAPTIVE_KEYS[1:]:
            if name in table:
                raise InputError(f"{where}: '{name}' needs 'standard_error_percent' as well.")
        return None
    columns = table.get("precision_of", list(PUBLISHED_OUTPUTS))
    columns = [columns] if isinstance(columns, str) else columns
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InputError(f"{where}: 'precision_of' must be a list of property columns.")
    from engine.properties.catalogue import CATALOGUE

    computed = computed_columns(
        table.get("properties", "published"), bool(table.get("resolution_check", False))
    )
    for name in columns:
        if name not in CATALOGUE:
            raise unknown_key(name, CATALOGUE, f"{where}, 'precision_of'")
        if name not in computed:
            key = "resolution_check = true" if "extrapolated" in name else 'properties = "all"'
            raise InputError(
                f"{where}: 'precision_of' names {name}, which this design does not compute: "
                f"ask for {key}, or leave it out."
            )
    return AdaptiveRepeats(
        table["standard_error_percent"], table.get("minimum_repeats", 3), tuple(columns)
    )


def _text(table: Mapping[str, Any], name: str, where: str) -> str | None:
    value = table.get(name)
    if value is not None and not isinstance(value, str):
        raise InputError(f"{where}: '{name}' must be text, not {value!r}.")
    return value


def _law(data: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """Return the law that ``[law]`` asks for, as a dict."""
    table = data.get("law", {})
    from engine.experiment import laws
    from engine.experiment.calibration import PUBLISHED_CALIBRATION, GapCalibration
    from engine.experiment.comparison import law_in_pressure

    where = f"{path.name}, [law]"
    for name in table:
        if name not in _LAW_KEYS:
            raise unknown_key(name, _LAW_KEYS, where)
    kind, file, sheet, sheet_name = (
        _text(table, name, where) for name in ("kind", "file", "sheet", "sheet_name")
    )
    mapping, calibration = table.get("map"), None
    if mapping is not None and not isinstance(mapping, dict):
        raise InputError(f"{where}: 'map' must be a table of role = column.")
    if "calibration" in table:
        if not isinstance(table["calibration"], dict):
            raise InputError(f"{where}: 'calibration' must be a table, e.g. {{amplitude = 185.5}}.")
        try:
            calibration = GapCalibration.from_dict(table["calibration"])
        except InputError as error:
            raise InputError(f"{where}, 'calibration': {error}") from error
    if kind is not None and kind not in laws.LAW_KINDS and kind != "published":
        known = ", ".join(dict.fromkeys(("published", *laws.LAW_KINDS)))
        raise InputError(f"{where}: 'kind' must be one of {known}, not '{kind}'.")
    if file is not None and sheet is not None:
        raise InputError(f"{where}: 'file' and 'sheet' cannot both be given; keep one.")
    if sheet is None and (sheet_name is not None or mapping is not None):
        raise InputError(f"{where}: 'sheet_name' and 'map' need 'sheet'.")
    if sheet is not None and kind != "published":
        from engine.experiment.reader import read_table

        place = _existing(path, sheet, "sheet", where)
        measured = read_table(
            place,
            sheet=sheet_name,
            mapping=mapping,
            calibration=calibration or PUBLISHED_CALIBRATION,
        )
        if not measured.has_gap and calibration is None and "gap_um" in data["design"]:
            raise InputError(
                f"{where}: 'sheet' gives pressures beyond the published gap calibration, so what "
                "a roll gap of that machine means is not known: vary pressure_MPa instead of "
                "gap_um, or give 'calibration'."
            )
        if kind is None and not measured.has_gap:
            return law_in_pressure(measured)[0].law.to_dict()
        return laws.make_law(kind or "polynomial").fit(measured).to_dict()
    if sheet is not None:
        raise InputError(f"{where}: the published law is not fitted; leave 'sheet' out.")
    if file is not None:
        law = laws.load_law(_existing(path, file, "file", where))
        if kind is not None and law.kind != kind:
            raise InputError(f"{where}: 'file' holds a law of kind '{law.kind}', not '{kind}'.")
    elif kind in (None, "published"):
        law = laws.published_law()
    else:
        raise InputError(
            f"{where}: a law of kind '{kind}' must be fitted; give 'sheet' (a spreadsheet) or "
            "'file' (a fitted law)."
        )
    if calibration is not None:
        law.calibration = calibration
    return law.to_dict()


def _existing(design: Path, file: str, name: str, where: str) -> Path:
    """Return a file named in a design: beside it, else from the current folder."""
    for place in (design.parent / file, Path(file)):
        if place.is_file():
            return place
    raise InputError(f"{where}: '{name}' names {design.parent / file}, which does not exist.")
