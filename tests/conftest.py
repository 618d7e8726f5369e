"""Set-up that every test shares."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

# How long an example takes says nothing about the program on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# From here on a run is a whole suite, not a few tests that may need no kernel.
_MANY_TESTS = 500


def pytest_collection_finish(session):
    """Compile the kernels on two cores before a whole suite, which would do it on one."""
    if len(session.items) >= _MANY_TESTS:
        from engine.kernels import compile_kernels

        compile_kernels()
