"""The widget that shows one or more structures in three dimensions."""

from __future__ import annotations

import math
import time

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QLinearGradient,
    QMouseEvent,
    QPainter,
    QPalette,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from hybridgui.structure import camera as cameras
from hybridgui.structure.backdrop import DARK, LIGHT, Backdrop
from hybridgui.structure.canvas import CannotDraw, Canvas
from hybridgui.structure.clip_handle import REACH
from hybridgui.structure.scene import StructureScene
from hybridgui.structure.voxel_ray import Pick

_SETTLE_MS = 160
_SECONDS_MOVING = 0.06
_SECONDS_STILL = 1.0
_LARGEST_STILL = 24_000_000


class SceneView(QWidget):
    """Shows scenes, and lets the mouse turn, shift and enlarge them.

    The scenes are drawn off the screen and painted like any other picture: quickly and
    plainly while something moves, with all care once it rests.

    Signals
    -------
    pointed : (Pick or None, its scene or None), the voxel under the pointer
    picked : (Pick, its scene), the voxel that was clicked
    cameraChanged : the camera moved
    cannotDraw : reason, when this computer cannot draw in three dimensions
    drawn : a picture was finished
    planeDragged : (origin, normal) of the clip plane, by its handle
    """

    pointed = Signal(object, object)
    picked = Signal(object, object)
    cameraChanged = Signal()
    cannotDraw = Signal(str)
    drawn = Signal()
    planeDragged = Signal(object, object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(200, 160)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Three-dimensional view of the electrode")
        self.occlusion = True
        self.oversampling = 2.0  # pictures at rest are drawn so much larger, and shrunk
        self._canvas: Canvas | None = None
        self._problem = ""
        self._closed = False
        self._scenes: list[StructureScene] = []
        self._backdrop = LIGHT
        self._image = QImage()
        self._stale = True
        self._drag: tuple[str, QPointF] | None = None
        self._pressed_at = QPointF()
        self._moved = False
        self._fitted = ""  # standard view that the camera shows, untouched since
        self._strides: dict[int, int] = {}
        self._seconds = {"moving": 0.0, "still": 0.0}
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(_SETTLE_MS)
        self._settle.timeout.connect(self._on_settled)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(0)
        self._soon.timeout.connect(self._draw)

    # -- what is shown ------------------------------------------------------------------------
    @property
    def canvas(self) -> Canvas | None:
        """The canvas, once something was drawn."""
        return self._canvas

    @property
    def problem(self) -> str:
        """Why nothing can be drawn, or an empty text."""
        return self._problem

    @property
    def scenes(self) -> tuple[StructureScene, ...]:
        """The scenes that are shown."""
        return tuple(self._scenes)

    @property
    def is_software(self) -> bool:
        """Whether the processor draws, for want of a graphics card."""
        return self._start() and self._canvas.software

    @property
    def image(self) -> QImage:
        """The picture on screen (without its background)."""
        return self._image

    @property
    def backdrop(self) -> Backdrop:
        """Background in use."""
        return self._backdrop

    def set_scenes(self, scenes: list[StructureScene]) -> None:
        """Show these scenes side by side; they share one camera."""
        self._scenes = list(scenes)
        for scene in scenes:
            scene.set_ink(self._backdrop.ink)
        if self._canvas is not None:
            self._canvas.set_scenes(self._scenes)
        self.refresh()

    def set_dark(self, dark: bool) -> None:
        """Follow the theme."""
        self._backdrop = DARK if dark else LIGHT
        for scene in self._scenes:
            scene.set_ink(self._backdrop.ink)
        self.refresh()

    def refresh(self, *, quick: bool = False) -> None:
        """Draw again soon, because a scene changed.

        Parameters
        ----------
        quick : bool
            More changes are likely to follow at once: draw plainly, and carefully at the end.
        """
        self._stale = True
        if quick:
            self._settle.start()
        if self.isVisible() and not self._closed:
            self._soon.start()

    def draw_now(self) -> QImage:
        """Draw with all care, at once, and return the picture (for tests and exports)."""
        self._soon.stop()
        self._settle.stop()
        self._render(moving=False)
        self.update()
        return self._image

    # -- camera -------------------------------------------------------------------------------
    def look_from(self, view: str) -> None:
        """Turn to a named view that shows everything."""
        if self._scenes:
            # All scenes share one camera: let the largest structure set its distance.
            largest = max(self._scenes, key=lambda scene: max(scene.size))
            largest.look_from(view)
            self._fitted = view
            self._moving()
            self.cameraChanged.emit()

    def set_perspective(self, on: bool) -> None:
        """Draw far things smaller, or keep lengths equal everywhere."""
        if self._scenes:
            self._scenes[0].camera.SetParallelProjection(not on)
            self._on_camera()

    def camera_state(self) -> dict:
        """Where the camera stands, as JSON values."""
        return cameras.camera_state(self._scenes[0].camera)

    def set_camera_state(self, state: dict) -> None:
        """Put the camera where `camera_state` found it."""
        if self._scenes:
            cameras.set_camera_state(self._scenes[0].camera, state)
            self._on_camera()

    def orbit(self, across: float, up: float) -> None:
        """Turn by degrees."""
        if self._scenes:
            cameras.orbit(self._scenes[0].camera, across, up)
            self._on_camera()

    def zoom(self, factor: float, place: QPointF | None = None) -> None:
        """Enlarge around a place of the widget, or its middle."""
        if not self._scenes:
            return
        right, up = (0.0, 0.0) if place is None else self._um_from_middle(place)
        cameras.zoom_at(self._scenes[0].camera, factor, right, up)
        self._on_camera()

    def screenshot(
        self,
        width: int,
        height: int,
        backdrop: Backdrop | None,
        ink: str = LIGHT.ink,
    ) -> np.ndarray:
        """Picture of any size; see `Canvas.screenshot`."""
        if not self._start():
            raise CannotDraw(self._problem)
        assert self._canvas is not None
        self._set_detail(moving=False)
        return self._canvas.screenshot(
            width,
            height,
            scale=max(1.0, height / max(self.height(), 1)),
            backdrop=backdrop,
            ink=ink,
            ink_of_window=self._backdrop.ink,
        )

    # -- life -----------------------------------------------------------------------------------
    def shut_down(self) -> None:
        """Give the graphics memory back before Qt destroys the widget."""
        self._closed = True
        self._soon.stop()
        self._settle.stop()
        if self._canvas is not None:
            self._canvas.close()
            self._canvas = None
        else:
            for scene in self._scenes:
                scene.close()
        self._scenes = []

    def _start(self) -> bool:
        """Make the canvas when it is first needed."""
        if self._canvas is not None:
            return True
        if self._problem or self._closed:
            return False
        try:
            self._canvas = Canvas(*self._pixels(1))
        except (CannotDraw, ImportError) as reason:
            self._problem = str(reason) or "OpenGL is not available."
            self.cannotDraw.emit(self._problem)
            return False
        self._canvas.set_scenes(self._scenes)
        return True

    def _pixels(self, factor: float) -> tuple[int, int]:
        ratio = self.devicePixelRatioF() * factor
        return max(1, round(self.width() * ratio)), max(1, round(self.height() * ratio))

    # -- drawing ----------------------------------------------------------------------------------
    def _on_camera(self) -> None:
        self._fitted = ""
        self._moving()
        self.cameraChanged.emit()

    def _moving(self) -> None:
        """Draw quickly now, and carefully when the movement ends."""
        self.refresh(quick=True)

    def _on_settled(self) -> None:
        if self._drag is not None:
            self._settle.start()
            return
        self.refresh()

    def _draw(self) -> None:
        if self._closed or not self.isVisible():
            return
        self._render(moving=self._settle.isActive())
        self.update()

    def _render(self, *, moving: bool) -> None:
        if not self._start():
            return
        assert self._canvas is not None
        factor = 1.0 if moving else self._still_factor()
        self._set_detail(moving=moving)
        self._canvas.set_size(*self._pixels(factor), self.devicePixelRatioF() * factor)
        started = time.perf_counter()
        pixels = self._canvas.pixels()
        self._seconds["moving" if moving else "still"] = time.perf_counter() - started
        height, width = pixels.shape[:2]
        picture = QImage(
            pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888_Premultiplied
        )
        self._image = picture.copy()  # own memory: the array goes away
        self._image.setDevicePixelRatio(self.devicePixelRatioF() * factor)
        self._stale = False
        self.drawn.emit()

    def _still_factor(self) -> float:
        """Draw larger and shrink, where that is quick enough: no jagged edges."""
        factor = self.oversampling
        width, height = self._pixels(factor)
        if width * height > _LARGEST_STILL:
            return 1.0
        assert self._canvas is not None
        if self._canvas.software and factor**2 * self._seconds["moving"] > _SECONDS_STILL:
            return 1.0
        return factor

    def _set_detail(self, *, moving: bool) -> None:
        assert self._canvas is not None
        budget = 300_000 if self._canvas.software else 3_000_000
        samples = 32 if self._canvas.software else 96
        for scene in self._scenes:
            stride = scene.still_stride
            if moving and scene.faces_estimate(stride) > budget:
                excess = scene.faces_estimate(stride) / budget
                stride = stride * max(2, math.ceil(math.sqrt(excess)))
            scene.set_stride(stride)
            scene.set_volume_coarseness(
                (4.0 if moving else 1.5) if self._canvas.software else (2.0 if moving else 1.0)
            )
            scene.set_occlusion(self.occlusion and not moving and scene.mode != "volume", samples)

    def paintEvent(self, event) -> None:
        """Paint the background, the picture, or why there is none."""
        painter = QPainter(self)
        ground = QLinearGradient(0, 0, 0, self.height())
        ground.setColorAt(0, QColor(self._backdrop.top))
        ground.setColorAt(1, QColor(self._backdrop.bottom))
        painter.fillRect(self.rect(), ground)
        if self._problem:
            painter.setPen(self.palette().color(QPalette.ColorRole.Text))
            frame = self.rect().adjusted(32, 16, -32, -16)
            text = (
                "This computer cannot show three dimensions.\n\n"
                f"{self._problem}\n\n"
                "Slices, properties and export work all the same. A graphics driver with "
                "OpenGL 3.2, or Mesa's software drawing, brings the view back."
            )
            painter.drawText(frame, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, text)
        elif not self._image.isNull():
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(QRectF(self.rect()), self._image, QRectF(self._image.rect()))
        painter.end()

    def sizeHint(self) -> QSize:
        """A comfortable size."""
        return QSize(640, 420)

    # -- events -------------------------------------------------------------------------------------
    def showEvent(self, event) -> None:
        """Draw what changed while nobody saw it."""
        super().showEvent(event)
        if self._stale:
            self._soon.start()

    def resizeEvent(self, event) -> None:
        """Draw at the new size; a view that showed everything still does."""
        super().resizeEvent(event)
        # Lengths go with the height of the picture: only another width cuts something off.
        another_width = event.size().width() != event.oldSize().width()
        if another_width and self._fitted and self._canvas is not None:
            self._canvas.set_size(*self._pixels(1.0), self.devicePixelRatioF())
            self.look_from(self._fitted)
        else:
            self._moving()

    def changeEvent(self, event) -> None:
        """Draw again where the screen has another resolution."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.refresh()
        super().changeEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to turn (left) or to shift (right, middle, or left with Shift)."""
        self._pressed_at = event.position()
        self._moved = False
        shifted = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        left = event.button() == Qt.MouseButton.LeftButton
        held = self._handle_at(event.position()) if left else ""
        self._drag = (held or ("turn" if left and not shifted else "shift"), event.position())
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        event.accept()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Turn or shift, or name the voxel under the pointer."""
        place = event.position()
        if self._drag is None:
            held = self._handle_at(place)
            shape = Qt.CursorShape.OpenHandCursor if held else Qt.CursorShape.ArrowCursor
            self.setCursor(shape)
            self.pointed.emit(self.pick_at(place), self.scene_at(place))
            return
        kind, before = self._drag
        if (place - self._pressed_at).manhattanLength() > 3:
            self._moved = True
        if not self._moved or not self._scenes:
            return
        step = place - before
        self._drag = (kind, place)
        if kind in ("slide", "tilt"):
            self._drag_plane(kind, step)
        elif kind == "turn":
            self.orbit(0.4 * step.x(), 0.4 * step.y())
        else:
            um = self._um_per_logical_pixel()
            cameras.pan(self._scenes[0].camera, step.x() * um, -step.y() * um)
            self._on_camera()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End a drag; a click without one picks the voxel."""
        clicked = self._drag is not None and not self._moved
        self._drag = None
        if clicked and event.button() == Qt.MouseButton.LeftButton:
            pick = self.pick_at(event.position())
            if pick is not None:
                self.picked.emit(pick, self.scene_at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show everything again."""
        self.look_from("corner")

    def leaveEvent(self, event) -> None:
        """Nothing is pointed at any more."""
        self.pointed.emit(None, None)
        super().leaveEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Enlarge at the pointer."""
        steps = event.angleDelta().y() / 120
        if steps:
            self.zoom(1.2**steps, event.position())
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Turn with the arrows, enlarge with + and -, views with X, Y, Z, all with R."""
        key = event.key()
        turns = {
            Qt.Key.Key_Left: (-10, 0),
            Qt.Key.Key_Right: (10, 0),
            Qt.Key.Key_Up: (0, 10),
            Qt.Key.Key_Down: (0, -10),
        }
        views = {
            Qt.Key.Key_X: "x",
            Qt.Key.Key_Y: "y",
            Qt.Key.Key_Z: "z",
            Qt.Key.Key_R: "corner",
        }
        if event.modifiers() & ~Qt.KeyboardModifier.ShiftModifier:
            super().keyPressEvent(event)
        elif key in turns:
            self.orbit(*turns[key])
        elif key in views:
            self.look_from(views[key])
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.2)
        elif key == Qt.Key.Key_Minus:
            self.zoom(1 / 1.2)
        else:
            super().keyPressEvent(event)

    # -- handle of the clip plane -----------------------------------------------------------------
    def _handle_at(self, place: QPointF) -> str:
        """What part of the handle lies under a place: "slide", "tilt" or nothing."""
        points = self._scenes[0].handle.points if self._scenes else None
        if points is None or self._canvas is None:
            return ""
        for kind, point in zip(("tilt", "slide"), reversed(points), strict=True):
            away = self._place_of(point) - place
            if math.hypot(away.x(), away.y()) < REACH:
                return kind
        return ""

    def _place_of(self, point: np.ndarray) -> QPointF:
        """Place in the widget of a point in µm."""
        assert self._canvas is not None
        width, height = self._canvas.size
        x, y = self._scenes[0].to_pixel(point)
        return QPointF(x * self.width() / width, (height - 1 - y) * self.height() / height)

    def _drag_plane(self, kind: str, step: QPointF) -> None:
        scene = self._scenes[0]
        points, clip = scene.handle.points, scene.clip
        if points is None or clip is None:
            return
        origin, normal = clip
        if kind == "slide":
            length = float(np.linalg.norm(points[1] - points[0]))
            on_screen = self._place_of(points[1]) - self._place_of(points[0])
            along = np.array((on_screen.x(), on_screen.y()))
            if np.linalg.norm(along) < 6:  # seen from its end: up and down push and pull
                along = np.array((0.0, -6.0))
            share = np.dot((step.x(), step.y()), along) / np.dot(along, along)
            origin = origin + share * length * normal
        else:
            um = self._um_per_logical_pixel()
            towards = np.array(scene.camera.GetDirectionOfProjection())
            up = np.array(scene.camera.GetViewUp())
            right = np.cross(towards, up)
            tip = points[1] + um * (step.x() * right - step.y() * up)
            normal = (tip - points[0]) / np.linalg.norm(tip - points[0])
        self._settle.start()
        self.planeDragged.emit(origin, normal)

    # -- places -----------------------------------------------------------------------------------
    def pick_at(self, place: QPointF) -> Pick | None:
        """Voxel at a place of the widget."""
        scene = self.scene_at(place)
        return None if scene is None or self._image.isNull() else scene.pick(*self._pixel_at(place))

    def scene_at(self, place: QPointF) -> StructureScene | None:
        """Scene at a place of the widget."""
        return None if self._canvas is None else self._canvas.scene_at(*self._pixel_at(place))

    def _pixel_at(self, place: QPointF) -> tuple[float, float]:
        """Pixel of the canvas, counted from its lower left corner."""
        assert self._canvas is not None
        width, height = self._canvas.size
        x = place.x() * width / max(self.width(), 1)
        y = height - 1 - place.y() * height / max(self.height(), 1)
        return x, y

    def _um_per_logical_pixel(self) -> float:
        rows = 1 if len(self._scenes) < 3 else 2
        return cameras.um_per_pixel(self._scenes[0].camera, self.height() / rows)

    def _um_from_middle(self, place: QPointF) -> tuple[float, float]:
        columns = 1 if len(self._scenes) < 2 else 2
        rows = -(-len(self._scenes) // columns)
        width, height = self.width() / columns, self.height() / rows
        um = self._um_per_logical_pixel()
        return (
            (place.x() % width - width / 2) * um,
            (height / 2 - place.y() % height) * um,
        )
