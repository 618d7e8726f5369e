"""Give a structure of a campaign back from its recipe and seed."""

from __future__ import annotations

from typing import NamedTuple

from engine.errors import InputError
from engine.progress import Progress
from engine.structure.generate import Structure, generate
from engine.study import Study


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
        warning = (
            "This structure differs from the recorded one: it was recorded with version "
            f"{version} of the program, or on another kind of computer. Its stored properties "
            "belong to the recorded one."
        )
    return Regenerated(structure, warning)
