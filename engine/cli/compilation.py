"""The first run on a computer compiles kernels: say so, and keep it out of what is timed."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.cli.console import Console

SENTENCE = "Compiling kernels for this computer, once: about a minute."

# These verbs only read and write; to load the compiler for them would cost half a second.
_WITHOUT_KERNELS = ("export", "predict")
# Kernels too small to be kept take less than this in all, and nobody waits for them.
_WORTH_A_WORD = 1.0


class CompilationClock:
    """Adds up the seconds spent in compilation; speaks when they begin to be felt.

    Parameters
    ----------
    console : Console or None
        Where to say it; None stays silent.
    """

    def __init__(self, console: Console | None = None):
        self.console = console
        self.seconds = 0.0
        self._began = 0.0
        self._depth = 0  # a kernel compiles those that it calls

    def start(self) -> None:
        """One kernel begins to be compiled."""
        if self._depth == 0:
            self._began = time.perf_counter()
            if self.console is not None and self.seconds > _WORTH_A_WORD:
                self.console.say(SENTENCE)
                self.console = None
        self._depth += 1

    def stop(self) -> None:
        """One kernel is compiled."""
        self._depth -= 1
        if self._depth == 0:
            self.seconds += time.perf_counter() - self._began


@contextlib.contextmanager
def compilation_clock(console: Console | None = None) -> Iterator[CompilationClock]:
    """Let a clock run over what is done inside."""
    from numba.core import event

    clock = CompilationClock(console)

    class Ear(event.Listener):
        def on_start(self, event: Any) -> None:
            clock.start()

        def on_end(self, event: Any) -> None:
            clock.stop()

    with event.install_listener("numba:compile", Ear()):
        yield clock


@contextlib.contextmanager
def announced_compilation(verb: str, console: Console) -> Iterator[None]:
    """Say once, when it happens, that kernels are compiled.

    The workers of a campaign compile out of sight: an empty cache tells it beforehand.
    """
    if verb in _WITHOUT_KERNELS:
        yield
    elif verb == "campaign" and _cache_is_empty():
        console.say(SENTENCE)
        yield
    else:
        with compilation_clock(console):
            yield


def _cache_is_empty() -> bool:
    cache = Path(os.environ.get("NUMBA_CACHE_DIR", "."))
    return not cache.is_dir() or not any(cache.iterdir())
