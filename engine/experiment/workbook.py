"""A lab file, whatever its ending says, as sheets of raw cells."""

from __future__ import annotations

import datetime
import io
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from xml.parsers import expat

from engine.errors import InputError
from engine.experiment import delimited
from engine.experiment.numbers import detect_decimal
from engine.experiment.old_excel import old_excel_marks
from engine.experiment.spreadsheet_marks import (
    Marks,
    column_letters,
    excel_marks,
    excel_sheet_parts,
    open_document_marks,
)

Cell = float | str | bool | datetime.date | datetime.time | datetime.timedelta | None
"""A raw cell; blanks are None."""

_T = TypeVar("_T")

# Far above any lab sheet, far below what would fill the memory.
_MOST_BYTES = 200_000_000
_MOST_UNPACKED = 600_000_000
_MOST_CELLS = 4_000_000
_MOST_ROWS = 200_000
_MOST_PARTS = 5_000
_LARGEST_RATIO = 400

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_FOREIGN = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"%PDF": "a PDF document", b"II*\x00": "a TIFF image", b"MM\x00*": "a TIFF image",
    b"BM": "a bitmap image", b"\x1f\x8b": "a gzip archive", b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive", b"SQLite format 3": "a database or study file",
    b"\x7fELF": "a program", b"MZ": "a program", b"PAR1": "a Parquet table",
    b"\x89HDF": "an HDF5 file",
}  # fmt: skip
_SPREADSHEETS = "Choose a .xlsx, .xls, .ods, .csv or .tsv file"


@dataclass(frozen=True, eq=False)
class Sheet:
    """Cells of one sheet; row 0 and column 0 are what the user sees as row 1 and column A.

    Attributes
    ----------
    name : str
    rows : list of list of Cell
        Rows may differ in length. Merged cells are filled with their value.
    percent : frozenset of (row, column)
        Cells that the user sees as percents although they hold fractions.
    broken : dict of (row, column) to str
        Cells whose formula failed or has no stored result; their value is None.
    merged : tuple of (first row, first column, last row, last column)
    decimal : {".", ","}
        Decimal mark of numbers that stand as text.
    hidden : bool
    hidden_rows : frozenset of int
    """

    name: str
    rows: list[list[Cell]]
    percent: frozenset[tuple[int, int]] = frozenset()
    broken: dict[tuple[int, int], str] = field(default_factory=dict)
    merged: tuple[tuple[int, int, int, int], ...] = ()
    decimal: str = "."
    hidden: bool = False
    hidden_rows: frozenset[int] = frozenset()

    @property
    def width(self) -> int:
        """Number of columns."""
        return max((len(row) for row in self.rows), default=0)

    def cell(self, row: int, column: int) -> Cell:
        """Value of a cell; None beyond the sheet."""
        if 0 <= row < len(self.rows) and 0 <= column < len(self.rows[row]):
            return self.rows[row][column]
        return None

    def shown(self, row: int, column: int) -> str:
        """Text of a cell about as the spreadsheet program shows it."""
        if (row, column) in self.broken:
            return self.broken[row, column]
        value = self.cell(row, column)
        if (row, column) in self.percent and isinstance(value, float):
            return f"{100 * value:.10g} %"
        return show(value)


