"""Set-up that every test shares."""

import os

from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

# How long an example takes says nothing about the program on a busy machine.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


def pytest_sessionstart(session):
    """Compile the kernels on two cores before a whole suite, which would do it on one.

    Where the tests are shared among processes this is the one that starts them.
    """
    config = session.config
    whole = config.args_source is config.ArgsSource.TESTPATHS and not config.option.keyword
    if whole and not hasattr(config, "workerinput"):
        from engine.kernels import compile_kernels

        compile_kernels()
