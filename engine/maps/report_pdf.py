"""The report as a PDF: A4 pages of text, tables and figures, written by matplotlib."""

from __future__ import annotations

import functools
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.maps.canvas import FAINT, INK
from engine.maps.report_grid import Grid
from engine.maps.report_template import TRADE_OFF_APART, TRADE_OFF_CAPTION
from engine.maps.symbols import to_mathtext
from engine.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDTH, _HEIGHT = 8.27, 11.69  # A4, inches
_LEFT, _TOP, _BOTTOM = 0.8, 0.8, 0.8
_BODY = 8.5
_TABLE = 7.5


class Pages:
    """A column of text that starts a new page when one is full.

    Parameters
    ----------
    pdf : matplotlib PdfPages
    """

    def __init__(self, pdf: Any):
        self._pdf = pdf
        self._figure: Figure | None = None
        self._y = 0.0
        self.count = 0

    def _page(self) -> Figure:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        if self._figure is None:
            self._figure = Figure(figsize=(_WIDTH, _HEIGHT), facecolor="white")
            FigureCanvasAgg(self._figure)
            self._y = _HEIGHT - _TOP
            self.count += 1
            self._figure.text(
                1 - _LEFT / _WIDTH, 0.4 / _HEIGHT, str(self.count), ha="right", fontsize=7.5
            )
        return self._figure

    def finish(self) -> None:
        """Write the page that is being filled."""
        if self._figure is not None:
            self._pdf.savefig(self._figure)
            self._figure = None

    def _room(self, inches: float) -> Figure:
        if self._figure is not None and self._y - inches < _BOTTOM:
            self.finish()
        return self._page()

    def _line(self, text: str, size: float, indent: float = 0.0, **style: Any) -> None:
        height = size * 1.35 / 72
        page = self._room(height)
        self._y -= height
        page.text(
            (_LEFT + indent) / _WIDTH,
            self._y / _HEIGHT,
            to_mathtext(text),
            fontsize=size,
            color=style.pop("color", INK),
            **style,
        )

    def gap(self, inches: float = 0.08) -> None:
        """Leave some room."""
        self._y -= inches

    def heading(self, text: str, size: float = 12.5, keep: float = 0.9) -> None:
        """A heading, never without `keep` inches of what follows on the same page."""
        self._room(size / 72 + keep)
        self.gap(0.16)
        self._line(text, size, weight="bold")
        self.gap(0.05)

    def paragraph(
        self, text: str, size: float = _BODY, indent: float = 0.0, gap: float = 0.08
    ) -> None:
        """Text, wrapped to the column."""
        for line in _wrap(text, size, _WIDTH - 2 * _LEFT - indent):
            self._line(line, size, indent)
        self.gap(gap)

    def bullets(self, items: Sequence[str]) -> None:
        """A list."""
        for item in items:
            self.paragraph(f"•  {item}", indent=0.1)

    def grid(self, table: Grid | None) -> None:
        """A table; columns as wide as their longest text."""
        if table is None or not table.rows:
            return
        head = [_wrap(title, _TABLE, 1.05, bold=True) for title in table.head]
        cells = [[_wrap(cell, _TABLE, 3.2) for cell in row] for row in table.rows]
        widths = [
            0.2
            + max(
                _width(line, _TABLE, bold=number == 0)
                for number, row in enumerate([head, *cells])
                for line in row[column]
            )
            for column in range(len(table.head))
        ]
        scale = min(1.0, (_WIDTH - 2 * _LEFT) / sum(widths))
        size = max(4.5, _TABLE * scale)
        edges = [_LEFT]
        for width in widths:
            edges.append(edges[-1] + width * scale)
        # A head never stands alone at the foot, and again on every page that follows.
        self._room(2 * size * 1.35 / 72 + self._height(head, size) + self._height(cells[0], size))
        self._row(head, edges, table.numeric, size, weight="bold")
        for row in cells:
            if self._y - self._height(row, size) < _BOTTOM:
                self.finish()
                self._page()
                self._row(head, edges, table.numeric, size, weight="bold")
            self._row(row, edges, table.numeric, size)
        self.gap(0.14)

    @staticmethod
    def _height(cells: Sequence[Sequence[str]], size: float) -> float:
        return size * 1.35 / 72 * max(len(cell) for cell in cells) + 0.035

    def _row(
        self,
        cells: Sequence[Sequence[str]],
        edges: Sequence[float],
        numeric: Sequence[bool],
        size: float,
        **style: Any,
    ) -> None:
        from matplotlib.lines import Line2D

        line = size * 1.35 / 72
        height = self._height(cells, size)
        page = self._room(height)
        self._y -= height
        # Titles stand on the line, what is below them hangs from the top.
        most = 0 if style else max(len(cell) for cell in cells)
        for column, cell in enumerate(cells):
            right = numeric[column]
            x = edges[column + 1] - 0.1 if right else edges[column]
            for number, text in enumerate(cell):
                page.text(
                    x / _WIDTH,
                    (self._y + 0.03 + line * (max(len(cell), most) - 1 - number)) / _HEIGHT,
                    to_mathtext(text),
                    fontsize=size,
                    color=INK,
                    ha="right" if right else "left",
                    **style,
                )
        y = self._y / _HEIGHT
        page.add_artist(
            Line2D([edges[0] / _WIDTH, edges[-1] / _WIDTH], [y, y], color=FAINT, linewidth=0.5)
        )

    def picture(self, figure: Figure, width: float = _WIDTH - 2 * _LEFT) -> None:
        """A drawn figure, set into the column."""
        from matplotlib.image import imread

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=220)
        buffer.seek(0)
        pixels = imread(buffer)
        height = width * pixels.shape[0] / pixels.shape[1]
        page = self._room(height + 0.1)
        self._y -= height
        axes = page.add_axes(
            (_LEFT / _WIDTH, self._y / _HEIGHT, width / _WIDTH, height / _HEIGHT), frameon=False
        )
        axes.imshow(pixels, aspect="auto", interpolation="lanczos")
        axes.set_axis_off()
        self.gap(0.1)


