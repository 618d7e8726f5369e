"""Loads the drawing library while nobody waits for it.

Importing VTK takes a second or two, and the first look for the file of a font as long again:
done in a thread, the window stays alive meanwhile.
"""

from __future__ import annotations

import logging
import sys
import threading

_log = logging.getLogger(__name__)
_thread: threading.Thread | None = None


def start(family: str) -> None:
    """Begin to load; more calls change nothing.

    Parameters
    ----------
    family : str
        Font of the window, to be found as a file.
    """
    global _thread
    if _thread is None and "hybridgui.structure.view" not in sys.modules:
        _thread = threading.Thread(target=_load, args=(family,), name="load VTK")
        _thread.start()


def running() -> bool:
    """Whether the libraries are still being loaded."""
    return _thread is not None and _thread.is_alive()


def _load(family: str) -> None:
    try:
        import hybridgui.structure.view  # noqa: F401
        from hybridgui.structure.lettering import font_file

        font_file(family)
    except Exception:  # said again, in the page, by whoever needs it
        _log.exception("the 3D view could not be loaded")
