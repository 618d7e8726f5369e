"""One and the same electrode pressed step by step: the particles keep their identity.

The published work generates new random structures for every pressure; here the uncalendered
packing is compressed affinely in small steps, the particles push each other apart after each, and
carbon and binder move with the particle they sit on.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import time
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.active_material import (
    PackedParticles,
    embedding_of,
    fits,
    pack_particles,
    pack_to_count,
    push_apart,
    timed,
)
from engine.structure.condition import Coating, Condition, Recipe
from engine.structure.generate import (
    Structure,
    as_structure,
    check_seed,
    refuse_what_memory_cannot_hold,
)
from engine.structure.loading import calendered_thickness, total_porosity
from engine.structure.options import resolve_options
from engine.structure.physical import finish
from engine.structure.stack import CBD
from engine.structure.stages import Stage
from engine.structure.voxelise import nearest_particle

_LARGEST_STRAIN = 0.02  # of one compression step: overlaps stay about as small


def path_conditions(
    recipe: Recipe, coating: Coating, porosities: Sequence[float], **fields: Any
) -> list[Condition]:
    """Conditions of one electrode at falling porosities, solid volume conserved.

    Thicknesses are snapped to whole voxels and the porosities that follow from them are kept, so
    that every condition holds exactly the same solid.

    Parameters
    ----------
    recipe : Recipe
    coating : Coating
        Before calendering; total (lab) porosity.
    porosities : sequence of float, 0..1
        Total porosities after calendering, in any order.
    **fields
        Further fields of `Condition`: box, voxel_size, options.

    Returns
    -------
    list of Condition
        The uncalendered electrode first, then falling thickness; equal ones once.

    Raises
    ------
    InputError
        If a porosity is not below that of the coating.
    """
    voxel = float(fields.get("voxel_size", 1.0))
    first = max(1, int(coating.initial_thickness / voxel + 0.5)) * voxel
    heights = [first]
    for porosity in sorted(porosities, reverse=True):
        if not 0 < porosity <= coating.initial_porosity:
            raise InputError(
                f"A porosity of {100 * porosity:.1f} % after calendering is not below the "
                f"{100 * coating.initial_porosity:.1f} % before it: give a smaller one."
            )
        height = calendered_thickness(first, coating.initial_porosity, porosity)
        snapped = max(1, int(height / voxel + 0.5)) * voxel
        if snapped < heights[-1] - 0.5 * voxel:
            heights.append(snapped)
    return [
        Condition(
            recipe,
            1 - (1 - coating.initial_porosity) * first / height,
            height,
            "total",
            "physical",
            coating=coating,
            **fields,
        )
        for height in heights
    ]


def press(
    conditions: Sequence[Condition], seed: int, progress: Progress | None = None
) -> list[Structure]:
    """Generate one electrode and press it to each condition in turn.

    Parameters
    ----------
    conditions : sequence of Condition
        Of the physical protocol, equal in all but porosity and thickness, thickest first; see
        `path_conditions`.
    seed : int
    progress : Progress, optional

    Returns
    -------
    list of Structure
        One per condition; particle n is the same particle in all of them.

    Raises
    ------
    InputError
        If the conditions are not of one electrode, or the particles jam on the way: then the
        porosity that could be reached is named.
    """
    check_seed(seed)
    progress = progress or silent()
    if not conditions:
        raise InputError("A calendering path needs at least one condition.")
    _refuse_another_electrode(conditions)
    refuse_what_memory_cannot_hold(conditions[0])
    options = resolve_options(conditions[0])
    found: list[Structure] = []
    packed: PackedParticles | None = None
    share = 1 / len(conditions)
    for number, condition in enumerate(conditions):
        part = Stage(progress, number * share, (number + 1) * share)
        began = time.perf_counter()
        if packed is None:
            packed = pack_particles(condition, options, seed, Stage(part, 0.0, 0.7))
            carried = None
        else:
            packed = _compress(packed, conditions[number - 1], condition, options, part)
            carried = _carried_cbd(found[-1], packed, condition)
        result = finish(packed, condition, options, seed, Stage(part, 0.7, 1.0), carried)
        found.append(as_structure(condition, seed, options, *result, began))
    return found


def _refuse_another_electrode(conditions: Sequence[Condition]) -> None:
    first = conditions[0]
    solid = None
    for condition in conditions:
        if condition.protocol != "physical":
            raise InputError("Only structures of the physical protocol can be pressed.")
        same = dataclasses.replace(
            condition,
            porosity=first.porosity,
            thickness=first.thickness,
            pressure=first.pressure,
            gap=first.gap,
        )
        if same.key != first.key:
            raise InputError(
                "The conditions of a calendering path must be equal in all but porosity and "
                "thickness."
            )
        porosity = total_porosity(condition.recipe, condition.porosity, condition.porosity_kind)
        volume = (1 - porosity) * condition.thickness
        if solid is not None and abs(volume / solid - 1) > 0.02:
            raise InputError(
                f"The conditions of a calendering path hold different amounts of solid "
                f"({100 * (volume / solid - 1):+.1f} % at {condition.thickness:g} µm): conserve "
                "the solid volume."
            )
        solid = solid or volume
    heights = [condition.thickness for condition in conditions]
    if any(after > before for before, after in itertools.pairwise(heights)):
        raise InputError("The conditions of a calendering path must get thinner and thinner.")


def _compress(
    packed: PackedParticles,
    before: Condition,
    after: Condition,
    options: dict[str, Any],
    progress: Progress,
) -> PackedParticles:
    """Squeeze a packing from the height of one condition to that of the next."""
    seconds: dict[str, float] = {}
    packing = packed.packing
    box = packing.box.copy()
    height = after.shape[0] * after.voxel_size
    embedding = embedding_of(options)
    tolerance = options["overlap_tolerance"]
    steps = max(1, math.ceil(math.log(box[0] / height) / _LARGEST_STRAIN))
    strain = (height / box[0]) ** (1 / steps)
    with timed(seconds, "packing"):
        for step in range(steps):
            box[0] = height if step == steps - 1 else box[0] * strain
            squeezed = packing.positions * [box[0] / packing.box[0], 1, 1]
            packing = push_apart(squeezed, packing.radii, packing.shapes, box.copy(), embedding,
                                 tolerance,
                                 Stage(progress, 0.6 * step / steps, 0.6 * (step + 1) / steps),
                                 "pressing")  # fmt: skip
            if not fits(packing):
                _refuse(before, after, packing.box[0])
        found = pack_to_count(packing.positions, packing.radii, packing.shapes, packing.box,
                              embedding, tolerance, after, Stage(progress, 0.6, 0.7),
                              seconds)  # fmt: skip
    if found is None:
        _refuse(before, after, height)
    return dataclasses.replace(
        packed, packing=found[0], nearest=found[1], seconds=seconds, warnings=list(packed.warnings)
    )


def _refuse(before: Condition, after: Condition, height: float) -> NoReturn:
    reached = total_porosity(before.recipe, before.porosity, before.porosity_kind)
    limit = 1 - (1 - reached) * before.thickness / height
    wanted = total_porosity(after.recipe, after.porosity, after.porosity_kind)
    raise InputError(
        f"The electrode cannot be pressed to {100 * wanted:.1f} % porosity: its particles jam at "
        f"about {100 * limit:.0f} % ({height:.1f} µm); stop before that."
    )


def _carried_cbd(
    last: Structure, packed: PackedParticles, condition: Condition
) -> np.ndarray:  # fmt: skip
    """Where the CBD of the last structure has moved with its particles: flat voxel numbers.

    What would leave the box stays at its end; several voxels may arrive at one place.
    """
    v = condition.voxel_size
    labels = last.stack.labels
    owner = nearest_particle(
        labels == CBD, last.particles.centres, last.particles.radii, v,
        shapes=last.particles.shapes,
    )  # fmt: skip
    spots = np.argwhere(labels == CBD)
    owners = owner[tuple(spots.T)]
    before = np.asarray(last.particles.centres)
    moved = packed.packing.positions - before
    box = packed.packing.box
    moved[:, 1:] -= box[1:] * np.round(moved[:, 1:] / box[1:])  # the shorter way round
    shift = np.where(owners[:, None] >= 0, moved[owners], 0.0)
    free = owners < 0  # near no particle: goes with the box
    shift[free, 0] = (spots[free, 0] + 0.5) * v * (box[0] / (labels.shape[0] * v) - 1)
    there = np.floor((spots + 0.5) + shift / v).astype(np.int64)
    nz, ny, nx = condition.shape
    there[:, 0] = np.clip(there[:, 0], 0, nz - 1)
    return np.ravel_multi_index((there[:, 0], there[:, 1] % ny, there[:, 2] % nx), (nz, ny, nx))
