"""Importing a sheet: how it was understood, with everything correctable, before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.experiment.delimited import ENCODINGS
from engine.experiment.headers import ROLE_KINDS, ROLE_LABELS, ROLES
from engine.experiment.layout import Column
from engine.experiment.preview import ReadOptions, SheetPreview, preview_sheet
from engine.experiment.units import CHOICES
from engine.experiment.workbook import Workbook
from engine.structure.materials import MATERIALS, Material, material_named_in
from hybridgui.experiment.conversions import Conversions, line_of
from hybridgui.experiment.sheet_model import MOST_ROWS
from hybridgui.experiment.sheet_table import SheetTable
from hybridgui.experiment.words import without_shell
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, Notice, button, enable, label
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice

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
    "family": "Coating or sample",
    "origin": "Source of the row",
}
# Kinds of a column beside the roles: loads stand in for a pressure, by their unit.
_LOADS = {"line_load": ("Line load", "N/mm"), "force": ("Force", "kN")}
_DELIMITERS = {";": "semicolons", "\t": "tabs", ",": "commas", "|": "bars", " ": "blanks"}


class ImportDialog(QDialog):
    """One sheet, live: choose columns and units, mend or leave out rows, then import.

    Signals
    -------
    accepted_preview : the `SheetPreview` and its `ReadOptions`, when the user imports
    """

    acceptedPreview = Signal(object)

    def __init__(
        self,
        preview: SheetPreview,
        parent: QWidget | None = None,
        *,
        known_as: str = "",
        can_add: bool = False,
        materials: Mapping[str, Material] = MATERIALS,
        material: str = "",
    ):
        super().__init__(parent)
        self._known_as, self._can_add = known_as, can_add
        self._materials = materials
        self._workbook: Workbook = preview.workbook
        self._options: ReadOptions = preview.options
        self.preview = preview
        self.setWindowTitle(f"Import {Path(preview.workbook.path).name}")
        self._build()
        room = parent.size() if parent is not None else QSize(1280, 800)
        self.resize(min(1120, room.width() - 40), min(720, room.height() - 40))
        self._show(preview)
        self.material_choice.show_value(
            material or material_named_in(Path(preview.workbook.path).name)
        )
        self._on_material()
        if preview.problems:
            self._go_to(preview.problems[0].row, preview.problems[0].column)

    @property
    def mode(self) -> str:
        """What importing does: "replace", or add rows as "measured" or "simulated"."""
        return self.mode_choice.current if self._can_add else "replace"

    @property
    def material(self) -> Material | None:
        """The active material that was chosen; None where it was not said."""
        return self._materials.get(self.material_choice.current)

    @property
    def remembers(self) -> bool:
        """Whether the mapping is to be remembered."""
        return self.remember_box.isChecked()

    # -- building -----------------------------------------------------------------------------------
    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(12)
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        self._room = QScrollArea()
        self._room.setWidgetResizable(True)
        self._room.setWidget(content)
        outer.addWidget(self._room, 1)
        layout.addWidget(label("Check how the sheet was understood", "title"))
        self.sheet_choice = Choice()
        self.sheet_choice.setMinimumContentsLength(18)
        self.sheet_choice.edited.connect(self._on_sheet)
        self.header_box = QSpinBox()
        self.header_box.setRange(0, 100_000)
        self.header_box.setSpecialValueText("none")
        self.header_box.setKeyboardTracking(False)
        self.header_box.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.header_box.valueChanged.connect(self._on_header_row)
        choices = QWidget()
        flow = FlowLayout(choices)
        for part in (
            line_of("Sheet", self.sheet_choice),
            line_of("Header in row", self.header_box),
            *self._build_text_choices(),
            *self._build_boxes(),
        ):
            flow.addWidget(part)
        layout.addWidget(choices)
        self.table = SheetTable()
        self.view, self.choices_view = self.table.cells, self.table.choices
        self._model = self.table.model
        self._model.corrected.connect(self._on_corrected)
        self.view.selectionModel().currentChanged.connect(lambda *_: self._on_current())
        layout.addWidget(self.table, 1)
        self._status = Notice("info")
        layout.addWidget(self._status)
        self._notes = label("", "small", wrap=True)
        layout.addWidget(self._notes)
        folds = self._build_extras()
        for fold in folds:
            layout.addWidget(fold)
            # One open at a time: the table keeps its room.
            fold.toggled.connect(
                lambda on, this=fold: [f.set_open(False) for f in folds if on and f is not this]
            )
        self.remember_box = QCheckBox("Remember for sheets like this")
        self.remember_box.setChecked(True)
        self.remember_box.setToolTip("The next sheet with these headers is read in the same way")
        self.mode_choice = Choice(
            [
                ("replace", "Replace the measurements"),
                ("measured", "Add to the measurements"),
                ("simulated", "Add as simulated rows"),
            ]
        )
        self.mode_choice.setMinimumContentsLength(18)
        self.mode_choice.setVisible(self._can_add)
        self.material_choice = Choice(
            [("", "Not said"), *((name, name) for name in self._materials)],
            tip="Its density, capacity, voltage and particle sizes are used where you give no "
            "others: structures, campaigns, capacity and energy. Not said: as NMC111.\nYour own "
            "materials are kept on the page Structure.",
        )
        self.material_choice.setAccessibleName("Active material")
        self.material_choice.edited.connect(lambda _: self._on_material())
        last = QWidget()
        flow = FlowLayout(last)
        flow.addWidget(line_of("Active material", self.material_choice))
        flow.addWidget(self.remember_box)
        flow.addWidget(self.mode_choice)
        layout.addWidget(last)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        self.leave_out_button = button("Leave out row", self._on_leave_out)
        buttons.addWidget(self.leave_out_button)
        self.leave_all_button = button("", self.leave_out_bad_rows)
        self.leave_all_button.setAutoDefault(False)
        buttons.addWidget(self.leave_all_button)
        self.reset_button = button("Undo all corrections", self._on_reset, flat=True)
        buttons.addWidget(self.reset_button)
        buttons.addStretch(1)
        cancel = button("Cancel", self.reject)
        cancel.setAutoDefault(False)
        buttons.addWidget(cancel)
        self.import_button = button("Import", self._on_import, primary=True)
        self.import_button.setDefault(True)
        buttons.addWidget(self.import_button)
        outer.addLayout(buttons)

    def _build_text_choices(self) -> tuple[QWidget, ...]:
        """How numbers and cells are told apart: shown as found, and to be chosen."""
        self.delimiter_choice = Choice(list(_DELIMITERS.items()))
        self.encoding_choice = Choice([(name, name) for name in ENCODINGS])
        self.decimal_choice = Choice([(".", "point"), (",", "comma")])
        self.delimiter_choice.edited.connect(lambda key: self._reopen(delimiter=key))
        self.encoding_choice.edited.connect(lambda key: self._reopen(encoding=key))
        self.decimal_choice.edited.connect(lambda key: self._reopen(decimal=key))
        for choice in (self.delimiter_choice, self.encoding_choice, self.decimal_choice):
            choice.setMinimumContentsLength(7)
        self._thousands = label("", "muted")
        self._delimiter_row = line_of("Separated by", self.delimiter_choice)
        self._encoding_row = line_of("Encoding", self.encoding_choice)
        decimal = line_of("Decimal", self.decimal_choice, self._thousands)
        return self._delimiter_row, self._encoding_row, decimal

    def _build_boxes(self) -> tuple[QWidget, ...]:
        """Ticks for what a sheet may mean by its rows."""
        self.group_box = QCheckBox("Average replicates")
        self.group_box.setToolTip("Rows of equal conditions become one, with their spread")
        self.group_box.clicked.connect(
            lambda on: self._try(self._options.replace(group_replicates=on))
        )
        self.fill_box = QCheckBox("Blank coatings repeat the row above")
        self.fill_box.clicked.connect(lambda on: self._try(self._options.replace(fill_down=on)))
        return self.group_box, self.fill_box

    def _build_extras(self) -> list[Fold]:
        """What turns loads into pressures, weights into porosities, gaps into pressures."""
        options = self._options
        self.conversions = Conversions(options)
        self.conversions.edited.connect(self._on_conversion)
        self.conversions.refused.connect(lambda why: self._status.set_text(why, "error"))
        self.problems_fold, self.problems_list = self._build_list()
        self.rows_fold, self.rows_list = self._build_list()
        return [self.problems_fold, self.rows_fold, *self.conversions.folds]

    def _build_list(self) -> tuple[Fold, QListWidget]:
        fold, rows = Fold(""), QListWidget()
        rows.setMaximumHeight(120)
        rows.setWordWrap(True)
        rows.itemActivated.connect(self._on_listed_row)
        rows.itemClicked.connect(self._on_listed_row)
        fold.body.addWidget(rows)
        return fold, rows

    # -- what the user does -----------------------------------------------------------------------------
    def set_role(self, column: int, role: str) -> None:
        """Say what the column with this index (from 0) is: a role, a load, or "" for none."""
        mapping = dict(self.preview.layout.roles)
        mapping.update(self._options.mapping)
        units = dict(self._options.units)
        kind, role = role, "pressure" if role in _LOADS else role
        mapping = {r: c for r, c in mapping.items() if c != column and r != role}
        if role:
            mapping[role] = column
        if role == "pressure":
            units.pop("pressure", None)
            found = self.preview.layout.column(column).meaning.unit
            if kind in _LOADS and (found is None or found.kind.replace(" ", "_") != kind):
                units["pressure"] = _LOADS[kind][1]
        self._try(self._options.replace(mapping=mapping, units=units))

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

    def leave_out_bad_rows(self) -> None:
        """Leave out every row that holds something to mend."""
        bad = {problem.row for problem in self.preview.problems}
        self._try(self._options.replace(leave_out=self._options.leave_out | bad))

    def _on_material(self) -> None:
        found = self.material
        if found is not None:
            self.conversions.suggest_density(found.density)

    def _on_conversion(self, changes: dict[str, Any]) -> None:
        self._try(self._options.replace(**changes))

    def _on_listed_row(self, item: QListWidgetItem) -> None:
        row, column = item.data(Qt.ItemDataRole.UserRole)
        self._go_to(row, column)

    def _reopen(self, **how: str) -> None:
        """Read the file again with another delimiter, encoding or decimal mark."""
        options = self._options.replace(**how)
        if "decimal" not in how:
            options = options.replace(mapping={}, header_row=None, sheet=None)
        try:
            preview = preview_sheet(self._workbook.path, options)
        except InputError as error:
            self._status.set_text(str(error), "error")
            self._show_text_choices()
            return
        self._workbook, self._options = preview.workbook, options
        self._show(preview)

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

    def _on_current(self) -> None:
        self._refresh_leave_out()
        if self.preview.obstacle:
            self._status.set_text(self._complaint(), "error")

    def _complaint(self) -> str:
        """Why the sheet cannot be imported; of several bad cells that of the chosen row."""
        preview = self.preview
        row = self._model.sheet_row(self.view.currentIndex())
        here = next((p for p in preview.problems if p.row == row), None)
        if here is None or not preview.obstacle.startswith(str(preview.problems[0])):
            return without_shell(preview.obstacle)
        more = len(preview.problems) - 1
        rest = f" (and {more} more cell{'s' if more > 1 else ''} to mend)" if more else ""
        return without_shell(f"{here}{rest}.")

    def _on_leave_out(self) -> None:
        index = self.view.currentIndex()
        if index.isValid():
            row = self._model.sheet_row(index)
            self.leave_out(row, row not in self._options.leave_out)

    def _on_reset(self) -> None:
        if self._known_as:
            self._known_as = ""
            self._reset_to(ReadOptions())
            return
        self._reset_to(
            ReadOptions(sheet=self.preview.sheet.name, calibration=self._options.calibration)
        )

    def _reset_to(self, options: ReadOptions) -> None:
        self._options = options
        self._reopen()

    def _on_import(self) -> None:
        if not self.preview.obstacle:
            self.acceptedPreview.emit(self.preview)
            self.accept()

    def _go_to(self, row: int, column: int) -> None:
        self.table.go_to(row, column)
        # With a list unfolded the table itself may be out of view.
        self._room.ensureWidgetVisible(self.table)

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
        before, self.preview = self.preview, preview
        self.table.show_preview(preview)
        self.sheet_choice.set_choices([(name, name) for name in preview.sheet_names])
        self.sheet_choice.show_value(preview.sheet.name)
        self.header_box.blockSignals(True)
        self.header_box.setValue(preview.header_row)
        self.header_box.blockSignals(False)
        self._show_choices()
        self._show_status()
        self._refresh_leave_out()
        # The cell that was wrong here is no longer: go on to the one that is now complained of,
        # so that what stands below the complaint acts on its row.
        row = self._model.sheet_row(self.view.currentIndex())
        bad, was_bad = ({p.row for p in shown.problems} for shown in (preview, before))
        if bad and row in was_bad - bad:
            self._go_to(preview.problems[0].row, preview.problems[0].column)

    def _show_choices(self) -> None:
        """Put the choice of role and unit over each column."""
        preview = self.preview
        roles = [("", "Not used")]
        for role in ROLES:
            roles.append((role, _SHORT_ROLES.get(role, ROLE_LABELS[role])))
            if role == "pressure":
                roles += [(kind, name) for kind, (name, _) in _LOADS.items()]
        for section, column in enumerate(preview.columns):
            role = preview.role_of(column.index)
            choice = Choice(roles)
            choice.show_value(self._kind(column, role))
            choice.setToolTip("What this column is")
            choice.edited.connect(
                lambda key, index=column.index: QTimer.singleShot(
                    0, self, lambda: self.set_role(index, key)
                )
            )
            self.table.put_over(section, choice, self._unit(role))

    def _kind(self, column: Column, role: str) -> str:
        """What a column is shown as: its role, or the load that stands in for a pressure."""
        unit = self.preview.load_unit
        if role == "pressure" and unit is not None:
            return unit.kind.replace(" ", "_")
        if not role and column is self.preview.layout.load_column:
            return column.meaning.quantity
        return role

    def _unit(self, role: str) -> QWidget | None:
        units = CHOICES.get(ROLE_KINDS.get(role, ""), ())
        if role == "pressure":
            units += CHOICES["line load"] + CHOICES["force"]
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
            self._status.set_text(self._complaint(), "error")
        else:
            reasons = f", {len(preview.left_out)} left out" if preview.left_out else ""
            self._status.set_text(f"{used} rows can be imported{reasons}.", "success")
        self._show_extras()
        more = preview.row_count - MOST_ROWS
        notes = [] if obstacle else [without_shell(note) for note in preview.notes]
        if self._known_as:
            notes.insert(0, f"Read as remembered from {self._known_as}.")
        if more > 0:
            notes.append(f"{more:,} more rows are not shown here but are read.")
        self._notes.setText("\n".join(notes[:4]))
        self._notes.setVisible(bool(notes))
        enable(self.import_button, without_shell(obstacle), f"Import {used} rows")
        changed = self._options.corrections or self._options.leave_out or self._options.mapping
        changed = changed or self._options.units or self._known_as
        self.reset_button.setVisible(bool(changed))
        self.reset_button.setText("Read afresh" if self._known_as else "Undo all corrections")

    def _show_extras(self) -> None:
        """Show what applies to this sheet, with the values in use."""
        preview, options = self.preview, self._options
        self._show_text_choices()
        self.group_box.setChecked(options.group_replicates)
        self.fill_box.setChecked(options.fill_down)
        self.fill_box.setVisible(options.fill_down or preview.repeats_coatings)
        self.conversions.show_preview(preview, options)
        bad = len({problem.row for problem in preview.problems})
        self.leave_all_button.setVisible(bad > 1)
        self.leave_all_button.setText(f"Leave out all {bad} rows with errors")
        self.problems_list.clear()
        for problem in preview.problems[:200]:
            self._list_row(self.problems_list, problem.row, problem.column, str(problem))
        self.problems_fold.set_heading(_counted(len(preview.problems), "cell", "to mend"))
        self.problems_fold.setVisible(bool(preview.problems))
        self.rows_list.clear()
        for row, why in preview.left_out[:200]:
            self._list_row(self.rows_list, row, 0, f"Row {row}: {why}")
        self.rows_fold.set_heading(_counted(len(preview.left_out), "row", "left out"))
        self.rows_fold.setVisible(bool(preview.left_out))

    @staticmethod
    def _list_row(rows: QListWidget, row: int, column: int, text: str) -> None:
        item = QListWidgetItem(text)
        item.setData(Qt.ItemDataRole.UserRole, (row, column))
        rows.addItem(item)

    def _show_text_choices(self) -> None:
        workbook, is_text = self._workbook, self._workbook.kind == "text"
        self._delimiter_row.setVisible(is_text)
        self._encoding_row.setVisible(is_text)
        if is_text and workbook.encoding not in ENCODINGS:
            names = [*ENCODINGS, workbook.encoding]
            self.encoding_choice.set_choices([(name, name) for name in names])
        self.delimiter_choice.show_value(workbook.delimiter)
        self.encoding_choice.show_value(workbook.encoding)
        self.decimal_choice.show_value(self.preview.sheet.decimal)
        words = {".": "point", ",": "comma", "'": "apostrophe", "’": "apostrophe", " ": "blank"}
        between = words.get(self.preview.thousands, "")
        self._thousands.setText(f"thousands: {between}" if between else "")

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


def _counted(count: int, noun: str, rest: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'} {rest}"
