"""Tables: sortable, copyable, numbers at the right with units in the header."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from hybridgui.theme import theme
from hybridgui.widgets.indexed import IndexedDelegate, IndexedHeader
from hybridgui.widgets.numbers import number

SORT_ROLE = Qt.ItemDataRole.UserRole + 1
_MAX_COLUMN_WIDTH = 320


@dataclass(frozen=True)
class Column:
    """How one column of a frame is shown.

    Attributes
    ----------
    key : str
        Column of the frame.
    heading : str
        Text of the header, unit included; a line feed starts the unit's line.
    text : callable, optional
        Value -> text; by default four significant digits.
    tip : str
    """

    key: str
    heading: str
    text: Callable[[Any], str] | None = None
    tip: str = ""


class FrameModel(QAbstractTableModel):
    """A data frame for Qt.

    Parameters
    ----------
    tint : callable, optional
        Row number -> role of `Tokens` for its text, or "".
    """

    def __init__(self, parent=None):
        super().__init__(parent)
        self._frame = pd.DataFrame()
        self._columns: tuple[Column, ...] = ()
        self.tint: Callable[[int], str] | None = None

    @property
    def frame(self) -> pd.DataFrame:
        """What is shown."""
        return self._frame

    def show_frame(self, frame: pd.DataFrame, columns: Sequence[Column] | None = None) -> None:
        """Show a frame; without `columns` all of them under their own names."""
        self.beginResetModel()
        self._frame = frame.reset_index(drop=True)
        if columns is None:
            columns = [Column(str(name), str(name)) for name in frame.columns]
        self._columns = tuple(c for c in columns if c.key in frame.columns)
        self.endResetModel()

    def rowCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._frame)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        if not index.isValid():
            return None
        column = self._columns[index.column()]
        value = self._frame[column.key].iat[index.row()]
        numeric = isinstance(value, (int, float)) or hasattr(value, "dtype")
        if role == Qt.ItemDataRole.DisplayRole:
            if column.text is not None:
                return column.text(value)
            if value is None or (isinstance(value, float) and value != value):
                return "–"
            if numeric:
                whole = float(value).is_integer() and abs(float(value)) < 1e15
                return f"{int(value)}" if whole else number(float(value))
            return str(value)
        if role == SORT_ROLE:
            return float(value) if numeric else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and self.tint is not None:
            name = self.tint(index.row())
            return QColor(getattr(theme().tokens, name)) if name else None
        if role == Qt.ItemDataRole.ToolTipRole and not numeric:
            return str(value)
        return None

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if orientation == Qt.Orientation.Vertical:
            return str(section + 1) if role == Qt.ItemDataRole.DisplayRole else None
        if section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.heading
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            numeric = column.key in self._frame and pd.api.types.is_numeric_dtype(
                self._frame[column.key]
            )
            side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class CopyTable(QTableView):
    """A table that is read: whole rows are selected, and copied by Ctrl+C or the menu."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._on_menu)
        self.verticalHeader().hide()
        self.setHorizontalHeader(IndexedHeader(Qt.Orientation.Horizontal, self))
        self.horizontalHeader().setSectionsClickable(True)
        self.horizontalHeader().setHighlightSections(False)
        self.setItemDelegate(IndexedDelegate(self))

    def lines(self, rows: Sequence[int] | None) -> list[str]:
        """Header and rows (None: all) as tab-separated text, numbers with full precision."""
        raise NotImplementedError

    def copy(self, everything: bool = False) -> None:
        """Copy the selected rows, or all where none is, under their headings."""
        chosen = [] if everything else sorted({i.row() for i in self.selectedIndexes()})
        QGuiApplication.clipboard().setText("\n".join(self.lines(chosen or None)))

    def keyPressEvent(self, event) -> None:
        """Copy on Ctrl+C."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
            return
        super().keyPressEvent(event)

    def _on_menu(self, position) -> None:
        menu = QMenu(self)
        menu.addAction("Copy selected rows", self.copy)
        menu.addAction("Copy all", lambda: self.copy(everything=True))
        menu.exec(self.viewport().mapToGlobal(position))
        menu.deleteLater()


class DataTable(CopyTable):
    """A table view: click a header to sort, Ctrl+C copies with headers.

    Signals
    -------
    rowChosen : row of the frame, when the user selects another
    """

    rowChosen = Signal(int)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = FrameModel(self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self._model)
        self._proxy.setSortRole(SORT_ROLE)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.setModel(self._proxy)
        self.setSortingEnabled(True)
        self._proxy.sort(-1)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setCornerButtonEnabled(False)
        header = self.horizontalHeader()
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(False)
        self.selectionModel().currentRowChanged.connect(self._on_row)

    @property
    def frame(self) -> pd.DataFrame:
        """What is shown, in its own order."""
        return self._model.frame

    @property
    def frame_model(self) -> FrameModel:
        """Model under the sorting."""
        return self._model

    def show_frame(self, frame: pd.DataFrame, columns: Sequence[Column] | None = None) -> None:
        """Show a frame, keeping sorting and scroll position where the columns stay."""
        place = self.verticalScrollBar().value()
        before = self._model.columnCount()
        self._model.show_frame(frame, columns)
        self.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 10)
        if self._model.columnCount() != before:
            self.fit_columns()
        self.verticalScrollBar().setValue(place)

    def fit_columns(self) -> None:
        """Give each column the width of its header and its first rows."""
        metrics = self.fontMetrics()
        rows = min(self._proxy.rowCount(), 50)
        for column in range(self._model.columnCount()):
            heading = self._model.headerData(column, Qt.Orientation.Horizontal)
            texts = [heading, *(self.cell(row, column) for row in range(rows))]
            lines = [line for text in texts for line in text.split("\n")]
            width = max(metrics.horizontalAdvance(line) for line in lines)
            self.setColumnWidth(column, min(width + 28, _MAX_COLUMN_WIDTH))

    def fit_height(self, most_rows: int) -> None:
        """Be no higher than the rows shown need, up to a number of rows."""
        rows = max(1, min(self._proxy.rowCount(), most_rows))
        height = self.horizontalHeader().sizeHint().height() + 2 * self.frameWidth()
        height += rows * self.verticalHeader().defaultSectionSize()
        if self.horizontalHeader().length() > self.viewport().width():
            height += self.horizontalScrollBar().sizeHint().height()
        self.setMaximumHeight(height)

    def fit_names(self) -> None:
        """Be as high as all rows; where it gets narrow, the last column is cut, never a name."""
        self.fit_columns()
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(header.count() - 1, QHeaderView.ResizeMode.Stretch)
        rows = self._proxy.rowCount() * self.verticalHeader().defaultSectionSize()
        self.setFixedHeight(header.sizeHint().height() + rows + 6)

    def set_filter(self, text: str) -> None:
        """Show only rows that contain a text."""
        self._proxy.setFilterFixedString(text)

    def cell(self, row: int, column: int) -> str:
        """Text of a cell as shown."""
        return str(self._proxy.index(row, column).data())

    @property
    def chosen_row(self) -> int | None:
        """Row of the frame that the user stands on, if any."""
        current = self.currentIndex()
        return self._proxy.mapToSource(current).row() if current.isValid() else None

    def lines(self, rows: Sequence[int] | None) -> list[str]:
        """Header and rows as tab-separated text."""
        frame = self._model.frame
        keys = [c.key for c in self._model._columns]
        lines = ["\t".join(c.heading.replace("\n", " ") for c in self._model._columns)]
        for row in range(self._proxy.rowCount()) if rows is None else rows:
            source = self._proxy.mapToSource(self._proxy.index(row, 0)).row()
            lines.append("\t".join(_plain(frame[key].iat[source]) for key in keys))
        return lines

    def _on_row(self, current: QModelIndex, _before: QModelIndex) -> None:
        if current.isValid():
            self.rowChosen.emit(self._proxy.mapToSource(current).row())


def _plain(value: Any) -> str:
    """Text of a value for other programs: full precision, never a live formula."""
    if value is None or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float):
        return repr(float(value))
    text = str(value).replace("\t", " ").replace("\n", " ")
    risky = isinstance(value, str) and text[:1] in "=+-@"
    return "'" + text if risky else text
