"""Controls of the cut: a plane of any direction, or a box."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QStackedWidget,
    QWidget,
)

from hybridgui.structure.toolbar import tool
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Segmented, label
from hybridgui.widgets.form import NumberField

Vector = tuple[float, float, float]
# The side that the normal points to is kept: looking from the corner, the front is cut away.
_NORMALS: dict[str, Vector] = {
    "x": (-1.0, 0.0, 0.0),
    "y": (0.0, 1.0, 0.0),
    "z": (0.0, 0.0, -1.0),
}
_DIAGONAL: Vector = (-0.65, 0.65, -0.39)
_EDGE = 0.001


class CutControls(QWidget):
    """Direction and place of the plane, or the box to keep.

    Signals
    -------
    changed : the cut is another one
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(GRID)
        self.kind = Segmented(
            [
                ("x", "x"),
                ("y", "y"),
                ("z", "z"),
                ("free", "Free"),
                ("box", "Box"),
                ("slices", "Slices"),
            ]
        )
        for key, tip in (
            ("x", "Cut across x"),
            ("y", "Cut across y"),
            ("z", "Cut across z"),
            ("free", "Cut anywhere: drag the ball to move the plane, the arrow head to tilt it"),
            ("box", "Show only a box"),
            ("slices", "Show three planes, where the slices beside the picture are"),
        ):
            self.kind.segment(key).setToolTip(tip)
        self.kind.set_current("y")
        self.kind.chosen.connect(self._on_kind)
        self._row.addWidget(self.kind)
        self._stack = QStackedWidget()
        self._stack.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._row.addWidget(self._stack, 1)
        self._build_plane()
        self._build_box()
        hint = label("The planes follow the slices; a click in the picture moves them.", "muted")
        hint.setMinimumWidth(1)
        self._stack.addWidget(hint)
        self._size = np.ones(3)
        self._normal = np.array(_DIAGONAL) / np.linalg.norm(_DIAGONAL)
        self.changed.connect(self._refresh)
        self._refresh()

    def resizeEvent(self, event) -> None:
        """Put the kind of cut above its place where there is no room beside it."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """As wide as the widest row: rows stand one above the other where they must."""
        rows = (self.kind, self._stack.currentWidget())
        width = max(row.minimumSizeHint().width() for row in rows)
        return QSize(width, super().minimumSizeHint().height())

    def _fit(self) -> None:
        rows = (self.kind, self._stack.currentWidget())
        needed = sum(row.minimumSizeHint().width() for row in rows) + GRID
        narrow = needed > self.width()
        directions = QBoxLayout.Direction
        self._row.setDirection(directions.TopToBottom if narrow else directions.LeftToRight)

    def _build_plane(self) -> None:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.place = QSlider(Qt.Orientation.Horizontal)
        self.place.setRange(0, 1000)
        self.place.setValue(500)
        self.place.setAccessibleName("Place of the cut")
        self.place.valueChanged.connect(lambda _: self.changed.emit())
        row.addWidget(self.place, 1)
        self.readout = label("", "muted")
        self.readout.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        row.addWidget(self.readout)
        self.across_view = tool("ph.eye", "Cut across the line of sight", checkable=False)
        row.addWidget(self.across_view)
        self.flip = tool("ph.swap", "Keep the other side", checkable=True)
        self.flip.toggled.connect(lambda _: self.changed.emit())
        row.addWidget(self.flip)
        self._stack.addWidget(page)

    def _build_box(self) -> None:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.edges: dict[str, tuple[NumberField, NumberField]] = {}
        for axis in "xyz":
            row.addWidget(label(axis, "muted"))
            pair = []
            for end in ("from", "to"):
                field = NumberField(0, 1, 0, "", decimals=2, step=1)
                field.setMinimumWidth(58)
                field.setMaximumWidth(84)
                field.setAccessibleName(f"{axis} {end}, µm")
                field.setToolTip(f"{axis} {end}, in µm")
                field.edited.connect(lambda _: self.changed.emit())
                pair.append(field)
            row.addWidget(pair[0])
            row.addWidget(label("–", "muted"))
            row.addWidget(pair[1])
            self.edges[axis] = (pair[0], pair[1])
        row.addWidget(label("µm", "muted"))
        row.addStretch(1)
        self._stack.addWidget(page)

    # -- state ------------------------------------------------------------------------------------
    def show_size(self, size: Vector) -> None:
        """The structure's size along (x, y, z), µm; the box grows to all of another one."""
        fresh = not np.allclose(size, self._size)
        self._size = np.array(size, float)
        for axis, length in zip("xyz", size, strict=True):
            for field, value in zip(self.edges[axis], (0.0, length), strict=True):
                field.setRange(0, length)
                if fresh:
                    field.show_value(value)
        self._refresh()

    @property
    def is_box(self) -> bool:
        """Whether a box is kept, and not one side of a plane."""
        return self.kind.current == "box"

    @property
    def is_slices(self) -> bool:
        """Whether three planes are shown, and nothing is cut."""
        return self.kind.current == "slices"

    @property
    def plane(self) -> tuple[Vector, Vector]:
        """Origin and normal of the plane; the side that the normal points to is kept."""
        normal = np.array(_NORMALS.get(self.kind.current, tuple(self._normal)))
        if self.flip.isChecked():
            normal = -normal
        middle = self._size / 2
        low, reach = self._reach(normal)
        share = self.place.value() / 1000
        if self.flip.isChecked():
            share = 1 - share
        # A hair from the ends: a cut that lies in a face of the box would flicker.
        place = low + min(max(share, _EDGE), 1 - _EDGE) * reach
        origin = middle + normal * (place - middle @ normal)
        return tuple(origin), tuple(normal)

    @property
    def box(self) -> tuple[tuple[float, float], ...]:
        """From and to along (x, y, z), µm."""
        return tuple(
            (min(a.value(), b.value()), max(a.value(), b.value())) for a, b in self.edges.values()
        )

    def take_plane(self, origin, normal) -> None:
        """Follow the handle in the picture."""
        normal = np.array(normal, float)
        known = _NORMALS.get(self.kind.current)
        current = np.array(known if known is not None else self._normal)
        if self.flip.isChecked():
            current = -current
        if not np.allclose(normal, current, atol=1e-6):
            self._normal = -normal if self.flip.isChecked() else normal
            self.kind.set_current("free")
            self._stack.setCurrentIndex(0)
        low, reach = self._reach(normal)
        share = (float(np.dot(origin, normal)) - low) / reach
        if self.flip.isChecked():
            share = 1 - share
        blocked = self.place.blockSignals(True)
        self.place.setValue(round(1000 * min(max(share, 0.0), 1.0)))
        self.place.blockSignals(blocked)
        self.changed.emit()

    def take_normal(self, normal) -> None:
        """Cut across a direction, through the middle."""
        self._normal = np.array(normal, float) / np.linalg.norm(normal)
        self.kind.set_current("free")
        self._stack.setCurrentIndex(0)
        self.changed.emit()

    def _reach(self, normal: np.ndarray) -> tuple[float, float]:
        """Where the structure begins along a normal, and how far it reaches."""
        ends = np.array([[(k >> axis & 1) for axis in range(3)] for k in range(8)]) * self._size
        along = ends @ normal
        return float(along.min()), float(np.ptp(along))

    def _refresh(self) -> None:
        """Say where the plane stands: on its axis, or its distance from the middle."""
        origin, normal = self.plane
        key = self.kind.current
        if key in _NORMALS:
            self.readout.setText(f"{key} = {origin['xyz'.index(key)]:.1f} µm")
        else:
            away = float(np.dot(np.array(origin) - self._size / 2, normal))
            self.readout.setText(f"{away:+.1f} µm from the middle")

    def _on_kind(self, key: str) -> None:
        self._stack.setCurrentIndex({"box": 1, "slices": 2}.get(key, 0))
        self._fit()
        self.changed.emit()
