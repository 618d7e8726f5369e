"""Three cuts through the stack, at right angles to each other and linked."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QSlider, QToolButton, QVBoxLayout, QWidget

from engine.structure.stack import VoxelStack
from hybridgui.structure.fields import Field
from hybridgui.structure.phases import Colours
from hybridgui.structure.slice_pane import AXES, RIGHT, UPWARD, Position, SlicePane, colour_table
from hybridgui.theme import GRID
from hybridgui.widgets.basics import follow_theme, label, set_icon

_PLACES = {"z": (0, 0), "y": (1, 0), "x": (1, 1)}
"""Row and column of the cut across each axis: edges that are shared stand in line."""
_ENLARGE = "Give this cut all the room (or click it twice)"
_BACK = "Show the three cuts again (or click it twice)"
_FLATTEST = 0.6
"""Share that a row or column keeps of the other's, however flat the electrode is."""


class SlicesPanel(QWidget):
    """The three cuts with a slider each; moving one moves the lines in the others.

    They stand as in a drawing, xz under xy and yz beside it, all to one scale; in a low and
    wide panel side by side. A double click gives one cut all the room.

    Signals
    -------
    moved : (z, y, x), where the cuts are now
    pointed : (z, y, x) or None
    enlarged : one cut has all the room, or no longer
    """

    moved = Signal(tuple)
    pointed = Signal(object)
    enlarged = Signal(bool)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, GRID, 0, 0)
        self._grid.setHorizontalSpacing(2 * GRID)
        self._grid.setVerticalSpacing(GRID)
        self._stack: VoxelStack | None = None
        self._position: Position = (0, 0, 0)
        self._alone = ""
        self._arranged: tuple = ()
        self.panes: dict[str, SlicePane] = {}
        self.sliders: dict[str, QSlider] = {}
        self.enlarge_buttons: dict[str, QToolButton] = {}
        self._titles = {}
        self._cells: dict[str, QWidget] = {}
        for axis, name in enumerate(AXES):
            self._add(axis, name)
        self._arrange()
        follow_theme(self, self.update)

    def _add(self, axis: int, name: str) -> None:
        cell = QWidget()
        column = QVBoxLayout(cell)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        title = label("", "small")
        title.setMinimumWidth(40)
        enlarge = QToolButton()
        enlarge.setIconSize(QSize(14, 14))
        enlarge.setCheckable(True)
        enlarge.setProperty("floating", True)
        enlarge.setAccessibleName(f"Enlarge the cut across {name}")
        enlarge.clicked.connect(lambda *_: self.enlarge("" if self._alone else name))
        enlarge.setCursor(Qt.CursorShape.ArrowCursor)
        pane = SlicePane(axis)
        corner = QHBoxLayout(pane)
        corner.setContentsMargins(4, 4, 4, 4)
        corner.addWidget(enlarge, 0, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setAccessibleName(f"Slice along {name}")
        slider.valueChanged.connect(lambda v: self._on_slider(axis, v))
        pane.scrolled.connect(lambda steps: self._on_scrolled(axis, steps))
        pane.chosen.connect(self.set_position)
        pane.pointed.connect(self.pointed)
        pane.enlargeAsked.connect(lambda: self.enlarge("" if self._alone else name))
        column.addWidget(title)
        column.addWidget(pane, 1)
        column.addWidget(slider)
        self.panes[name], self.sliders[name], self._titles[name] = pane, slider, title
        self._cells[name], self.enlarge_buttons[name] = cell, enlarge
        set_icon(enlarge, "ph.arrows-out-simple")

    # -- arrangement ------------------------------------------------------------------------------
    @property
    def alone(self) -> str:
        """Axis of the cut that has all the room, or an empty text."""
        return self._alone

    def enlarge(self, axis: str) -> None:
        """Give one cut all the room, or show the three again with an empty text."""
        if axis != self._alone:
            self._alone = axis
            self._arrange()
            self.enlarged.emit(bool(axis))

    def resizeEvent(self, event) -> None:
        """Stand side by side where the panel is low and wide."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        side_by_side = self.width() > 1.9 * self.height()
        lengths = (1.0, 1.0, 1.0)
        if self._stack is not None:
            shape, spacing = self._stack.shape, self._stack.spacing
            lengths = tuple(n * edge for n, edge in zip(shape, spacing, strict=True))
        wanted = (self._alone, side_by_side, lengths)
        if wanted == self._arranged:
            return
        self._arranged = wanted
        z, y, x = lengths
        for name, cell in self._cells.items():
            self._grid.removeWidget(cell)
            cell.setVisible(self._alone in ("", name))
            self.enlarge_buttons[name].setChecked(bool(self._alone))
            self.enlarge_buttons[name].setToolTip(_BACK if self._alone else _ENLARGE)
            if self._alone:
                place = (0, 0)
            elif side_by_side:
                place = (0, "zyx".index(name))
            else:
                place = _PLACES[name]
            if self._alone in ("", name):
                self._grid.addWidget(cell, *place)
        one_row = bool(self._alone) or side_by_side
        rows = (1.0, 0.0) if one_row else _shares(y, z)
        columns = (1.0, 0.0) if self._alone else (1.0, 1.0) if side_by_side else _shares(x, y)
        for number, share in enumerate(rows):
            self._grid.setRowStretch(number, round(1000 * share))
        third = 1.0 if side_by_side and not self._alone else 0.0
        for number, share in enumerate((*columns, third)):
            self._grid.setColumnStretch(number, round(1000 * share))

    # -- what is shown ----------------------------------------------------------------------------
    @property
    def position(self) -> Position:
        """Voxel (z, y, x) where the three cuts meet."""
        return self._position

    def title(self, axis: str) -> str:
        """What stands over the cut across an axis."""
        return self._titles[axis].text()

    def show_stack(
        self, stack: VoxelStack | None, colours: Colours, field: Field | None = None
    ) -> None:
        """Show a stack; the position stays where it still exists, else goes to the middle."""
        fresh = stack is not self._stack and (
            stack is None or self._stack is None or stack.shape != self._stack.shape
        )
        self._stack = stack
        table = colour_table(colours)
        for axis, name in enumerate(AXES):
            slider = self.sliders[name]
            slider.setEnabled(stack is not None)
            blocked = slider.blockSignals(True)
            slider.setRange(0, 0 if stack is None else stack.shape[axis] - 1)
            slider.setPageStep(max(1, slider.maximum() // 10))
            slider.blockSignals(blocked)
            self.panes[name].show_stack(stack, table, field)
        if stack is not None and fresh:
            self._position = tuple(n // 2 for n in stack.shape)  # type: ignore[assignment]
        self._arrange()
        self._refresh()
        if fresh:
            self.moved.emit(self._position)

    def set_position(self, position: Position) -> None:
        """Move the cuts to a voxel (z, y, x)."""
        if self._stack is None:
            return
        position = tuple(  # type: ignore[assignment]
            min(max(0, int(p)), n - 1) for p, n in zip(position, self._stack.shape, strict=True)
        )
        if position != self._position:
            self._position = position
            self._refresh()
            self.moved.emit(position)

    def _refresh(self) -> None:
        for axis, name in enumerate(AXES):
            self.panes[name].show_position(self._position)
            slider = self.sliders[name]
            blocked = slider.blockSignals(True)
            slider.setValue(self._position[axis])
            slider.blockSignals(blocked)
            text = tip = ""
            if self._stack is not None:
                place = (self._position[axis] + 0.5) * self._stack.spacing[axis]
                plane = AXES[RIGHT[axis]] + AXES[UPWARD[axis]]
                count = f"{self._position[axis] + 1}/{self._stack.shape[axis]}"
                text = f"{name} = {place:.4g} µm · {count}"
                tip = f"Plane {plane} at {name} = {place:.4g} µm, slice {count}: scroll to go on."
            self._titles[name].setText(text)
            self._titles[name].setToolTip(tip)

    def _on_slider(self, axis: int, value: int) -> None:
        position = list(self._position)
        position[axis] = value
        self.set_position((position[0], position[1], position[2]))

    def _on_scrolled(self, axis: int, steps: int) -> None:
        self._on_slider(axis, self._position[axis] + steps)


def _shares(first: float, second: float) -> tuple[float, float]:
    """Shares of two lengths in their sum, the smaller one not too small."""
    longest = max(first, second)
    first, second = (max(length, _FLATTEST * longest) for length in (first, second))
    return first / (first + second), second / (first + second)
