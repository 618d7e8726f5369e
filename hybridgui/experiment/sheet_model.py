"""The cells of a sheet as a table model, with what is wrong marked."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QStyledItemDelegate

from engine.experiment.preview import SheetPreview
from hybridgui.theme import theme

MOST_ROWS = 2_000
ROLE_ROW, UNIT_ROW, FIRST_ROW = 0, 1, 2
"""Rows of the view: two for the choices of role and unit, then those of the sheet."""


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
        return FIRST_ROW + min(self._preview.row_count, MOST_ROWS)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if self._preview is None or parent.isValid() else len(self._preview.columns)

    def sheet_row(self, index: QModelIndex) -> int:
        """Row as the user sees it in the spreadsheet."""
        return index.row() - FIRST_ROW + 1

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        preview = self._preview
        if preview is None or not index.isValid() or index.row() < FIRST_ROW:
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
        if preview is None or role != Qt.ItemDataRole.EditRole or index.row() < FIRST_ROW:
            return False
        column = preview.columns[index.column()].index
        row = self.sheet_row(index)
        if str(value) != preview.cell_text(row, column):
            self.corrected.emit(row, column, str(value))
        return True

    def flags(self, index):
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.row() >= FIRST_ROW else flags

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if self._preview is None:
            return None
        if role == Qt.ItemDataRole.ToolTipRole and orientation == Qt.Orientation.Horizontal:
            return self._preview.columns[section].header
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            if section == ROLE_ROW:
                return "Is"
            if section == UNIT_ROW:
                return "Unit"
            return str(section - FIRST_ROW + 1)
        column = self._preview.columns[section]
        return f"{column.letter}  {column.header}"


class GroundDelegate(QStyledItemDelegate):
    """Paints the ground of a cell, which a style sheet would leave out."""

    def paint(self, painter, option, index) -> None:
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        if ground is not None:
            painter.fillRect(option.rect, ground)
        super().paint(painter, option, index)
