"""Give a structure of a campaign back from its recipe and seed."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

from engine import __version__
from engine.errors import InputError
from engine.progress import Progress
from engine.structure.changes import changes_since
from engine.structure.condition import Condition
from engine.structure.generate import Structure, generate
from engine.study import StructureRecord, Study
from engine.study.dataset import settings_of


class Regenerated(NamedTuple):
    """A structure made again; `warning` says where it is not the one that was recorded."""

    structure: Structure
    warning: str | None


def regenerate(
    study: Study, campaign: int, number: int, repeat: int, progress: Progress | None = None
) -> Regenerated:
    """Generate a recorded structure again and compare its voxels with their hash.

    Parameters
    ----------
    study : Study
    campaign, number, repeat : int
        `number` is the condition, from 0, as in the columns of ``export --structures``.
    progress : Progress, optional

    Raises
    ------
    InputError
        If the study holds no result of that structure.
    """
    record = next(
        (
            result
            for result in study.results(campaign)
            if (result.number, result.repeat) == (number, repeat)
        ),
        None,
    )
    if record is None:
        raise InputError(
            f"Campaign {campaign} has no result for condition {number}, repeat {repeat}."
        )
    condition = study.conditions(campaign)[number].condition
    structure = generate(condition, record.seed, progress)
    warning = None
    if record.voxels_sha256 is not None and structure.stack.sha256 != record.voxels_sha256:
        version = study.campaign(campaign).program_version
        why = "; ".join(changes_since(version, condition))
        warning = (
            "This structure differs from the recorded one: it was recorded with version "
            f"{version} of the program"
            + (f", and {why}" if why else ", or on another kind of computer")
            + ". Its stored properties belong to the recorded one."
        )
    return Regenerated(structure, warning)


def changes_in(study: Study) -> list[str]:
    """What this version builds otherwise than the one that made the campaigns of a study.

    Returns
    -------
    list of str
        A sentence for each campaign with results that would not come back as they were.
    """
    found = []
    for record in study.campaigns():
        if record.program_version == __version__ or not record.done:
            continue
        why = {
            change: None  # a set that keeps its order
            for each in study.conditions(record.id)
            for change in changes_since(record.program_version, each.condition)
        }
        if why:
            found.append(
                f"Campaign {record.id} was begun with version {record.program_version}: "
                f"{'; '.join(why)}. Its results stay as they are; structures made now differ "
                "from them, so run the design in a new study instead of mixing both."
            )
    return found


def structure_at(study: Study, values: Mapping[str, Any]) -> tuple[Condition, StructureRecord]:
    """Find the first structure of the condition that a row of the dataset stands for.

    Parameters
    ----------
    values : mapping of column to value
        A row of the dataset; every column that says how the condition was made has to agree.

    Raises
    ------
    InputError
        If no campaign of the study has such a structure.
    """
    for campaign in reversed(study.campaigns()):
        numbers = {
            record.number: record.condition
            for record in study.conditions(campaign.id)
            if _agrees(settings_of(record), values)
        }
        if not numbers:
            continue
        for result in study.results(campaign.id):
            if result.number in numbers:
                return numbers[result.number], result
    raise InputError("No structure of this study has this condition: the row is of another table.")


def _agrees(condition: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    shared = [name for name in condition if name in row]
    return bool(shared) and all(_same(condition[name], row[name]) for name in shared)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        both_missing = math.isnan(one) and math.isnan(other)
        return both_missing or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
    return bool(one == other)
