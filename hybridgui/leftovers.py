"""Studies that lie in the data folder though nobody has them open."""

from __future__ import annotations

import contextlib
from pathlib import Path

from engine.errors import InputError
from engine.study import Study
from hybridgui.settings import data_folder

UNTITLED = "Untitled"
LAST_STRUCTURE = "window/last_structure"
"""Name under which a study keeps what the page Structure showed last."""


def is_untitled_leftover(path: Path) -> bool:
    """Whether an untitled study that nobody has open is empty, so that it can be removed."""
    try:
        with contextlib.closing(Study.open(path)) as study:
            return (
                study.table() is None
                and study.law() is None
                and not study.campaigns()
                and not study.stacks()
                and not study.get_setting(LAST_STRUCTURE)
            )
    except InputError:
        return False


def can_be_opened(path: Path) -> bool:
    """Whether a study is whole and open nowhere else."""
    try:
        Study.open(path).close()
    except InputError:
        return False
    return True


def remove_study(path: Path) -> None:
    """Remove a study and the files that stand beside it."""
    for suffix in ("", "-wal", "-shm", "-lock"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def remove_empty_leftovers() -> None:
    """Remove empty untitled studies that a crash left in the data folder."""
    for path in data_folder().glob(f"{UNTITLED}*.study"):
        if is_untitled_leftover(path):
            remove_study(path)
