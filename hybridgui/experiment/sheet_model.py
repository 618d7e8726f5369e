"""The cells of a sheet as a table model, with what is wrong marked."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.experiment.layout import Column
from engine.experiment.preview import SheetPreview
from hybridgui.theme import theme

MOST_ROWS = 2_000
ROLE_ROW, UNIT_ROW = 0, 1
"""Rows of the choices above the sheet."""


class SheetModel(QAbstractTableModel):
    """The cells of a sheet as read: what is wrong is marked, every cell can be mended.

    Signals
    -------
    corrected : (row as the user sees it, column from 0, text)
    """

    corrected = Signal(int, int, str)

    def __init__(self, parent=None):
        super().__init__(parent)
        self._preview: SheetPreview | None = None
        self._left_out: dict[int, str] = {}
        self._used: set[int] = set()

    def show_preview(self, preview: SheetPreview) -> None:
        """Show another reading."""
        self.beginResetModel()
        self._preview = preview
        self._left_out = dict(preview.left_out)
        self._used = {row + 1 for row in preview.used}
        self.endResetModel()

    @property
    def preview(self) -> SheetPreview | None:
        """What is shown."""
        return self._preview

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        if self._preview is None or parent.isValid():
            return 0
        return min(self._preview.row_count, MOST_ROWS)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if self._preview is None or parent.isValid() else len(self._preview.columns)

    def sheet_row(self, index: QModelIndex) -> int:
        """Row as the user sees it in the spreadsheet."""
        return index.row() + 1

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        preview = self._preview
        if preview is None or not index.isValid():
            return None
        column = preview.columns[index.column()].index
        row = self.sheet_row(index)
        problem = preview.problem_cells.get((row, column))
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return preview.cell_text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return problem or self._left_out.get(row)
        tokens = theme().tokens
        if role == Qt.ItemDataRole.BackgroundRole:
            if problem:
                return QColor(tokens.danger_soft)
            if row == preview.header_row:
                return QColor(tokens.hover)
        if role == Qt.ItemDataRole.ForegroundRole:
            if problem:
                return QColor(tokens.danger)
            if row not in self._used and row != preview.header_row:
                return QColor(tokens.disabled)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            text = preview.cell_text(row, column).strip()
            number = text[:1].isdigit() or text[:1] in "+-−.,"
            side = Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def setData(self, index, value, role=Qt.ItemDataRole.EditRole) -> bool:
        preview = self._preview
        if preview is None or role != Qt.ItemDataRole.EditRole:
            return False
        column = preview.columns[index.column()].index
        row = self.sheet_row(index)
        if str(value) != preview.cell_text(row, column):
            self.corrected.emit(row, column, str(value))
        return True

    def flags(self, index):
        return super().flags(index) | Qt.ItemFlag.ItemIsEditable

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if self._preview is None:
            return None
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return str(section + 1) if orientation == Qt.Orientation.Vertical else ""


class ChoicesModel(QAbstractTableModel):
    """The names of the columns, and a row each for what a column is and for its unit."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._columns: tuple[Column, ...] = ()

    def show_columns(self, columns: tuple[Column, ...]) -> None:
        """Show other columns."""
        self.beginResetModel()
        self._columns = columns
        self.endResetModel()

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 2

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        return None

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Vertical:
            return ("Is", "Unit")[section] if role == Qt.ItemDataRole.DisplayRole else None
        column = self._columns[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.header
        if role == Qt.ItemDataRole.DisplayRole:
            # Of a long heading over several columns the end is cut, not what stands below it.
            above, _, own = column.header.rpartition(" / ")
            return f"{column.letter}  {own}" + (f"  ({above})" if above else "")
        return None


class GroundDelegate(QStyledItemDelegate):
    """Paints the ground of a cell, which a style sheet would leave out."""

    def paint(self, painter, option, index) -> None:
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        if ground is None:
            super().paint(painter, option, index)
            return
        painter.fillRect(option.rect, ground)
        # A chosen cell that is wrong stays in the colour of what is wrong, in a frame.
        plain = QStyleOptionViewItem(option)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        plain.state &= ~QStyle.StateFlag.State_Selected & ~QStyle.StateFlag.State_HasFocus
        super().paint(painter, plain, index)
        if chosen:
            painter.save()
            painter.setPen(QPen(index.data(Qt.ItemDataRole.ForegroundRole) or ground.darker(), 2))
            painter.drawRect(option.rect.adjusted(1, 1, -2, -2))
            painter.restore()
