"""Import of particles: what the columns mean, which type is which phase, box and voxel size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.progress import Progress, silent
from engine.structure.particle_import import (
    UNITS,
    ImportedParticles,
    cut_slices,
    estimate_fractions,
    guess_roles,
    interpret,
    particle_types,
    stack_shape,
)
from engine.structure.particle_table import ParticleTable
from engine.structure.stack import PHASE_NAMES, VoxelStack
from engine.structure.stages import Stage
from hybridgui.bridge import Job
from hybridgui.structure.phases import PHASE_TITLES, colours_by_label
from hybridgui.structure.slices import SlicePane, colour_table
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, dialog_buttons, enable, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField, beside

_UNITS = ("um", "nm", "mm", "cm", "m", "angstrom")
_UNIT_TITLES = {"um": "µm", "angstrom": "Å"}
_SLICE_PIXELS = 1_000_000


@dataclass(frozen=True, eq=False)
class ParticlePreview:
    """What an answer of the dialog leads to."""

    imported: ImportedParticles
    notes: list[str]
    shape: tuple[int, int, int]
    middle: VoxelStack  # one slice at half height
    fractions: dict[str, float]


def preview_particles(
    table: ParticleTable,
    answer: dict[str, Any],
    voxel_size: float,
    progress: Progress | None = None,
) -> ParticlePreview:
    """Interpret a table, cut its middle slice and estimate the phase fractions."""
    progress = progress or silent()
    progress.report(0.0, "Reading the columns")
    imported, notes = interpret(table, **answer)
    progress.report(0.3, "Cutting the middle slice")
    shape = stack_shape(imported, voxel_size)
    coarser = max(1.0, (shape[1] * shape[2] / _SLICE_PIXELS) ** 0.5)
    size = min(voxel_size * coarser, min(imported.box))
    middle = stack_shape(imported, size)[0] // 2
    cut = VoxelStack(cut_slices(imported, size, middle, middle + 1), (size,) * 3)
    fractions = estimate_fractions(imported, progress=Stage(progress, 0.6, 1.0))
    return ParticlePreview(imported, notes, shape, cut, fractions)


class ParticleDialog(QDialog):
    """Asks what a list of particles means; shows the middle slice, counts and fractions.

    After acceptance `imported`, `voxel_size` and `collector_on_top` are the answer.
    """

    def __init__(self, table: ParticleTable, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Import particles")
        self.resize(880, 720)
        self._table, self._model = table, model
        self.preview: ParticlePreview | None = None
        self._job: Job | None = None
        self._asked = 0
        self._own_box = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(200)
        self._soon.timeout.connect(self.refresh)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(2 * GRID)
        outer.addWidget(label(table.name, "title"))
        outer.addWidget(label(f"{len(table):,} particles", "subtitle"))
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        inside = QWidget()
        left = QVBoxLayout(inside)
        left.setContentsMargins(0, 0, 2 * GRID, 0)
        left.setSpacing(2 * GRID)
        for part in (self._build_columns(), self._build_types(), self._build_box()):
            left.addWidget(part)
        left.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(inside)
        scroll.viewport().setAutoFillBackground(False)
        inside.setAutoFillBackground(False)
        row.addWidget(scroll, 1)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        self._pane = SlicePane(0)
        self._pane.setMinimumSize(300, 280)
        right.addWidget(self._pane, 1)
        self.state = label("", "small", wrap=True)
        right.addWidget(self.state)
        self.notice = Notice("info")
        right.addWidget(self.notice)
        row.addLayout(right, 1)
        outer.addLayout(row, 1)
        buttons, self.accept_button = dialog_buttons(self, "Import", self.accept)
        outer.addLayout(buttons)
        self._show_types()
        self._show_rows()
        self.refresh()

    # -- parts ----------------------------------------------------------------------------------
    def _build_columns(self) -> QWidget:
        group = FormGroup("What the columns mean")
        names = list(self._table.columns)
        roles = guess_roles(names)
        scaled = all(axis in roles for axis in ("xs", "ys", "zs")) and "x" not in roles
        self.unit = Choice([(unit, _UNIT_TITLES.get(unit, unit)) for unit in _UNITS])
        self.unit.show_value(self._likely_unit(roles))
        self.unit.edited.connect(lambda _: self._on_unit())
        group.add("Length unit", self.unit)
        self.axes: dict[str, Choice] = {}
        for axis in "xyz":
            first = ("", f"{axis}s, a share of the box" if scaled else "Choose a column")
            choice = Choice([first, *((name, name) for name in names)])
            choice.show_value(roles.get(axis, ""))
            choice.edited.connect(lambda _: self._on_edited())
            self.axes[axis] = group.add(f"Position {axis}", choice)
        self.size_kind = Choice(
            [("radius", "Radius"), ("diameter", "Diameter"), ("one", "One radius for all")]
        )
        kind = next((kind for kind in ("radius", "diameter") if kind in roles), "one")
        self.size_kind.show_value(kind)
        self.size_kind.edited.connect(lambda _: self._on_edited())
        group.add("Size is the", self.size_kind)
        self.size_column = Choice([(name, name) for name in names])
        self.size_column.show_value(roles.get(kind, ""))
        self.size_column.edited.connect(lambda _: self._on_edited())
        group.add("Column of sizes", self.size_column)
        self.radius = NumberField(1e-4, 1e4, 5.0, "µm", decimals=4)
        self.radius.edited.connect(lambda _: self._on_edited())
        group.add("Radius", self.radius)
        self._columns = group
        return group

    def _build_types(self) -> QWidget:
        self._types = FormGroup("Which type is which phase")
        names = list(self._table.columns)
        self.type_column = Choice(
            [("", "All are active material"), *((name, name) for name in names)]
        )
        self.type_column.show_value(guess_roles(names).get("type", ""))
        self.type_column.edited.connect(lambda _: self._on_type_column())
        self._types.add("Type", self.type_column)
        self.types: dict[int, Choice] = {}
        self._type_problem = ""
        return self._types

    def _build_box(self) -> QWidget:
        group = FormGroup("Voxels and box")
        self.voxel = NumberField(1e-3, 1000, 0.5, "µm", decimals=4, step=0.1)
        self.voxel.edited.connect(lambda _: self._on_edited())
        group.add("Voxel size", self.voxel)
        self.edges: dict[str, tuple[NumberField, NumberField]] = {}
        for axis in "xyz":
            pair = tuple(
                NumberField(-1e7, 1e7, 0.0, "µm", decimals=4, tip=f"{axis}, {end} of the box")
                for end in ("beginning", "end")
            )
            for field in pair:
                field.setMinimumWidth(80)
                field.edited.connect(lambda _: self._on_box())
            row = group.add(f"{axis} from, to", beside(*pair))
            row.setAccessibleName("")
            for field, end in zip(pair, ("from", "to"), strict=True):
                field.setAccessibleName(f"{axis} {end}")
            self.edges[axis] = pair
        self.periodic = QCheckBox("Goes on at the sides (periodic in x and y)")
        self.periodic.setChecked(self._table.periodic)
        self.periodic.toggled.connect(lambda _: self._on_edited())
        group.add_wide(self.periodic)
        self.on_top = QCheckBox("The current collector is at the top")
        self.on_top.setToolTip("Turns the box over: z must rise from the current collector.")
        group.add_wide(self.on_top)
        return group

    def _likely_unit(self, roles: dict[str, str]) -> str:
        """The unit in which sizes are nearest to a particle of some µm."""
        name = roles.get("radius") or roles.get("diameter")
        if name is None or not len(self._table):
            return "um"
        if name.lower().endswith("_um"):
            return "um"
        typical = float(np.median(np.abs(self._table.columns[name])))
        if not typical > 0:
            return "um"
        return next((u for u in ("um", "m", "mm", "nm") if 0.05 <= typical * UNITS[u] <= 100), "um")

    # -- the answer -----------------------------------------------------------------------------
    @property
    def file_name(self) -> str:
        """Name of the file."""
        return self._table.name

    @property
    def voxel_size(self) -> float:
        """Edge of a voxel, µm."""
        return self.voxel.value()

    @property
    def collector_on_top(self) -> bool:
        """Whether z falls from the collector."""
        return self.on_top.isChecked()

    @property
    def imported(self) -> ImportedParticles | None:
        """The particles in their box, once the answer can be understood."""
        return None if self.preview is None else self.preview.imported

    def answer(self) -> dict[str, Any]:
        """Arguments of `engine.structure.particle_import.interpret`."""
        unit = self.unit.current
        columns = {axis: c.current for axis, c in self.axes.items() if c.current}
        kind = self.size_kind.current
        if kind != "one" and self.size_column.current:
            columns[kind] = self.size_column.current
        types = None
        if self.type_column.current:
            columns["type"] = self.type_column.current
            types = {number: choice.current for number, choice in self.types.items()}
        bounds = None
        if self._own_box:
            bounds = [[f.value() / UNITS[unit] for f in self.edges[axis]] for axis in "zyx"]
        return {
            "unit": unit,
            "radius": self.radius.value() / UNITS[unit] if kind == "one" else None,
            "types": types,
            "columns": columns,
            "bounds": bounds,
            "periodic": self.periodic.isChecked(),
        }

    # -- what the user did ------------------------------------------------------------------------
    def _on_edited(self) -> None:
        self._show_rows()
        enable(self.accept_button, "Wait for the preview.")
        self._soon.start()

    def _on_unit(self) -> None:
        self._own_box = False  # the numbers of the box were those of the other unit
        self._on_edited()

    def _on_box(self) -> None:
        self._own_box = True
        self._on_edited()

    def _on_type_column(self) -> None:
        self._show_types()
        self._on_edited()

    def _show_rows(self) -> None:
        one = self.size_kind.current == "one"
        self._columns.set_row_visible(self.size_column, not one)
        self._columns.set_row_visible(self.radius, one)

    def _show_types(self) -> None:
        for choice in self.types.values():
            self._types.form.removeRow(choice)
        self.types, self._type_problem = {}, ""
        if not self.type_column.current:
            return
        try:
            found = particle_types(self._table, self.type_column.current)
        except InputError as error:
            self._type_problem = str(error)
            return
        phases = [(name, PHASE_TITLES[PHASE_NAMES.index(name)]) for name in PHASE_NAMES[1:]]
        for place, number in enumerate(found):
            choice = Choice([*phases, ("none", "Leave out")])
            choice.show_value("am" if place == 0 else "cbd")
            choice.edited.connect(lambda _: self._on_edited())
            self.types[number] = self._types.add(f"Type {number}", choice)

    # -- preview ----------------------------------------------------------------------------------
    def refresh(self) -> None:
        """Begin a preview of the present answer; one under way is dropped."""
        self._soon.stop()
        self._drop_job()
        self.preview = None
        enable(self.accept_button, "Wait for the preview.")
        if self._type_problem:
            self._on_failed(self._asked, self._type_problem)
            return
        asked, table, answer, size = self._asked, self._table, self.answer(), self.voxel_size
        self._job = self._model.start_job(
            "Looking at the particles",
            lambda job: (asked, preview_particles(table, answer, size, job.engine_progress)),
            stage="structure",
            quiet=True,
            finished=self._on_preview,
            failed=lambda sentence, details: self._on_failed(asked, sentence),
        )

    def _drop_job(self) -> None:
        self._asked += 1
        if self._job is not None:
            self._job.cancel()
        self._job = None

    def _on_preview(self, answer: tuple[int, ParticlePreview]) -> None:
        asked, preview = answer
        if asked != self._asked:
            return
        self._job, self.preview = None, preview
        self._pane.show_stack(preview.middle, colour_table(colours_by_label(theme().phase_colours)))
        if not self._own_box:
            self._show_box(preview.imported)
        nz, ny, nx = preview.shape
        shares = ", ".join(
            f"{PHASE_TITLES[place]} {100 * preview.fractions[name]:.0f} %"
            for place, name in enumerate(PHASE_NAMES)
        )
        self.state.setText(
            f"{len(preview.imported.particles):,} particles, {nx} × {ny} × {nz} voxels (x, y, z). "
            f"Estimate: {shares}. The picture is the slice at half height."
        )
        self.notice.set_sentences(preview.notes, "info")
        empty = preview.fractions["am"] == 0
        enable(self.accept_button, "No particle is active material yet." if empty else "")

    def _on_failed(self, asked: int, sentence: str) -> None:
        if asked != self._asked:
            return
        self._job = None
        self.state.setText("")
        self.notice.set_sentences([sentence], "error")
        enable(self.accept_button, sentence)

    def _show_box(self, imported: ImportedParticles) -> None:
        low = imported.corner
        for place, axis in ((2, "x"), (1, "y"), (0, "z")):
            first, last = self.edges[axis]
            first.show_value(low[place])
            last.show_value(low[place] + imported.box[place])

    def done(self, result: int) -> None:
        """Stop what still runs, then close."""
        self._soon.stop()
        self._drop_job()
        super().done(result)
