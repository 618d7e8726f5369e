"""The live grid: one cell a condition, coloured by progress or by a property."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QHelpEvent, QPainter, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from hybridgui.campaign.columns import heading
from hybridgui.theme import theme
from hybridgui.widgets.basics import follow_theme
from hybridgui.widgets.numbers import number
from hybridgui.widgets.plot import tip_html

_MIN_CELL, _MAX_CELL_WIDTH, _MAX_CELL_HEIGHT, _GAP = 10, 96, 36, 2
_SHORT = {
    "am_percent": "AM {} %",
    "initial_porosity_percent": "initial ε {} %",
    "initial_thickness_um": "initial t {} µm",
}


@dataclass
class Cell:
    """State of one condition.

    `value` is that of the property shown: None where there is no result yet, nan where there
    are results and none is finite (the phase does not percolate).
    """

    number: int
    values: Mapping[str, object]
    repeats: int
    done: int = 0
    failed: int = 0
    value: float | None = None
    column: int = 0
    row: int = 0


class ConditionGrid(QWidget):
    """Cells by pressing (across) and everything else that varies (down).

    Signals
    -------
    conditionChosen : number of the condition that was clicked
    """

    conditionChosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._cells: list[Cell] = []
        self._by_number: dict[int, Cell] = {}
        self._at: dict[tuple[int, int], Cell] = {}
        self._columns: list = []
        self._rows: list[tuple] = []
        self._down_names: list[str] = []
        self._across_name = ""
        self._property = ""
        self._range = (0.0, 1.0)
        self._chosen: int | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)
        follow_theme(self, self.update)

    # -- what is shown ------------------------------------------------------------------------------
    def show_conditions(self, cells: Sequence[Cell], pressed_by: str = "pressure_MPa") -> None:
        """Lay out the conditions of a campaign, across by the column that the calender is set to."""
        self._cells = list(cells)
        self._by_number = {cell.number: cell for cell in self._cells}
        self._chosen = None
        names = list(self._cells[0].values) if self._cells else []
        pressing = [n for n in ("gap_um", "pressure_MPa") if n in names]
        varied = [
            n
            for n in names
            if len({repr(cell.values.get(n)) for cell in self._cells}) > 1
            and n not in ("porosity_percent", "thickness_um")
        ]
        across = [n for n in varied if n in pressing] or pressing
        self._across_name = pressed_by if pressed_by in across else (across or [""])[0]
        self._down_names = [n for n in varied if n not in pressing]
        across = [cell.values.get(self._across_name) for cell in self._cells]
        down = [tuple(c.values.get(n) for n in self._down_names) for c in self._cells]
        self._columns = sorted(set(across), key=_order)
        self._rows = sorted(set(down), key=lambda row: [_order(v) for v in row])
        column_of = {value: index for index, value in enumerate(self._columns)}
        row_of = {value: index for index, value in enumerate(self._rows)}
        self._at = {}
        for cell, one, other in zip(self._cells, across, down, strict=True):
            cell.column, cell.row = column_of[one], row_of[other]
            self._at[cell.column, cell.row] = cell
        self.updateGeometry()
        self.update()

    @property
    def blocked(self) -> int:
        """Conditions that have results and no finite value of the property shown."""
        return sum(_is_blocked(cell) for cell in self._cells) if self._property else 0

    @property
    def cells(self) -> list[Cell]:
        """All cells."""
        return list(self._cells)

    def count_done(self, number: int, *, failed: bool = False) -> None:
        """One more structure of a condition ended."""
        cell = self._by_number.get(number)
        if cell is None:
            return
        if failed:
            cell.failed += 1
        else:
            cell.done += 1
        self.update()

    def colour_by(self, column: str, values: Mapping[int, float], low: float, high: float) -> None:
        """Colour by a property (values by condition number), or by progress where it is empty."""
        self._property = column
        self._range = (low, high)
        for cell in self._cells:
            cell.value = values.get(cell.number)
        self.update()

    # -- geometry -------------------------------------------------------------------------------------
    def _layout(self) -> tuple[float, float, float, float]:
        metrics = self.fontMetrics()
        widest = max(
            (
                sum(metrics.horizontalAdvance(part) for part in self._row_texts(row))
                for row in self._rows
            ),
            default=0,
        )
        left = widest + 24 if self._down_names else 4
        top = 2 * metrics.height() + 10
        columns, rows = max(len(self._columns), 1), max(len(self._rows), 1)
        width = min(_MAX_CELL_WIDTH, max(_MIN_CELL, (self.width() - left - 8) / columns))
        height = min(_MAX_CELL_HEIGHT, max(_MIN_CELL, (self.height() - top - 8) / rows))
        return left, top, width, height

    def sizeHint(self) -> QSize:
        """Room for readable cells."""
        return QSize(400, 200)

    def minimumSizeHint(self) -> QSize:
        """The smallest cells that can still be told apart."""
        top = 2 * self.fontMetrics().height() + 10
        return QSize(240, int(top + max(len(self._rows), 1) * _MIN_CELL + 16))

    def _rect(self, cell: Cell) -> QRectF:
        left, top, width, height = self._layout()
        return QRectF(
            left + cell.column * width,
            top + cell.row * height,
            max(width - _GAP, 2),
            max(height - _GAP, 2),
        )

    def _cell_at(self, place: QPointF) -> Cell | None:
        left, top, width, height = self._layout()
        column, row = int((place.x() - left) // width), int((place.y() - top) // height)
        return self._at.get((column, row))

    def _row_texts(self, row: tuple) -> tuple[str, str]:
        """Text of the group that a row belongs to (the first variable), and of the row in it."""
        parts = []
        for name, value in zip(self._down_names, row, strict=True):
            text = f"{value:g}" if isinstance(value, (int, float)) else str(value)
            parts.append(_SHORT.get(name, heading(name) + " {}").format(text))
        if len(parts) < 2:
            return "", "".join(parts)
        return parts[0], ", ".join(parts[1:])

    def _draw_row_texts(self, painter: QPainter, left: float, top: float, height: float) -> None:
        metrics = self.fontMetrics()
        high = max(height, float(metrics.height()))
        every = max(1, math.ceil(metrics.height() / height))
        group, since = None, 0
        for index, row in enumerate(self._rows):
            first, rest = self._row_texts(row)
            if first != group:
                group, since = first, 0
                place = QRectF(0, top + index * height, left, high)
                painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, first)
            # The last label of a group gives way to the first of the next.
            ahead = next(
                (
                    k
                    for k in range(1, every)
                    if index + k < len(self._rows)
                    and self._row_texts(self._rows[index + k])[0] != group
                ),
                None,
            )
            if since % every == 0 and (since == 0 or ahead is None):
                place = QRectF(0, top + index * height, left - 8, high)
                side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(place, side, rest)
            since += 1

    # -- drawing ----------------------------------------------------------------------------------------
    def paintEvent(self, event) -> None:
        """Draw the cells, their headings, and marks for failures."""
        if not self._cells:
            return
        t = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left, top, width, height = self._layout()
        metrics = self.fontMetrics()
        painter.setPen(QColor(t.muted))
        painter.drawText(
            QRectF(left, 2, self.width() - left, metrics.height()),
            Qt.AlignmentFlag.AlignLeft,
            heading(self._across_name),
        )
        texts = [f"{v:.3g}" if isinstance(v, float) else _number(v) for v in self._columns]
        room = max((metrics.horizontalAdvance(x) for x in texts), default=1) + 8
        every = max(1, math.ceil(room / width))
        for index, text in enumerate(texts):
            if index % every == 0:
                painter.drawText(
                    QRectF(left + index * width, 4 + metrics.height(), room, metrics.height()),
                    Qt.AlignmentFlag.AlignLeft,
                    text,
                )
        self._draw_row_texts(painter, left, top, height)
        for cell in self._cells:
            self._draw_cell(painter, cell)
        painter.end()

    def _draw_cell(self, painter: QPainter, cell: Cell) -> None:
        t = theme().tokens
        rect = self._rect(cell)
        radius = min(4.0, rect.height() / 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(t.hover))
        painter.drawRoundedRect(rect, radius, radius)
        if self._property:
            if _is_blocked(cell):
                painter.setBrush(QBrush(QColor(t.muted), Qt.BrushStyle.BDiagPattern))
                painter.drawRoundedRect(rect, radius, radius)
            elif cell.value is not None:
                painter.setBrush(scale_colour(cell.value, *self._range))
                painter.drawRoundedRect(rect, radius, radius)
        elif cell.done:
            part = QRectF(rect)
            part.setWidth(rect.width() * min(1.0, cell.done / max(cell.repeats, 1)))
            complete = cell.done + cell.failed >= cell.repeats
            painter.setBrush(QColor(t.success if complete else t.accent))
            painter.drawRoundedRect(part, radius, radius)
        if cell.failed:
            painter.setPen(QPen(QColor(t.danger), 2))
            corner = QPointF(rect.right() - 5, rect.top() + 5)
            for x, y in ((-3, -3), (-3, 3)):
                painter.drawLine(corner + QPointF(x, y), corner - QPointF(x, y))
        if cell.number == self._chosen:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(t.text), 2))
            painter.drawRoundedRect(rect, radius, radius)

    # -- pointing -----------------------------------------------------------------------------------------
    def event(self, event) -> bool:
        """Tell about the cell under the pointer."""
        if event.type() == QHelpEvent.Type.ToolTip:
            cell = self._cell_at(QPointF(event.pos()))
            text = tip_html(self.describe(cell)) if cell else ""
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def mousePressEvent(self, event) -> None:
        """Choose a condition."""
        cell = self._cell_at(event.position())
        if cell is not None:
            self._chosen = cell.number
            self.update()
            self.conditionChosen.emit(cell.number)

    def describe(self, cell: Cell) -> str:
        """Say all that is known of a condition."""
        lines = [
            f"{heading(name)}: {_number(value)}"
            for name, value in cell.values.items()
            if value is not None
        ]
        lines.append(f"{cell.done} of {cell.repeats} structures done")
        if cell.failed:
            lines.append(f"{cell.failed} failed")
        if self._property and _is_blocked(cell):
            lines.append(f"{heading(self._property)}: none, the structures do not percolate")
        elif self._property and cell.value is not None:
            lines.append(f"{heading(self._property)}: {number(cell.value)}")
        return "\n".join(lines)


class ColourScale(QWidget):
    """The colour bar beside the grid."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._low, self._high = 0.0, 1.0
        self.setFixedHeight(20)
        self.setMinimumWidth(220)
        self.hide()

    def show_range(self, low: float, high: float) -> None:
        """Show a range of values."""
        self._low, self._high = low, high
        self.setVisible(math.isfinite(low) and math.isfinite(high))
        self.update()

    def paintEvent(self, event) -> None:
        """Draw the bar between its ends."""
        painter = QPainter(self)
        painter.setPen(QColor(theme().tokens.muted))
        metrics = self.fontMetrics()
        first, last = number(self._low), number(self._high)
        left, right = metrics.horizontalAdvance(first) + 6, metrics.horizontalAdvance(last) + 6
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | middle, first)
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignRight | middle, last)
        bar = QRectF(left, 5, self.width() - left - right, 10)
        steps = 64
        width = bar.width() / steps
        for step in range(steps):
            part = QRectF(bar.left() + step * width, bar.top(), width + 1, 10)
            painter.fillRect(part, scale_colour(step / (steps - 1), 0.0, 1.0))
        painter.end()


def _is_blocked(cell: Cell) -> bool:
    return cell.value is not None and not math.isfinite(cell.value)


def scale_colour(value: float, low: float, high: float) -> QColor:
    """Colour of a value on the one scale of the program, viridis."""
    share = (value - low) / (high - low) if high > low else 0.5
    red, green, blue, _ = matplotlib.colormaps["viridis"](min(max(share, 0.0), 1.0))
    return QColor.fromRgbF(float(red), float(green), float(blue))


def _number(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    return "–" if value is None else str(value)


def _order(value: object) -> tuple:
    return (0, value, "") if isinstance(value, (int, float)) else (1, 0, str(value))
