"""One writer for a study: a lock file beside it, held while the study is open for writing.

SQLite's own locks last only for a transaction; a study stays open for hours. The operating
system drops this lock when the program ends, however it ends, so a file left behind by a
crash blocks nobody.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

from engine.errors import InputError

SUFFIX = "-lock"


def lock_file(descriptor: int) -> None:
    """Lock an open file for this process until it is closed; OSError where another has it."""
    if sys.platform == "win32":
        import msvcrt

        # a byte far behind the text, so that others can still read who holds the lock
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class WriterLock:
    """The right to write one study, until `release`.

    Parameters
    ----------
    study : Path
        The study file; the lock file is the same name with ``-lock`` appended.

    Raises
    ------
    InputError
        If another program, or another window of this one, holds the lock, or if the folder
        takes no new files.
    """

    def __init__(self, study: Path):
        self.path = study.with_name(study.name + SUFFIX)
        self._study = study
        self._descriptor: int | None = self._acquire()
        text = json.dumps({"process": os.getpid(), "computer": socket.gethostname()})
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, text.encode())
        except OSError:
            # a full disk: the lock holds all the same, only the holder's name is missing
            pass

    def _acquire(self) -> int:
        while True:
            try:
                descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            except OSError as error:
                raise InputError(
                    f"{self._study.name} cannot be opened for writing because the folder "
                    f"{self._study.parent} takes no new files ({error.strerror}): open it "
                    "read-only, or copy it to a folder of your own."
                ) from error
            try:
                lock_file(descriptor)
            except OSError as error:
                os.close(descriptor)
                raise InputError(
                    f"{self._study.name} is already open {self._holder()}: close it there first, "
                    "or open it read-only here."
                ) from error
            if self._still_there(descriptor):
                return descriptor
            # the holder removed the file between our opening and locking it: try the new one
            os.close(descriptor)

    def _still_there(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _holder(self) -> str:
        try:
            holder: dict[str, Any] = json.loads(self.path.read_text())
            process, computer = int(holder["process"]), str(holder["computer"])
        except (OSError, ValueError, KeyError, TypeError):
            return "in another program"
        if computer != socket.gethostname():
            return f"on the computer {computer} (process {process})"
        if process == os.getpid():
            return "in this program"
        return f"in another program (process {process})"

    def release(self) -> None:
        """Give the right back and remove the lock file."""
        if self._descriptor is None:
            return
        if sys.platform == "win32":
            os.close(self._descriptor)  # Windows removes no open file
            self.path.unlink(missing_ok=True)
        else:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
        self._descriptor = None
