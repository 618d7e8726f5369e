"""From a law to a condition: what the rolls make of a coating."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.errors import InputError
from engine.experiment.laws.base import CalenderingLaw
from engine.structure.condition import PROTOCOLS, Coating, Condition, Recipe


def calendered_condition(
    law: CalenderingLaw,
    recipe: Recipe,
    coating: Coating,
    *,
    pressure: float | None = None,
    gap: float | None = None,
    protocol: str = "physical",
    extra: Mapping[str, float] | None = None,
    **condition_fields: Any,
) -> tuple[Condition, list[str]]:
    """Condition that a law gives for a coating pressed at a pressure or gap.

    Parameters
    ----------
    law : CalenderingLaw
        Fitted.
    recipe : Recipe
    coating : Coating
    pressure : float, MPa, optional
    gap : float, µm, optional
        Give exactly one of the two.
    protocol : {"physical", "published"}
        `physical` conserves the solid, ``t = t0*(1-eps_init)/(1-eps_cal)``, and takes the
        porosity as total unless `porosity_kind` says otherwise. `published` follows DOI
        10.1016/j.jpowsour.2020.229103: ``t = t0*(1-(eps_init-eps_cal))``, resolved porosity.
    extra : dict of str to float, optional
        Further inputs of the law by name, in the units of the sheet; those not given are taken at
        their measured mean, with a warning.
    **condition_fields
        Further fields of `Condition`, e.g. ``box``, ``voxel_size``, ``options``.

    Returns
    -------
    condition : Condition
        With `coating`, `pressure` (MPa) and `gap` (µm, where the calibration reaches).
    warnings : list of str
        Of the law, at this point.

    Raises
    ------
    InputError
        If the law gives a porosity outside 0..1, or more than the solid that there is.
    """
    if protocol not in PROTOCOLS:
        raise InputError(f"Protocol '{protocol}' is not one of {', '.join(PROTOCOLS)}.")
    for name in extra or {}:
        if name not in law.extra_inputs:
            known = ", ".join(f"'{known}'" for known in law.extra_inputs) or "none"
            raise InputError(
                f"The law '{law.kind}' has no input '{name}': its inputs beside the usual ones are "
                f"{known}."
            )
    initial, t0 = coating.initial_porosity, coating.initial_thickness
    am = recipe.am_fraction
    porosity = float(law.predict(am, initial, t0, pressure=pressure, gap=gap, extra=extra))
    warnings = law.warnings(am, initial, t0, pressure=pressure, gap=gap, extra=extra)
    if not 0 < porosity < 1:
        raise InputError(
            f"The law '{law.kind}' gives a porosity of {100 * porosity:.3g} % here, which no "
            "electrode has: choose a pressure, composition and coating nearer to the measured ones."
        )
    if protocol == "published":
        thickness = t0 * (1 - (initial - porosity))
    else:
        thickness = t0 * (1 - initial) / (1 - porosity)
    calibration = law.calibration
    if pressure is None:
        pressure = float(calibration.pressure(gap))  # type: ignore[arg-type]
    elif calibration.covers_pressure(pressure):
        gap = float(calibration.gap(pressure))
    condition_fields.setdefault("porosity_kind", "resolved" if protocol == "published" else "total")
    condition = Condition(
        recipe=recipe,
        porosity=porosity,
        thickness=float(thickness),
        protocol=protocol,
        coating=coating,
        pressure=float(pressure),
        gap=None if gap is None else float(gap),
        **condition_fields,
    )
    return condition, warnings


def pressing_path(law: CalenderingLaw, target: Condition, steps: int) -> list[Condition]:
    """Conditions of one electrode from the uncalendered coating up to a pressure.

    Parameters
    ----------
    law : CalenderingLaw
        Fitted; gives the porosity at each pressure on the way.
    target : Condition
        Of the physical protocol, with coating and pressure.
    steps : int
        Pressures on the way, evenly spaced. Heights are whole voxels, so fewer conditions can
        come of it; each stands for the highest pressure that gives it.

    Returns
    -------
    list of Condition
        The uncalendered one first, without a pressure (MPa); then at rising pressures.

    Raises
    ------
    InputError
        If `target` has no coating or pressure, or the law gives a porosity that the path cannot
        hold.
    """
    # Loads the packing, which fitting a law does not need.
    from engine.structure.calendering_path import path_conditions

    coating = target.coating
    if coating is None or target.pressure is None:
        raise InputError("A path of pressing needs a condition with a coating and a pressure.")
    # A law in terms of the gap knows pressures only where its calibration reaches.
    low = law.calibration.pressure_min if law.uses_gap else 0.0
    pressures = np.linspace(low, target.pressure, steps + 1)[1:]
    porosities = law.predict(
        target.recipe.am_fraction,
        coating.initial_porosity,
        coating.initial_thickness,
        pressure=pressures,
    )
    usable = porosities < coating.initial_porosity
    conditions = path_conditions(
        target.recipe,
        coating,
        porosities[usable].tolist(),
        box=target.box,
        voxel_size=target.voxel_size,
        options=target.options,
    )
    found = np.array([condition.porosity for condition in conditions])
    reached = np.zeros(len(conditions))
    for pressure, porosity in zip(pressures[usable], porosities[usable], strict=True):
        nearest = 1 + int(np.argmin(np.abs(found[1:] - porosity))) if len(found) > 1 else 0
        reached[nearest] = max(reached[nearest], pressure)
    return [
        dataclasses.replace(condition, pressure=float(pressure) if pressure else None)
        for condition, pressure in zip(conditions, reached, strict=True)
    ]
