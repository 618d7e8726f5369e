"""The rail at the left: five stages with their state, and what to do next."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QVBoxLayout, QWidget

from hybridgui.stages import STAGES, Advice, Stage, StageState
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import button, follow_theme, label


class StageButton(QAbstractButton):
    """One stage: its number, its name, and its state in words and as a sign."""

    def __init__(self, number: int, stage: Stage, parent: QWidget | None = None):
        super().__init__(parent)
        self._number = number
        self._stage = stage
        self._state = StageState.NOTHING
        self._note = ""
        self._ring = False
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setText(stage.title)
        self.set_state(StageState.NOTHING)
        follow_theme(self, self.updateGeometry)

    def focusInEvent(self, event) -> None:
        """Show the ring only to those who move with the keyboard."""
        keys = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
        self._ring = event.reason() in keys
        super().focusInEvent(event)

    @property
    def state(self) -> StageState:
        """State shown."""
        return self._state

    def set_state(self, state: StageState, note: str = "") -> None:
        """Show a state; `note` replaces its standard words."""
        self._state, self._note = state, note
        words = note or state.value
        self.setAccessibleName(f"{self._number} {self._stage.title}: {words}")
        self.setToolTip(f"{self._stage.purpose}\nCtrl+{self._number}")
        self.update()

    def sizeHint(self) -> QSize:
        """Two lines of text, and air."""
        metrics = self.fontMetrics()
        return QSize(12 * metrics.averageCharWidth() + 64, 2 * metrics.height() + 22)

    def paintEvent(self, event) -> None:
        """Draw number, name, state."""
        t = theme().tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(8, 2, -8, -2)
        if self.isChecked() or self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.accent_soft if self.isChecked() else t.hover))
            painter.drawRoundedRect(frame, 8, 8)
        if self.hasFocus() and self._ring:
            painter.setPen(QPen(QColor(t.accent), 1.5))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(frame.adjusted(0.75, 0.75, -0.75, -0.75), 8, 8)
        edge = 24.0
        circle = QRectF(frame.left() + 10, frame.center().y() - edge / 2, edge, edge)
        self._draw_sign(painter, circle)
        left = circle.right() + 10
        metrics = self.fontMetrics()
        top = frame.center().y() - metrics.height()
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Medium)
        painter.setFont(font)
        painter.setPen(QColor(t.text))
        width = frame.right() - left - 6
        painter.drawText(
            QRectF(left, top - 1, width, metrics.height()),
            Qt.AlignmentFlag.AlignVCenter,
            self._stage.title,
        )
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.85)
        painter.setFont(font)
        role = {
            StageState.OUTDATED: t.warning,
            StageState.RUNNING: t.accent,
            StageState.PAUSED: t.warning,
        }
        painter.setPen(QColor(role.get(self._state, t.muted)))
        words = self._note or self._state.value
        words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, int(width))
        painter.drawText(
            QRectF(left, top + metrics.height() + 1, width, metrics.height()),
            Qt.AlignmentFlag.AlignVCenter,
            words,
        )
        painter.end()

    def _draw_sign(self, painter: QPainter, circle: QRectF) -> None:
        t = theme().tokens
        state = self._state
        if state is StageState.DONE:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(t.success))
            painter.drawEllipse(circle)
            pen = QPen(QColor(t.surface), 2)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            centre = circle.center()
            painter.drawPolyline(
                QPolygonF(
                    [centre + QPointF(x, y) for x, y in ((-4.5, 0.5), (-1.5, 3.5), (4.5, -3.5))]
                )
            )
            return
        ring = {
            StageState.NOTHING: t.border_strong,
            StageState.READY: t.accent,
            StageState.RUNNING: t.accent,
            StageState.PAUSED: t.warning,
            StageState.OUTDATED: t.warning,
        }[state]
        inner = circle.adjusted(1, 1, -1, -1)
        pen = QPen(QColor(ring), 1.75)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if state is StageState.RUNNING:
            painter.setPen(QPen(QColor(t.border_strong), 1.75))
            painter.drawEllipse(inner)
            pen.setWidthF(2.5)
            painter.setPen(pen)
            painter.drawArc(inner, 90 * 16, -220 * 16)
        else:
            painter.setPen(pen)
            painter.drawEllipse(inner)
        if state is StageState.PAUSED:
            centre = circle.center()
            for x in (-2.5, 2.5):
                painter.drawLine(centre + QPointF(x, -4), centre + QPointF(x, 4))
            return
        font = QFont(self.font())
        font.setPointSizeF(font.pointSizeF() * 0.9)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(t.muted if state is StageState.NOTHING else ring))
        sign = "!" if state is StageState.OUTDATED else str(self._number)
        painter.drawText(circle, Qt.AlignmentFlag.AlignCenter, sign)


class StageRail(QFrame):
    """The five stages and the next step.

    Signals
    -------
    stageChosen : key of the stage that the user wants to see
    """

    stageChosen = Signal(str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setObjectName("rail")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 2 * GRID, 0, 2 * GRID)
        layout.setSpacing(2)
        self._buttons: dict[str, StageButton] = {}
        for number, stage in enumerate(STAGES, start=1):
            item = StageButton(number, stage)
            item.clicked.connect(lambda _=False, key=stage.key: self.stageChosen.emit(key))
            self._buttons[stage.key] = item
            layout.addWidget(item)
        layout.addStretch(1)
        nook = QVBoxLayout()
        nook.setContentsMargins(18, 0, 12, 0)
        nook.setSpacing(2)
        nook.addWidget(label("Next", "small"))
        self._advice = label("", wrap=True)
        nook.addWidget(self._advice)
        self._go = button("Go there", self._on_go, link=True)
        nook.addWidget(self._go, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addLayout(nook)
        self._advised = ""
        self._current = ""
        self._set_width()
        follow_theme(self, self._set_width)

    def stage_button(self, key: str) -> StageButton:
        """Button of a stage."""
        return self._buttons[key]

    @property
    def advice(self) -> str:
        """What it says to do next."""
        return self._advice.text()

    def show_stage(self, key: str) -> None:
        """Mark a stage as the one on screen."""
        self._current = key
        self._buttons[key].setChecked(True)
        self._go.setVisible(bool(self._advised) and self._advised != key)

    def show_state(self, key: str, state: StageState, note: str = "") -> None:
        """Show the state of a stage."""
        self._buttons[key].set_state(state, note)

    def show_advice(self, advice: Advice) -> None:
        """Say what to do next."""
        self._advice.setText(advice.text)
        self._advised = advice.stage
        title = next((s.title for s in STAGES if s.key == advice.stage), "")
        self._go.setText(f"Go to {title} →")
        self._go.setVisible(bool(title) and advice.stage != self._current)

    def _on_go(self) -> None:
        self.stageChosen.emit(self._advised)

    def _set_width(self) -> None:
        self.setFixedWidth(max(176, 14 * self.fontMetrics().averageCharWidth() + 72))
