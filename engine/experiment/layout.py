"""Where the table is on a sheet: its header, its units row, and which column plays which role."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.experiment.headers import ROLE_LABELS, ROLES, Meaning, fold, understand
from engine.experiment.numbers import parse_number
from engine.experiment.spreadsheet_marks import column_index, column_letters
from engine.experiment.units import Unit, find_unit, normalise
from engine.experiment.workbook import Sheet

# A header stands near the top, below what an instrument logs; this far down it is looked for.
HEADER_ROWS = 200
_MOST_COLUMNS = 400
# Rows that are looked at to tell a number column from a text column.
_LOOKED_AT = 200

REQUIRED = ("am", "initial_porosity", "initial_thickness", "gap", "porosity")
"""Roles that a sheet must give; `pressure` stands in for `gap`."""


@dataclass(frozen=True, eq=False)
class Column:
    """One column of a table.

    Attributes
    ----------
    index : int
        From 0.
    header : str
        As shown, with the heading above it where there is one.
    meaning : Meaning
    numbers, texts : int
        Cells of each kind among the first rows below the header.
    """

    index: int
    header: str
    meaning: Meaning
    numbers: int
    texts: int

    @property
    def letter(self) -> str:
        """Letters of the column, as the spreadsheet program shows them."""
        return column_letters(self.index)


@dataclass(frozen=True, eq=False)
class Layout:
    """Header and columns of a sheet.

    Attributes
    ----------
    header_row : int
        Row of the header from 0; -1 where the sheet has none.
    first_row : int
        First row below header and units.
    unit_row : int or None
    columns : tuple of Column
    roles : dict of str to int
        Column index of each role found.
    ambiguous : dict of str to list of int
        Roles that several columns could play equally well.
    """

    header_row: int
    first_row: int
    unit_row: int | None
    columns: tuple[Column, ...]
    roles: dict[str, int] = field(default_factory=dict)
    ambiguous: dict[str, list[int]] = field(default_factory=dict)

    def column(self, index: int) -> Column:
        """Column by its index from 0."""
        for column in self.columns:
            if column.index == index:
                return column
        return Column(index, column_letters(index), understand(""), 0, 0)

    @property
    def missing(self) -> list[str]:
        """Required roles that no column plays."""
        found = set(self.roles) | set(self.ambiguous)
        if "pressure" in found:
            found.add("gap")
        return [role for role in REQUIRED if role not in found]

    @property
    def load_column(self) -> Column | None:
        """The one column of line loads or forces, where no column gives the gap or pressure."""
        if "gap" not in self.missing:
            return None
        taken = set(self.roles.values())
        loads = [
            c for c in self.columns
            if c.meaning.quantity in ("line_load", "force") and c.numbers and c.index not in taken
        ]  # fmt: skip
        # Of both, the line load: it needs the contact length alone.
        loads.sort(key=lambda c: c.meaning.quantity == "force")
        kinds = [c.meaning.quantity for c in loads]
        return loads[0] if loads and kinds.count(kinds[0]) == 1 else None

    @property
    def complete(self) -> bool:
        """Whether the headers give all roles, even if one of them twice."""
        return not self.missing


def find_layout(
    sheet: Sheet,
    mapping: Mapping[str, str | int] | None = None,
    header_row: int | None = None,
) -> Layout:
    """Find header and roles of a sheet.

    Parameters
    ----------
    sheet : Sheet
    mapping : dict of role to column, optional
        Columns by header text, by letters, or by index from 0; the other roles are guessed.
    header_row : int, optional
        Row of the header as the user sees it (from 1); 0 says that there is none.

    Returns
    -------
    Layout

    Raises
    ------
    InputError
        If a mapped role or column does not exist.
    """
    mapping = dict(mapping or {})
    for role in mapping:
        if role not in ROLES:
            raise InputError(f"'{role}' is no role of a column; roles are {', '.join(ROLES)}.")
    if header_row is not None:
        row = header_row - 1
        if row >= len(sheet.rows):
            raise InputError(f"Sheet '{sheet.name}' has no row {header_row}.")
        return _layout(sheet, row, mapping)
    named = [fold(str(value)) for value in mapping.values() if isinstance(value, str)]
    best, best_score = -1, 0.0
    for row in range(min(HEADER_ROWS, len(sheet.rows))):
        texts = _header_texts(sheet, row)
        if len(texts) < 2:
            continue
        meanings = {c: understand(*parts) for c, parts in _headings(sheet, row, texts).items()}
        roles = {m.role for m in meanings.values() if m.role}
        if "pressure" in roles:
            roles.add("gap")
        score = len(roles & set(REQUIRED)) + 0.01 * len(roles)
        score += 2 * sum(any(fold(t) == name for t in texts.values()) for name in named)
        if score > best_score:
            best, best_score = row, score
    return _layout(sheet, best, mapping)


def _header_texts(sheet: Sheet, row: int) -> dict[int, str]:
    """Texts of a row that are no numbers, by column."""
    texts = {}
    for column, value in enumerate(sheet.rows[row][:_MOST_COLUMNS]):
        if isinstance(value, str) and parse_number(value, sheet.decimal) is None:
            texts[column] = " ".join(value.split())
    return texts


def _headings(sheet: Sheet, row: int, texts: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Header and the heading above it, for each column of a header row."""
    above: dict[int, str] = {}
    for r in range(max(0, row - 2), row):
        upper = _header_texts(sheet, r)
        spans = [m for m in sheet.merged if m[0] <= r <= m[2] and m[3] > m[1]]
        for _, left, _, right in spans:
            # A heading over all columns is the title of the sheet and qualifies none of them.
            covered = [c for c in texts if left <= c <= right]
            if covered and len(covered) < len(texts):
                above |= {c: upper[c] for c in covered if c in upper and upper[c] != texts[c]}
        numeric = any(isinstance(v, float) for v in sheet.rows[r])
        if not spans and not numeric and r == row - 1 and 2 <= len(upper) < len(texts):
            heading = ""
            for c in range(max(texts) + 1):
                heading = upper.get(c, heading)
                if heading and c in texts:
                    above[c] = heading
    return {c: (text, above.get(c, "")) for c, text in texts.items()}


