"""Where results go: checked before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from engine.errors import InputError


def output_file(text: str, option: str) -> Path:
    """Return the file that `option` names.

    Raises
    ------
    InputError
        If its folder is absent, the name belongs to a folder, or nothing can be written there.
    """
    path = Path(text)
    if not path.absolute().parent.is_dir():
        raise InputError(f"{option} {path}: there is no folder {path.parent}; make it first.")
    if path.is_dir():
        raise InputError(f"{option} {path} is a folder: give the name of a file.")
    try:
        if not path.exists():
            path.open("xb").close()
            path.unlink()
        elif not os.access(path, os.W_OK):
            raise PermissionError(0, "it may not be written to")
    except OSError as error:
        raise _unwritable(path, option, error) from None
    return path


def output_folder(text: str, option: str) -> Path:
    """Return the folder that `option` names; it is made when something is written to it.

    Raises
    ------
    InputError
        If the name belongs to a file, or no folder can be made or written to there.
    """
    path = Path(text)
    if path.exists() and not path.is_dir():
        raise InputError(f"{option} {path} is a file: give the name of a folder.")
    made = [folder for folder in (path, *path.parents) if not folder.exists()]
    try:
        path.mkdir(parents=True, exist_ok=True)
        if not os.access(path, os.W_OK):
            raise PermissionError(0, "it may not be written to")
    except OSError as error:
        raise _unwritable(path, option, error) from None
    finally:
        for folder in made:  # the innermost first
            if folder.is_dir():
                folder.rmdir()
    return path


def _unwritable(path: Path, option: str, error: OSError) -> InputError:
    return InputError(
        f"{option} {path} cannot be written ({error.strerror or error}): choose another place."
    )
