"""The table of all properties, with a definition on every line."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt
from PySide6.QtWidgets import QHeaderView, QWidget

from hybridgui.properties.values import Row, change, rows_of
from hybridgui.widgets.indexed import IndexedDelegate
from hybridgui.widgets.plot import rich
from hybridgui.widgets.table import CopyTable

_HEADINGS = ("Property", "Symbol", "Value", "Unit")
_LETTERS_FOR_SYMBOLS = 60
_COMPARED = ("Property", "Symbol", "Value", "Unit", "Beside it", "Change")


class PropertyModel(QAbstractTableModel):
    """Rows of properties for Qt, with those of another electrode beside them."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self._rows: list[Row] = []
        self._others: dict[str, Row] = {}

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._rows

    @property
    def others(self) -> dict[str, Row]:
        """What is shown beside, by column."""
        return self._others

    @property
    def headings(self) -> tuple[str, ...]:
        """Texts of the header."""
        return _COMPARED if self._others else _HEADINGS

    def show_rows(self, rows: list[Row], others: list[Row] = ()) -> None:
        """Show other rows."""
        self.beginResetModel()
        self._rows = rows
        self._others = {row.column: row for row in others}
        self.endResetModel()

    def _texts(self, row: Row) -> tuple[str, ...]:
        texts = (row.label, row.symbol, row.text, row.unit)
        if not self._others:
            return texts
        other = self._others.get(row.column)
        return (*texts, other.text, change(other.value, row.value)) if other else (*texts, "–", "–")

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.headings)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(row)[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"<b>{row.label}</b><br>{rich(row.definition)}" if row.definition else row.label
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
            return self.headings[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            right = section in (2, 4, 5)
            side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class PropertyTable(CopyTable):
    """All properties: what they are called, their symbol, value and unit; hover for more."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = PropertyModel(self)
        self.setModel(self._model)
        self.setItemDelegateForColumn(1, IndexedDelegate(self))
        # names that begin alike end differently, and wrapped text is cut at its words
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setAccessibleName("Properties")
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_columns(
        self, columns: dict[str, float], others: dict[str, float] | None = None
    ) -> None:
        """Show properties: one number a column of the catalogue, and those of another electrode."""
        self._model.show_rows(rows_of(columns), rows_of(others or {}))
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)

    def resizeEvent(self, event) -> None:
        """Give the names the room of the symbols where there is little."""
        super().resizeEvent(event)
        letters = self.width() / max(self.fontMetrics().averageCharWidth(), 1)
        self.setColumnHidden(1, letters < _LETTERS_FOR_SYMBOLS)

    @property
    def rows(self) -> list[Row]:
        """What is shown."""
        return self._model.rows

    def lines(self, rows: Sequence[int] | None) -> list[str]:
        """Header and rows as tab-separated text."""
        others = self._model.others
        lines = ["\t".join(self._model.headings[: 5 if others else 4])]
        for number in range(len(self.rows)) if rows is None else rows:
            row = self.rows[number]
            line = f"{row.label}\t{row.symbol}\t{row.shown_value!r}\t{row.unit}"
            if others:
                other = others.get(row.column)
                line += f"\t{other.shown_value!r}" if other else "\t"
            lines.append(line)
        return lines
