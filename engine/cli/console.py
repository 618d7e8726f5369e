"""What a verb says: one result on stdout, everything else on stderr."""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import sys
import time
from collections.abc import Iterable
from typing import Any, NoReturn, TextIO

import numpy as np

from engine.progress import Progress

# Seconds between two lines of progress in a log, and after which one comes in any case.
_LINE_AFTER, _LINE_ANYWAY = 10.0, 60.0


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line that names the verb and its help, and exit with status 2."""
        self.exit(2, f"error: {message} (see `{self.prog} --help`)\n")


def plain(value: Any) -> Any:
    """Return `value` as JSON types; infinity becomes "inf", an undefined number None."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        number = float(value)
        if math.isnan(number):
            return None
        if math.isinf(number):
            return "inf" if number > 0 else "-inf"
        return number
    return value if value is None or isinstance(value, str) else str(value)


class Console:
    """Keeps stdout for the result alone, even from libraries that print.

    Used as a context manager: inside, file descriptor 1 leads to stderr, so that neither a
    library nor a worker process can mix its words with the result.
    """

    def __init__(self, as_json: bool = False):
        self.as_json = as_json
        self.status = 0
        self.on_stop = "nothing was changed by the step that was running."
        self._result_stream: TextIO = sys.stdout
        self._saved: int | None = None
        self._bar = False

    def __enter__(self) -> Console:
        self._redirect = contextlib.redirect_stdout(sys.stderr)
        with contextlib.suppress(OSError, ValueError, AttributeError):
            sys.stdout.flush()
            if sys.stdout.fileno() == 1:
                saved = os.dup(1)
                os.dup2(2, 1)
                self._saved = saved
                self._result_stream = os.fdopen(saved, "w", encoding="utf-8", closefd=False)
        self._redirect.__enter__()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._clear_bar()
        self._redirect.__exit__(None, None, None)
        with contextlib.suppress(OSError, ValueError):
            self._result_stream.flush()
        if self._saved is not None:
            os.dup2(self._saved, 1)
            os.close(self._saved)

    def say(self, *lines: str) -> None:
        """Write lines for people to stderr."""
        self._clear_bar()
        for line in lines:
            sys.stderr.write(" ".join(str(line).split()) + "\n")
        sys.stderr.flush()

    def warn(self, warnings: Iterable[str]) -> None:
        """Write each warning as one line."""
        for warning in warnings:
            self.say(f"warning: {warning}")

    def note(self, notes: Iterable[str]) -> None:
        """Write what is good to know, and no reason to doubt, as one line each."""
        for note in notes:
            self.say(f"note: {note}")

    def result(self, result: Any) -> None:
        """Write the verb's result: one JSON object, or its readable form."""
        self._clear_bar()
        value = plain(result)
        if self.as_json:
            text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        else:
            text = "\n".join(readable(value))
        self._result_stream.write(text + "\n")
        self._result_stream.flush()

    def progress(self) -> Progress:
        """Return a progress object: a bar where a person watches, else a line now and then."""
        began = time.monotonic()
        last, told, said_at = -1.0, -1.0, began

        def draw(fraction: float, stage: str) -> None:
            nonlocal last, told, said_at
            now = time.monotonic()
            left = (now - began) * (1 - fraction) / fraction if fraction > 0.02 else None
            remaining = f" · {left:.0f} s left" if left is not None else ""
            if not sys.stderr.isatty():
                # a log of hours stays short: a line tells at least 1 % more, or a minute more
                waited = now - said_at
                if waited >= _LINE_AFTER and (fraction - told >= 0.01 or waited >= _LINE_ANYWAY):
                    self.say(f"progress: {100 * fraction:.0f} % {stage}{remaining}")
                    told, said_at = fraction, now
                return
            if now - last < 0.1 and fraction < 1:
                return
            last = now
            filled = int(24 * fraction)
            bar = "█" * filled + "·" * (24 - filled)
            sys.stderr.write(f"\r\x1b[K{bar} {100 * fraction:3.0f} % {stage}{remaining}")
            sys.stderr.flush()
            self._bar = True

        return Progress(draw)

    def _clear_bar(self) -> None:
        if self._bar:
            sys.stderr.write("\r\x1b[K")
            self._bar = False


# what people have read on stderr already
_SAID = ("warnings", "statements", "rows_left_out")


def readable(value: Any, indent: int = 0) -> list[str]:
    """Return lines that show a JSON value to a person."""
    pad = "  " * indent
    if not isinstance(value, dict):
        return [f"{pad}{_short(value)}"]
    lines = []
    for key, item in value.items():
        if isinstance(item, dict) and item:
            lines += [f"{pad}{key}:", *readable(item, indent + 1)]
        elif key in _SAID or item is None:
            continue
        elif isinstance(item, list) and any(isinstance(part, dict | list) for part in item):
            lines.append(f"{pad}{key}:")
            for part in item:
                lines += [f"{pad}  -", *readable(part, indent + 2)]
        else:
            lines.append(f"{pad}{key}: {_short(item)}")
    return lines


def _short(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, list):
        return ", ".join(_short(item) for item in value)
    if value is None:
        return "undefined"
    return str(value)