def show(value: Cell) -> str:
    """Text of a value; dates in ISO form, blanks empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return f"{value:.10g}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


@dataclass(frozen=True, eq=False)
class Workbook:
    """An opened lab file.

    Attributes
    ----------
    path : Path
    kind : {"excel", "opendocument", "text"}
    sheet_names : tuple of str
        Visible sheets first, otherwise in the order of the file.
    delimiter, encoding : str
        Of a text table; empty otherwise.
    """

    path: Path
    kind: str
    sheet_names: tuple[str, ...]
    _load: Callable[[str], Sheet]
    delimiter: str = ""
    encoding: str = ""
    _sheets: dict[str, Sheet] = field(default_factory=dict)

    def sheet(self, name: str) -> Sheet:
        """One sheet by name.

        Raises
        ------
        InputError
            If there is no such sheet, or it cannot be read.
        """
        if name not in self.sheet_names:
            folded = [
                n for n in self.sheet_names if n.strip().casefold() == name.strip().casefold()
            ]
            if len(folded) != 1:
                raise InputError(
                    f"{self.path.name} has no sheet '{name}'; its sheets are "
                    f"{', '.join(self.sheet_names)}."
                )
            name = folded[0]
        if name not in self._sheets:
            self._sheets[name] = self._load(name)
        return self._sheets[name]


def open_workbook(
    path: str | os.PathLike[str],
    *,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
) -> Workbook:
    """Open a lab file, judging it by its content and not by its name.

    Parameters
    ----------
    path : path
        .xlsx, .xlsm, .xlsb, .xls, .ods, .csv, .tsv or text.
    delimiter, encoding, decimal : str, optional
        Of a text table (`decimal` also for numbers that stand as text in a spreadsheet); by
        default found.

    Returns
    -------
    Workbook

    Raises
    ------
    InputError
        If the file is missing, empty, no table, damaged, protected by a password, or unpacks
        to more than a lab sheet could hold.
    """
    path = Path(path)
    if decimal not in (None, ".", ","):
        raise InputError(f"The decimal mark is '.' or ',', not '{decimal}'.")
    try:
        if path.is_dir():
            raise InputError(f"{path} is a folder. {_SPREADSHEETS}.")
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise InputError(
                f"{path.name} has {size / 1e6:.0f} MB; sheets of up to {_MOST_BYTES // 10**6} MB are "
                "read. Copy the table alone into a new file."
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    name = path.name
    if not data.strip(b"\x00 \r\n\t"):
        raise InputError(f"{name} is empty. {_SPREADSHEETS} with measurements.")
    if data.startswith(b"PK"):
        return _open_zip(path, data, decimal)
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _protected(name)
        return _open_calamine(path, data, "excel", decimal, None)
    for magic, what in _FOREIGN.items():
        if data.startswith(magic) and not (len(magic) == 2 and b"\x00" not in data[:512]):
            raise InputError(f"{name} is no spreadsheet: it holds {what}. {_SPREADSHEETS}.")
    head = data[:1000].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if head.startswith((b"<html", b"<!doctype", b"<?xml", b"<table", b"{\\rtf")):
        what = "rich text" if head.startswith(b"{") else "a web page or XML text"
        raise InputError(
            f"{name} holds {what} under the name of a table: open it in your spreadsheet program "
            "and save it as .xlsx."
        )
    return _open_text(path, data, delimiter, encoding, decimal)


def _protected(name: str) -> InputError:
    return InputError(
        f"{name} is protected by a password: remove the password in your spreadsheet program and "
        "save it again."
    )


def _damaged(name: str, why: object = "") -> InputError:
    detail = f" ({why})" if why else ""
    return InputError(
        f"{name} is damaged or not a spreadsheet{detail}: open it in your spreadsheet program and "
        "save it as .xlsx."
    )


def _open_text(
    path: Path, data: bytes, delimiter: str | None, encoding: str | None, decimal: str | None
) -> Workbook:
    text, encoding = delimited.decode(data, path.name, encoding)
    cells, delimiter = delimited.split(text, delimiter)
    while cells and not any(cell.strip() for cell in cells[-1]):
        cells.pop()
    _check_size(path.name, len(cells), max((len(row) for row in cells), default=0))
    rows: list[list[Cell]] = [[cell.strip() or None for cell in row] for row in cells]
    mark = decimal or delimited.decimal_mark(cells, delimiter)
    sheet = Sheet(path.stem, rows, decimal=mark)
    return Workbook(path, "text", (sheet.name,), lambda _: sheet, delimiter, encoding)


def _check_size(name: str, height: int, width: int) -> None:
    if height > _MOST_ROWS or height * width > _MOST_CELLS:
        raise InputError(
            f"A sheet of {name} reaches to row {height} and column {column_letters(width - 1)}, "
            "more than a lab sheet holds: delete stray cells far from the table, or copy the table "
            "alone into a new file."
        )


def _open_zip(path: Path, data: bytes, decimal: str | None) -> Workbook:
    name = path.name
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _refuse_bomb(name, archive)
            names = set(archive.namelist())
            if any(info.flag_bits & 1 for info in archive.infolist()):
                raise _protected(name)
            if archive.testzip() is not None:
                raise _damaged(name)
            if "mimetype" in names and b"opendocument.spreadsheet" in archive.read("mimetype"):
                manifest = "META-INF/manifest.xml"
                if manifest in names and b"encryption-data" in archive.read(manifest):
                    raise _protected(name)
                kind = "opendocument"
            elif any(n.endswith((".iwa", "Index.zip")) for n in names):
                raise InputError(
                    f"{name} is an Apple Numbers document: export it from Numbers as Excel (.xlsx)."
                )
            elif any(n.startswith(("xl/", "/xl/")) or n.endswith("sheet1.xml") for n in names):
                kind = "excel"
            else:
                what = "a Word document" if "word/document.xml" in names else "an archive"
                raise InputError(f"{name} is no spreadsheet: it holds {what}. {_SPREADSHEETS}.")
            return _open_calamine(path, data, kind, decimal, archive)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _damaged(name, error) from error
    except RuntimeError as error:
        raise _protected(name) from error


def _refuse_bomb(name: str, archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to more than a lab sheet; nothing is unpacked for it."""
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    dense = [
        e for e in entries
        if e.file_size > 20_000_000 and e.file_size > _LARGEST_RATIO * max(e.compress_size, 1)
    ]  # fmt: skip
    if unpacked > _MOST_UNPACKED or len(entries) > _MOST_PARTS or dense:
        raise InputError(
            f"{name} unpacks to {unpacked / 1e6:.0f} MB in {len(entries)} parts, more than a lab "
            "sheet holds: copy the table alone into a new file."
        )


