"""Controls over the 3D view: mode, colours, camera, phases."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QMenu,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from hybridgui.structure.phases import PHASE_SHORT, PHASE_TITLES, PHASES, Looks
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Segmented, set_icon
from hybridgui.widgets.form import Choice

MODES = (
    ("voxels", "Voxels", "True voxels, every face as it is."),
    ("smooth", "Smooth", "Smooth surfaces between the phases."),
    ("volume", "Volume", "Phases as translucent clouds."),
)


def tool(icon_name: str, tip: str, text: str = "", *, checkable: bool = False) -> QToolButton:
    """A small button with an icon and a tooltip."""
    result = QToolButton()
    result.setIconSize(QSize(18, 18))
    if icon_name:
        set_icon(result, icon_name)
    if text:
        result.setText(text)
        if icon_name:
            result.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    result.setToolTip(tip)
    result.setAccessibleName(text or tip)
    result.setCheckable(checkable)
    return result


class PhaseSwatch(QWidget):
    """The colour of a phase."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._colour = QColor("#808080")
        self.setFixedSize(12, 12)

    def show_colour(self, colour: str) -> None:
        """Show a colour."""
        self._colour = QColor(colour)
        self.update()

    def paintEvent(self, event) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRoundedRect(self.rect(), 3, 3)
        painter.end()


class PhaseControls(QWidget):
    """Colour, visibility and opacity of each phase; compare and cut.

    Signals
    -------
    visibilityChanged : (phase, visible)
    opacityChanged : (phase, 0..1)
    compareToggled, cutToggled : bool
    """

    visibilityChanged = Signal(int, bool)
    opacityChanged = Signal(int, float)
    compareToggled = Signal(bool)
    cutToggled = Signal(bool)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2 * GRID)
        self.boxes: dict[int, QCheckBox] = {}
        self.sliders: dict[int, QSlider] = {}
        self._swatches: dict[int, PhaseSwatch] = {}
        for phase in (1, 2, 0):
            group = QHBoxLayout()
            group.setSpacing(6)
            swatch, box = PhaseSwatch(), QCheckBox(PHASE_SHORT[phase])
            box.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
            box.setToolTip(f"Show the {PHASE_TITLES[phase].lower()}")
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(5, 100)
            slider.setMinimumWidth(40)
            slider.setMaximumWidth(96)
            slider.setToolTip(f"Opacity of the {PHASE_TITLES[phase].lower()}")
            slider.setAccessibleName(slider.toolTip())
            box.toggled.connect(lambda on, phase=phase: self.visibilityChanged.emit(phase, on))
            slider.valueChanged.connect(
                lambda value, phase=phase: self.opacityChanged.emit(phase, value / 100)
            )
            for part in (swatch, box, slider):
                group.addWidget(part)
            row.addLayout(group)
            self.boxes[phase], self.sliders[phase] = box, slider
            self._swatches[phase] = swatch
        row.addStretch(1)
        self.compare = tool(
            "ph.columns",
            "Keep this electrode in view and see the next one beside it",
            "Compare",
            checkable=True,
        )
        self.compare.toggled.connect(self.compareToggled)
        row.addWidget(self.compare)
        self.cut = tool("ph.knife", "Cut the electrode open", "Cut", checkable=True)
        self.cut.toggled.connect(self.cutToggled)
        row.addWidget(self.cut)

    def set_compact(self, level: int) -> None:
        """Need less room: 1 leaves out the words of the buttons, 2 the sliders."""
        style = Qt.ToolButtonStyle
        for item in (self.compare, self.cut):
            item.setToolButtonStyle(
                style.ToolButtonTextBesideIcon if level == 0 else style.ToolButtonIconOnly
            )
        for slider in self.sliders.values():
            slider.setVisible(level < 2)

    def show_looks(self, looks: Looks) -> None:
        """Show how the phases are drawn."""
        for phase in PHASES:
            look = looks[phase]
            self._swatches[phase].show_colour(look.colour)
            for part, value in (
                (self.boxes[phase], look.visible),
                (self.sliders[phase], round(100 * look.opacity)),
            ):
                blocked = part.blockSignals(True)
                part.setChecked(value) if isinstance(part, QCheckBox) else part.setValue(value)
                part.blockSignals(blocked)
            self.sliders[phase].setEnabled(look.visible)


class ViewToolbar(QWidget):
    """Mode, colours, camera and screenshot.

    Signals
    -------
    modeChosen : key of `MODES`
    colourChosen : key of the colouring
    viewChosen : key of `hybridgui.structure.camera.VIEWS`
    screenshotAsked, animationAsked : None
    """

    modeChosen = Signal(str)
    colourChosen = Signal(str)
    viewChosen = Signal(str)
    screenshotAsked = Signal()
    animationAsked = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.modes = Segmented([(key, text) for key, text, _ in MODES])
        for key, _, tip in MODES:
            self.modes.segment(key).setToolTip(tip)
            self.modes.segment(key).setSizePolicy(
                QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed
            )
        self.modes.chosen.connect(self.modeChosen)
        row.addWidget(self.modes)
        self.colours = Choice([("phase", "Colour by phase")])
        self.colours.setAccessibleName("Colour by")
        self.colours.setMinimumContentsLength(6)
        self.colours.setToolTip("What the colours mean")
        self.colours.edited.connect(self.colourChosen)
        row.addWidget(self.colours)
        row.addStretch(1)
        self.views: dict[str, QToolButton] = {}
        for key, icon_name, text, tip in (
            ("corner", "ph.arrows-in", "", "Show everything (R, or a double click)"),
            ("x", "", "x", "Look along x (X)"),
            ("y", "", "y", "Look along y (Y)"),
            ("z", "", "z", "Look from the separator (Z)"),
        ):
            item = tool(icon_name, tip, text)
            item.clicked.connect(lambda _=False, key=key: self.viewChosen.emit(key))
            row.addWidget(item)
            self.views[key] = item
        self.more = tool("ph.sliders-horizontal", "What is shown, and views that you keep")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        row.addWidget(self.more)
        self.camera = tool("ph.camera", "Save a picture or an animation")
        self.camera.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.camera)
        menu.addAction("Save picture…", lambda: self.screenshotAsked.emit())
        menu.addAction("Save animation…", lambda: self.animationAsked.emit())
        self.camera.setMenu(menu)
        row.addWidget(self.camera)

    def set_compact(self, level: int) -> None:
        """Need less room: 1 leaves out what the menu has too, 2 shortens the choice."""
        for key in "xyz":
            self.views[key].setVisible(level == 0)
        # A combo box does not tell its layout that it needs less than before: say it for it.
        letters = (24, 14, 6)[min(level, 2)]
        self.colours.setMinimumWidth(self.fontMetrics().averageCharWidth() * letters + 40)
