"""Numbers from a table, or one clear sentence about what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from engine.errors import InputError


def as_frame(table: Any) -> pd.DataFrame:
    """DataFrame of a frame or of a mapping of columns."""
    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, Mapping):
        return pd.DataFrame({k: np.atleast_1d(np.asarray(v)) for k, v in table.items()})
    raise InputError("A table of named columns is needed here.")


def _shown(position: int | np.integer) -> int:
    """Row of the sheet or file, the header being row 1, of a 0-based data row."""
    return int(position) + 2


def number_column(frame: pd.DataFrame, name: str, what: str = "column") -> np.ndarray:
    """Values of one column as floats; infinite and missing ones pass.

    Returns
    -------
    ndarray of float, shape (rows,)

    Raises
    ------
    InputError
        If the column is missing, appears twice or holds text.
    """
    if name not in frame.columns:
        have = ", ".join(str(c) for c in frame.columns) or "none"
        raise InputError(f"The table has no {what} '{name}': its columns are {have}.")
    column = frame[name]
    if isinstance(column, pd.DataFrame):
        raise InputError(f"The table has the column '{name}' more than once: rename one of them.")
    numbers = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float)
    text = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    if text.size:
        value = column.iloc[int(text[0])]
        raise InputError(
            f"Row {_shown(text[0])}, column '{name}': '{value}' is not a number; mend it or "
            "remove the row."
        )
    return numbers


def input_columns(table: Any, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Finite values of the input columns.

    Raises
    ------
    InputError
        As `number_column`, and where a value is missing or infinite (row and column are named).
    """
    if isinstance(table, dict) and all(_is_plain(table.get(name)) for name in names):
        return {name: table[name] for name in names}
    frame = as_frame(table)
    columns = {}
    for name in names:
        values = number_column(frame, name, "input column")
        bad = np.flatnonzero(~np.isfinite(values))
        if bad.size:
            found = values[bad[0]]
            raise InputError(
                f"Row {_shown(bad[0])}, column '{name}': the value is "
                f"{'missing' if np.isnan(found) else 'infinite'}; mend it or remove the row."
            )
        columns[name] = values
    return columns


def _is_plain(values: Any) -> bool:
    """Whether these are finite floats of shape (n,), so that nothing need be said of them."""
    plain = isinstance(values, np.ndarray) and values.dtype == float and values.ndim == 1
    return plain and bool(np.isfinite(values).all())


def row_mask(rows: Iterable[int] | None, count: int) -> np.ndarray:
    """Mask of the test rows.

    Parameters
    ----------
    rows : iterable of int, or None
        0-based row numbers.

    Raises
    ------
    InputError
        If one is outside the table or none is left to train on.
    """
    mask = np.zeros(count, dtype=bool)
    for row in rows if rows is not None else ():
        if int(row) != row or not 0 <= row < count:
            raise InputError(
                f"Test row {row} is not in the table: rows are numbered from 0 to {count - 1}."
            )
        mask[int(row)] = True
    if mask.all():
        raise InputError("Every row is a test row: leave some to train on.")
    return mask


def name_rows(rows: np.ndarray, most: int = 8) -> str:
    """Row numbers as the sheet shows them, as text, shortened."""
    shown = ", ".join(str(_shown(r)) for r in rows[:most])
    return shown + (f" and {rows.size - most} more" if rows.size > most else "")
