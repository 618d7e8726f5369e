"""A list of conditions pasted from a spreadsheet or typed: a header line, then numbers."""

from __future__ import annotations

import re
from typing import Any

from engine.campaign.design import Design
from engine.campaign.variables import ALIASES
from engine.errors import InputError


def read_pasted(text: str, law: dict[str, Any], **fields: Any) -> Design:
    """Return the design whose conditions are the rows of a pasted table.

    Parameters
    ----------
    text : str
        First line: names as in a design file (``gap_um``, ``am_percent``, …). Columns are
        parted by tabs, semicolons, or blanks; also by commas where no number holds one.
        Decimal points and decimal commas are both read.
    law : dict
        `CalenderingLaw.to_dict`.
    **fields
        Further fields of `Design`, e.g. ``repeats``; and variables that hold for all rows,
        e.g. ``protocol="published"``, under ``variables``; a column of the table goes first.

    Raises
    ------
    InputError
        Naming the row and column.
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if len(lines) < 2:
        raise InputError(
            "A pasted list needs a line of names, e.g. 'gap_um am_percent "
            "initial_porosity_percent', and at least one line of numbers."
        )
    names = [name for name in re.split(r"[\t;,\s]+", lines[0]) if name]
    if len(set(names)) < len(names):
        raise InputError("The first line of the pasted list names a column twice; keep one.")
    columns: dict[str, list[float | str]] = {name: [] for name in names}
    for row, line in enumerate(lines[1:], start=1):
        cells = _cells(line)
        if len(cells) != len(names):
            raise InputError(
                f"Row {row} of the pasted list has {len(cells)} values for {len(names)} columns."
            )
        for name, cell in zip(names, cells, strict=True):
            columns[name].append(_value(cell))
    given = {ALIASES.get(name, name) for name in names}
    for_all = {k: v for k, v in fields.pop("variables", {}).items() if k not in given}
    variables: dict[str, Any] = for_all | columns
    return Design(variables=variables, law=law, sampling="list", **fields)


def _cells(line: str) -> list[str]:
    for pattern in (r"\t", r";", r",\s+", r"\s+", r","):
        if re.search(pattern, line):
            return [cell.strip() for cell in re.split(pattern, line)]
    return [line]


def _value(cell: str) -> float | str:
    try:
        return float(cell.replace(",", "."))
    except ValueError:
        return cell  # a name, e.g. of a protocol; the design refuses it where a number belongs
