"""The table of all properties, with a definition on every line."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QRectF, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence, QPalette, QTextDocument
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from hybridgui.properties.values import Row, rows_of
from hybridgui.widgets.plot import rich

_HEADINGS = ("Property", "Symbol", "Value", "Unit")


class PropertyModel(QAbstractTableModel):
    """Rows of properties for Qt."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._rows: list[Row] = []

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._rows

    def show_rows(self, rows: list[Row]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(_HEADINGS)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return (row.label, row.symbol, row.text, row.unit)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.definition or row.label
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight if index.column() == 2 else Qt.AlignmentFlag.AlignLeft
            )
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return _HEADINGS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section == 2 else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class SymbolDelegate(QStyledItemDelegate):
    """Draws ``τ_liq`` with its index set lower."""

    def paint(self, painter, option, index) -> None:
        """Draw the cell."""
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        text = shown.text
        shown.text = ""
        style = shown.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, painter, shown.widget)
        document = QTextDocument()
        document.setDefaultFont(shown.font)
        document.setDocumentMargin(0)
        colour = shown.palette.color(QPalette.ColorRole.Text).name()
        document.setHtml(f'<span style="color:{colour}">{rich(text)}</span>')
        painter.save()
        top = shown.rect.top() + (shown.rect.height() - document.size().height()) / 2
        painter.translate(shown.rect.left() + 8, top)
        document.drawContents(painter, QRectF(0, 0, shown.rect.width() - 8, shown.rect.height()))
        painter.restore()


class PropertyTable(QTableView):
    """All properties: what they are called, their symbol, value and unit; hover for more."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = PropertyModel(self)
        self.setModel(self._model)
        self.setItemDelegateForColumn(1, SymbolDelegate(self))
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.setAccessibleName("Properties")
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_columns(self, columns: dict[str, float]) -> None:
        """Show properties: one number a column of the catalogue."""
        self._model.show_rows(rows_of(columns))
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._model.rows

    def copy(self, everything: bool = False) -> None:
        """Copy the selected lines, or all, as tab-separated text with full precision."""
        chosen = [] if everything else sorted({i.row() for i in self.selectedIndexes()})
        lines = ["Property\tSymbol\tValue\tUnit"]
        for number in chosen or range(len(self.rows)):
            row = self.rows[number]
            lines.append(f"{row.label}\t{row.symbol}\t{row.shown_value!r}\t{row.unit}")
        QGuiApplication.clipboard().setText("\n".join(lines))

    def keyPressEvent(self, event) -> None:
        """Copy on Ctrl+C."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def _on_menu(self, position) -> None:
        menu = QMenu(self)
        menu.addAction("Copy selected lines", self.copy)
        menu.addAction("Copy all", lambda: self.copy(everything=True))
        menu.exec(self.viewport().mapToGlobal(position))
        menu.deleteLater()
