"""The slider that presses the electrode before one's eyes."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QSlider, QWidget

from hybridgui.structure.toolbar import tool
from hybridgui.structure.work import ElectrodePath
from hybridgui.theme import GRID
from hybridgui.widgets.basics import label, set_icon

_MS_PER_STEP = 500


class PathBar(QWidget):
    """Moves along the calendering path of one electrode.

    Signals
    -------
    moved : int, number of the step
    closed : None, the path is to be left
    """

    moved = Signal(int)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(label("Pressing", "muted"))
        self.play = tool("ph.play", "Press from the start", checkable=True)
        self.play.toggled.connect(self._on_play)
        row.addWidget(self.play)
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setAccessibleName("Calender pressure")
        self.slider.setTickPosition(QSlider.TickPosition.NoTicks)
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self._on_moved)
        row.addWidget(self.slider, 1)
        self._text = label("")
        self._text.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self._text)
        self.close_button = tool("ph.x", "Leave the path")
        self.close_button.clicked.connect(lambda *_: self.closed.emit())
        row.addWidget(self.close_button)
        self._path: ElectrodePath | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_MS_PER_STEP)
        self._timer.timeout.connect(self._on_tick)

    @property
    def text(self) -> str:
        """Pressure, porosity and thickness as shown."""
        return self._text.text()

    def show_path(self, path: ElectrodePath | None, step: int = -1) -> None:
        """Show a path at a step, counted from the end if negative, or vanish."""
        self.play.setChecked(False)
        self._path = path
        self.setVisible(path is not None)
        if path is None:
            return
        blocked = self.slider.blockSignals(True)
        self.slider.setRange(0, len(path.electrodes) - 1)
        self.slider.setValue(step if step >= 0 else len(path.electrodes) + step)
        self.slider.blockSignals(blocked)
        widest = max(
            (
                self.fontMetrics().horizontalAdvance(self._words(k))
                for k in range(len(path.pressures))
            ),
            default=0,
        )
        self._text.setMinimumWidth(widest + 8)
        self._text.setText(self._words(self.slider.value()))

    def _words(self, step: int) -> str:
        assert self._path is not None
        condition = self._path.electrodes[step].structure.condition
        pressure = self._path.pressures[step]
        words = "Not calendered" if step == 0 else f"{pressure:.0f} MPa"
        return f"{words} · porosity {100 * condition.porosity:.1f} % · {condition.thickness:.1f} µm"

    def _on_moved(self, step: int) -> None:
        if self._path is not None:
            self._text.setText(self._words(step))
            self.moved.emit(step)

    def _on_play(self, on: bool) -> None:
        set_icon(self.play, "ph.pause" if on else "ph.play")
        if on:
            if self.slider.value() == self.slider.maximum():
                self.slider.setValue(0)
            self._timer.start()
        else:
            self._timer.stop()

    def _on_tick(self) -> None:
        if self.slider.value() >= self.slider.maximum():
            self.play.setChecked(False)
            return
        self.slider.setValue(self.slider.value() + 1)
