"""HybridGUI: `python main.py` opens the window, `python main.py VERB …` works without one."""

import os
import re
import sys

_LOKY = "joblib.externals.loky.backend"
_TRACKER = re.compile(
    r"from (?P<module>"
    + re.escape(_LOKY)
    + r"\.resource_tracker|multiprocessing\.resource_tracker)"
    r" import main; ?main\((?P<handle>\d+)(?:, ?(?P<verbose>True|False|\d+))?\)"
)
_CHILD_FLAGS = {"-c", "-m", "--multiprocessing-fork"}


def serve_frozen_child(argv: list[str]) -> None:
    """In a frozen build, be the pool process that `argv` asks for and exit; else return.

    A pool starts its workers as `executable -m module …`. A frozen executable is no
    interpreter: without this it would start the program again, and so on without end.
    """
    if f"{_LOKY}.popen_loky_posix" in argv[:2] and argv[0] == "-m":
        import runpy

        sys.argv = [argv[1], *argv[2:]]
        runpy.run_module(argv[1], run_name="__main__", alter_sys=True)
        sys.exit(0)
    command = _TRACKER.fullmatch(argv[argv.index("-c") + 1]) if "-c" in argv[:-1] else None
    if command:
        import importlib

        tracker = importlib.import_module(command["module"])
        tracker.main(int(command["handle"]))
        sys.exit(0)
    if sys.platform == "win32" and argv[0] == "--multiprocessing-fork" and argv[1:2]:
        from joblib.externals.loky.backend import popen_loky_win32

        popen_loky_win32.main(int(argv[1]))


def prepare_environment() -> None:
    """Set what must stand before the heavy imports: streams and the kernels' cache folder."""
    from platformdirs import user_cache_path, user_log_path

    from engine import __version__

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # a windowed executable has no streams
            folder = user_log_path("HybridGUI", appauthor=False, ensure_exists=True)
            setattr(sys, name, (folder / f"{name}.log").open("a", encoding="utf-8", buffering=1))
    kernels = user_cache_path("HybridGUI", appauthor=False) / f"kernels-{__version__}"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(kernels))


def main(argv: list[str]) -> int:
    """Run the program and return its exit status."""
    if getattr(sys, "frozen", False):
        globals().pop("__file__", None)  # a worker must not look for this file on disk
        if argv:
            serve_frozen_child(argv)
        import multiprocessing

        multiprocessing.freeze_support()
    if "HYBRIDGUI_POOL_CHILD" in os.environ or _CHILD_FLAGS.intersection(argv):
        return 3  # a process of a pool that lost its way: never start the program again
    prepare_environment()
    if argv:
        from engine.cli import main as run_verb
        from engine.cli import names_a_file

        if not names_a_file(argv[0]):
            return run_verb(argv)
    from hybridgui.app import main as open_window

    return open_window(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
