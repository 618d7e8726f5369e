"""Signals and events must not use up Python's own objects."""

import os
import subprocess
import sys

PROGRAM = """
import hybridgui
from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtCore import QCoreApplication

class Source(QObject):
    changed = Signal(int)

    def customEvent(self, event):
        pass

application = QCoreApplication([])
source = Source()
for number in range(60_000):
    source.changed.emit(number)
    application.sendEvent(source, QEvent(QEvent.Type.User))
"""


def test_that_a_program_survives_many_signals_and_events_and_its_own_end():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
