"""The structure page: one electrode, from its recipe to a picture and its properties."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.properties.conductivities import Conductivities
from engine.properties.resolution import RANGE, REFINEMENT, VALUE
from engine.structure.condition import Condition
from hybridgui.bridge import Job
from hybridgui.structure.animation_dialog import AnimationDialog
from hybridgui.structure.colouring import PHASE, colouring, field_work
from hybridgui.structure.export_button import ExportButton
from hybridgui.structure.fields import Field
from hybridgui.structure.large import MOST_VOXELS, wants_large
from hybridgui.structure.path_bar import PathBar
from hybridgui.structure.properties_foot import PropertiesFoot
from hybridgui.structure.readings import PictureSplit, Readings
from hybridgui.structure.recipe_form import RecipeForm
from hybridgui.structure.recipe_plan import press_problem
from hybridgui.structure.stack_import import StackImport, dropped_folder
from hybridgui.structure.view_panel import MOST_SCENES, ViewPanel
from hybridgui.structure.work import (
    IMPORTED,
    PRESSED,
    Electrode,
    ElectrodePath,
    characterize_electrode,
    check_resolution,
    columns_to_json,
    conductivities_of,
    generate_electrode,
    press_electrode,
    rebuild_electrode,
    surroundings_of,
)
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import (
    EmptyState,
    Notice,
    button,
    enable,
    follow_theme,
    label,
)
from hybridgui.widgets.page import Page

_QUICK_VOXELS = 8_000_000
_REACH = 5.0
"""Of the porosity around a voxel that is clicked, µm."""


class StructurePage(Page):
    """Generates or imports one electrode, shows it, and reads its properties."""

    key = "structure"

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.model = model
        self.electrode: Electrode | None = None
        self.path: ElectrodePath | None = None
        self.pinned: list[Electrode] = []
        self._job: Job | None = None
        self._due: dict[str, Any] | None = None
        self._fields: dict[str, Field] = {}
        self._colour = PHASE
        self._followed: tuple[Any, Any] | None = None
        self.importing = StackImport(self, model, self._begin)
        self.importing.imported.connect(self._on_imported)
        self.setAcceptDrops(True)
        self._build_side()
        self._build_middle()
        self._build_actions()
        self.form.changed.connect(self._on_form_changed)
        model.studyOpened.connect(self._on_study_opened)
        model.electrodeRequested.connect(self._on_electrode_requested)
        follow_theme(self, self._on_theme)
        self._refresh_button()
        self._show_properties()

    # -- parts ----------------------------------------------------------------------------------
    def _build_side(self) -> None:
        self.form = RecipeForm(self.model)
        self.side.body.addWidget(self.form)
        self.foot = PropertiesFoot(self._on_compute, lambda: self.tabs.open_properties())
        self.generate_button = button("Generate", self.generate, primary=True)
        self.press_button = button("Press", self.press)
        buttons = QHBoxLayout()
        buttons.setSpacing(GRID)
        buttons.addWidget(self.generate_button, 1)
        buttons.addWidget(self.press_button)
        self.side.foot.addLayout(buttons)
        self.side.foot.addWidget(self.foot)

    def _build_middle(self) -> None:
        self.empty = EmptyState(
            "ph.cube",
            "No electrode yet",
            "Choose the recipe at the right and generate one, or import a segmented image: "
            "TIFF, .npy, .vti or raw, or particles of another simulation.",
            [button("Import a stack…", self.importing.ask_file)],
        )
        self.content = QWidget()
        column = QVBoxLayout(self.content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.notice = Notice("info")
        column.addWidget(self.notice)
        self.panel = ViewPanel(self.model)
        column.addWidget(self.panel.controls)
        left = QWidget()
        left_column = QVBoxLayout(left)
        left_column.setContentsMargins(0, 0, GRID, 0)
        left_column.setSpacing(GRID)
        self.panel.pictureAsked.connect(self.ask_save_picture)
        self.panel.animationAsked.connect(self.ask_save_animation)
        self.panel.compareToggled.connect(self._on_compare)
        left_column.addWidget(self.panel, 1)
        self.path_bar = PathBar()
        self.path_bar.hide()
        self.path_bar.moved.connect(self._on_path_moved)
        self.path_bar.closed.connect(self.leave_path)
        self._pointed = label("", "small")
        self._pointed.setMinimumWidth(1)  # a long sentence must not widen the view
        self._pointed.setAccessibleName("Voxel under the pointer")
        left_column.addWidget(self._pointed)
        self.panel.pointed.connect(self._show_pointed)
        self.panel.picked.connect(self._on_picked)
        self.panel.colourAsked.connect(self.colour_by)
        self.tabs = Readings()
        self.tabs.slices.pointed.connect(self._on_slice_pointed)
        self.tabs.slices.moved.connect(self.panel.show_planes_at)
        self.tabs.computeAsked.connect(lambda: self.compute_properties("all"))
        self.tabs.resolutionAsked.connect(self.compute_resolution)
        self.splitter = PictureSplit(left, self.tabs, self.model.settings)
        column.addWidget(self.splitter, 1)
        column.addWidget(self.path_bar)
        self.stack.addWidget(self.content)
        self.show_middle(self.empty)

    def _build_actions(self) -> None:
        self.import_button = QToolButton()
        self.import_button.setText("Import")
        self.import_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.import_button.setToolTip("Import a segmented image, or drop it here.")
        imports = QMenu(self.import_button)
        imports.addAction("Stack (TIFF, .npy, .vti, raw)…", self.importing.ask_file)
        imports.addAction("Folder of slices…", self.importing.ask_folder)
        imports.addAction("Particles (LAMMPS dump, list)…", self.importing.ask_particles)
        self.import_button.setMenu(imports)
        self.header.actions.addWidget(self.import_button)
        self.export_button = ExportButton(
            self.model, self.ask_save_picture, self.ask_save_animation
        )
        self.header.actions.addWidget(self.export_button)

    def menu_actions(self) -> list[QAction]:
        """Actions for the Study menu."""
        generate = QAction("Generate electrode", self)
        generate.setShortcut("Ctrl+G")
        generate.triggered.connect(lambda *_: self._from_menu(self.generate))
        return [generate]

    def _from_menu(self, action) -> None:
        self.model.go_to("structure")
        action()

    # -- generating -----------------------------------------------------------------------------
    @property
    def busy(self) -> bool:
        """Whether an electrode is being made or read."""
        return self._job is not None and self._job.running

    def generate(self) -> None:
        """Generate the electrode of the form, or stop the one under way."""
        if self.busy:
            self._job.cancel()
            return
        plan = self.form.plan
        if plan.condition is None:
            self.model.say("error", plan.problem or "The recipe is not complete.")
            return
        if not wants_large(self, plan.condition):
            return
        self.leave_path()
        self._begin(
            "Generating the electrode",
            generate_electrode(plan.condition, self.form.seed, self.form.conductivities),
            self._on_generated,
        )

    def _on_electrode_requested(self, condition: Condition, record: dict[str, Any] | None) -> None:
        """Another page wants to see this electrode: take its inputs over, and make it.

        The record of a structure made before is built again, seed and all.
        """
        if self.busy:
            self.model.say("info", "Wait for the electrode under way, or cancel it first.")
            return
        self._due = record
        if record is None:
            self.form.set_condition(condition, self.form.seed)
        else:
            bulk = record.get("conductivities", {})
            self.form.set_condition(condition, int(record["seed"]), bulk)
        if record is None:
            self.generate()
            return
        self.leave_path()
        self._remember(record)
        if self.isVisible():
            self._rebuild_due()

    def press(self) -> None:
        """Generate the uncalendered electrode, and press it to the condition of the form."""
        plan = self.form.plan
        if self.busy or press_problem(self.form.plan) or plan.condition is None:
            return
        self._begin(
            "Pressing the electrode",
            press_electrode(
                self.form.law(), plan.condition, self.form.seed, self.form.conductivities
            ),
            self._on_pressed,
        )

    def _on_pressed(self, path: ElectrodePath) -> None:
        self._show_path(path, len(path.electrodes) - 1)
        self._remember(self.electrode.record)

    def _show_path(self, path: ElectrodePath, step: int) -> None:
        self.path = path
        self.path_bar.show_path(path, step)
        self.tabs.show_path(path, step)
        self.show_electrode(path.electrodes[step], keep_camera=False)
        # Seen whole at its thickest, so that the camera can stay while it is pressed.
        self.panel.fit_to(path.electrodes[0])

    def _on_path_moved(self, step: int) -> None:
        if self.path is not None:
            self.show_electrode(self.path.electrodes[step], keep_camera=True)
            self.tabs.path_plot.show_step(step)

    def leave_path(self) -> None:
        """Keep the electrode that is shown, and forget the others of its path."""
        self.path = None
        self.path_bar.show_path(None)
        self.tabs.show_path(None)

    def _on_compare(self, on: bool) -> None:
        """Keep the present electrode beside the next ones, or show one again."""
        self.pinned = []
        if on and self.electrode is not None:
            self.pinned = [self.electrode]
            self.model.say("info", "The next electrodes, up to three, are shown beside this one.")
        self._show_view(keep_camera=True)
        self._show_properties()

    def _beside(self) -> list[Electrode]:
        """The electrodes that are kept in view beside the present one."""
        return [
            e for e in self.pinned if self.electrode is None or e.stack is not self.electrode.stack
        ]

    def _keep_beside(self) -> None:
        """While comparing, keep the present electrode too when a new one comes."""
        shown = self.electrode
        room = 0 < len(self.pinned) < MOST_SCENES - 1
        if shown is not None and room and all(e.stack is not shown.stack for e in self.pinned):
            self.pinned.append(shown)

    def _show_view(self, keep_camera: bool = False) -> None:
        others = self._beside()
        self.panel.show_electrode(self.electrode, others, keep_camera=keep_camera)

    def _begin(self, title: str, work, finished) -> None:
        study = self.model.study
        self._job = self.model.start_job(
            title,
            work,
            stage=self.key,
            # What arrives after another study was opened belongs nowhere.
            finished=lambda result: finished(result) if study is self._study() else None,
        )
        self._job.ended.connect(self._on_job_ended)
        self._refresh_button()

    def _study(self):
        return self.model.study if self.model.is_open else None

    def _on_job_ended(self) -> None:
        self._job = None
        self._on_form_changed()

    def _on_generated(self, electrode: Electrode) -> None:
        warnings = tuple((electrode.structure.report or {}).get("warnings", ()))
        self._keep_beside()
        self.show_electrode(electrode, warnings)
        self._remember(electrode.record)

    def _remember(self, record: dict[str, Any]) -> None:
        if self.model.read_only:
            return
        try:
            self.model.set_last_structure(record)
        except InputError as error:
            self.model.say("error", str(error))

    def _on_form_changed(self) -> None:
        self._refresh_button()
        self._follow_conductivities()

    def _refresh_button(self) -> None:
        busy = self.busy
        self.generate_button.setText("Cancel" if busy else "Generate")
        plan = self.form.plan
        reason = "" if busy or plan.condition is not None else plan.problem
        enable(
            self.press_button,
            "Wait for the work under way." if busy else press_problem(self.form.plan),
            "Generate the uncalendered electrode, and press it step by step to this pressure.",
        )
        enable(self.generate_button, reason, "" if busy else "Ctrl+G")
        outdated = not busy and plan.condition is not None and self._differs(plan.condition)
        self.foot.show_outdated(outdated, not busy and self._of_other_conductivities)

    def _differs(self, condition: Condition) -> bool:
        """Whether the form asks for another electrode than the one shown."""
        shown = self.electrode
        if shown is None or shown.structure is None:
            return False
        asked = shown.structure.condition
        if shown.source == PRESSED:
            asked = Condition.from_dict(shown.record["target"])
        return condition.key != asked.key or self.form.seed != shown.structure.seed

    # -- showing ----------------------------------------------------------------------------------
    def show_electrode(
        self,
        electrode: Electrode | None,
        warnings: tuple[str, ...] = (),
        *,
        keep_camera: bool = False,
    ) -> None:
        """Show an electrode in every part of the page, or the empty state."""
        self.electrode = electrode
        self._fields, self._colour = {}, PHASE
        self._show_view(keep_camera)
        self.tabs.show_stack(electrode, self.panel.colours, self.panel.field)
        self._show_properties()
        self.export_button.show_electrode(electrode)
        self._refresh_button()
        if electrode is None:
            self.header.subtitle.setText("Generate one electrode and look inside it.")
            self.show_middle(self.empty)
            return
        self.header.subtitle.setText(electrode.title)
        self.notice.set_sentences([*electrode.notes, *warnings], "warning")
        self.show_middle(self.content)
        self._follow_conductivities()

    def _show_properties(self) -> None:
        shown = self.electrode
        self.foot.show_columns(
            None if shown is None else shown.properties,
            shown is not None and conductivities_of(shown.record).opens_cbd,
        )
        others = self._beside()
        self.tabs.show_properties(self.electrode, others[0] if others else None)

    def _on_theme(self) -> None:
        self.panel.dress()
        self.tabs.show_slices(self.electrode, self.panel.colours, self.panel.field)

    def _show_pointed(self, text: str) -> None:
        self._pointed.setText(text)

    def _on_picked(self, pick) -> None:
        """Bring the slices to the voxel, and say all that is known of it."""
        self.tabs.slices.set_position(pick.index)
        if self.electrode is not None:
            more = surroundings_of(self.electrode, pick.index, _REACH)
            self._pointed.setText(f"{self.panel.describe(pick.index)} · {more}")

    def _on_slice_pointed(self, voxel) -> None:
        self._pointed.setText("" if voxel is None else self.panel.describe(voxel))

    def colour_by(self, key: str) -> None:
        """Colour the electrode by its phases, or by a field that is computed when first asked."""
        shown = self.electrode
        if shown is None:
            return
        if key == PHASE or key in self._fields:
            self._show_field(key)
            return
        if self.busy:
            self.model.say("info", "Wait for the work under way, or cancel it first.")
            self.panel.toolbar.colours.show_value(self._colour)
            return

        def finished(fields: dict[str, Field]) -> None:
            if self.electrode is not None and self.electrode.stack is shown.stack:
                self._fields |= fields
                self._show_field(key)

        self._begin(colouring(key).text, field_work(shown, key, self._fields), finished)
        self._job.ended.connect(lambda: self.panel.toolbar.colours.show_value(self._colour))

    def _show_field(self, key: str) -> None:
        self._colour = key
        field = self._fields.get(key)
        self.panel.set_field(field, key)
        self.tabs.show_slices(self.electrode, self.panel.colours, field)

    # -- properties ---------------------------------------------------------------------------------
    def _on_compute(self) -> None:
        if self.electrode is not None:
            self.compute_properties(self._parts_of(self.electrode))

    def compute_properties(self, parts: str = "published") -> None:
        """Compute the properties of the electrode that is shown ("published" or "all")."""
        if self.electrode is None or self.busy:
            return
        shown, bulk = self.electrode, self.form.conductivities
        same = bulk == conductivities_of(shown.record)

        def finished(result) -> None:
            columns, full = result
            kept = {
                name: value
                for name, value in shown.properties.items()
                if name not in columns and (same or not name.startswith((VALUE, RANGE)))
            }
            self._take_properties(shown, columns | kept, full, bulk)

        work = characterize_electrode(shown.stack, bulk, parts)
        self._begin("Computing the properties", work, finished)

    @property
    def _of_other_conductivities(self) -> bool:
        """Whether the properties shown were computed with other bulk values than the form's."""
        shown = self.electrode
        if shown is None or not shown.properties:
            return False
        return conductivities_of(shown.record) != self.form.conductivities

    def _follow_conductivities(self) -> None:
        """Compute the properties shown again, once, where they are of other bulk values.

        A large electrode waits until the user asks for it.
        """
        shown = self.electrode
        if self.busy or shown is None or not self._of_other_conductivities:
            return
        tried = (shown.stack, self.form.conductivities)
        if tried == self._followed or shown.stack.labels.size > _QUICK_VOXELS:
            return
        self._followed = tried
        self.compute_properties(self._parts_of(shown))

    @staticmethod
    def _parts_of(electrode: Electrode) -> str:
        """The properties that an electrode has, as `characterize` names them."""
        full = electrode.record.get("properties", {})
        return "all" if "pore_size_um" in full else "published"

    def compute_resolution(self) -> None:
        """Extrapolate the properties of the electrode that is shown to voxel size zero."""
        shown = self.electrode
        if shown is None or shown.structure is None or self.busy:
            return
        condition = shown.structure.condition
        nz, ny, nx = condition.shape
        voxels = REFINEMENT**3 * nz * ny * nx
        if voxels > MOST_VOXELS:
            self.model.say(
                "error",
                f"The check would need {voxels / 1e6:,.0f} million voxels: choose a smaller box or "
                "larger voxels.",
            )
            return

        def finished(found: dict[str, float]) -> None:
            full = shown.record.get("properties", {})
            self._take_properties(shown, shown.properties | found, full, bulk)

        bulk = conductivities_of(shown.record)
        work = check_resolution(condition, shown.structure.seed, shown.properties, bulk)
        self._begin("Checking the resolution", work, finished)

    def _take_properties(
        self,
        electrode: Electrode,
        columns: dict[str, float],
        full: dict[str, Any],
        bulk: Conductivities,
    ) -> None:
        """Keep properties with their electrode wherever the page has it, shown or not."""
        record = electrode.record | {
            "conductivities": bulk.to_dict(),
            "properties": full,
            "columns": columns_to_json(columns),
        }
        known = replace(electrode, properties=columns, record=record)
        self.pinned = [known if e is electrode else e for e in self.pinned]
        if self.path is not None and electrode in self.path.electrodes:
            steps = tuple(known if e is electrode else e for e in self.path.electrodes)
            self.path = replace(self.path, electrodes=steps)
            step = self.path_bar.slider.value()
            self.tabs.show_path(self.path, step)
        if electrode.source == IMPORTED and not self.model.read_only:
            self.model.study.set_stack_properties(int(record["stack"]), full)
        if self.electrode is electrode:
            self.electrode = known
            self._remember(record)
        self._show_properties()

    # -- the study ------------------------------------------------------------------------------------
    def _on_study_opened(self) -> None:
        self.leave_path()
        self.panel.phases.compare.setChecked(False)
        self.show_electrode(None)
        self._due = None
        record = self.model.last_structure
        if not record:
            return
        self._due = record
        if self.isVisible():
            self._rebuild_due()

    def _rebuild_due(self) -> None:
        """Build what the study remembers, once somebody looks."""
        record, self._due = self._due, None
        if record:
            work = rebuild_electrode(record, self.model.study.stack)
            self._begin("Building the electrode again", work, self._on_rebuilt)

    def _on_rebuilt(self, result: Electrode | ElectrodePath) -> None:
        if isinstance(result, ElectrodePath):
            step = int((self.model.last_structure or {}).get("index", -1))
            self._show_path(result, step if 0 <= step < len(result.electrodes) else -1)
        else:
            self.show_electrode(result)

    # -- import and export ------------------------------------------------------------------------
    def import_stack(self, path: str | Path) -> None:
        """Read a file or folder of slices, and ask what its values mean."""
        if self.busy:
            self.model.say("info", "Wait for the electrode under way, or cancel it first.")
        else:
            self.importing.read(Path(path))

    def import_particles(self, path: str | Path) -> None:
        """Read a list of particles, and ask what its columns mean."""
        if self.busy:
            self.model.say("info", "Wait for the electrode under way, or cancel it first.")
        else:
            self.importing.read_particles(Path(path))

    def _on_imported(self, electrode: Electrode) -> None:
        self.leave_path()
        self._keep_beside()
        self.show_electrode(electrode)
        self._remember(electrode.record)
        self.model.stacksChanged.emit()
        if electrode.stack.labels.size <= _QUICK_VOXELS:
            QTimer.singleShot(0, lambda: self._describe(electrode))

    def _describe(self, electrode: Electrode) -> None:
        """Compute the properties of an electrode, if it and its study are still there."""
        if self.model.is_open and self.electrode is electrode:
            self.compute_properties()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take folders of slices; the window takes files."""
        if dropped_folder(event) is not None:
            event.acceptProposedAction()
        else:
            event.ignore()

    def dropEvent(self, event: QDropEvent) -> None:
        """Import the folder."""
        folder = dropped_folder(event)
        if folder is None:
            event.ignore()
            return
        event.acceptProposedAction()
        self.import_stack(folder)

    def ask_save_picture(self) -> None:
        """Ask how large the picture is to be, and where to save it."""
        self.panel.ask_picture(self.export_button.ask_path, self.model)

    def ask_save_animation(self) -> None:
        """Ask what an animation is to show, and where to save it."""
        if self.panel.view is None or self.electrode is None:
            return
        press = None
        if self.path is not None:
            slider = self.path_bar.slider
            press = (slider.setValue, len(self.path.electrodes), slider.value())
        dialog = AnimationDialog(
            self.panel.view,
            self.panel.cut_at,
            press,
            self.export_button.ask_path,
            self.model.say,
            self,
        )
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # -- life ---------------------------------------------------------------------------------------------
    def activated(self) -> None:
        """Start the 3D view when the page is first seen."""
        self.panel.wake()
        self.form.refresh()
        self._rebuild_due()

    def shut_down(self) -> None:
        """Stop work, and give the graphics memory back."""
        if self._job is not None:
            self._job.cancel()
        self.panel.shut_down()
