"""Asks what an animation is to show, and draws it frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog, QProgressBar, QVBoxLayout, QWidget

from engine.errors import InputError
from hybridgui.structure.animation import AnimationWriter, Frame, has_video, spin, walk
from hybridgui.structure.backdrop import DARK, LIGHT, WHITE
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice, dialog_buttons, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField

RATE = 25
_BACKDROPS = {"white": ("White", WHITE), "light": ("Light", LIGHT), "dark": ("Dark", DARK)}
GIF_FILTER, MP4_FILTER = "GIF animation (*.gif)", "MP4 video (*.mp4)"


class AnimationDialog(QDialog):
    """Spin, cut or press, as a GIF or MP4.

    Frames are drawn in the GUI thread, where the graphics live, one at a time, so that the
    window stays alive and Cancel works.

    Parameters
    ----------
    view : SceneView
    cut : callable
        Takes 0..1, how far the cut stands through the electrode.
    press : (callable, steps, present step) or None
        Shows a step of the calendering path.
    ask_path : callable
        (title, filters, suffix) -> Path or None.
    say : callable
        (level, sentence).
    """

    def __init__(
        self,
        view: Any,
        cut: Callable[[float | None], None],
        press: tuple[Callable[[int], None], int, int] | None,
        ask_path: Callable[[str, str, str], Path | None],
        say: Callable[[str, str], None],
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self.setWindowTitle("Save animation")
        self._view, self._cut, self._press = view, cut, press
        self._ask_path, self._say = ask_path, say
        self._frames: Iterator[Frame] | None = None
        self._writer: AnimationWriter | None = None
        self._path: Path | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label("Save animation", "title"))
        group = FormGroup()
        kinds = [("spin", "Turn once around"), ("cut", "Cut through")]
        if press is not None:
            kinds.append(("press", "Press step by step"))
        self.kind = Choice(kinds)
        group.add("Show", self.kind)
        width, height = view.width(), view.height()
        self.size_choice = Choice(
            [(str(f), f"{round(f * width)} × {round(f * height)} pixels") for f in (0.5, 1, 2)]
        )
        self.size_choice.show_value("1")
        group.add("Size", self.size_choice)
        self.seconds = NumberField(0.5, 60, 6, "s", decimals=1, step=1)
        group.add("Duration", self.seconds)
        self.background = Choice([(k, text) for k, (text, _) in _BACKDROPS.items()])
        group.add("Background", self.background)
        layout.addWidget(group)
        if not has_video():
            layout.addWidget(
                Notice("info", "Saved as GIF. With the package imageio-ffmpeg also as MP4.")
            )
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.hide()
        layout.addWidget(self.progress)
        row, self.save = dialog_buttons(self, "Save…", self._on_save)
        layout.addLayout(row)

    def _on_save(self) -> None:
        filters = f"{MP4_FILTER};;{GIF_FILTER}" if has_video() else GIF_FILTER
        path = self._ask_path("Save animation", filters, ".mp4" if has_video() else ".gif")
        if path is not None:
            self.begin(path)

    def begin(self, path: Path) -> None:
        """Draw and write the animation."""
        factor = float(self.size_choice.current)
        width = round(factor * self._view.width() / 2) * 2
        height = round(factor * self._view.height() / 2) * 2
        _, backdrop = _BACKDROPS[self.background.current]
        # GIF knows hundredths of a second only, and grows large: fewer frames do.
        rate = RATE if path.suffix.lower() == ".mp4" else 12.5
        count = max(2, round(rate * self.seconds.value()))
        try:
            self._writer = AnimationWriter(path, rate)
        except InputError as error:
            self._say("error", str(error))
            return
        self._path = path
        kind = self.kind.current
        if kind == "spin":
            self._frames = spin(self._view, count, width, height, backdrop)
        elif kind == "press" and self._press is not None:
            show, steps, present = self._press
            hold = max(1, count // steps)
            count = hold * steps
            self._frames = walk(show, steps, present, self._view, hold, width, height, backdrop)
        else:
            self._frames = walk(
                lambda step: self._cut(None if step < 0 else step / max(count - 1, 1)),
                count,
                -1,
                self._view,
                1,
                width,
                height,
                backdrop,
            )
        self.progress.setRange(0, count)
        self.progress.setValue(0)
        self.progress.show()
        self.save.setEnabled(False)
        QTimer.singleShot(0, self._on_next)

    def _on_next(self) -> None:
        if self._frames is None or self._writer is None:
            return
        try:
            frame = next(self._frames, None)
            if frame is not None:
                self._writer.add(frame)
                self.progress.setValue(self.progress.value() + 1)
                QTimer.singleShot(0, self._on_next)
                return
            self._writer.close()
        except InputError as error:
            self._stop()
            self._say("error", str(error))
            self.reject()
            return
        self._frames = self._writer = None
        self._say("success", f"Wrote {self._path.name}.")
        self.accept()

    def _stop(self) -> None:
        frames, self._frames = self._frames, None
        if frames is not None:
            frames.close()  # the generator puts camera, cut or step back
        if self._writer is not None:
            self._writer.discard()
            self._writer = None

    def reject(self) -> None:
        """Stop drawing and close."""
        self._stop()
        super().reject()
