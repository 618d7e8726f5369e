"""The first run on a computer compiles kernels: say so, and keep it out of what is timed."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.cli.console import Console

SENTENCE = "Compiling kernels for this computer, once: up to a minute."

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
    """Say once, when it happens, that kernels are compiled."""
    if verb in _WITHOUT_KERNELS:
        yield
    else:
        with compilation_clock(console):
            yield


def compile_beforehand(parts: Iterable[str], console: Console) -> None:
    """Compile parts of the kernels on two cores, out of this process, and say so."""
    from engine.kernels import compile_kernels, kernels_compiled

    parts = tuple(parts)
    if not kernels_compiled(parts):
        console.say(SENTENCE)
        compile_kernels(parts, progress=console.progress())
