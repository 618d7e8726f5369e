"""The table of the import dialog: cells below names and choices that stay in view."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from engine.experiment.preview import SheetPreview
from hybridgui.experiment.sheet_model import (
    ROLE_ROW,
    UNIT_ROW,
    ChoicesModel,
    GroundDelegate,
    SheetModel,
)

_COLUMN_WIDTH = 180


class SheetTable(QWidget):
    """Two tables that move across as one: only the lower one, of the cells, moves down."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.model, self._columns = SheetModel(self), ChoicesModel(self)
        self.cells, self.choices = QTableView(), QTableView()
        self.cells.setModel(self.model)
        self.cells.setItemDelegate(GroundDelegate(self.cells))
        self.cells.setWordWrap(False)
        self.cells.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.cells.setMinimumHeight(160)
        self.cells.horizontalHeader().hide()
        self.choices.setModel(self._columns)
        self.choices.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.choices.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.choices.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for view in (self.choices, self.cells):
            view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
            # Both leave the same room for a scroll bar: their columns stand below each other.
            view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
            view.horizontalHeader().setDefaultSectionSize(
                max(_COLUMN_WIDTH, 24 * self.fontMetrics().averageCharWidth())
            )
            view.verticalHeader().setHighlightSections(False)
            view.verticalHeader().setFixedWidth(self.fontMetrics().horizontalAdvance("00000") + 20)
        self._header = self.choices.horizontalHeader()
        self._header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self._header.setHighlightSections(False)
        self._header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self._header.sectionResized.connect(lambda i, _, wide: self.cells.setColumnWidth(i, wide))
        across, above = self.cells.horizontalScrollBar(), self.choices.horizontalScrollBar()
        across.valueChanged.connect(above.setValue)
        above.valueChanged.connect(across.setValue)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.choices)
        column.addWidget(self.cells, 1)

    def show_preview(self, preview: SheetPreview) -> None:
        """Show another reading; the place, the chosen cell and the widths stay."""
        down, across = self.cells.verticalScrollBar(), self.cells.horizontalScrollBar()
        place = down.value(), across.value()
        current = self.cells.currentIndex()
        widths = [self._header.sectionSize(i) for i in range(self._header.count())]
        self.model.show_preview(preview)
        self._columns.show_columns(preview.columns)
        if len(widths) == self._header.count():
            for section, wide in enumerate(widths):
                self._header.resizeSection(section, wide)
                self.cells.setColumnWidth(section, wide)
        line = self.fontMetrics().height()
        self.cells.verticalHeader().setDefaultSectionSize(line + 12)
        for row in (ROLE_ROW, UNIT_ROW):
            self.choices.setRowHeight(row, line + 22)
        self.choices.setFixedHeight(self._header.sizeHint().height() + 2 * (line + 22) + 4)
        if current.isValid():
            self.cells.setCurrentIndex(self.model.index(current.row(), current.column()))
        down.setValue(place[0])
        across.setValue(place[1])

    def put_over(self, section: int, role: QWidget, unit: QWidget | None) -> None:
        """Put the choice of role and unit over a column."""
        self.choices.setIndexWidget(self._columns.index(ROLE_ROW, section), role)
        self.choices.setIndexWidget(self._columns.index(UNIT_ROW, section), unit)

    def go_to(self, row: int, column: int) -> None:
        """Choose a cell and bring it into view: row as in the spreadsheet, column from 0."""
        preview = self.model.preview
        columns = preview.columns if preview is not None else ()
        section = next((i for i, c in enumerate(columns) if c.index == column), 0)
        index = self.model.index(row - 1, section)
        self.cells.setCurrentIndex(index)
        self.cells.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.cells.setFocus()
