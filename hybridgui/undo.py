"""Steps of a study that can be undone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from PySide6.QtGui import QUndoCommand


class ParameterCommand(QUndoCommand):
    """Set one parameter; edits of the same field that follow at once become one step."""

    def __init__(
        self, put: Callable[[str, Any], None], key: str, before: Any, after: Any, text: str
    ):
        super().__init__(text)
        self._put, self._key = put, key
        self._before, self._after = before, after

    def id(self) -> int:
        return int(hashlib.sha256(self._key.encode()).hexdigest()[:7], 16)

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ParameterCommand) or other._key != self._key:
            return False
        if other.text() != self.text():  # several things may live under one key
            return False
        self._after = other._after
        self.setObsolete(self._before == self._after)
        return True

    def redo(self) -> None:
        self._put(self._key, self._after)

    def undo(self) -> None:
        self._put(self._key, self._before)


class DocumentCommand(QUndoCommand):
    """Replace the sheet or the law; what was there comes back by undo."""

    def __init__(self, text: str, redo: Callable[[], None], undo: Callable[[], None]):
        super().__init__(text)
        self._redo, self._undo = redo, undo
        # Done here and not by `push`: an error there would be lost inside Qt.
        redo()
        self._first = True

    def redo(self) -> None:
        if self._first:
            self._first = False
            return
        self._redo()

    def undo(self) -> None:
        self._undo()