def _marks(
    data: bytes, archive: zipfile.ZipFile | None, kind: str
) -> dict[str, Callable[[], Marks]]:
    """For each sheet, how to find its marks; empty where the file does not give them."""
    if archive is None:
        return old_excel_marks(data)
    names = set(archive.namelist())
    if kind == "opendocument":
        found = open_document_marks(archive, _MOST_ROWS)
        return {name: (lambda m=marks: m) for name, marks in found.items()}  # type: ignore[misc]
    if "_rels/.rels" not in names:
        return {}
    try:
        parts = excel_sheet_parts(archive)
    except KeyError:
        return {}

    def reader(part: str) -> Callable[[], Marks]:
        def read() -> Marks:
            with zipfile.ZipFile(io.BytesIO(data)) as again:
                return excel_marks(again, part, _MOST_ROWS)

        return read

    return {
        name: reader(part)
        for name, part in parts.items()
        if part in names and part.endswith(".xml")
    }


def _open_calamine(
    path: Path, data: bytes, kind: str, decimal: str | None, archive: zipfile.ZipFile | None
) -> Workbook:
    import python_calamine as calamine

    name = path.name
    try:
        marks = _marks(data, archive, kind)
    except expat.ExpatError as error:
        raise _damaged(name, error) from error
    if kind == "opendocument":
        # Its reader expands repeated cells at once, so the size is checked first.
        for mark in marks.values():
            found = mark()
            _check_size(name, found.height, found.width)
    book = _guard(name, lambda: calamine.CalamineWorkbook.from_filelike(io.BytesIO(data)))
    visible: list[str] = []
    hidden: list[str] = []
    for meta in book.sheets_metadata:
        if meta.typ in (calamine.SheetTypeEnum.WorkSheet, calamine.SheetTypeEnum.DialogSheet):
            is_visible = meta.visible == calamine.SheetVisibleEnum.Visible
            (visible if is_visible else hidden).append(meta.name)
    if not visible and not hidden:
        raise InputError(f"{name} holds no sheet. {_SPREADSHEETS} with measurements.")

    def load(sheet_name: str) -> Sheet:
        try:
            found = marks[sheet_name]() if sheet_name in marks else Marks()
        except (expat.ExpatError, ValueError, KeyError) as error:
            if isinstance(error, InputError):
                raise
            raise _damaged(name, error) from error
        _check_size(name, found.height, found.width)
        raw = _guard(name, lambda: book.get_sheet_by_name(sheet_name))
        end = raw.end
        if end is not None:
            _check_size(name, end[0] + 1, end[1] + 1)
        values = _guard(name, lambda: raw.to_python(skip_empty_area=False))
        merged = _guard(name, lambda: raw.merged_cell_ranges) or []
        return _sheet(sheet_name, values, found, merged, decimal, sheet_name in hidden)

    return Workbook(path, kind, (*visible, *hidden), load)


def _guard(name: str, work: Callable[[], _T]) -> _T:
    """Call the reader of spreadsheets; whatever it fails with becomes one sentence."""
    import python_calamine as calamine

    try:
        return work()
    except calamine.PasswordError as error:
        raise _protected(name) from error
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # a panic of its native code is no Exception
        if "password" in str(error).lower():
            raise _protected(name) from error
        raise _damaged(name) from error


def _sheet(
    name: str,
    values: Sequence[Sequence[object]],
    marks: Marks,
    merged: Sequence[tuple[tuple[int, int], tuple[int, int]]],
    decimal: str | None,
    hidden: bool,
) -> Sheet:
    rows: list[list[Cell]] = [[_cell(value) for value in row] for row in values]
    for r, c in marks.broken:
        # The value reader may have left out rows that end in broken cells.
        while len(rows) <= r:
            rows.append([])
        rows[r].extend([None] * (c + 1 - len(rows[r])))
        rows[r][c] = None
    ranges = []
    for (top, left), (bottom, right) in merged:
        bottom, right = min(bottom, len(rows) - 1), min(right, left + 500)
        ranges.append((top, left, bottom, right))
        if top >= len(rows) or left >= len(rows[top]):
            continue
        for r in range(top, bottom + 1):
            rows[r].extend([None] * (right + 1 - len(rows[r])))
            for c in range(left, right + 1):
                rows[r][c] = rows[top][left]
    percent = set(marks.percent)
    for top, left, bottom, right in ranges:
        if (top, left) in percent:
            percent.update((r, c) for r in range(top, bottom + 1) for c in range(left, right + 1))
    if decimal is None:
        texts = (cell for row in rows[:5000] for cell in row if isinstance(cell, str))
        decimal = detect_decimal(t for t in texts if re.match(r"\s*[+\-−]?[\d.,]", t))
    return Sheet(
        name, rows, frozenset(percent), dict(marks.broken), tuple(ranges), decimal, hidden,
        frozenset(marks.hidden_rows),
    )  # fmt: skip


def _cell(value: object) -> Cell:
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return float(value)
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return value
    text = str(value).strip()
    return text or None
