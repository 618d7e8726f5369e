"""A table of a report: texts, and numbers by the rule of `engine.maps.digits`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.maps.digits import DIGITS, plain, with_decimals


class Digits(str):
    """A number that is written already: its column is one of numbers."""

    __slots__ = ()


@dataclass(frozen=True)
class Grid:
    """A table of texts: titles, rows, and which columns are numbers."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    @classmethod
    def of(cls, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Grid:
        """Make one; numbers of a column end at one decimal place and are aligned right."""
        numeric = tuple(
            bool(rows)
            and all(
                isinstance(row[i], (int, float, Digits)) or row[i] in (None, "") for row in rows
            )
            for i in range(len(head))
        )
        columns = [_column([row[i] for row in rows], numeric[i]) for i in range(len(head))]
        return cls(tuple(head), tuple(zip(*columns, strict=True)) if rows else (), numeric)

    @property
    def empty(self) -> tuple[bool, ...]:
        """Columns that hold nothing."""
        return tuple(all(row[i] in ("–", "") for row in self.rows) for i in range(len(self.head)))

    def without_empty(self) -> Grid:
        """The same without columns that hold nothing."""
        keep = [i for i, empty in enumerate(self.empty) if not empty]
        return Grid(
            tuple(self.head[i] for i in keep),
            tuple(tuple(row[i] for i in keep) for row in self.rows),
            tuple(self.numeric[i] for i in keep),
        )


def _column(cells: Sequence[Any], numeric: bool) -> list[str]:
    floats = [abs(c) for c in cells if isinstance(c, float) and math.isfinite(c) and c]
    places = None
    # Over many decades one decimal place would hide the small ones or overstate the large.
    if numeric and len(floats) > 1 and max(floats) < 1e4 * min(floats):
        places = max(0, DIGITS - 1 - math.floor(math.log10(max(floats))))
        while places and all(abs(f - round(f, places - 1)) < 1e-9 * max(floats) for f in floats):
            places -= 1
    return [_text(cell, places) for cell in cells]


def _text(value: Any, places: int | None = None) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return with_decimals(value, places) if math.isfinite(value) else plain(value)
    return str(value)
