"""The 3D view with its controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFontInfo
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.structure.stages import Stage
from hybridgui.structure import warm_up
from hybridgui.structure.colouring import PHASE, available, colouring
from hybridgui.structure.cut_controls import CutControls
from hybridgui.structure.fields import Field
from hybridgui.structure.phases import (
    PHASE_SHORT,
    Colours,
    Looks,
    colours_by_label,
    default_looks,
    recoloured,
)
from hybridgui.structure.toolbar import PhaseControls, ViewToolbar
from hybridgui.structure.view_menu import ViewMenu
from hybridgui.structure.work import Electrode
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, button

_MS_BEFORE_LOADING = 400
"""After the window was made: first it shall be seen."""
KEPT_VIEWS = "structure/views"
MOST_SCENES = 4


class _Controls(QWidget):
    """What stands over picture and slices: mode and colours, phases, the cut."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.toolbar = ViewToolbar()
        self.phases = PhaseControls()
        self.cut = CutControls()
        self.cut.hide()
        for bar in (self.toolbar, self.phases, self.cut):
            column.addWidget(bar)

    def minimumSizeHint(self) -> QSize:
        """Narrower than the controls in full: they make do with less."""
        return QSize(320, super().minimumSizeHint().height())

    def resizeEvent(self, event) -> None:
        """Let the controls need only as much room as there is."""
        super().resizeEvent(event)
        self._fit()

    def changeEvent(self, event) -> None:
        """Fit again with another font or style."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit()

    def _fit(self) -> None:
        for bar in (self.toolbar, self.phases):
            for level in range(3):
                bar.set_compact(level)
                bar.layout().activate()
                if bar.minimumSizeHint().width() <= self.width():
                    break


class ViewPanel(QWidget):
    """Shows an electrode in three dimensions, and up to three others beside it.

    VTK is loaded when the panel is first needed; where it cannot be, the panel says so and
    everything around it works.

    Signals
    -------
    pointed : str, what lies under the pointer (may be empty)
    picked : Pick
    colourAsked : key of the colouring that the user wants
    compareToggled : bool
    pictureAsked, animationAsked : None
    """

    pointed = Signal(str)
    picked = Signal(object)
    colourAsked = Signal(str)
    compareToggled = Signal(bool)
    pictureAsked = Signal()
    animationAsked = Signal()

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.controls = _Controls()
        self.toolbar, self.phases = self.controls.toolbar, self.controls.phases
        self.cut = self.controls.cut
        self._reduced = Notice("info")
        self._full = button("Show every voxel", self._on_full, link=True)
        self._reduced.layout().addWidget(self._full)
        column.addWidget(self._reduced)
        self._column = column
        self.menu = ViewMenu(self, self._kept_views)
        self.toolbar.more.setMenu(self.menu.menu)
        self._looks = default_looks(colours_by_label(theme().phase_colours))
        self._electrode: Electrode | None = None
        self._pinned: tuple[Electrode, ...] = ()
        self._field: Field | None = None
        self._kept_looks: Looks | None = None
        self._mode = "voxels"
        self._cut_before = (False, 500)
        self._slices = (0, 0, 0)
        self._awake = False
        self._timer = QTimer(self)
        self._timer.setInterval(30)
        self._timer.timeout.connect(self._on_timer)
        QTimer.singleShot(_MS_BEFORE_LOADING, self, self._on_idle)
        self.view: Any = None
        self.scene: Any = None
        self.phases.show_looks(self._looks)
        self._connect()

    def _connect(self) -> None:
        bar = self.toolbar
        bar.modeChosen.connect(self.set_mode)
        bar.colourChosen.connect(self.colourAsked)
        bar.viewChosen.connect(self.look_from)
        bar.screenshotAsked.connect(self.pictureAsked)
        bar.animationAsked.connect(self.animationAsked)
        self.phases.cutToggled.connect(self._on_cut)
        self.phases.compareToggled.connect(self.compareToggled)
        self.phases.visibilityChanged.connect(lambda p, on: self.set_look(p, visible=on))
        self.phases.opacityChanged.connect(lambda p, share: self.set_look(p, opacity=share))
        self.cut.changed.connect(self._apply_cut)
        self.cut.across_view.clicked.connect(lambda *_: self._on_cut_across_view())
        self.menu.optionChanged.connect(self.set_option)
        self.menu.viewChosen.connect(self.look_from)
        self.menu.keepAsked.connect(self.keep_view)
        self.menu.keptChosen.connect(self.show_kept_view)
        self.menu.keptRemoved.connect(self._on_kept_removed)

    # -- what is shown --------------------------------------------------------------------------
    @property
    def colours(self) -> Colours:
        """Colours of the phases."""
        return {phase: look.colour for phase, look in self._looks.items()}

    @property
    def field(self) -> Field | None:
        """What the colours mean, or None for the phases."""
        return self._field

    @property
    def scenes(self) -> tuple:
        """All scenes; the last shows the electrode of the page, the others what is compared."""
        return () if self.view is None else self.view.scenes

    def wake(self) -> None:
        """Make the view, at once or as soon as VTK is loaded."""
        if self._awake:
            return
        self._awake = True
        if warm_up.running():
            self._waiting = QLabel("Preparing the 3D view…")
            self._waiting.setProperty("role", "muted")
            self._waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._column.addWidget(self._waiting, 1)
            self._timer.start()
        else:
            self._make_view()

    def _on_idle(self) -> None:
        warm_up.start(QFontInfo(self.font()).family())

    def _on_timer(self) -> None:
        if not warm_up.running():
            self._timer.stop()
            self._column.removeWidget(self._waiting)
            self._waiting.hide()
            self._waiting.deleteLater()
            self._make_view()

    def _make_view(self) -> None:
        """Load VTK and make the view."""
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
        self.view.picked.connect(self._on_picked)
        self.view.planeDragged.connect(self.cut.take_plane)
        self.view.cannotDraw.connect(lambda _: self._disable())
        self._column.addWidget(self.view, 1)
        self.dress()
        if self._electrode is not None:
            self._show_stacks()

    def _say_sorry(self, reason: str) -> None:
        sorry = QLabel(
            f"This computer cannot show three dimensions.\n\n{reason}\n\n"
            "Slices, properties and export work all the same."
        )
        sorry.setAlignment(Qt.AlignmentFlag.AlignCenter)
        sorry.setWordWrap(True)
        self._column.addWidget(sorry, 1)
        self._disable()

    def _disable(self) -> None:
        self.controls.setEnabled(False)
        self.controls.setToolTip("The 3D view cannot be shown on this computer.")

    def show_electrode(
        self,
        electrode: Electrode | None,
        pinned: Sequence[Electrode] = (),
        *,
        keep_camera: bool = False,
    ) -> None:
        """Show another electrode; mode, colours and camera stay where they can.

        Parameters
        ----------
        pinned : sequence of Electrode
            Shown before it, side by side.
        keep_camera : bool
            Leave the camera even where the size is another one.
        """
        before = self._electrode
        pins_changed = [id(e.stack) for e in pinned] != [id(e.stack) for e in self._pinned]
        self._electrode, self._pinned = electrode, tuple(pinned)
        self._field = None
        self._restore_looks()
        self.toolbar.colours.set_choices([(c.key, c.text) for c in available(electrode)])
        self.toolbar.colours.show_value(PHASE)
        if self.scene is None:
            return
        if electrode is None:
            self.view.set_scenes([self.scene])
            self.scene.set_stack(None)
            self.scene.set_caption("")
            self.view.refresh()
            return
        same = before is not None and before.stack.shape == electrode.stack.shape
        self._show_stacks(keep_camera=(same or keep_camera) and not pins_changed)

    def _show_stacks(self, keep_camera: bool = False) -> None:
        from hybridgui.structure.scene import StructureScene

        others = [scene for scene in self.view.scenes if scene is not self.scene]
        while len(others) < len(self._pinned):
            others.append(StructureScene())
            others[-1].renderer.SetActiveCamera(self.scene.camera)
        for scene in others[len(self._pinned) :]:
            scene.close()
        scenes = [*others[: len(self._pinned)], self.scene]
        if tuple(scenes) != self.view.scenes:
            self.view.set_scenes(scenes)
        electrodes = [*self._pinned, self._electrode]
        for scene, electrode in zip(scenes, electrodes, strict=True):
            if scene.stack is not electrode.stack:
                scene.set_stack(electrode.stack, stride=self._stride_for(electrode.stack.labels))
            elif scene is self.scene:
                scene.set_field(None)
            scene.set_caption(electrode.short_title if len(scenes) > 1 else "")
            if scene.mode != self._mode:
                scene.set_mode(self._mode)
            scene.set_looks(self._looks)
        for key, action in self.menu.options.items():
            self._apply_option(key, action.isChecked())
        self._show_reduced()
        self.cut.show_size(self.scene.size)
        self._apply_cut()
        if not keep_camera:
            self.view.look_from("corner")
        self._refresh(quick=keep_camera)

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
        self._mode = mode
        self.toolbar.modes.set_current(mode)
        long = [scene.smoothing() for scene in self.scenes] if mode == "smooth" else []
        long = [work for work in long if work is not None]
        if long:
            share = 1 / len(long)
            self._model.start_job(
                "Smoothing the surfaces",
                lambda job: [
                    work(Stage(job.engine_progress, k * share, (k + 1) * share))
                    for k, work in enumerate(long)
                ],
                stage="structure",
                finished=self._on_smoothed,
                cancelled=self._on_not_smoothed,
            )
        else:
            self._apply_mode()

    def _on_smoothed(self, ready: list[Callable[[], None]]) -> None:
        for take in ready:
            take()
        if self._mode == "smooth" and self.scenes:
            self._apply_mode()

    def _on_not_smoothed(self) -> None:
        """Say again what is drawn."""
        if self._mode == "smooth" and self.scene is not None:
            self._mode = self.scene.mode
            self.toolbar.modes.set_current(self._mode)

    def _apply_mode(self) -> None:
        for scene in self.scenes:
            scene.set_mode(self._mode)
        self._refresh()

    def set_look(self, phase: int, **changes) -> None:
        """Change visibility or opacity of a phase."""
        self._looks[phase] = replace(self._looks[phase], **changes)
        self._apply_looks()

    def set_field(self, field: Field | None, key: str = PHASE) -> None:
        """Colour by a field, and show the phases that have it; None colours by phase again."""
        self._field = field
        self._restore_looks()
        self.toolbar.colours.show_value(key)
        wanted = colouring(key)
        if field is not None and wanted.shows:
            self._kept_looks = dict(self._looks)
            for phase, look in self._looks.items():
                shown = phase in wanted.shows
                self._looks[phase] = replace(look, visible=shown, opacity=wanted.opacity)
        self._apply_looks()
        if self.scene is not None:
            self.scene.set_field(field)
        self._refresh()

    def _restore_looks(self) -> None:
        """Bring back how the phases looked before a field was shown."""
        if self._kept_looks is not None:
            self._looks = recoloured(self._kept_looks, self.colours)
            self._kept_looks = None
            self._apply_looks()

    def _apply_looks(self) -> None:
        self.phases.show_looks(self._looks)
        for scene in self.scenes:
            scene.set_looks(self._looks)
        self._refresh()

    def _refresh(self, quick: bool = False) -> None:
        if self.view is not None:
            self.view.refresh(quick=quick)

    def dress(self) -> None:
        """Follow theme and palette."""
        self._looks = recoloured(self._looks, colours_by_label(theme().phase_colours))
        self._apply_looks()
        if self.view is not None:
            from hybridgui.structure import lettering

            font = QFontInfo(self.font())
            lettering.choose(lettering.font_file(font.family()), font.pixelSize())
            self.view.set_dark(theme().dark)

    # -- options and views ------------------------------------------------------------------------
    def set_option(self, key: str, on: bool) -> None:
        """Turn something around the structure on or off (see `view_menu.OPTIONS`)."""
        action = self.menu.options[key]
        if action.isChecked() != on:
            action.setChecked(on)  # comes back here
            return
        self._apply_option(key, on)
        self._refresh()

    def _apply_option(self, key: str, on: bool) -> None:
        if self.view is None:
            return
        if key == "occlusion":
            self.view.occlusion = on
        elif key == "perspective":
            self.view.set_perspective(on)
        for scene in self.scenes:
            if key in ("slabs", "outline", "lighting"):
                getattr(scene, f"set_{key}")(on)
            elif key in ("scale_bar", "legend", "axes"):
                ticks = {
                    n: self.menu.options[n].isChecked() for n in ("scale_bar", "legend", "axes")
                }
                scene.set_annotations(**ticks)

    def fit_to(self, electrode: Electrode) -> None:
        """Let the camera show the whole of another electrode, from where it looks now."""
        if self.view is None or self.scene is None:
            return
        shown = self.scene.stack
        self.scene.set_stack(electrode.stack)
        self.view.look_from("corner")
        self.scene.set_stack(shown, stride=self._stride_for(shown.labels))
        self._apply_looks()
        self._apply_cut()

    def look_from(self, view: str) -> None:
        """Turn to a standard view."""
        if self.view is not None:
            self.view.look_from(view)

    def _kept_views(self) -> dict[str, Any]:
        return self._model.parameter(KEPT_VIEWS, {}) if self._model.is_open else {}

    def keep_view(self) -> str:
        """Keep the present view in the study, under the next free name."""
        kept = dict(self._kept_views())
        number = 1
        while f"View {number}" in kept:
            number += 1
        kept[f"View {number}"] = self.view.camera_state()
        self._model.set_parameter(KEPT_VIEWS, kept, "Keep view")
        return f"View {number}"

    def show_kept_view(self, name: str) -> None:
        """Turn to a view that was kept."""
        state = self._kept_views().get(name)
        if state is not None and self.view is not None:
            self.view.set_camera_state(state)

    def _on_kept_removed(self, name: str) -> None:
        kept = {n: state for n, state in self._kept_views().items() if n != name}
        self._model.set_parameter(KEPT_VIEWS, kept, "Remove view")

    def show_planes_at(self, position: tuple[int, int, int]) -> None:
        """Move the three planes, where they are shown, to a voxel (z, y, x)."""
        self._slices = position
        if self.phases.cut.isChecked() and self.cut.is_slices:
            for scene in self.scenes:
                scene.set_slices(position)
            self._refresh(quick=True)

    # -- cut --------------------------------------------------------------------------------------
    def _on_cut(self, on: bool) -> None:
        self.cut.setVisible(on)
        self._apply_cut()

    def _on_cut_across_view(self) -> None:
        if self.scene is not None:
            self.cut.take_normal(self.scene.camera.GetDirectionOfProjection())

    def _apply_cut(self) -> None:
        if self.scene is None or self._electrode is None:
            return
        on = self.phases.cut.isChecked()
        for scene in self.scenes:
            crop = self._crop_of(scene) if on and self.cut.is_box else None
            scene.set_crop(crop)
            scene.set_slices(self._slices if on and self.cut.is_slices else None)
            if on and not self.cut.is_box and not self.cut.is_slices:
                origin, normal = self.cut.plane
                scene.set_clip(origin, normal)
            else:
                scene.set_clip(None)
        self._refresh(quick=True)

    def _crop_of(self, scene) -> tuple[tuple[int, int], ...]:
        """Voxels along (z, y, x) that the box holds."""
        stack = scene.stack
        return tuple(
            (int(low / edge + 0.5), max(int(high / edge + 0.5), int(low / edge + 0.5) + 1))
            for (low, high), edge in zip(reversed(self.cut.box), stack.spacing, strict=True)
        )

    # -- pointing ---------------------------------------------------------------------------------
    def _on_pointed(self, pick, scene) -> None:
        self.pointed.emit("" if pick is None else self.describe(pick.index, scene))

    def _on_picked(self, pick, scene) -> None:
        if scene is self.scene:
            self.picked.emit(pick)

    def describe(self, voxel: tuple[int, int, int], scene=None) -> str:
        """Phase, place and value of a voxel (z, y, x) in words; of the page's own structure."""
        other = scene is not None and scene is not self.scene
        stack = scene.stack if other else self._electrode and self._electrode.stack
        if stack is None:
            return ""
        phase = PHASE_SHORT[int(stack.labels[voxel])]
        z, y, x = ((i + 0.5) * edge for i, edge in zip(voxel, stack.spacing, strict=True))
        text = f"{phase} at x {x:.4g}, y {y:.4g}, z {z:.4g} µm"
        if self._field is not None and not other:
            value = float(self._field.values[voxel])
            text += f" · {self._field.title}: {value:.4g}" if np.isfinite(value) else ""
        return text

    # -- pictures ---------------------------------------------------------------------------------
    def ask_picture(self, ask_path: Callable, model: StudyModel) -> None:
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

    def cut_at(self, share: float | None) -> None:
        """Cut at a share of the way through, for an animation; None brings the cut back."""
        if share is None:
            self.phases.cut.setChecked(self._cut_before[0])
            self.cut.place.setValue(self._cut_before[1])
            self._cut_before = (False, 500)
            return
        if share == 0:
            self._cut_before = (self.phases.cut.isChecked(), self.cut.place.value())
        self.phases.cut.setChecked(True)
        self.cut.place.setValue(round(1000 * share))

    def shut_down(self) -> None:
        """Give the graphics memory back."""
        self._timer.stop()
        self._awake = True  # and stay asleep
        if self.view is not None:
            self.view.shut_down()
        self.view = self.scene = None
        self._electrode, self._pinned = None, ()
