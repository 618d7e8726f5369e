"""Cells of an .xls whose formula failed, read straight from its records.

The value reader gives such a cell as blank. An .xls is a compound file ([MS-CFB]) whose stream
``Workbook`` holds the records of BIFF8 ([MS-XLS]); of these only the ones that hold errors and
the names of the sheets are looked at.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from engine.experiment.spreadsheet_marks import Marks

# Results of failed formulas ([MS-XLS] 2.5.10, BErr).
_ERRORS = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?",
    0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip
_FORMULA, _BOOL_ERR, _BOUND_SHEET, _EOF = 0x0006, 0x0205, 0x0085, 0x000A
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LAST_SECTOR = 0xFFFFFFFA  # larger numbers end or free a chain
_DAMAGE = (struct.error, IndexError, ValueError, OverflowError)


def old_excel_marks(data: bytes) -> dict[str, Callable[[], Marks]]:
    """For each sheet of an .xls, how to find its broken cells.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    dict of str to callable
        By the name of the sheet; empty where the file is no such file or is damaged, so that
        the value reader says what is wrong with it. A damaged sheet has no marks.
    """
    try:
        stream = _workbook_stream(data)
        starts = dict(_sheets(stream))
    except _DAMAGE:
        return {}

    def reader(start: int) -> Callable[[], Marks]:
        def read() -> Marks:
            try:
                return _broken_cells(stream, start)
            except _DAMAGE:
                return Marks()

        return read

    return {name: reader(start) for name, start in starts.items()}


def _sheets(stream: bytes) -> list[tuple[str, int]]:
    """Name of each sheet and where its records begin."""
    found = []
    for kind, at, length in _records(stream, 0):
        if kind != _BOUND_SHEET:
            continue
        start, count, wide = struct.unpack_from("<I2xBB", stream, at)
        text = stream[at + 8 : at + 8 + (2 * count if wide & 1 else count)]
        if length >= 8:
            found.append((text.decode("utf-16-le" if wide & 1 else "latin-1"), start))
    return found


def _broken_cells(stream: bytes, start: int) -> Marks:
    marks = Marks()
    for kind, at, length in _records(stream, start):
        error = None
        if kind == _BOOL_ERR and length >= 8 and stream[at + 7]:
            error = stream[at + 6]
        elif kind == _FORMULA and length >= 14 and stream[at + 12 : at + 14] == b"\xff\xff":
            error = stream[at + 8] if stream[at + 6] == 2 else None
        if error is not None:
            row, column = struct.unpack_from("<HH", stream, at)
            marks.broken[row, column] = _ERRORS.get(error, "#ERROR")
    return marks


def _records(stream: bytes, start: int) -> list[tuple[int, int, int]]:
    """Records of one substream: kind, where the data begin, how long they are."""
    found = []
    depth, at = 0, start
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        found.append((kind, at + 4, length))
        if kind == 0x0809:  # a chart inside the sheet has a beginning and an end of its own
            depth += 1
        elif kind == _EOF:
            depth -= 1
            if depth <= 0:
                break
        at += 4 + length
    return found


def _workbook_stream(data: bytes) -> bytes:
    """The stream ``Workbook`` of a compound file."""
    if data[:8] != _MAGIC:
        raise ValueError("no compound file")
    shift, small_shift = struct.unpack_from("<HH", data, 30)
    if shift not in (9, 12) or small_shift != 6:  # the only sizes there are ([MS-CFB] 2.2)
        raise ValueError("sectors of an impossible size")
    sector, small = 1 << shift, 1 << small_shift
    sectors = len(data) // sector + 1
    directory, cutoff, small_table = struct.unpack_from("<I4xII", data, 48)
    more_tables = struct.unpack_from("<I", data, 68)[0]
    tables = list(struct.unpack_from("<109I", data, 76))
    seen = 0
    while more_tables < _LAST_SECTOR and seen <= sectors:
        part = _sector(data, sector, more_tables)
        numbers = struct.unpack(f"<{sector // 4}I", part)
        tables += numbers[:-1]
        more_tables, seen = numbers[-1], seen + 1
    chain: list[int] = []
    for number in tables:
        if len(chain) >= sectors:  # a table that names more sectors than the file has is damaged
            break
        if number < _LAST_SECTOR:
            chain += struct.unpack(f"<{sector // 4}I", _sector(data, sector, number))
    entries = _follow(data, sector, chain, directory)
    root: tuple[int, int] | None = None
    found: tuple[int, int] | None = None
    for at in range(0, len(entries) - 127, 128):
        length = struct.unpack_from("<H", entries, at + 64)[0]
        name = entries[at : at + max(length - 2, 0)].decode("utf-16-le")
        place = struct.unpack_from("<II", entries, at + 116)
        if entries[at + 66] == 5:
            root = place
        elif name.lower() == "workbook":
            found = place
    if found is None or root is None:
        raise ValueError("no workbook of this version")
    start, size = found
    if size >= cutoff:
        return _follow(data, sector, chain, start)[:size]
    packed = _follow(data, sector, chain, root[0])
    table = _follow(data, sector, chain, small_table)
    links = list(struct.unpack(f"<{len(table) // 4}I", table))
    return _follow(b"\0" * small + packed, small, links, start)[:size]


def _sector(data: bytes, size: int, number: int) -> bytes:
    begin = (number + 1) * size  # the header takes the place of the first
    part = data[begin : begin + size]
    if not part:
        raise ValueError("a sector lies beyond the end of the file")
    return part.ljust(size, b"\0")


def _follow(data: bytes, size: int, chain: list[int], start: int) -> bytes:
    """Contents of a chain of sectors."""
    parts: list[bytes] = []
    number = start
    while number < _LAST_SECTOR:
        if len(parts) > len(chain):
            raise ValueError("a chain of sectors goes round in a circle")
        parts.append(_sector(data, size, number))
        number = chain[number]
    return b"".join(parts)
