"""Where results go: checked before the work, not after it."""

from __future__ import annotations

from pathlib import Path

from engine.errors import InputError


def output_file(text: str, option: str) -> Path:
    """Return the file that `option` names.

    Raises
    ------
    InputError
        If its folder is absent, or the name belongs to a folder.
    """
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: give the name of a file.")
    return path


def output_folder(text: str, option: str) -> Path:
    """Return the folder that `option` names; it is made when something is written to it.

    Raises
    ------
    InputError
        If the name belongs to a file.
    """
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path} is a file: give the name of a folder.")
    return path
