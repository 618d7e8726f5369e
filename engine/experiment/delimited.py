"""Text tables (.csv, .tsv, .txt): encoding, delimiter and decimal mark found by looking."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from engine.errors import InputError
from engine.experiment.numbers import detect_decimal

DELIMITERS = (";", "\t", ",", "|")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "mac-roman")

_SAMPLE_LINES = 200


def decode(data: bytes, name: str, encoding: str | None = None) -> tuple[str, str]:
    """Text of a file and the encoding it was read with.

    Parameters
    ----------
    data : bytes
    name : str
        For the message.
    encoding : str, optional
        By default found: a byte order mark, UTF-8 where it fits, else Windows-1252.

    Raises
    ------
    InputError
        If the bytes are no text.
    """
    if encoding is None:
        if data.startswith(b"\xef\xbb\xbf"):
            encoding = "utf-8-sig"
        elif data.startswith((b"\xff\xfe", b"\xfe\xff")):
            encoding = "utf-16"
        elif b"\x00" in data[:2000]:
            # Plain text in UTF-16 has a zero in every other byte.
            odd, even = data[1:2000:2], data[0:2000:2]
            if odd and odd.count(0) > 0.8 * len(odd):
                encoding = "utf-16-le"
            elif even and even.count(0) > 0.8 * len(even):
                encoding = "utf-16-be"
    candidates = [encoding] if encoding else ["utf-8", *_eight_bit(data)]
    for candidate in candidates:
        try:
            text = data.decode(candidate)
        except (UnicodeDecodeError, LookupError):
            continue
        strange = sum(1 for c in text[:20000] if ord(c) < 32 and c not in "\r\n\t\f\x0b")
        if strange > 0.01 * min(len(text), 20000):
            break
        return text, candidate
    raise InputError(
        f"{name} is not a text table: save it as .csv or .xlsx from your spreadsheet program."
    )


# Letters and signs that lab sheets in English, French and German write beyond ASCII.
_USUAL = set("äöüÄÖÜßéèêëàâçùûîïôœÉÈÊÀÇÎ°µ²³±·–’€ετρ\u00a0")


def _eight_bit(data: bytes) -> list[str]:
    """Encodings of one byte a letter, the one that gives the more usual letters first."""

    def usual(encoding: str) -> int:
        beyond = [c for c in data[:200_000].decode(encoding, "replace") if ord(c) > 127]
        return sum(1 if c in _USUAL else -1 for c in beyond)

    if usual("mac-roman") > usual("cp1252"):
        return ["mac-roman"]
    return ["cp1252", "latin-1"]


def split(text: str, delimiter: str | None = None) -> tuple[list[list[str]], str]:
    """Cells of a text table and the delimiter between them.

    Parameters
    ----------
    text : str
    delimiter : str, optional
        By default the one that cuts most lines into equally many cells.
    """
    first, _, rest = text.partition("\n")
    declared = re.fullmatch(r'"?sep=(.)"?\s*', first, re.IGNORECASE)
    if declared:
        # Excel's own first line; an empty one keeps the row numbers as the user sees them.
        text = "\n" + rest
        delimiter = delimiter or declared[1]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if delimiter is None:
        delimiter = detect_delimiter(text)
    return _cells(text, delimiter), delimiter


def _cells(text: str, delimiter: str) -> list[list[str]]:
    csv.field_size_limit(2**24)
    try:
        if delimiter == " ":
            return [re.split(r"\s+", line.strip()) for line in text.split("\n")]
        return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)]
    except csv.Error as error:
        raise InputError(f"The text table is damaged ({error}).") from error


def detect_delimiter(text: str) -> str:
    """Delimiter of a text table: ``;``, tab, ``,``, ``|`` or blanks."""
    lines = [line for line in text.split("\n") if line.strip()][:_SAMPLE_LINES]
    sample = "\n".join(lines)
    best, best_score = ",", 0.0
    for delimiter in (*DELIMITERS, " "):
        try:
            cells = [row for row in _cells(sample, delimiter) if any(c.strip() for c in row)]
        except InputError:
            continue
        widths = [len(row) for row in cells]
        if delimiter == " ":
            # Sentences have blanks too: only rows of numbers speak for this one.
            cells = [row for row in cells if sum(map(_is_number, row)) > len(row) / 2]
        wide = [len(row) for row in cells if len(row) > 1]
        if not wide:
            continue
        usual = max(set(wide), key=lambda w: (wide.count(w), w))
        # Share of lines of the usual width; more columns win over fewer, blanks come last.
        score = wide.count(usual) / len(widths) * min(usual, 4) / 4
        if delimiter == " ":
            score *= 0.5
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*(?:[eE][+-]?\d+)?%?", text.strip()) is not None


def decimal_mark(rows: Sequence[Sequence[str]], delimiter: str) -> str:
    """Decimal mark of a text table, ``"."`` or ``","``."""
    cells = (cell for row in rows[:5000] for cell in row)
    return detect_decimal(cells, comma_likely=delimiter != ",")
