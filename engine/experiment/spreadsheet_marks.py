"""What a spreadsheet knows about its cells beyond their values, read straight from its XML.

The value readers drop three things that decide whether a sheet is understood: that a cell is
*shown* as a percent, that a formula failed (``#DIV/0!``) or was never computed, and that one
stray cell far away makes the sheet a billion cells large. One pass over the XML finds them,
before anything is expanded in memory.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.parsers import expat

from engine.errors import InputError

_CELL = re.compile(r"([A-Z]{1,3})(\d{1,7})")

# Built-in number formats of Excel that show percents (ECMA-376, 18.8.30).
_BUILT_IN_PERCENT = {9, 10}

NO_RESULT = "a formula without a stored result"


@dataclass
class Marks:
    """Marks of one sheet; rows and columns count from 0.

    Attributes
    ----------
    percent : set of (row, column)
        Number cells shown as percents.
    broken : dict of (row, column) to str
        Cells that hold an error or a formula without result, and which.
    hidden_rows : set of int
    height, width : int
        Extent of the cells that hold something.
    """

    percent: set[tuple[int, int]] = field(default_factory=set)
    broken: dict[tuple[int, int], str] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    height: int = 0
    width: int = 0

    def reach(self, row: int, column: int) -> None:
        """Note that a cell holds something."""
        self.height = max(self.height, row + 1)
        self.width = max(self.width, column + 1)


def column_index(letters: str) -> int:
    """Index from 0 of a column by its letters: A is 0, AA is 26."""
    index = 0
    for letter in letters:
        index = 26 * index + ord(letter) - 64
    return index - 1


def column_letters(index: int) -> str:
    """Letters of a column by its index from 0."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _parse(
    stream: object,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> None:
    """Walk an XML stream; names come without their prefix."""
    parser = expat.ParserCreate()
    parser.buffer_text = True

    def refuse(*_: object) -> None:
        raise InputError(
            "The spreadsheet declares XML entities, which no spreadsheet program does."
        )

    def local_start(name: str, attributes: dict[str, str]) -> None:
        start(name.rpartition(":")[2], attributes)

    def local_end(name: str) -> None:
        if end is not None:
            end(name.rpartition(":")[2])

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = local_start
    if end is not None:
        parser.EndElementHandler = local_end
    if text is not None:
        parser.CharacterDataHandler = text
    parser.ParseFile(stream)  # type: ignore[arg-type]


