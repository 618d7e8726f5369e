"""One cut through the stack, drawn voxel by voxel."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPen, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.structure.stack import VoxelStack
from hybridgui.structure.fields import Field
from hybridgui.structure.lengths import length_text, nice_length
from hybridgui.structure.phases import Colours, rgb
from hybridgui.theme import theme

AXES = "zyx"
Position = tuple[int, int, int]

# Which axes run to the right and upwards in the cut across each axis, (z, y, x) counted 0, 1, 2.
RIGHT = {0: 2, 1: 2, 2: 1}
UPWARD = {0: 1, 1: 0, 2: 0}


def colour_table(colours: Colours) -> np.ndarray:
    """Colours by label, shape (256, 4), as Qt stores them (blue, green, red, opacity)."""
    table = np.zeros((256, 4), np.uint8)
    for phase, colour in colours.items():
        red, green, blue = (round(255 * c) for c in rgb(colour))
        table[phase] = (blue, green, red, 255)
    return table


class SlicePane(QWidget):
    """One cut, drawn voxel by voxel, with the places of the other two cuts as lines.

    Signals
    -------
    scrolled : int, slices to go on (the wheel was turned)
    chosen : (z, y, x), the voxel that was clicked or dragged to
    pointed : (z, y, x) or None, the voxel under the pointer
    enlargeAsked : the pane was clicked twice
    """

    scrolled = Signal(int)
    chosen = Signal(tuple)
    pointed = Signal(object)
    enlargeAsked = Signal()

    def __init__(self, axis: int, parent: QWidget | None = None):
        super().__init__(parent)
        self.axis = axis
        self._stack: VoxelStack | None = None
        self._field: Field | None = None
        self._table = np.zeros((256, 4), np.uint8)
        self._position: Position = (0, 0, 0)
        self._image = QImage()
        self._wheel = 0
        self.setMinimumSize(80, 80)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(f"Cut across {AXES[axis]}")
        self.setCursor(Qt.CursorShape.CrossCursor)

    def show_stack(
        self, stack: VoxelStack | None, table: np.ndarray, field: Field | None = None
    ) -> None:
        """Show a stack.

        Parameters
        ----------
        table : ndarray of uint8, shape (256, 4)
            Colours of the labels.
        field : Field, optional
            Shown in place of the labels where it has a value.
        """
        self._stack, self._table, self._field = stack, table, field
        self._draw()

    def show_position(self, position: Position) -> None:
        """Cut here, and draw the lines of the other cuts."""
        again = position[self.axis] != self._position[self.axis]
        self._position = position
        if again:
            self._draw()
        self.update()

    @property
    def image(self) -> QImage:
        """The cut, one pixel a voxel."""
        return self._image

    def _draw(self) -> None:
        if self._stack is None:
            self._image = QImage()
            self.update()
            return
        index = min(self._position[self.axis], self._stack.shape[self.axis] - 1)
        pixels = self._table[self._stack.labels.take(index, axis=self.axis)]
        if self._field is not None:
            values = self._field.values.take(index, axis=self.axis)
            grey = pixels[..., :3].mean(axis=-1, keepdims=True) * 0.5 + 96
            pixels[..., :3] = grey.astype(np.uint8)
            known = np.isfinite(values)
            pixels[known, :3] = self._field.rgb(values[known])[:, ::-1]
        # Rows run upwards along z (or y): the first row of a picture is its top.
        pixels = np.ascontiguousarray(pixels[::-1])
        height, width = pixels.shape[:2]
        self._image = QImage(
            pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32
        ).copy()
        self.update()

    def _frame(self) -> QRectF:
        """Where the cut stands in the widget, in true proportions."""
        assert self._stack is not None
        wide = self._stack.shape[RIGHT[self.axis]] * self._stack.spacing[RIGHT[self.axis]]
        high = self._stack.shape[UPWARD[self.axis]] * self._stack.spacing[UPWARD[self.axis]]
        scale = min(self.width() / wide, self.height() / high)
        size = wide * scale, high * scale
        return QRectF((self.width() - size[0]) / 2, (self.height() - size[1]) / 2, size[0], size[1])

    def voxel_at(self, place: QPointF) -> Position | None:
        """Voxel at a place of the widget."""
        if self._stack is None:
            return None
        frame = self._frame()
        if not frame.contains(place):
            return None
        shares = (
            (place.x() - frame.left()) / frame.width(),
            1 - (place.y() - frame.top()) / frame.height(),
        )
        voxel = list(self._position)
        for axis, share in zip((RIGHT[self.axis], UPWARD[self.axis]), shares, strict=True):
            count = self._stack.shape[axis]
            voxel[axis] = min(int(share * count), count - 1)
        return voxel[0], voxel[1], voxel[2]

    def place_of(self, position: Position) -> QPointF:
        """Middle of a voxel in the widget."""
        assert self._stack is not None
        frame = self._frame()
        right, up = RIGHT[self.axis], UPWARD[self.axis]
        shape = self._stack.shape
        return QPointF(
            frame.left() + (position[right] + 0.5) / shape[right] * frame.width(),
            frame.bottom() - (position[up] + 0.5) / shape[up] * frame.height(),
        )

    def paintEvent(self, event) -> None:
        """Paint cut, lines and scale bar."""
        painter = QPainter(self)
        t = theme().tokens
        painter.fillRect(self.rect(), QColor(t.sunken))
        if self._image.isNull():
            painter.end()
            return
        frame = self._frame()
        # Nearest neighbour when enlarged: a voxel is a square.
        shrunk = frame.width() * self.devicePixelRatioF() < self._image.width()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, shrunk)
        painter.drawImage(frame, self._image)
        here = self.place_of(self._position)
        for colour, width in (("#000000", 3.0), ("#FFFFFF", 1.0)):
            pen = QPen(QColor(colour), width)
            shade = QColor(colour)
            shade.setAlphaF(0.35 if width > 1 else 0.9)
            pen.setColor(shade)
            painter.setPen(pen)
            painter.drawLine(QPointF(here.x(), frame.top()), QPointF(here.x(), frame.bottom()))
            painter.drawLine(QPointF(frame.left(), here.y()), QPointF(frame.right(), here.y()))
        self._paint_scale_bar(painter, frame)
        painter.end()

    def _paint_scale_bar(self, painter: QPainter, frame: QRectF) -> None:
        assert self._stack is not None
        right = RIGHT[self.axis]
        per_um = frame.width() / (self._stack.shape[right] * self._stack.spacing[right])
        length = nice_length(0.45 * frame.width() / per_um)
        text = length_text(length)
        font = QFont(painter.font())
        font.setPointSizeF(0.88 * font.pointSizeF())
        painter.setFont(font)
        metrics = painter.fontMetrics()
        if frame.height() < 6 * metrics.height() or frame.width() < 70:
            return  # it would hide what it measures
        wide = max(length * per_um, metrics.horizontalAdvance(text)) + 8
        ground = QRectF(frame.left() + 4, frame.bottom() - metrics.height() - 11, wide, 0)
        ground.setBottom(frame.bottom() - 4)
        shade = QColor("#000000")
        shade.setAlphaF(0.55)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.drawRoundedRect(ground, 3, 3)
        painter.setPen(QPen(QColor("#FFFFFF"), 2))
        y = ground.bottom() - 4
        left = ground.center().x() - length * per_um / 2
        painter.drawLine(QPointF(left, y), QPointF(left + length * per_um, y))
        painter.drawText(
            QRectF(ground.left(), ground.top() + 1, ground.width(), metrics.height()),
            Qt.AlignmentFlag.AlignCenter,
            text,
        )

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(220, 180)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Choose the voxel."""
        if event.button() == Qt.MouseButton.LeftButton:
            voxel = self.voxel_at(event.position())
            if voxel is not None:
                self.chosen.emit(voxel)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ask for more room, or for the three cuts again."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.enlargeAsked.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Choose while dragging, else point."""
        voxel = self.voxel_at(event.position())
        self.pointed.emit(voxel)
        if voxel is not None and event.buttons() & Qt.MouseButton.LeftButton:
            self.chosen.emit(voxel)

    def leaveEvent(self, event) -> None:
        """Nothing is pointed at any more."""
        self.pointed.emit(None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Go through the slices."""
        self._wheel += event.angleDelta().y()
        steps = int(self._wheel / 120)
        self._wheel -= 120 * steps
        if steps:
            self.scrolled.emit(steps)
        event.accept()
