"""Signals must not use up Python's own objects."""

import os
import subprocess
import sys

PROGRAM = """
import hybridgui
from PySide6.QtCore import QObject, Signal

class Source(QObject):
    changed = Signal(int)

source = Source()
for number in range(20_000):
    source.changed.emit(number)
"""


def test_that_a_program_survives_many_signals_and_its_own_end():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
