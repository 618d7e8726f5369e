"""The 3D view with its controls."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.errors import InputError
from hybridgui.structure.fields import Field
from hybridgui.structure.phases import (
    PHASE_SHORT,
    Colours,
    colours_by_label,
    default_looks,
    recoloured,
)
from hybridgui.structure.toolbar import CutControls, PhaseControls, ViewToolbar
from hybridgui.structure.work import Electrode
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, button


class ViewPanel(QWidget):
    """Shows an electrode in three dimensions.

    VTK is loaded when the panel is first needed; where it cannot be, the panel says so and
    everything around it works.

    Signals
    -------
    pointed : str, what lies under the pointer (may be empty)
    picked : Pick
    fieldAsked : another colouring is shown
    saved : None, a picture is asked for
    """

    pointed = Signal(str)
    picked = Signal(object)
    fieldAsked = Signal()
    saved = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.toolbar = ViewToolbar()
        column.addWidget(self.toolbar)
        self.phases = PhaseControls()
        column.addWidget(self.phases)
        self.cut = CutControls()
        self.cut.hide()
        column.addWidget(self.cut)
        self._reduced = Notice("info")
        self._full = button("Show every voxel", self._on_full, link=True)
        self._reduced.layout().addWidget(self._full)
        column.addWidget(self._reduced)
        self._column = column
        self._looks = default_looks(colours_by_label(theme().phase_colours))
        self._electrode: Electrode | None = None
        self._field: Field | None = None
        self._awake = False
        self.view = None
        self.scene = None
        self._sorry: QLabel | None = None
        self.phases.show_looks(self._looks)
        self._connect()

    def _connect(self) -> None:
        self.toolbar.modeChosen.connect(self.set_mode)
        self.toolbar.viewChosen.connect(lambda key: self.view and self.view.look_from(key))
        self.toolbar.cutToggled.connect(self._on_cut)
        self.toolbar.screenshotAsked.connect(self.saved)
        self.phases.visibilityChanged.connect(lambda p, on: self.set_look(p, visible=on))
        self.phases.opacityChanged.connect(lambda p, share: self.set_look(p, opacity=share))
        self.cut.changed.connect(self._apply_cut)

    # -- what is shown --------------------------------------------------------------------------
    @property
    def colours(self) -> Colours:
        """Colours of the phases."""
        return {phase: look.colour for phase, look in self._looks.items()}

    @property
    def field(self) -> Field | None:
        """What the colours mean, or None for the phases."""
        return self._field

    def wake(self) -> None:
        """Load VTK and make the view."""
        if self._awake:
            return
        self._awake = True
        try:
            from hybridgui.structure.scene import StructureScene
            from hybridgui.structure.view import SceneView
        except ImportError as error:
            self._say_sorry(f"VTK could not be loaded ({error}).")
            return
        self.scene = StructureScene()
        self.view = SceneView()
        self.view.set_scenes([self.scene])
        self.view.pointed.connect(self._on_pointed)
        self.view.picked.connect(self.picked)
        self.view.cannotDraw.connect(lambda _: self._disable())
        self._column.addWidget(self.view, 1)
        self.dress()
        if self._electrode is not None:
            self._show_stack()

    def _say_sorry(self, reason: str) -> None:
        self._sorry = QLabel(
            f"This computer cannot show three dimensions.\n\n{reason}\n\n"
            "Slices, properties and export work all the same."
        )
        self._sorry.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sorry.setWordWrap(True)
        self._column.addWidget(self._sorry, 1)
        self._disable()

    def _disable(self) -> None:
        for part in (self.toolbar, self.phases, self.cut):
            part.setEnabled(False)
            part.setToolTip("The 3D view cannot be shown on this computer.")

    def show_electrode(self, electrode: Electrode | None) -> None:
        """Show another electrode; mode, colours and camera stay where they can."""
        before = self._electrode
        self._electrode = electrode
        self._field = None
        self.toolbar.colours.show_value("phase")
        if electrode is None:
            if self.scene is not None:
                self.scene.set_stack(None)
                self.view.refresh()
            return
        if self.scene is not None:
            same = before is not None and before.stack.shape == electrode.stack.shape
            self._show_stack(keep_camera=same)

    def _show_stack(self, keep_camera: bool = False) -> None:
        stack = self._electrode.stack
        self.scene.set_stack(stack, stride=self._stride_for(stack.labels))
        self._show_reduced()
        self._apply_cut()
        if not keep_camera:
            self.view.look_from("corner")
        self.view.refresh()

    def _stride_for(self, labels: np.ndarray) -> int:
        """Thin volumes whose faces would be too many to draw."""
        from hybridgui.structure.voxel_faces import estimate_faces

        budget = 1_200_000 if self.view.is_software else 6_000_000
        faces = estimate_faces(labels)
        stride = 1
        while faces / stride**2 > budget:
            stride += 1
        return stride

    def _show_reduced(self) -> None:
        stride = self.scene.still_stride
        text = ""
        if stride > 1:
            ordinal = {2: "2nd", 3: "3rd"}.get(stride, f"{stride}th")
            text = f"Every {ordinal} voxel is drawn, so that the view stays quick."
        self._reduced.set_text(text, "info")
        self._full.setVisible(stride > 1)

    def _on_full(self) -> None:
        self.setCursor(Qt.CursorShape.WaitCursor)
        try:
            self.scene.set_still_stride(1)
            self.view.draw_now()
        finally:
            self.unsetCursor()
        self._show_reduced()

    def set_mode(self, mode: str) -> None:
        """Show voxels, smooth surfaces or a volume."""
        self.toolbar.modes.set_current(mode)
        if self.scene is not None:
            self.scene.set_mode(mode)
            self.view.refresh()

    def set_look(self, phase: int, **changes) -> None:
        """Change visibility or opacity of a phase."""
        from dataclasses import replace

        self._looks[phase] = replace(self._looks[phase], **changes)
        self.phases.show_looks(self._looks)
        if self.scene is not None:
            self.scene.set_looks(self._looks)
            self.view.refresh()

    def dress(self) -> None:
        """Follow theme and palette."""
        self._looks = recoloured(self._looks, colours_by_label(theme().phase_colours))
        self.phases.show_looks(self._looks)
        if self.scene is not None:
            self.scene.set_looks(self._looks)
            self.view.set_dark(theme().dark)

    # -- cut --------------------------------------------------------------------------------------
    def _on_cut(self, on: bool) -> None:
        self.cut.setVisible(on)
        self._apply_cut()

    def _apply_cut(self) -> None:
        if self.scene is None or self._electrode is None:
            return
        if not self.toolbar.cut.isChecked():
            self.scene.set_clip(None)
            self.view.refresh()
            return
        size = np.array(self.scene.size)
        direction = self.cut.direction.current
        if direction == "view":
            normal = np.array(self.scene.camera.GetDirectionOfProjection())
        else:
            normal = {
                "x": np.array((-1.0, 0, 0)),
                "y": np.array((0, 1.0, 0)),
                "z": np.array((0, 0, -1.0)),
                "tilted": np.array((-1.0, 1.0, -0.6)),
            }[direction]
        normal = normal / np.linalg.norm(normal)
        corners = np.array([[(k >> axis & 1) * size[axis] for axis in range(3)] for k in range(8)])
        reach = corners @ normal
        # A hair from the ends: a cut that lies in a face of the box would flicker.
        place = reach.min() + min(max(self.cut.share, 0.001), 0.999) * np.ptp(reach)
        if self.cut.flip.isChecked():
            normal, place = -normal, -place
        origin = size / 2 + normal * (place - size / 2 @ normal)
        self.scene.set_clip(tuple(origin), tuple(normal))
        self.view.refresh()

    # -- pointing ---------------------------------------------------------------------------------
    def _on_pointed(self, pick) -> None:
        self.pointed.emit("" if pick is None else self.describe(pick.index))

    def describe(self, voxel: tuple[int, int, int]) -> str:
        """Phase, place and value of a voxel (z, y, x) in words."""
        if self._electrode is None:
            return ""
        stack = self._electrode.stack
        phase = PHASE_SHORT[int(stack.labels[voxel])]
        z, y, x = ((i + 0.5) * edge for i, edge in zip(voxel, stack.spacing, strict=True))
        text = f"{phase} at x {x:.4g}, y {y:.4g}, z {z:.4g} µm"
        if self._field is not None:
            value = float(self._field.values[voxel])
            text += f" · {self._field.title}: {value:.4g}" if np.isfinite(value) else ""
        return text

    # -- pictures ---------------------------------------------------------------------------------
    def ask_picture(self, ask_path: Callable, model) -> None:
        """Ask for size and file of a picture, and write it."""
        from hybridgui.structure.export import PICTURE_FILTERS, write_picture
        from hybridgui.structure.picture_dialog import PictureDialog

        if self.view is None or self._electrode is None:
            return

        def accepted() -> None:
            path = ask_path("Save picture", PICTURE_FILTERS, ".png")
            if path is None:
                return
            try:
                write_picture(Path(path), dialog.draw(self.view))
            except InputError as error:
                model.say("error", str(error))
                return
            model.say("success", f"Wrote {Path(path).name}.")

        dialog = PictureDialog(self.view, self)
        dialog.accepted.connect(accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def shut_down(self) -> None:
        """Give the graphics memory back."""
        if self.view is not None:
            self.view.shut_down()
        self.view = self.scene = None
        self._electrode = None
