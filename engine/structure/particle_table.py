"""Lists of particles as they stand in a file: LAMMPS dumps and plain columns of text."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.errors import InputError

SUFFIXES = (".dump", ".lammpstrj", ".lammps", ".csv", ".txt", ".dat", ".tsv", ".xyz", ".xyzr")
"""Usual endings of such files; any other is read as well."""

_NAMES = {
    "x": "x", "y": "y", "z": "z", "x_um": "x", "y_um": "y", "z_um": "z",
    "xu": "x", "yu": "y", "zu": "z", "xs": "xs", "ys": "ys", "zs": "zs",
    "r": "radius", "radius": "radius", "radius_um": "radius", "rad": "radius",
    "d": "diameter", "diameter": "diameter", "diameter_um": "diameter",
    "type": "type", "phase": "type",
    "aspect_ratio": "aspect_ratio", "axis_z": "axis_z", "axis_y": "axis_y", "axis_x": "axis_x",
}  # fmt: skip
"""Column names that are understood, in lower case."""

_MOST_BYTES = 4 * 2**30
_SNIFFED = 4096  # bytes


@dataclass(frozen=True, eq=False)
class ParticleTable:
    """Columns of a file before they have a meaning.

    Attributes
    ----------
    name : str
        Of the file.
    columns : dict of str to ndarray of float, shape (n,)
        Columns that hold numbers, by their name; x, y, z, radius where the file names none.
    spoilt : dict of str to str
        Why a column holds no numbers, with the first line where it does not.
    bounds : ndarray, shape (3, 2), or None
        Lowest and highest z, y, x of the box, in the unit of the file, where it declares one.
    periodic : bool
        Whether the file declares y and x periodic.
    notes : list of str
    """

    name: str
    columns: dict[str, np.ndarray]
    spoilt: dict[str, str] = field(default_factory=dict)
    bounds: np.ndarray | None = None
    periodic: bool = False
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def guess_roles(names: Iterable[str]) -> dict[str, str]:
    """Column of each role, as far as the names say it; the first of several is taken."""
    found: dict[str, str] = {}
    for name in names:
        role = _NAMES.get(name.strip().lower())
        if role:
            found.setdefault(role, name)
    return found


def read_table(path: str | Path) -> ParticleTable:
    """Read a LAMMPS dump (the last snapshot) or a list of one particle a line.

    Columns of a list stand apart by commas, semicolons, tabs or blanks, with a header or as
    x y z radius.

    Raises
    ------
    InputError
        If the file is no such list.
    """
    path = Path(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InputError(f"{path.name} has more than 4 GB: write the last snapshot alone.")
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror or error}.") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is no text file: choose a LAMMPS dump or a list.") from None
    except MemoryError:
        raise InputError(
            f"{path.name} does not fit into memory: write the last snapshot alone."
        ) from None
    table = _read_dump(path.name, text) if "ITEM: ATOMS" in text else _read_list(path.name, text)
    if not len(table) and not table.spoilt:
        raise InputError(f"{path.name} holds no particles.")
    return table


def looks_like_particles(path: str | Path) -> bool:
    """Whether a text file is a particle list rather than a sheet, judged by its beginning."""
    try:
        with open(path, "rb") as file:
            start = file.read(_SNIFFED).decode("utf-8-sig", errors="strict")
    except (OSError, UnicodeDecodeError):
        return False
    if start.startswith("ITEM:"):
        return True
    lines = [line for line in start.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return False
    roles = guess_roles([word.strip() for word in _words(lines[:1])[0]])
    return {"x", "y", "z"} <= set(roles) and bool({"radius", "diameter"} & set(roles))


def _words(lines: list[str]) -> list[list[str]]:
    """Lines cut into words; a decimal comma becomes a point where it parts no columns."""
    mark = next((mark for mark in (";", "\t", ",") if mark in lines[0]), None)
    if mark == ",":
        return [[word.strip() for word in row] for row in csv.reader(lines)]
    rows = csv.reader(lines, delimiter=mark) if mark else map(str.split, lines)
    return [[word.strip().replace(",", ".") for word in row] for row in rows]


def _read_dump(name: str, text: str) -> ParticleTable:
    snapshots = text.count("ITEM: TIMESTEP")
    start = text.rindex("ITEM: TIMESTEP") if snapshots else 0
    before = text.count("\n", 0, start)
    lines = text[start:].splitlines()
    notes = [f"{snapshots} snapshots; the last was read."] if snapshots > 1 else []
    bounds = None
    flags = ["ff"] * 3
    header: list[str] = []
    declared = ""
    rows: list[tuple[int, list[str]]] = []
    for number, line in enumerate(lines):
        if line.startswith("ITEM: NUMBER OF ATOMS"):
            declared = lines[number + 1].strip() if number + 1 < len(lines) else "nothing"
        elif line.startswith("ITEM: BOX BOUNDS"):
            words = line.split()[3:]
            if "xy" in words:
                raise InputError(f"{name} has a slanted (triclinic) box: use an orthogonal one.")
            flags = [word for word in words if set(word) <= set("pfsm")] or flags
            try:
                edges = [
                    [float(w) for w in row.split()[:2]] for row in lines[number + 1 : number + 4]
                ]
                bounds = np.array(edges).reshape(3, 2)[::-1]  # z, y, x
            except ValueError:
                raise InputError(
                    f"{name}: the box bounds are not three pairs of numbers."
                ) from None
        elif line.startswith("ITEM: ATOMS"):
            header = line.split()[2:]
            for place in range(number + 1, len(lines)):
                if lines[place].startswith("ITEM:"):
                    break
                if lines[place].strip():
                    rows.append((before + place + 1, lines[place].split()))
    if bounds is None or not np.isfinite(bounds).all():
        raise InputError(f"{name} declares no box bounds: write the dump again.")
    if declared and _number(declared) != len(rows):
        raise InputError(
            f"{name} declares {declared[:30]} particles in its last snapshot but lists {len(rows):,}"
            ": it was cut off or edited; write or copy it again."
        )
    columns, spoilt = _columns(name, header, rows)
    periodic = len(flags) == 3 and flags[0] == "pp" and flags[1] == "pp"
    return ParticleTable(name, columns, spoilt, bounds, periodic, notes)


def _read_list(name: str, text: str) -> ParticleTable:
    places = [
        (number, line)
        for number, line in enumerate(text.splitlines(), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not places:
        raise InputError(f"{name} is empty.")
    try:
        words = _words([line for _, line in places])
    except csv.Error as error:
        raise InputError(f"{name} is no list of particles: {error}.") from None
    rows = [(number, row) for (number, _), row in zip(places, words, strict=False)]
    if any(_number(word) is None for word in words[0]):
        columns, spoilt = _columns(name, words[0], rows[1:])
        return ParticleTable(name, columns, spoilt)
    if len(words[0]) != 4:
        raise InputError(
            f"{name} has {len(words[0])} columns without names: give four (x y z radius) or a "
            "header line."
        )
    columns, spoilt = _columns(name, ["x", "y", "z", "radius"], rows)
    notes = ["The columns have no names; x, y, z, radius was taken."]
    return ParticleTable(name, columns, spoilt, notes=notes)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _columns(
    name: str, header: list[str], rows: list[tuple[int, list[str]]]
) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    for number, row in rows:
        if len(row) != len(header):
            raise InputError(
                f"{name}, line {number}: '{' '.join(row)[:60]}' does not fit the "
                f"{len(header)} columns {', '.join(header)[:200]}."
            )
    columns: dict[str, np.ndarray] = {}
    spoilt: dict[str, str] = {}
    for place, title in enumerate(header):
        if not title or title in columns or title in spoilt:
            continue
        try:
            values = np.array([row[place] for _, row in rows], dtype=float)
        except ValueError:
            number, row = next(each for each in rows if _number(each[1][place]) is None)
            spoilt[title] = f"line {number} has '{row[place][:30]}'"
            continue
        bad = np.flatnonzero(~np.isfinite(values))
        if len(bad):
            number, row = rows[bad[0]]
            spoilt[title] = f"line {number} has '{row[place][:30]}', which is not finite"
        else:
            columns[title] = values
    return columns, spoilt
