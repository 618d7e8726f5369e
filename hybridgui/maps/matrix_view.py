"""The interdependence matrix: circles by sign and strength, the direction wanted at the end."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QHelpEvent, QPainter, QPen, QPolygonF, QTextDocument
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from engine.maps.interdependence import METHODS, Interdependence
from engine.maps.palette import DOUBTED_OPACITY
from hybridgui.theme import theme
from hybridgui.widgets.basics import follow_theme
from hybridgui.widgets.numbers import rounded
from hybridgui.widgets.plot import rich


class MatrixView(QWidget):
    """Draws an `Interdependence`.

    Signals
    -------
    pairChosen : (output column, input column) that was clicked
    """

    pairChosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._data: Interdependence | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(QSize(420, 280))
        self.setMouseTracking(True)
        follow_theme(self, self.update)

    @property
    def data(self) -> Interdependence | None:
        """What is drawn."""
        return self._data

    def show_matrix(self, data: Interdependence | None) -> None:
        """Draw a matrix."""
        self._data = data
        self.update()

    # -- geometry ---------------------------------------------------------------------------------
    def _layout(self) -> tuple[float, float, float, float]:
        assert self._data is not None
        metrics = self.fontMetrics()
        lines = [one.label for one in self._data.outputs]
        lines += [
            f"{one.symbol} {self._data.trust_words(row)}"
            for row, one in enumerate(self._data.outputs)
        ]
        widest = max(map(metrics.horizontalAdvance, lines), default=0)
        left = min(widest + 32, self.width() * 0.42)
        top = 2 * metrics.height() + 28
        columns, rows = len(self._data.inputs) + 1, len(self._data.outputs)
        legend = metrics.height() + 24
        width = min(150.0, (self.width() - left - 8) / columns)
        height = min(84.0, (self.height() - top - legend) / max(rows, 1))
        return left, top, width, height

    def _cell(self, row: int, column: int) -> QRectF:
        left, top, width, height = self._layout()
        return QRectF(left + column * width, top + row * height, width, height)

    def _at(self, place: QPointF) -> tuple[int, int] | None:
        if self._data is None:
            return None
        left, top, width, height = self._layout()
        row, column = int((place.y() - top) // height), int((place.x() - left) // width)
        fine = 0 <= row < len(self._data.outputs) and 0 <= column < len(self._data.inputs)
        return (row, column) if fine else None

    # -- drawing --------------------------------------------------------------------------------------
    def paintEvent(self, event) -> None:
        """Draw headings, circles, arrows and the legend."""
        data = self._data
        if data is None:
            return
        t = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, top, width, height = self._layout()
        for column, one in enumerate(data.inputs):
            place = QRectF(left + column * width, 4, width, top - 12)
            self._write(painter, place, f"{one.label}<br>{rich(one.symbol)}", t.text)
        place = QRectF(left + len(data.inputs) * width, 4, width, top - 12)
        self._write(painter, place, "Direction<br>wanted", t.muted)
        for row, one in enumerate(data.outputs):
            cell = self._cell(row, 0)
            painter.setPen(QPen(QColor(t.border), 1))
            painter.drawLine(
                QPointF(0, cell.top()), QPointF(left + (len(data.inputs) + 1) * width, cell.top())
            )
            place = QRectF(0, cell.top(), left - 16, height)
            name = f"{one.label}<br>{rich(one.symbol)}"
            if doubt := data.trust_words(row):
                colour = t.warning if data.trusted(row) == "no" else t.muted
                name += f' <span style="color:{colour}">{doubt}</span>'
            self._write(painter, place, name, t.text, Qt.AlignmentFlag.AlignLeft)
            for column in range(len(data.inputs)):
                self._draw_pair(painter, row, column)
            self._draw_wanted(painter, self._cell(row, len(data.inputs)), one.direction)
        self._draw_legend(painter, top + len(data.outputs) * height + 12)
        painter.end()

    def _draw_pair(self, painter: QPainter, row: int, column: int) -> None:
        data = self._data
        assert data is not None
        t = theme().tokens
        cell = self._cell(row, column)
        strength = float(data.strength[row, column])
        if not math.isfinite(strength):
            painter.setPen(QColor(t.muted))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, "–")
            return
        largest = min(cell.width(), cell.height()) / 2 - 5
        radius = max(2.0, largest * math.sqrt(min(abs(strength), 1.0)))
        signs = theme().sign_colours
        weak = data.signs[row, column] == 0
        colour = QColor(t.border_strong if weak else signs["direct" if strength > 0 else "inverse"])
        ground = colour
        painter.setPen(Qt.PenStyle.NoPen)
        if data.trusted(row) == "no":
            painter.setPen(QPen(colour, 1))
            ground = QColor(t.surface)
            colour = QColor(colour)
            colour.setAlphaF(DOUBTED_OPACITY)
        painter.setBrush(colour)
        painter.drawEllipse(cell.center(), radius, radius)
        if data.turning[row, column]:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.text), 1.5, Qt.PenStyle.DotLine))
            painter.drawEllipse(cell.center(), radius + 3, radius + 3)
        text = ("+" if strength > 0 else "") + rounded(strength, 2)
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        room = painter.fontMetrics().horizontalAdvance(text)
        if 2 * radius > room + 6:
            painter.setPen(QColor(_ink_on(ground)))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
        else:
            painter.setPen(QColor(t.muted))
            centre, high = cell.center(), painter.fontMetrics().height()
            if radius + 8 + room < cell.width() / 2:
                place = QRectF(centre.x() + radius + 6, cell.top(), room + 8, cell.height())
            else:
                place = QRectF(cell.left(), centre.y() + radius + 1, cell.width(), high)
            side = Qt.AlignmentFlag.AlignVCenter
            if place.width() == cell.width():
                side |= Qt.AlignmentFlag.AlignHCenter
            painter.drawText(place, side, text)
        painter.setFont(self.font())

    def _draw_wanted(self, painter: QPainter, cell: QRectF, direction: str) -> None:
        if not direction:
            return
        t = theme().tokens
        up = -1 if direction == "up" else 1
        middle = cell.center() - QPointF(16, 0)
        painter.setPen(QPen(QColor(t.text), 1.75))
        painter.setBrush(QColor(t.text))
        painter.drawLine(middle + QPointF(0, -9 * up), middle + QPointF(0, 5 * up))
        painter.drawPolygon(
            QPolygonF(
                [
                    middle + QPointF(0, 10 * up),
                    middle + QPointF(-5, 3 * up),
                    middle + QPointF(5, 3 * up),
                ]
            )
        )
        painter.drawText(
            QRectF(middle.x() + 14, cell.top(), 80, cell.height()),
            Qt.AlignmentFlag.AlignVCenter,
            "higher" if direction == "up" else "lower",
        )

    def _draw_legend(self, painter: QPainter, y: float) -> None:
        data = self._data
        assert data is not None
        t = theme().tokens
        signs = theme().sign_colours
        x, middle = 8.0, y + self.fontMetrics().height() / 2
        entries = [
            ("direct: rises together", signs["direct"], False),
            ("inverse: one falls as the other rises", signs["inverse"], False),
            ("weak", t.border_strong, False),
        ]
        if bool(np.any(data.turning)):
            entries.append(("turns within the range", t.text, True))
        for text, colour, ring in entries:
            if ring:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(QColor(colour), 1.5, Qt.PenStyle.DotLine))
            else:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour))
            painter.drawEllipse(QPointF(x, middle), 6, 6)
            painter.setPen(QColor(t.muted))
            width = self.fontMetrics().horizontalAdvance(text)
            painter.drawText(
                QRectF(x + 12, y, width + 4, self.fontMetrics().height()),
                Qt.AlignmentFlag.AlignVCenter,
                text,
            )
            x += width + 40

    def _write(
        self,
        painter: QPainter,
        place: QRectF,
        text: str,
        colour: str,
        alignment: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignHCenter,
    ) -> None:
        document = QTextDocument()
        document.setDefaultFont(self.font())
        document.setDocumentMargin(0)
        side = "left" if alignment == Qt.AlignmentFlag.AlignLeft else "center"
        document.setHtml(f'<div style="color:{colour}; text-align:{side};">{text}</div>')
        document.setTextWidth(place.width())
        top = place.top() + max(0.0, (place.height() - document.size().height()) / 2)
        painter.save()
        painter.translate(place.left(), top)
        document.drawContents(painter)
        painter.restore()

    # -- pointing ---------------------------------------------------------------------------------------
    def event(self, event) -> bool:
        """Tell about the pair under the pointer."""
        if event.type() == QHelpEvent.Type.ToolTip:
            found = self._at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), self.describe(*found) if found else "", self)
            return True
        return super().event(event)

    def mousePressEvent(self, event) -> None:
        """Choose a pair."""
        found = self._at(event.position())
        if found is not None and self._data is not None:
            row, column = found
            self.pairChosen.emit(self._data.outputs[row].column, self._data.inputs[column].column)

    def describe(self, row: int, column: int) -> str:
        """Say all that is known of a pair."""
        data = self._data
        assert data is not None
        words = {1: "direct", -1: "inverse", 0: "weak"}[int(data.signs[row, column])]
        lines = [
            f"{data.outputs[row].label} and {data.inputs[column].label.lower()}: {words}",
            f"strength {rounded(float(data.strength[row, column]), 2)} ({METHODS[data.method]})",
        ]
        if doubt := data.trust_words(row):
            lines.append(f"{doubt[:1].upper()}{doubt[1:]}: {data.doubts[row]}.")
        if data.turning[row, column]:
            lines.append("The relation turns within the range.")
        if data.interaction is not None and data.interaction[row, column] > 0.05:
            share = rounded(float(data.interaction[row, column]), 2)
            lines.append(f"Share of the variance only together with other inputs: {share}")
        return "\n".join(lines)


def _ink_on(ground: QColor) -> str:
    """Black or white, whichever stands out more (relative luminance, WCAG 2.1)."""

    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(v) for v in (ground.redF(), ground.greenF(), ground.blueF()))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if luminance > 0.179 else "#FFFFFF"
