"""The experiment page: the sheet, the law, and how far the law may be trusted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QMenu, QTabWidget, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.experiment.blank_sheet import write_blank_sheet
from engine.experiment.diagnostics import LawAssessment
from engine.experiment.laws import law_from_dict
from engine.experiment.laws.printing import print_law
from engine.experiment.preview import ReadOptions, SheetPreview
from engine.experiment.reader import table_from_preview
from engine.experiment.safe_sheets import write_table
from engine.experiment.table import CalenderingTable
from engine.experiment.templates import (
    load_templates,
    remember,
    save_templates,
    template_from_preview,
)
from engine.maps.scope import LEVEL
from engine.structure.materials import MATERIALS, Material
from engine.structure.own_materials import read_own_materials
from hybridgui import dialogs
from hybridgui.experiment.coefficients import coefficient_row
from hybridgui.experiment.curves_view import CurvesView
from hybridgui.experiment.fit_view import FitView
from hybridgui.experiment.import_dialog import ImportDialog
from hybridgui.experiment.law_dialog import LawDialog
from hybridgui.experiment.read_options import options_from_dict, options_to_dict
from hybridgui.experiment.words import (
    CAN_BE_PHYSICAL,
    LAW_HINTS,
    LAW_NAMES,
    law_name,
    table_frame,
)
from hybridgui.experiment.work import (
    FittedLaw,
    LawPreview,
    added_table,
    family_curves,
    fit,
    is_law_of,
    open_sheet,
    read_sample,
    suggest_law,
)
from hybridgui.resources import sample_sheet
from hybridgui.settings import materials_file, templates_file
from hybridgui.stages import StageState
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import (
    EmptyState,
    Fold,
    Notice,
    button,
    clear_layout,
    enable,
    label,
    make_primary,
)
from hybridgui.widgets.form import Choice, FormGroup
from hybridgui.widgets.page import Page
from hybridgui.widgets.recent import RecentStudies
from hybridgui.widgets.table import DataTable

_KIND, _PHYSICAL = "experiment/law_kind", "experiment/physical"
# Kind that was chosen for the sheet, and why.
_WHY = "experiment/law_why"


class ExperimentPage(Page):
    """From a lab's spreadsheet to a calendering law."""

    key = "experiment"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
        self.dialog: ImportDialog | None = None
        self.law_dialog: LawDialog | None = None
        self._build_middle()
        self._build_side()
        model.studyOpened.connect(self._on_study_opened)
        model.tableChanged.connect(self._on_table_changed)
        model.lawChanged.connect(self._on_law_changed)
        model.parameterChanged.connect(self._on_parameter_changed)
        model.stagesChanged.connect(self._show_other_law)
        model.jobs.started.connect(lambda _: self._refresh_buttons())
        model.jobs.ended.connect(lambda _: self._refresh_buttons())

    # -- building -------------------------------------------------------------------------------
    def _build_middle(self) -> None:
        self.sample_button = button("Open sample", self.import_sample, primary=True)
        self.import_button = button("Import sheet…", self._on_import)
        self._empty = EmptyState(
            "ph.table",
            "Begin with measured calendering conditions",
            "Drop a spreadsheet (.xlsx, .xls, .ods, .csv) anywhere in this window: AM content, "
            "porosity and thickness before calendering, roll gap or pressure, porosity after. "
            "Or look at 14 measured NMC111 conditions first.",
            (self.sample_button, self.import_button),
        )
        self.recent = RecentStudies(self._model.settings)
        self.recent.chosen.connect(self._model.studyRequested)
        self._empty.add_below(self.recent)
        self.tabs = QTabWidget()
        self.add_middle(self._empty, self.tabs)
        self.show_middle(self._empty)
        self.tabs.setDocumentMode(True)
        sheet = QWidget()
        column = QVBoxLayout(sheet)
        column.setContentsMargins(0, 2 * GRID, 0, 0)
        column.setSpacing(GRID)
        self.table_view = DataTable()
        column.addWidget(self.table_view, 1)
        self._left_out = Fold("")
        column.addWidget(self._left_out)
        self._notes = label("", "small", wrap=True)
        column.addWidget(self._notes)
        self._sheet_page, self.fit_view, self.curves_view = sheet, FitView(), CurvesView()
        self.tabs.addTab(sheet, "Measurements")
        self.tabs.addTab(self.fit_view, "Quality of the law")
        self.tabs.addTab(self.curves_view, "Porosity against pressure")

    def _build_side(self) -> None:
        body = self.side.body
        self._sheet_group = FormGroup("Sheet")
        self._source = label("No sheet yet", "muted", wrap=True)
        self._sheet_group.add_wide(self._source)
        self._columns_button = button("Columns and units…", self._on_columns, link=True)
        self._sheet_group.add_wide(self._columns_button)
        body.addWidget(self._sheet_group)

        group = FormGroup("Calendering law")
        self.law_choice = Choice(list(LAW_NAMES.items()))
        self.law_choice.setAccessibleName("Calendering law")
        self.law_choice.edited.connect(
            lambda kind: self._model.set_parameter(_KIND, kind, "Choose law")
        )
        group.add_wide(self.law_choice)
        self._hint = label("", "small", wrap=True)
        group.add_wide(self._hint)
        self.physical_box = QCheckBox("Must fall with pressure")
        self.physical_box.setToolTip(
            "Fit under the constraint that the porosity never rises with pressure and never "
            "exceeds the initial porosity."
        )
        self.physical_box.clicked.connect(
            lambda on: self._model.set_parameter(_PHYSICAL, on, "Constrain law")
        )
        group.add_wide(self.physical_box)
        self._other_law = label("", "small", wrap=True)
        group.add_wide(self._other_law)
        self.wizard_button = button("Compare laws and choose…", self.choose_law, link=True)
        group.add_wide(self.wizard_button)
        body.addWidget(group)

        self._law_group = FormGroup("Law in use")
        self._law_label = label("", "", wrap=True)
        self._law_group.add_wide(self._law_label)
        self._coefficients = QWidget()
        self._coefficient_rows = QVBoxLayout(self._coefficients)
        self._coefficient_rows.setContentsMargins(0, 0, 0, 0)
        self._coefficient_rows.setSpacing(4)
        self._law_group.add_wide(self._coefficients)
        self.copy_menu = QMenu(self)
        for form, text in (
            ("text", "Equation"),
            ("latex", "LaTeX"),
            ("excel", "Excel formula"),
            ("python", "Python function"),
        ):
            self.copy_menu.addAction(text, lambda form=form: self.copy_law(form))
        self._copy_button = button("Copy law as")
        self._copy_button.setProperty("menu", True)
        self._copy_button.setMenu(self.copy_menu)
        self._law_group.add_wide(self._copy_button)
        body.addWidget(self._law_group)
        self._outdated = Notice("warning")
        body.addWidget(self._outdated)

        self.fit_button = button("Fit law", self.fit_law, primary=True)
        self.side.foot.addWidget(self.fit_button)
        self._refresh_form()

    # -- what the user does -----------------------------------------------------------------------
    def import_sheet(self, path: Path, options: ReadOptions | None = None) -> None:
        """Read a spreadsheet and show how it was understood; nothing counts until accepted."""
        path = Path(path)
        self._model.settings.set_last_folder("sheet", path)
        like = options_from_dict(self._model.sheet_source.get("options"))
        self._model.start_job(
            "Reading the sheet",
            lambda job: open_sheet(job, path, options, templates_file(), like),
            stage=self.key,
            finished=self._on_sheet_opened,
        )

    def import_sample(self) -> None:
        """Import the sheet that ships with the program."""
        try:
            path = sample_sheet()
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._model.start_job(
            "Reading the sheet",
            lambda job: read_sample(job, path),
            stage=self.key,
            finished=lambda table: self._accept_table(
                table, {"path": str(path)}, MATERIALS["NMC111"]
            ),
        )

    def fit_law(self) -> None:
        """Fit the chosen law to the sheet and use it."""
        table = self._model.table
        kind = self.law_choice.current
        physical = self.physical_box.isChecked()
        self._model.start_job(
            "Fitting the law",
            lambda job: fit(job, table, kind, physical),
            stage=self.key,
            finished=self._on_fitted,
        )

    def choose_law(self) -> None:
        """Open the law wizard on the sheet."""
        table = self._model.table
        if table is None:
            return
        self.law_dialog = LawDialog(self._model, table, self.window())
        self.law_dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        kind = self.law_choice.current
        if kind in CAN_BE_PHYSICAL:
            parameters: dict[str, Any] = {"physical": self.physical_box.isChecked()}
            if kind == "polynomial" and not table.has_gap:
                parameters["select"] = "bic"  # the published terms need the roll gap
            self.law_dialog.show_spec(kind, parameters)
        self.law_dialog.acceptedLaw.connect(self._on_law_accepted)
        self.law_dialog.open()

    def copy_law(self, form: str) -> None:
        """Copy the law in use as "text", "latex", "excel" or "python"."""
        law = self._model.law
        if law is None:
            return
        try:
            QGuiApplication.clipboard().setText(print_law(law_from_dict(law), form))
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._model.say("success", "The law was copied.")

    def save_blank_sheet(self, language: str, driver: str) -> None:
        """Ask where to save an .xlsx that a lab can fill in."""
        self._save(
            "Save blank sheet",
            "Excel workbook (*.xlsx)",
            "calendering.xlsx",
            lambda path: write_blank_sheet(path, language, driver),
        )

    def export_measurements(self) -> None:
        """Ask where to save the measurements as they were understood."""
        table = self._model.table
        if table is None:
            self._model.say("error", "There are no measurements yet: import a sheet first.")
            return
        self._save(
            "Export measurements",
            "Excel workbook (*.xlsx);;Text table (*.csv)",
            "measurements.xlsx",
            lambda path: write_table(table, path),
        )

    def _save(self, title: str, filters: str, name: str, write: Callable[[str], None]) -> None:
        path = dialogs.ask_save(self.window(), self._model.settings, "export", title, filters, name)
        if not path:
            return
        try:
            write(path)
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._model.say("success", f"Saved as {Path(path).name}.")

    def _on_import(self) -> None:
        path = dialogs.ask_open(
            self.window(), self._model.settings, "sheet", "Import sheet", dialogs.SHEET_FILTER
        )
        if path:
            self.import_sheet(Path(path))

    def _on_columns(self) -> None:
        source = self._model.sheet_source
        path = Path(source.get("path", ""))
        if not source or not path.is_file():
            self._model.say(
                "error",
                f"The file {path.name or 'of this sheet'} is no longer where it was: import it "
                "again to change how its columns are read.",
            )
            return
        self.import_sheet(path, options_from_dict(source.get("options")))

    # -- what the engine gave -------------------------------------------------------------------------
    def _on_sheet_opened(self, opened: tuple[SheetPreview, str]) -> None:
        preview, known_as = opened
        said = self._model.material
        own = {} if said is None else {said.name: said}
        with contextlib.suppress(InputError):  # the page Structure says what is wrong with them
            own |= read_own_materials(materials_file())
        self.dialog = ImportDialog(
            preview,
            self.window(),
            known_as=known_as,
            can_add=self._model.table is not None,
            materials=MATERIALS | own,
            material="" if said is None else said.name,
        )
        self.dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.dialog.acceptedPreview.connect(self._on_preview_accepted)
        self.dialog.open()

    def _on_preview_accepted(self, preview: SheetPreview) -> None:
        assert self.dialog is not None
        mode = self.dialog.mode
        try:
            table = table_from_preview(preview)
            if mode != "replace":
                table = added_table(self._model.table, table, mode)
        except InputError as error:
            self._model.say("error", str(error))
            return
        if self.dialog.remembers:
            self._remember(preview)
        source: dict[str, Any] = (
            {}
            if mode != "replace"
            else {
                "path": str(Path(preview.workbook.path).resolve()),
                "options": options_to_dict(preview.options),
            }
        )
        self._accept_table(table, source, self.dialog.material)

    def _remember(self, preview: SheetPreview) -> None:
        """Keep how the sheet was read for the next one like it."""
        try:
            template = template_from_preview(preview, preview.workbook.path.name)
            known = load_templates(templates_file())
            save_templates(templates_file(), remember(known, template))
        except InputError as error:
            self._model.say("warning", f"How this sheet is read was not remembered: {error}")

    def _accept_table(
        self, table: CalenderingTable, source: dict[str, Any], material: Material | None
    ) -> None:
        try:
            self._model.set_table(table, source, material=material)
        except InputError as error:
            self._model.say("error", str(error))
            return
        self.tabs.setCurrentWidget(self._sheet_page)
        count = len(table.left_out)
        left = f"; {count} row{' was' if count == 1 else 's were'} left out" if count else ""
        self._model.say("success", f"{len(table)} conditions were read{left}.")
        chosen, _ = self._model.parameter(_WHY, ["", ""])
        if chosen and chosen == self.law_choice.current and table.has_gap:
            # It was chosen for a sheet without gaps, not by the user.
            self._set_law_choice(None, None, None)
        elif not table.has_gap and self.law_choice.current in ("polynomial", chosen):
            self._model.start_job(
                "Finding a law for these pressures",
                lambda job: suggest_law(job, table),
                stage=self.key,
                finished=self._on_law_suggested,
                wanted=lambda: self._model.table is table,
                # Then the polynomial stays, and fitting it says what the sheet lacks.
                failed=lambda *_: None,
            )

    def _on_law_suggested(self, suggestion: tuple[str, str]) -> None:
        kind, why = suggestion
        self._set_law_choice(kind, True, [kind, why])  # why stands under the choice

    def _set_law_choice(self, kind: str | None, physical: bool | None, why: Any) -> None:
        self._model.undo_stack.beginMacro("Choose law")
        for key, value in ((_KIND, kind), (_PHYSICAL, physical), (_WHY, why)):
            self._model.set_parameter(key, value)
        self._model.undo_stack.endMacro()

    def _on_law_accepted(self, preview: LawPreview) -> None:
        self._on_fitted(FittedLaw(preview.law, preview.assessment))

    def _on_fitted(self, result: FittedLaw) -> None:
        assessment = None if result.assessment is None else result.assessment.to_dict()
        try:
            self._model.set_law(result.law.to_dict(), assessment, "Fit law")
        except InputError as error:
            self._model.say("error", str(error))
            return
        self.tabs.setCurrentWidget(self.fit_view if assessment else self.curves_view)

    # -- what changed in the model ----------------------------------------------------------------------
    def _on_study_opened(self) -> None:
        self._on_table_changed()
        self._refresh_form()
        if self._model.law is not None:
            self.tabs.setCurrentWidget(self.fit_view)
        else:
            self.tabs.setCurrentWidget(self._sheet_page)

    def _on_table_changed(self) -> None:
        table = self._model.table
        if table is not None:
            frame, columns = table_frame(table)
            self.table_view.show_frame(frame, columns)
            self._source.setText(
                f"{table.source or 'Sheet'}\n{len(table)} conditions in {table.family_count} "
                f"coating{'' if table.family_count == 1 else 's'}"
            )
            self._show_left_out(table)
            self._notes.setText("\n".join(table.notes))
            self._notes.setVisible(bool(table.notes))
        else:
            self._source.setText("No sheet yet")
            self.table_view.show_frame(pd.DataFrame())
        self._refresh_form()
        self._on_law_changed()

    def _show_left_out(self, table: Any) -> None:
        clear_layout(self._left_out.body)
        self._left_out.setVisible(bool(table.left_out))
        if not table.left_out:
            return
        count = len(table.left_out)
        self._left_out.set_heading(f"{count} row{'s' if count > 1 else ''} left out")
        for row, why in table.left_out[:50]:
            self._left_out.body.addWidget(label(f"Row {row}: {why}", "small", wrap=True))

    def _on_law_changed(self) -> None:
        model = self._model
        law, data = model.law, model.assessment
        something = model.table is not None or law is not None
        self.show_middle(self.tabs if something else self._empty)
        assessment = None
        if data is not None:
            try:
                assessment = LawAssessment.from_dict(data)
            except InputError as error:
                model.say("error", str(error))
        for index, shown in ((1, assessment is not None), (2, law is not None)):
            self.tabs.setTabEnabled(index, shown)
            self.tabs.setTabToolTip(index, "" if shown else "Fit a law first")
        self.tabs.setTabEnabled(0, model.table is not None)
        table = model.table
        fits = (
            table is not None and assessment is not None and len(table) == len(assessment.porosity)
        )
        if assessment is not None:
            self.fit_view.show_assessment(assessment, table.rows if fits else None)
        if law is not None:
            self._show_law(law, assessment, table)
        self._law_group.setVisible(law is not None)
        self._show_other_law()
        outdated = model.is_open and model.stage_state("experiment")[0].name == "OUTDATED"
        self._outdated.set_text(
            "The sheet changed after this law was fitted: fit it again." if outdated else ""
        )
        self._refresh_buttons()

    def _show_law(self, law: dict[str, Any], assessment: Any, table: Any) -> None:
        try:
            curves = family_curves(law, assessment)
        except InputError as error:
            self._model.say("error", str(error))
            return
        interval = assessment.interval(LEVEL) if assessment is not None else None
        self.curves_view.show_curves(curves, table, interval[1] if interval else None)
        self._law_label.setText(law_name(law["kind"], law.get("params")))
        clear_layout(self._coefficient_rows)
        ranges = assessment.coefficient_ranges if assessment is not None else {}
        for name, value in law["coefficients"].items():
            error = law.get("standard_errors", {}).get(name)
            unit = law.get("coefficient_units", {}).get(name, "")
            row = coefficient_row(name, value, error, ranges.get(name), unit)
            self._coefficient_rows.addWidget(row)

    def _on_parameter_changed(self, key: str, _value: Any) -> None:
        if key in (_KIND, _PHYSICAL, _WHY):
            self._refresh_form()

    def _refresh_form(self) -> None:
        kind = self._model.parameter(_KIND, "polynomial")
        self.law_choice.show_value(kind)
        table = self._model.table
        chosen, why = self._model.parameter(_WHY, ["", ""])
        given = table is not None and not table.has_gap and chosen == kind
        self._hint.setText(why if given else LAW_HINTS.get(kind, ""))
        self.physical_box.setVisible(kind in CAN_BE_PHYSICAL)
        default = kind != "polynomial"
        self.physical_box.setChecked(bool(self._model.parameter(_PHYSICAL, default)))
        self._show_other_law()
        self._refresh_buttons()

    def _show_other_law(self) -> None:
        """Say where the law in use is not the one that this form would fit."""
        kind, law = self.law_choice.current, self._model.law
        other = law is not None and not is_law_of(law, kind, self.physical_box.isChecked())
        name = law_name(law["kind"], law.get("params")) if law is not None and other else ""
        alike = law is not None and law["kind"] == kind
        what = "this law with other options" if alike else "another law"
        self._other_law.setText(f"In use is {what}: {name}. It stays until replaced." * other)
        self._other_law.setVisible(other)
        text = "Use this law" if kind == "published" else "Fit law"
        done = self._model.is_open and self._model.stage_state(self.key)[0] is StageState.DONE
        again = "Fit again" if done and kind != "published" else text
        self.fit_button.setText("Replace the law in use" if other else again)
        make_primary(self.fit_button, not other and not done)

    def _refresh_buttons(self) -> None:
        model = self._model
        reason = ""
        if not model.is_open:
            reason = "No study is open."
        elif model.read_only:
            reason = "This study is read-only: save a copy to change it."
        elif model.jobs.running_in(self.key) is not None:
            reason = "Wait until the running work has ended."
        for widget in (self.sample_button, self.import_button):
            enable(widget, reason)
        if not reason and model.table is None and self.law_choice.current != "published":
            reason = "Import a sheet first: there is nothing to fit yet."
        enable(self.fit_button, reason, "Fit the chosen law to the sheet and use it")
        enable(
            self._columns_button,
            "" if model.table is not None else "Import a sheet first.",
            "See how the columns were understood, and correct it",
        )
        several = model.table is not None and not model.sheet_source
        self._columns_button.setVisible(model.table is not None and not several)
        wizard_reason = "Import a sheet first." if model.table is None else ""
        enable(
            self.wizard_button,
            reason if model.table is not None else wizard_reason,
            "Choose form, inputs and terms, see the fit at once, compare laws side by side",
        )
