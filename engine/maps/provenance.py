"""Where the numbers of a table come from, as a comment above it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import __version__
from engine.errors import InputError
from engine.maps.quantities import quantity
from engine.maps.report_words import law_name
from engine.maps.standing import models_in_words

if TYPE_CHECKING:
    import pandas as pd

    from engine.maps.sources import Sources


def provenance_lines(sources: Sources, what: str = "") -> list[str]:
    """Program, date, law, models, campaigns and seeds, one fact a line.

    Parameters
    ----------
    sources : Sources
    what : str
        What the table holds, as its first line.
    """
    now = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M")
    lines = [what] if what else []
    lines.append(f"HybridGUI {__version__}, {now}")
    law, error = sources.responses.law, sources.responses.law_error
    if law is not None:
        off = (
            ""
            if error is None
            else f", errs by {100 * error.sd:.1f} points of porosity (RMSE) on a coating not measured"
        )
        lines.append(f"calendering law: {law_name(law.kind)}{off}")
    for name, words in models_in_words(sources.responses).items():
        lines.append(f"model of {name} ({quantity(name).symbol or quantity(name).label}): {words}")
    if sources.seeds:
        lines.append(f"bulk conductivities: {sources.responses.constants.conductivities.in_words}")
    lines += sources.seeds
    return lines


def csv_text(frame: pd.DataFrame, lines: Sequence[str]) -> str:
    """A table as CSV below its comment; `pandas.read_csv(path, comment="#")` reads it again."""
    head = "".join(f"# {' '.join(line.split())}\n" for line in lines)
    return head + frame.to_csv(index=False, lineterminator="\n")


def write_csv(frame: pd.DataFrame, path: Path, lines: Sequence[str]) -> None:
    """Write `csv_text`; InputError where the file cannot be written."""
    try:
        path.write_text(csv_text(frame, lines), encoding="utf-8", newline="\n")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error
