"""Sheets made for the tests, from the measurements of the sample."""

from __future__ import annotations

import csv
import io
import struct
import zipfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

SAMPLE = Path(__file__).resolve().parents[2] / "resources" / "nmc111_calendering.xlsx"

ENGLISH = [
    "AM (wt%)", "Initial porosity (%)", "Initial thickness (µm)", "Roll gap (µm)", "Porosity (%)",
]  # fmt: skip
FRENCH = [
    "Matière active (%)", "Porosité avant calandrage (%)", "Épaisseur initiale (µm)",
    "Entrefer (µm)", "Porosité après calandrage (%)",
]  # fmt: skip
GERMAN = [
    "Aktivmaterial (Gew.-%)", "Anfangsporosität (%)", "Anfangsdicke / µm", "Walzenspalt in µm",
    "Porosität nach dem Kalandrieren [%]",
]  # fmt: skip


@cache
def measured() -> tuple[tuple[float, float, float, float, float], ...]:
    """The 14 conditions as AM %, initial porosity %, initial thickness µm, gap µm, porosity %."""
    rows = openpyxl.load_workbook(SAMPLE)["Measurements"].iter_rows(min_row=2, values_only=True)
    return tuple((row[1], row[3], row[4], row[5], row[6]) for row in rows)


def fractions() -> list[list[float]]:
    """The 14 conditions with fractions in place of percents."""
    return [[am / 100, e0 / 100, t0, gap, e / 100] for am, e0, t0, gap, e in measured()]


def excel(path: Path, *sheets: tuple[str, Iterable[Sequence[Any]]], edit: Any = None) -> Path:
    """Write an .xlsx; `edit` may change the workbook before it is saved."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if edit is not None:
        edit(book)
    book.save(path)
    return path


def text_table(
    path: Path,
    rows: Iterable[Sequence[Any]],
    delimiter: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
) -> Path:
    """Write a .csv or the like."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    for row in rows:
        writer.writerow([str(v).replace(".", decimal) if isinstance(v, float) else v for v in row])
    path.write_bytes(stream.getvalue().encode(encoding))
    return path


def open_document(path: Path, rows: Iterable[Sequence[str]], repeat_last: int = 1) -> Path:
    """Write an .ods whose cells are XML already made by `ods_cell`."""
    body = "".join("<table:table-row>" + "".join(row) + "</table:table-row>" for row in rows)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
        'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
        'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
        'xmlns:of="urn:oasis:names:tc:opendocument:xmlns:of:1.2" office:version="1.3">'
        '<office:body><office:spreadsheet><table:table table:name="Messung">'
        f"{body}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    manifest = (
        '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
        'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), kind)
        archive.writestr("META-INF/manifest.xml", manifest)
        archive.writestr("content.xml", content)
    return path


def ods_cell(value: float | str, percent: bool = False, repeat: int = 1) -> str:
    """One cell of an .ods as XML."""
    if isinstance(value, str):
        return (
            f'<table:table-cell office:value-type="string" '
            f'table:number-columns-repeated="{repeat}"><text:p>{value}</text:p></table:table-cell>'
        )
    kind = "percentage" if percent else "float"
    return (
        f'<table:table-cell office:value-type="{kind}" office:value="{value!r}" '
        f'table:number-columns-repeated="{repeat}"><text:p>{value}</text:p></table:table-cell>'
    )


class Failed(str):
    """A cell of an .xls whose formula failed, by its text; written as a record of its own kind."""


def old_excel(path: Path, rows: Sequence[Sequence[float | str]]) -> Path:
    """Write an .xls (BIFF8 in a compound file) with one sheet named Data."""
    codes = {"#DIV/0!": 0x07, "#VALUE!": 0x0F, "#N/A": 0x2A}

    def record(code: int, data: bytes) -> bytes:
        return struct.pack("<HH", code, len(data)) + data

    def text(value: str, wide: str) -> bytes:
        return struct.pack(wide, len(value)) + b"\x01" + value.encode("utf-16-le")

    cells = b""
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            place = struct.pack("<HHH", r, c, 0)
            if isinstance(value, Failed) and r % 2:
                cells += record(0x0205, place + bytes([codes[value], 1]))
            elif isinstance(value, Failed):  # as the result of a formula: 1 / 0
                result = bytes([2, 0, codes[value], 0, 0, 0, 0xFF, 0xFF])
                formula = b"\x1e\x01\x00\x1e\x00\x00\x06"
                tail = struct.pack("<HIH", 0, 0, len(formula)) + formula
                cells += record(0x0006, place + result + tail)
            elif isinstance(value, str):
                cells += record(0x0204, place + text(value, "<H"))
            else:
                cells += record(0x0203, place + struct.pack("<d", value))
    width = max(map(len, rows))
    sheet = (
        record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0, 6))
        + record(0x0200, struct.pack("<IIHHH", 0, len(rows), 0, width, 0))
        + cells
        + record(0x000A, b"")
    )
    head = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6))
    name = struct.pack("<B", 4) + b"\x00Data"
    length = len(head) + 4 + 6 + len(name) + 4
    stream = head + record(0x0085, struct.pack("<IH", length, 0) + name) + record(0x000A, b"")
    path.write_bytes(compound_file({"Workbook": stream + sheet}))
    return path


def compound_file(streams: dict[str, bytes]) -> bytes:
    """A minimal OLE compound file of a few streams (each padded to 4096 bytes or more)."""
    padded = {name: data.ljust(max(4096, -(-len(data) // 512) * 512), b"\0")
              for name, data in streams.items()}  # fmt: skip
    end, free, fat_mark = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
    table: list[int] = []
    entries = [("Root Entry", 5, end, 0)]
    body = b""
    for name, data in padded.items():
        start, count = len(table), len(data) // 512
        table += [start + i + 1 for i in range(count - 1)] + [end]
        entries.append((name, 2, start, len(data)))
        body += data
    directory_start = len(table)
    blocks = -(-len(entries) // 4)
    table += [directory_start + i + 1 for i in range(blocks - 1)] + [end]
    directory = b""
    for i, (name, kind, start, size) in enumerate(entries):
        label = name.encode("utf-16-le") + b"\0\0"
        child = 1 if i == 0 and len(entries) > 1 else free
        right = i + 1 if 0 < i < len(entries) - 1 else free
        directory += (
            label.ljust(64, b"\0") + struct.pack("<HBBIII", len(label), kind, 1, free, right, child)
            + b"\0" * 36 + struct.pack("<IQ", start, size)
        )  # fmt: skip
    directory = directory.ljust(blocks * 512, b"\0")
    fat_start = len(table)
    fat_blocks = 1
    while (len(table) + fat_blocks) > 128 * fat_blocks:
        fat_blocks += 1
    table += [fat_mark] * fat_blocks
    fat = struct.pack(f"<{len(table)}I", *table).ljust(fat_blocks * 512, b"\xff")
    header = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
        + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + b"\0" * 6
        + struct.pack("<IIIIIIIII", 0, fat_blocks, directory_start, 0, 4096, end, 0, end, 0)
        + struct.pack("<109I", *[fat_start + i for i in range(fat_blocks)],
                      *[free] * (109 - fat_blocks))
    )  # fmt: skip
    return header + body + directory + fat