def _raised_headings(sheet: Sheet, row: int, texts: Mapping[int, str]) -> dict[int, str]:
    """Headers that stand one row higher than the others, beside headings of several columns."""
    upper = _header_texts(sheet, row - 1) if row > 0 else {}
    if len(upper) < 2:
        return {}  # the title of the sheet names no column
    spanned = {
        c for top, left, bottom, right in sheet.merged
        if right > left and top <= row - 1 <= bottom
        for c in range(left, right + 1)
    }  # fmt: skip
    blank = [c for c in upper if c not in spanned and sheet.cell(row, c) is None]
    return {c: upper[c] for c in blank if c not in texts}


def _unit_row(sheet: Sheet, row: int, texts: Mapping[int, str]) -> dict[int, Unit]:
    """Units in the row below a header; empty if that row is none of units."""
    if row + 1 >= len(sheet.rows):
        return {}
    units: dict[int, Unit] = {}
    strange = 0
    for column, value in enumerate(sheet.rows[row + 1][:_MOST_COLUMNS]):
        if value is None or value == texts.get(column):
            continue
        if not isinstance(value, str):
            return {}
        unit = find_unit(value)
        if unit is not None:
            units[column] = unit
        elif normalise(value) not in ("", "-", "text", "id"):
            if parse_number(value, sheet.decimal) is not None:
                return {}
            strange += 1
    telling = [unit for unit in units.values() if unit.text != "-"]
    return units if telling and len(units) > strange else {}


def _layout(sheet: Sheet, row: int, mapping: Mapping[str, str | int]) -> Layout:
    texts = _header_texts(sheet, row) if row >= 0 else {}
    headings = _headings(sheet, row, texts) if row >= 0 else {}
    headings |= {c: (text, "") for c, text in _raised_headings(sheet, row, texts).items()}
    units = _unit_row(sheet, row, texts) if row >= 0 else {}
    first = row + 1 + bool(units)
    columns = []
    for index in range(min(sheet.width, _MOST_COLUMNS)):
        header, group = headings.get(index, ("", ""))
        numbers, texts_below = _contents(sheet, first, index)
        if not header and not numbers and not texts_below:
            continue
        shown = f"{group} / {header}" if group else header
        meaning = understand(header, group, units.get(index))
        if not header:
            cell = sheet.shown(row, index) if row >= 0 else ""
            shown = cell or f"column {column_letters(index)}"
            meaning = understand("", "", units.get(index))
        columns.append(Column(index, shown, meaning, numbers, texts_below))
    layout = Layout(row, first, row + 1 if units else None, tuple(columns))
    named = {role: _resolve(sheet, layout, spec) for role, spec in mapping.items()}
    for role, index in named.items():
        others = [r for r, i in named.items() if i == index and r != role]
        if others:
            raise InputError(
                f"Column '{layout.column(index).header}' is named for two roles, {role} and "
                f"{others[0]}: give each its own column."
            )
    _assign(layout, named)
    return layout


def _contents(sheet: Sheet, first: int, column: int) -> tuple[int, int]:
    numbers = texts = 0
    for row in range(first, min(first + _LOOKED_AT, len(sheet.rows))):
        value = sheet.cell(row, column)
        if value is None:
            numbers += (row, column) in sheet.broken
        elif isinstance(value, float) or (
            isinstance(value, str) and parse_number(value, sheet.decimal) is not None
        ):
            numbers += 1
        else:
            texts += 1
    return numbers, texts


def _names(column: Column) -> list[str]:
    """Ways to name a column: its whole header, without the heading above, without the unit."""
    return [column.header, column.header.rpartition(" / ")[2], column.meaning.name]