def excel_sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Part of the archive that holds each sheet of an .xlsx, by sheet name."""
    workbook = "xl/workbook.xml"

    def root(name: str, a: dict[str, str]) -> None:
        nonlocal workbook
        if name == "Relationship" and a.get("Type", "").endswith("/officeDocument"):
            workbook = a.get("Target", workbook).lstrip("/")

    with archive.open("_rels/.rels") as stream:
        _parse(stream, root)
    folder, name = posixpath.split(workbook)
    targets: dict[str, str] = {}

    def relation(tag: str, a: dict[str, str]) -> None:
        if tag == "Relationship" and "Id" in a and "Target" in a:
            target = a["Target"]
            path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
            targets[a["Id"]] = posixpath.normpath(path)

    with archive.open(posixpath.join(folder, "_rels", name + ".rels")) as stream:
        _parse(stream, relation)
    sheets: dict[str, str] = {}

    def sheet(tag: str, a: dict[str, str]) -> None:
        if tag == "sheet":
            key = next((v for k, v in a.items() if k.rpartition(":")[2] == "id"), "")
            if key in targets:
                sheets[a.get("name", "")] = targets[key]

    with archive.open(workbook) as stream:
        _parse(stream, sheet)
    return sheets


def _percent_styles(archive: zipfile.ZipFile, workbook_folder: str = "xl") -> set[int]:
    """Indices of the cell styles that show percents."""
    path = posixpath.join(workbook_folder, "styles.xml")
    if path not in archive.namelist():
        return set()
    percent_formats = set(_BUILT_IN_PERCENT)
    percent: set[int] = set()
    inside = False
    index = 0

    def start(name: str, a: dict[str, str]) -> None:
        nonlocal inside, index
        if name == "numFmt":
            code = re.sub(r'"[^"]*"|\\.|\[[^\]]*\]', "", a.get("formatCode", ""))
            number = int(a.get("numFmtId", -1))
            # A workbook may give a built-in number a format of its own.
            (percent_formats.add if "%" in code else percent_formats.discard)(number)
        elif name == "cellXfs":
            inside = True
        elif name == "xf" and inside:
            if int(a.get("numFmtId", 0)) in percent_formats:
                percent.add(index)
            index += 1

    def end(name: str) -> None:
        nonlocal inside
        if name == "cellXfs":
            inside = False

    with archive.open(path) as stream:
        _parse(stream, start, end)
    return percent


def excel_marks(archive: zipfile.ZipFile, part: str, most_rows: int) -> Marks:
    """Marks of one sheet of an .xlsx.

    Parameters
    ----------
    archive : ZipFile
    part : str
        Path of the sheet inside the archive.
    most_rows : int
        Marks of cells beyond this row are not kept; the extent still counts them.
    """
    marks = Marks()
    percent_styles = _percent_styles(archive)
    row = column = -1
    style, kind = 0, ""
    formula = False
    content: list[str] = []
    in_value = False

    def start(name: str, a: dict[str, str]) -> None:
        nonlocal row, column, style, kind, formula, in_value
        if name == "row":
            row = int(a["r"]) - 1 if "r" in a else row + 1
            column = -1
            if a.get("hidden") in ("1", "true"):
                marks.hidden_rows.add(row)
        elif name == "c":
            place = _CELL.fullmatch(a.get("r", ""))
            if place:
                row, column = int(place[2]) - 1, column_index(place[1])
            else:
                column += 1
            style, kind, formula = int(a.get("s", 0)), a.get("t", "n"), False
            content.clear()
        elif name == "f":
            formula = True
        elif name in ("v", "t"):
            in_value = True

    def end(name: str) -> None:
        nonlocal in_value
        if name in ("v", "t"):
            in_value = False
        elif name == "c":
            value = "".join(content).strip()
            if not value and not formula:
                return
            marks.reach(row, column)
            if row >= most_rows:
                return
            if kind == "e" or value.startswith(("#DIV/0!", "#N/A", "#NAME?", "#NUM!", "#REF!")):
                marks.broken[row, column] = value or "an error"
            elif not value:
                marks.broken[row, column] = NO_RESULT
            elif kind == "n" and style in percent_styles:
                marks.percent.add((row, column))

    def text(data: str) -> None:
        if in_value:
            content.append(data)

    with archive.open(part) as stream:
        _parse(stream, start, end, text)
    return marks


def open_document_marks(archive: zipfile.ZipFile, most_rows: int) -> dict[str, Marks]:
    """Marks of every sheet of an .ods, by sheet name."""
    sheets: dict[str, Marks] = {}
    marks = Marks()
    row = column = 0
    row_repeat = repeat = 1
    kind, formula, depth = "", False, 0
    content: list[str] = []

    def start(name: str, a: dict[str, str]) -> None:
        nonlocal marks, row, column, row_repeat, repeat, kind, formula, depth
        if name == "table":
            marks = sheets.setdefault(a.get("table:name", ""), Marks())
            row = 0
        elif name == "table-row":
            row_repeat, column = int(a.get("table:number-rows-repeated", 1)), 0
        elif name in ("table-cell", "covered-table-cell"):
            repeat = int(a.get("table:number-columns-repeated", 1))
            kind, formula = a.get("office:value-type", ""), "table:formula" in a
            if a.get("calcext:value-type") == "error":
                kind = "error"
            content.clear()
        elif name == "p":
            depth += 1

    def end(name: str) -> None:
        nonlocal row, column, depth
        if name == "p":
            depth -= 1
        elif name in ("table-cell", "covered-table-cell"):
            shown = "".join(content).strip()
            if kind or formula or shown:
                marks.reach(row + row_repeat - 1, column + repeat - 1)
                if row < most_rows and column < 16384:
                    _mark(shown)
            column += repeat
        elif name == "table-row":
            row += row_repeat

    def _mark(shown: str) -> None:
        places = [
            (r, c)
            for r in range(row, row + min(row_repeat, 1000))
            for c in range(column, column + min(repeat, 100))
        ]
        if kind == "error" or (
            formula and re.match(r"#(DIV/0!|N/A|NAME\?|NUM!|REF!|VALUE!)|Err:", shown)
        ):
            marks.broken.update(dict.fromkeys(places, shown or "an error"))
        elif formula and not kind:
            marks.broken.update(dict.fromkeys(places, NO_RESULT))
        elif kind == "percentage":
            marks.percent.update(places)

    def text(data: str) -> None:
        if depth:
            content.append(data)

    with archive.open("content.xml") as stream:
        _parse(stream, start, end, text)
    return sheets
