"""Set-up that every test shares."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

# How long an example takes says nothing about the program on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