def _resolve(sheet: Sheet, layout: Layout, spec: str | int) -> int:
    """Column index of what the user named."""
    if isinstance(spec, int) and not isinstance(spec, bool):
        if 0 <= spec < max(sheet.width, 1):
            return spec
        raise InputError(f"Sheet '{sheet.name}' has no column number {spec + 1}.")
    text = " ".join(str(spec).split())
    # First as written, then whatever the case, then by the words alone and without the unit.
    for spelled in (str, str.casefold, fold):
        wanted = spelled(text)
        matches = [c.index for c in layout.columns if wanted in map(spelled, _names(c))]
        if len(matches) == 1:
            return matches[0]
        if matches:
            letters = [column_letters(i) for i in matches]
            raise InputError(
                f"Sheet '{sheet.name}' has several columns named '{text}' ({', '.join(letters)}): "
                f"name the column by its letter, e.g. {letters[0]}."
            )
    if text.isascii() and text.isalpha() and len(text) <= 3:
        index = column_index(text.upper())
        if index < sheet.width:
            return index
    known = [c.header for c in layout.columns][:20]
    raise InputError(
        f"Sheet '{sheet.name}' has no column '{text}'; its columns are {', '.join(known) or 'none'}."
    )


def _assign(layout: Layout, named: Mapping[str, int]) -> None:
    """Give each role its column: as named, else by the surest header."""
    taken = set(named.values())
    layout.roles.update(named)
    for role in ROLES:
        if role in named:
            continue
        found = [c for c in layout.columns if c.meaning.role == role and c.index not in taken]
        if role not in ("family", "origin"):
            # A text column named "active material" does not compete with the one of fractions.
            filled = [c for c in found if c.numbers >= max(c.texts, 1)]
            found = filled or found
        if not found:
            continue
        surest = max(c.meaning.certainty for c in found)
        found = [c for c in found if c.meaning.certainty == surest]
        if role == "porosity_sd" and surest == 1:
            # A bare "SD" belongs to the column on its left.
            beside = layout.roles.get("porosity", -9) + 1
            found = [c for c in found if c.index == beside]
        if len(found) == 1 or (found and role == "family"):
            layout.roles[role] = found[0].index
        elif found and role in ("am", "initial_porosity", "initial_thickness", "porosity", "gap",
                                "pressure"):  # fmt: skip
            layout.ambiguous[role] = [c.index for c in found]
    if "gap" in layout.ambiguous and "pressure" in layout.roles:
        del layout.ambiguous["gap"]
    if "pressure" in layout.ambiguous and "gap" in layout.roles:
        del layout.ambiguous["pressure"]


DERIVED_FROM = {"initial_porosity": "initial_thickness", "porosity": "thickness"}
"""Thickness from which, with the mass loading, a porosity can be derived."""


def describe_missing(sheet: Sheet, layout: Layout, missing: Sequence[str] | None = None) -> str:
    """One sentence on the roles that a sheet does not give, and what to do.

    Parameters
    ----------
    sheet : Sheet
    layout : Layout
    missing : sequence of str, optional
        Those of `Layout.missing` that nothing makes up for.
    """
    missing = layout.missing if missing is None else list(missing)
    words = []
    for role in missing:
        words.append("roll gap or pressure" if role == "gap" else ROLE_LABELS[role])
    hint = ""
    if "initial_thickness" in missing and "thickness" in layout.roles:
        header = layout.column(layout.roles["thickness"]).header
        hint = f" (column '{header}' does not say that it is before calendering)"
    elif "initial_porosity" in missing and "porosity" in layout.roles:
        header = layout.column(layout.roles["porosity"]).header
        hint = f" ('{header}' is the only porosity)"
    load = layout.load_column
    weighed = {"loading", "am"} <= set(layout.roles)
    derivable = [r for r in missing if weighed and DERIVED_FROM.get(r) in layout.roles]
    if load is not None and {*missing} == {"gap", *derivable}:
        what = "line load" if load.meaning.quantity == "line_load" else "force"
        needed = "contact length of the rolls (mm)"
        if what == "force":
            needed += " and the width of the electrode (mm)"
        hint = f" ('{load.header}' is a {what}; it becomes a pressure with the {needed})"
        if derivable:
            them = "porosities" if derivable[1:] else "porosity"
            return (
                f"Sheet '{sheet.name}' gives a {what} ('{load.header}'), which becomes a pressure "
                f"with the {needed}, and thickness and mass loading, which give the {them} with "
                "the skeletal densities of AM and CBD"
            )
    elif derivable and derivable == missing:
        hint = " (thickness and mass loading give it with the skeletal densities of AM and CBD)"
    if len(words) == len(REQUIRED):
        listed = ", ".join(words).replace(" (", " ").replace(")", "")
        return (
            f"Sheet '{sheet.name}' has no header row that names measured calendering conditions "
            f"(missing: {listed})"
        )
    listed = " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
    return f"Sheet '{sheet.name}' has no column for the {listed}{hint}"


def describe_ambiguous(sheet: Sheet, layout: Layout) -> str:
    """One sentence on the first role that several columns could play."""
    role, columns = next(iter(layout.ambiguous.items()))
    listed = " and ".join(f"{column_letters(i)} ('{layout.column(i).header}')" for i in columns)
    return (
        f"On sheet '{sheet.name}' the columns {listed} could each be the {ROLE_LABELS[role]}: say "
        f"which one it is, e.g. --map {role}={column_letters(columns[0])}."
    )