@functools.cache
def _font(bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    weight = "bold" if bold else "normal"
    return get_font(findfont(FontProperties(family="DejaVu Sans", weight=weight)))


def _width(text: str, size: float, bold: bool = False) -> float:
    """Width of a line, inches; an index is counted at the size of the text, a little too wide."""
    from matplotlib.ft2font import LoadFlags

    font = _font(bold)
    font.set_size(100.0, 72)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64 / 100 * size / 72


def _wrap(text: str, size: float, width: float, bold: bool = False) -> list[str]:
    """Break a text into lines no wider than `width` inches; a longer word stands alone."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}" if line else word
        if line and _width(longer, size, bold) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line]


def write_pdf(data: Mapping[str, Any], path: Path, progress: Progress | None = None) -> None:
    """Write what `engine.maps.report_data.collect` gave.

    Parameters
    ----------
    data : mapping
    path : Path
    progress : Progress, optional
    """
    from matplotlib.backends.backend_pdf import PdfPages

    progress = progress or Progress()
    title = f"{data['name']} - calendering study"
    facts = {"Title": title, "Creator": f"HybridGUI {data['version']}"}
    # The file appears only when it is complete.
    buffer = io.BytesIO()
    with PdfPages(buffer, metadata=facts) as pdf:
        pages = Pages(pdf)
        pages.heading(data["name"], 17)
        pages.paragraph(f"Calendering study, HybridGUI {data['version']}, report of {data['date']}")
        for name, text in data["record"]:
            for number, line in enumerate(text.splitlines()):
                pages.paragraph(line if number else f"{name}: {line}", gap=0.02)
        pages.gap()
        for number, sentence in enumerate(data["first"]):
            pages.paragraph(sentence, 10.5 if number == 0 else _BODY)
        _decision(pages, data)
        _evidence(pages, data)
        pages.heading("Maps", keep=5.2 if data["figures"] else 0.9)
        for number, figure in enumerate(data["figures"]):
            progress.report(number / len(data["figures"]), f"Drawing figure {figure.name}")
            pages.picture(figure.draw(), 5.7 if figure.name != "10" else 4.2)
            pages.paragraph(f"Figure {figure.name}. {figure.caption}")
        pages.bullets(data["missing"])
        pages.heading("Methods")
        pages.paragraph(data["methods"])
        for number, one in enumerate(data["citations"], start=1):
            pages.paragraph(f"[{number}] {one.text} doi:{one.doi}", 7.5)
        pages.heading("Versions and seeds")
        pages.grid(data["versions"])
        pages.finish()
    path.write_bytes(buffer.getvalue())
    progress.report(1.0, "Written")


def _decision(pages: Pages, data: Mapping[str, Any]) -> None:
    pages.heading("Recommendation")
    one = data["recommendation"]
    if one is None:
        pages.paragraph("No recommendation has been made in this study.")
        return
    if one["outdated"]:
        pages.paragraph(one["outdated"], 9.5)
    pages.paragraph(one["sentence"], 9.5)
    if one["made"]:
        pages.paragraph(one["made"], 7.5)
    held = f" Not to be moved: {one['fixed']}." if one["fixed"] else ""
    choice = (
        "The choice takes all sources of error into account."
        if one["robust"]
        else "The choice is the nominal optimum; errors are reported but were not weighed."
    )
    if one["inside_only"]:
        choice += " Settings beyond what was measured were left out."
    pages.paragraph(f"Wanted: {one['wanted']}.{held} Process scatter: {one['scatter']}. {choice}")
    for part in ("setting", "predicted", "budget", "others"):
        pages.grid(one[part])
    pages.bullets(one["notes"])
    if data["electrode"] is not None:
        if data["electrode"][0] is not None:
            pages.picture(data["electrode"][0], 6.0)
        pages.paragraph(data["electrode"][1], 7.5)
    if data["trade_off"] is not None:
        pages.picture(data["trade_off"][0], 4.4)
        pages.paragraph(
            TRADE_OFF_CAPTION + (TRADE_OFF_APART if one["robust"] else ""),
            7.5,
        )
    checked = data["verification"]
    if checked is None:
        pages.paragraph("The recommendation was not checked by fresh structures.")
    else:
        pages.heading("Checked by fresh structures", 9.5, keep=1.9)
        pages.paragraph(checked["sentence"])
        pages.grid(checked["table"])


def _evidence(pages: Pages, data: Mapping[str, Any]) -> None:
    pages.heading("Measurements")
    measured = data["measurements"]
    if measured is None:
        pages.paragraph("No sheet of measurements was imported.")
    else:
        pages.paragraph(measured["summary"])
        pages.grid(measured["table"])
        pages.bullets(measured["notes"])
    for title, table in data["beside"]:
        pages.heading(title, 9.5)
        pages.grid(table)
    pages.heading("Calendering law")
    law = data["law"]
    if law is None:
        pages.paragraph("The study has no calendering law.")
    else:
        pages.paragraph(law["summary"])
        pages.grid(law["quality"])
        if law["plot"] is not None:
            pages.picture(law["plot"], 5.2)
        pages.grid(law["coefficients"])
        pages.bullets(law["warnings"])
    pages.heading("Structures and campaign", keep=1.8)
    for campaign in data["campaigns"]:
        pages.heading(campaign["title"], 9.5)
        pages.paragraph(campaign["summary"])
        pages.grid(campaign["design"])
        pages.bullets(campaign["notes"])
    if not data["campaigns"]:
        pages.paragraph("No campaign was run.")
    pages.heading("Models", keep=2.2)
    for model in data["models"]:
        pages.heading(model["title"], 9.5, keep=1.4)
        pages.paragraph(model["summary"])
        if model["equation"]:
            pages.paragraph(model["equation"], 8.0)
        pages.grid(model["quality"])
        pages.bullets(model["statements"])
    if data["models"]:
        pages.heading("Symbols", 9.5)
        pages.grid(data["symbols"])
    else:
        pages.paragraph("No models were trained.")
