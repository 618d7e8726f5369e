"""How a sheet was read, as JSON values for the study file."""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.experiment.preview import ReadOptions


def options_to_dict(options: ReadOptions) -> dict[str, Any]:
    """Return options as JSON values."""
    data = {f.name: getattr(options, f.name) for f in dataclasses.fields(options)}
    data["mapping"] = dict(options.mapping)
    data["units"] = dict(options.units)
    data["calibration"] = options.calibration.to_dict()
    data["corrections"] = [[r, c, t] for (r, c), t in options.corrections.items()]
    data["leave_out"] = sorted(options.leave_out)
    data["densities"] = list(options.densities) if options.densities else None
    return data


def options_from_dict(data: dict[str, Any] | None) -> ReadOptions | None:
    """Return the options, or None where there are none or they cannot be understood."""
    if not data:
        return None
    try:
        known = dict(data)
        known["calibration"] = GapCalibration.from_dict(known["calibration"])
        known["corrections"] = {(r, c): t for r, c, t in known["corrections"]}
        known["leave_out"] = frozenset(known["leave_out"])
        known["densities"] = tuple(known["densities"]) if known["densities"] else None
        return ReadOptions(**known)
    except (InputError, KeyError, TypeError, ValueError):
        return None
