"""Importing a sheet: how it was understood, with everything correctable, before it counts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QSizePolicy,
    QSpinBox,
    QStyledItemDelegate,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.experiment.headers import ROLE_KINDS, ROLE_LABELS, ROLES
from engine.experiment.preview import ReadOptions, SheetPreview, preview_sheet
from engine.experiment.units import CHOICES
from engine.experiment.workbook import Workbook
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Fold, Notice, button, enable, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField

_MOST_ROWS = 2_000
_COLUMN_WIDTH = 180
_SHORT_ROLES = {
    "am": "AM fraction",
    "initial_porosity": "Porosity before",
    "initial_thickness": "Thickness before",
    "gap": "Roll gap",
    "pressure": "Pressure",
    "porosity": "Porosity after",
    "porosity_sd": "± porosity after",
    "thickness": "Thickness after",
    "loading": "Mass loading",
    "family": "Coating name",
    "origin": "Source of the row",
}
_ROLE_ROW, _UNIT_ROW, _FIRST_ROW = 0, 1, 2


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
        return _FIRST_ROW + min(self._preview.row_count, _MOST_ROWS)

    def columnCount(self, parent=QModelIndex()) -> int:  # noqa: B008
        return 0 if self._preview is None or parent.isValid() else len(self._preview.columns)

    def sheet_row(self, index: QModelIndex) -> int:
        """Row as the user sees it in the spreadsheet."""
        return index.row() - _FIRST_ROW + 1

    def data(self, index, role=Qt.ItemDataRole.DisplayRole):
        preview = self._preview
        if preview is None or not index.isValid() or index.row() < _FIRST_ROW:
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
        if preview is None or role != Qt.ItemDataRole.EditRole or index.row() < _FIRST_ROW:
            return False
        column = preview.columns[index.column()].index
        row = self.sheet_row(index)
        if str(value) != preview.cell_text(row, column):
            self.corrected.emit(row, column, str(value))
        return True

    def flags(self, index):
        flags = super().flags(index)
        return flags | Qt.ItemFlag.ItemIsEditable if index.row() >= _FIRST_ROW else flags

    def headerData(self, section, orientation, role=Qt.ItemDataRole.DisplayRole):
        if self._preview is None or role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation == Qt.Orientation.Vertical:
            if section == _ROLE_ROW:
                return "Is"
            if section == _UNIT_ROW:
                return "Unit"
            return str(section - _FIRST_ROW + 1)
        column = self._preview.columns[section]
        return f"{column.letter}  {column.header}"


class _GroundDelegate(QStyledItemDelegate):
    """Paints the ground of a cell, which a style sheet would leave out."""

    def paint(self, painter, option, index) -> None:
        ground = index.data(Qt.ItemDataRole.BackgroundRole)
        if ground is not None:
            painter.fillRect(option.rect, ground)
        super().paint(painter, option, index)


class ImportDialog(QDialog):
    """One sheet, live: choose columns and units, mend or leave out rows, then import.

    Signals
    -------
    accepted_preview : the `SheetPreview` and its `ReadOptions`, when the user imports
    """

    acceptedPreview = Signal(object)

    def __init__(self, preview: SheetPreview, parent: QWidget | None = None):
        super().__init__(parent)
        self._workbook: Workbook = preview.workbook
        self._options: ReadOptions = preview.options
        self.preview = preview
        self.setWindowTitle(f"Import {Path(preview.workbook.path).name}")
        self.resize(1040, 640)
        self._build()
        self._show(preview)
        if preview.problems:
            self._go_to(preview.problems[0].row, preview.problems[0].column)

    # -- building -----------------------------------------------------------------------------------
    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(12)
        layout.addWidget(label("Check how the sheet was understood", "title"))
        row = QHBoxLayout()
        row.setSpacing(GRID)
        row.addWidget(label("Sheet", "muted"))
        self.sheet_choice = Choice()
        self.sheet_choice.setMinimumContentsLength(20)
        self.sheet_choice.edited.connect(self._on_sheet)
        row.addWidget(self.sheet_choice)
        row.addSpacing(GRID)
        row.addWidget(label("Header in row", "muted"))
        self.header_box = QSpinBox()
        self.header_box.setRange(0, 100_000)
        self.header_box.setSpecialValueText("none")
        self.header_box.setKeyboardTracking(False)
        self.header_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.header_box.valueChanged.connect(self._on_header_row)
        row.addWidget(self.header_box)
        row.addStretch(1)
        self._facts = label("", "muted")
        row.addWidget(self._facts)
        layout.addLayout(row)
        self._model = SheetModel(self)
        self._model.corrected.connect(self._on_corrected)
        self.view = QTableView()
        self.view.setModel(self._model)
        self.view.setItemDelegate(_GroundDelegate(self.view))
        self.view.setWordWrap(False)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ContiguousSelection)
        self.view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        self.view.horizontalHeader().setDefaultSectionSize(_COLUMN_WIDTH)
        self.view.horizontalHeader().setHighlightSections(False)
        self.view.verticalHeader().setHighlightSections(False)
        self.view.selectionModel().currentChanged.connect(lambda *_: self._refresh_leave_out())
        layout.addWidget(self.view, 1)
        self._status = Notice("info")
        layout.addWidget(self._status)
        self._notes = label("", "small", wrap=True)
        layout.addWidget(self._notes)
        layout.addWidget(self._build_calibration())
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        self.leave_out_button = button("Leave out row", self._on_leave_out)
        buttons.addWidget(self.leave_out_button)
        self.reset_button = button("Undo all corrections", self._on_reset, flat=True)
        buttons.addWidget(self.reset_button)
        buttons.addStretch(1)
        cancel = button("Cancel", self.reject)
        cancel.setAutoDefault(False)
        buttons.addWidget(cancel)
        self.import_button = button("Import", self._on_import, primary=True)
        self.import_button.setDefault(True)
        buttons.addWidget(self.import_button)
        layout.addLayout(buttons)

    def _build_calibration(self) -> Fold:
        fold = Fold("Roll gap to pressure")
        group = FormGroup()
        calibration = self._options.calibration
        self._calibration: dict[str, NumberField] = {}
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(label("P = a·exp(−g / d) + c", "muted"))
        for name, text, unit, decimals in (
            ("amplitude", "a", "MPa", 5),
            ("decay", "d", "µm", 4),
            ("offset", "c", "MPa", 5),
            ("gap_min", "from", "µm", 2),
            ("gap_max", "to", "µm", 2),
        ):
            field = NumberField(-1e4, 1e4, getattr(calibration, name), unit, decimals=decimals)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            field.edited.connect(lambda _: self._on_calibration())
            line.addWidget(label(text))
            line.addWidget(field)
            self._calibration[name] = field
        group.add_wide(row)
        fold.body.addWidget(group)
        return fold

    # -- what the user does -----------------------------------------------------------------------------
    def set_role(self, column: int, role: str) -> None:
        """Say which role the column with this index (from 0) plays; an empty role for none."""
        mapping = dict(self.preview.layout.roles)
        mapping.update(self._options.mapping)
        mapping = {r: c for r, c in mapping.items() if c != column and r != role}
        if role:
            mapping[role] = column
        self._try(self._options.replace(mapping=mapping))

    def set_unit(self, role: str, unit: str) -> None:
        """Say in which unit the column of a role is written; an empty text for automatic."""
        units = {r: u for r, u in self._options.units.items() if r != role}
        if unit:
            units[role] = unit
        self._try(self._options.replace(units=units))

    def correct(self, row: int, column: int, text: str) -> None:
        """Mend a cell: row as in the spreadsheet, column from 0."""
        corrections = dict(self._options.corrections)
        corrections[row, column] = text
        self._try(self._options.replace(corrections=corrections))

    def leave_out(self, row: int, out: bool = True) -> None:
        """Leave a row out, or take it back."""
        rows = set(self._options.leave_out)
        rows = rows | {row} if out else rows - {row}
        self._try(self._options.replace(leave_out=frozenset(rows)))

    def _on_corrected(self, row: int, column: int, text: str) -> None:
        # Not while the editor of the cell still closes.
        QTimer.singleShot(0, self, lambda: self.correct(row, column, text))

    def _on_sheet(self, name: str) -> None:
        self._try(
            self._options.replace(
                sheet=name,
                header_row=None,
                mapping={},
                units={},
                corrections={},
                leave_out=frozenset(),
            )
        )

    def _on_header_row(self, row: int) -> None:
        self._try(self._options.replace(header_row=row, mapping={}, units={}))

    def _on_calibration(self) -> None:
        try:
            calibration = GapCalibration(**{n: f.value() for n, f in self._calibration.items()})
        except InputError as error:
            self._status.set_text(str(error), "error")
            return
        self._try(self._options.replace(calibration=calibration))

    def _on_leave_out(self) -> None:
        index = self.view.currentIndex()
        if index.isValid() and index.row() >= _FIRST_ROW:
            row = self._model.sheet_row(index)
            self.leave_out(row, row not in self._options.leave_out)

    def _on_reset(self) -> None:
        self._try(ReadOptions(sheet=self.preview.sheet.name, calibration=self._options.calibration))

    def _on_import(self) -> None:
        if not self.preview.obstacle:
            self.acceptedPreview.emit(self.preview)
            self.accept()

    def _go_to(self, row: int, column: int) -> None:
        section = next((i for i, c in enumerate(self.preview.columns) if c.index == column), 0)
        index = self._model.index(row - 1 + _FIRST_ROW, section)
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)
        self.view.setFocus()

    # -- what is shown --------------------------------------------------------------------------------------
    def _try(self, options: ReadOptions) -> None:
        try:
            preview = preview_sheet(self._workbook, options)
        except InputError as error:
            self._status.set_text(str(error), "error")
            self._show_choices()
            return
        self._options = options
        self._show(preview)

    def _show(self, preview: SheetPreview) -> None:
        self.preview = preview
        place = self.view.verticalScrollBar().value()
        current = self.view.currentIndex()
        self._model.show_preview(preview)
        self.view.verticalHeader().setDefaultSectionSize(self.fontMetrics().height() + 12)
        for row in (_ROLE_ROW, _UNIT_ROW):
            self.view.setRowHeight(row, self.fontMetrics().height() + 22)
        if current.isValid():
            self.view.setCurrentIndex(self._model.index(current.row(), current.column()))
        self.view.verticalScrollBar().setValue(place)
        self.sheet_choice.set_choices([(name, name) for name in preview.sheet_names])
        self.sheet_choice.show_value(preview.sheet.name)
        self.header_box.blockSignals(True)
        self.header_box.setValue(preview.header_row)
        self.header_box.blockSignals(False)
        self._show_choices()
        self._show_status()
        self._refresh_leave_out()

    def _show_choices(self) -> None:
        """Put the choice of role and unit over each column."""
        preview = self.preview
        roles = [("", "Not used"), *((r, _SHORT_ROLES.get(r, ROLE_LABELS[r])) for r in ROLES)]
        for section, column in enumerate(preview.columns):
            role = preview.role_of(column.index)
            choice = Choice(roles)
            choice.show_value(role)
            choice.setToolTip("What this column is")
            choice.edited.connect(
                lambda key, index=column.index: QTimer.singleShot(
                    0, self, lambda: self.set_role(index, key)
                )
            )
            self.view.setIndexWidget(self._model.index(_ROLE_ROW, section), choice)
            self.view.setIndexWidget(self._model.index(_UNIT_ROW, section), self._unit(role))

    def _unit(self, role: str) -> QWidget | None:
        units = CHOICES.get(ROLE_KINDS.get(role, ""), ())
        if not units:
            return None
        reading = self.preview.readings.get(role)
        read_as = reading.read_as.replace("um", "µm") if reading else ""
        found = f"{read_as} (as found)" if read_as else "As found"
        choice = Choice([("", found), *((u, u) for u in units)])
        choice.show_value(self._options.units.get(role, ""))
        choice.setToolTip("Unit of this column")
        choice.edited.connect(
            lambda unit: QTimer.singleShot(0, self, lambda: self.set_unit(role, unit))
        )
        return choice

    def _show_status(self) -> None:
        preview = self.preview
        obstacle = preview.obstacle
        used = len(preview.used)
        if obstacle:
            self._status.set_text(obstacle, "error")
        else:
            reasons = f", {len(preview.left_out)} left out" if preview.left_out else ""
            self._status.set_text(f"{used} rows can be imported{reasons}.", "success")
        self._facts.setText(self._describe_text())
        more = preview.row_count - _MOST_ROWS
        notes = list(preview.notes)
        if more > 0:
            notes.append(f"{more:,} more rows are not shown here but are read.")
        self._notes.setText("\n".join(notes[:4]))
        self._notes.setVisible(bool(notes))
        enable(self.import_button, obstacle, f"Import {used} rows")
        changed = self._options.corrections or self._options.leave_out or self._options.mapping
        self.reset_button.setVisible(bool(changed or self._options.units))

    def _describe_text(self) -> str:
        workbook: Any = self._workbook
        if workbook.kind != "text":
            return ""
        words = {"\t": "tabs", ";": "semicolons", ",": "commas", "|": "bars", " ": "blanks"}
        delimiter = getattr(workbook, "delimiter", "")
        parts = []
        if delimiter:
            parts.append(f"separated by {words.get(delimiter, delimiter)}")
        comma = "comma" if self.preview.sheet.decimal == "," else "point"
        parts.append(f"decimal {comma}")
        return ", ".join(parts)

    def _refresh_leave_out(self) -> None:
        index = self.view.currentIndex()
        row = self._model.sheet_row(index) if index.isValid() else 0
        if row < 1 or row <= self.preview.header_row:
            enable(self.leave_out_button, "Select a row below the header first.")
            self.leave_out_button.setText("Leave out row")
            return
        out = row in self._options.leave_out
        self.leave_out_button.setText(f"Take back row {row}" if out else f"Leave out row {row}")
        enable(self.leave_out_button, "", "Its measurements will not count")
