"""Colours, fonts and the style sheet: light, dark, or as the system says."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyqtgraph as pg
import qtawesome
from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QPainter,
    QPalette,
    QPen,
    QPixmap,
    QPolygonF,
)
from PySide6.QtWidgets import QApplication

from engine.maps.palette import AM, CBD, ELECTROLYTE, SIGN_COLOURS, series_colours
from hybridgui.settings import Settings
from hybridgui.style_sheet import style_sheet

GRID = 8
"""Every distance is a multiple (or half) of this many logical pixels."""

PHASE_COLOURS = {"electrolyte": ELECTROLYTE, "am": AM, "cbd": CBD}
# The paper's red, blue and green; red and green look alike to some eyes.
PAPER_PHASE_COLOURS = {"electrolyte": "#2E9E3F", "am": "#D62728", "cbd": "#1F4FD8"}
_FAMILIES = ("Inter", "Segoe UI", "SF Pro Text", "Noto Sans", "Cantarell", "DejaVu Sans")
_MONOSPACE = ("JetBrains Mono", "Cascadia Mono", "SF Mono", "Noto Sans Mono", "DejaVu Sans Mono")
# Okabe and Ito without black; the order keeps neighbours apart.
CATEGORY_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


@dataclass(frozen=True)
class Tokens:
    """Colours by role. Text on its ground has a contrast of at least 4.5 to 1."""

    dark: bool
    window: str
    surface: str
    sunken: str
    hover: str
    border: str
    border_strong: str
    text: str
    muted: str
    disabled: str
    accent: str
    accent_hover: str
    accent_soft: str
    on_accent: str
    danger: str
    danger_soft: str
    warning: str
    warning_soft: str
    success: str
    success_soft: str
    grid: str


LIGHT = Tokens(
    dark=False,
    window="#F4F5F7",
    surface="#FFFFFF",
    sunken="#F4F5F7",
    hover="#EAECF0",
    border="#DDE1E6",
    border_strong="#B9C0C9",
    text="#1A1F26",
    muted="#5A6472",
    disabled="#9AA2AD",
    accent="#2A5BD7",
    accent_hover="#224DBA",
    accent_soft="#E8EEFC",
    on_accent="#FFFFFF",
    danger="#B3261E",
    danger_soft="#FCECEA",
    warning="#805300",
    warning_soft="#FFF5DD",
    success="#1B7546",
    success_soft="#E6F4EC",
    grid="#E6E9ED",
)
DARK = Tokens(
    dark=True,
    window="#15181C",
    surface="#1D2126",
    sunken="#15181C",
    hover="#2A3038",
    border="#323942",
    border_strong="#4C5663",
    text="#E7EAEE",
    muted="#A3ADB9",
    disabled="#6C7682",
    accent="#84A9FF",
    accent_hover="#A0BCFF",
    accent_soft="#26324D",
    on_accent="#10141B",
    danger="#FF9C92",
    danger_soft="#3D2321",
    warning="#F2C66D",
    warning_soft="#392F1A",
    success="#72D1A0",
    success_soft="#1C3529",
    grid="#2D333B",
)


class Theme(QObject):
    """The look of the program. There is one, `theme()`.

    Signals
    -------
    changed : colours or font size are others; views that paint by hand redraw
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._settings: Settings | None = None
        self._tokens = LIGHT
        self._base_points = 10.0
        self._arrows = tempfile.TemporaryDirectory(prefix="hybridgui-arrows-")

    @property
    def tokens(self) -> Tokens:
        """Colours by role."""
        return self._tokens

    @property
    def dark(self) -> bool:
        """Whether the dark set is in use."""
        return self._tokens.dark

    @property
    def phase_colours(self) -> dict[str, str]:
        """Hex colours of ``electrolyte``, ``am`` and ``cbd`` in the chosen palette."""
        return dict(PAPER_PHASE_COLOURS if self._as_paper else PHASE_COLOURS)

    @property
    def sign_colours(self) -> dict[str, str]:
        """Hex colours of ``direct`` and ``inverse`` relations in the chosen palette."""
        return dict(SIGN_COLOURS["paper" if self._as_paper else "safe"])

    @property
    def _as_paper(self) -> bool:
        return self._settings is not None and self._settings.palette == "as in the paper"

    def attach(self, settings: Settings) -> None:
        """Apply the settings now and whenever they, or the system's scheme, change."""
        application = QApplication.instance()
        if self._settings is None:
            size = application.font().pointSizeF()
            self._base_points = size if size > 0 else 10.0
            application.styleHints().colorSchemeChanged.connect(self.apply)
        else:
            self._settings.appearanceChanged.disconnect(self.apply)
        self._settings = settings
        settings.appearanceChanged.connect(self.apply)
        self.apply()

    def detach(self, settings: Settings) -> None:
        """Forget the settings of a window that was closed."""
        if self._settings is settings:
            settings.appearanceChanged.disconnect(self.apply)
            QApplication.instance().styleHints().colorSchemeChanged.disconnect(self.apply)
            self._settings = None

    def apply(self) -> None:
        """Dress the application."""
        application = QApplication.instance()
        settings = self._settings
        if settings is None or application is None:
            return
        if settings.theme == "system":
            dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
        else:
            dark = settings.theme == "dark"
        self._tokens = tokens = DARK if dark else LIGHT
        font = self._font(settings.font_percent)
        sheet = style_sheet(tokens, self._draw_arrows(tokens), font.pointSizeF())
        if sheet != application.styleSheet():
            # Each of these dresses every widget anew; without a sheet in force it is quick.
            application.setStyleSheet("")
            if application.style().name() != "fusion":
                application.setStyle("Fusion")
            application.setFont(font)
            application.setPalette(_palette(tokens))
            application.setStyleSheet(sheet)
        pg.setConfigOptions(
            antialias=True, background=tokens.surface, foreground=tokens.muted, useOpenGL=False
        )
        qtawesome.set_defaults(color=tokens.text, color_disabled=tokens.disabled)
        qtawesome.reset_cache()
        self.changed.emit()

    def series_colours(self, count: int) -> list[str]:
        """Ordered colours, legible on the ground in use: light to dark, or dark to light."""
        if not self.dark:
            return series_colours(count)
        # The dark half of the ramp vanishes on a dark ground: stay in its light part.
        return [QColor(one).lighter(135).name() for one in series_colours(count + count // 2)][
            :count
        ][::-1]

    def category_colours(self, count: int) -> list[str]:
        """Colours without an order, repeated past six."""
        colours = [QColor(one) for one in CATEGORY_COLOURS]
        if self.dark:
            colours = [one.lighter(125) for one in colours]
        return [colours[i % len(colours)].name() for i in range(count)]

    def monospace(self) -> QFont:
        """Font for equations and details."""
        family = next((f for f in _MONOSPACE if f in _families()), "")
        font = (
            QFont(family)
            if family
            else QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        )
        font.setPointSizeF(QApplication.font().pointSizeF())
        return font

    def _font(self, percent: int) -> QFont:
        family = next((f for f in _FAMILIES if f in _families()), "")
        font = QFont(family) if family else QFont(QApplication.font())
        font.setPointSizeF(self._base_points * percent / 100)
        return font

    def _draw_arrows(self, tokens: Tokens) -> dict[str, str]:
        """Small pictures that a style sheet can only take from files."""
        folder = Path(self._arrows.name)
        paths = {}
        for name, colour in (("", tokens.muted), ("-off", tokens.disabled)):
            for direction in ("up", "down", "left", "right"):
                path = folder / f"{direction}{name}-{'dark' if tokens.dark else 'light'}.png"
                if not path.exists():
                    _chevron(direction, colour, path)
                paths[direction + name] = path.as_posix()
        tick = folder / f"tick-{'dark' if tokens.dark else 'light'}.png"
        if not tick.exists():
            _tick(tokens.on_accent, tick)
        paths["tick"] = tick.as_posix()
        return paths


def _palette(tokens: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in (
        (role.Window, tokens.window),
        (role.WindowText, tokens.text),
        (role.Base, tokens.surface),
        (role.AlternateBase, tokens.sunken),
        (role.Text, tokens.text),
        (role.PlaceholderText, tokens.muted),
        (role.Button, tokens.surface),
        (role.ButtonText, tokens.text),
        (role.BrightText, tokens.danger),
        (role.Highlight, tokens.accent),
        (role.HighlightedText, tokens.on_accent),
        (role.Link, tokens.accent),
        (role.LinkVisited, tokens.accent),
        (role.ToolTipBase, tokens.text),
        (role.ToolTipText, tokens.surface),
        (role.Light, tokens.surface),
        (role.Midlight, tokens.hover),
        (role.Mid, tokens.border_strong),
        (role.Dark, tokens.border_strong),
        (role.Shadow, tokens.border),
    ):
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(tokens.disabled))
    return palette


def _canvas(edge: int) -> QPixmap:
    pixmap = QPixmap(edge, edge)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def _stroke(pixmap: QPixmap, colour: str, width: float, points: list[tuple[float, float]]) -> None:
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(QColor(colour), width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))
    painter.end()


def _chevron(direction: str, colour: str, path: Path) -> None:
    pixmap = _canvas(40)
    points = {
        "down": [(10, 15), (20, 25), (30, 15)],
        "up": [(10, 25), (20, 15), (30, 25)],
        "left": [(25, 10), (15, 20), (25, 30)],
        "right": [(15, 10), (25, 20), (15, 30)],
    }[direction]
    _stroke(pixmap, colour, 4, points)
    pixmap.save(str(path))


def _tick(colour: str, path: Path) -> None:
    pixmap = _canvas(40)
    _stroke(pixmap, colour, 5, [(10, 21), (17, 28), (31, 12)])
    pixmap.save(str(path))


@cache
def _families() -> frozenset[str]:
    return frozenset(QFontDatabase.families())


@cache
def theme() -> Theme:
    """Return the one theme of the program."""
    return Theme()


def icon(name: str, role: str = "text") -> QIcon:
    """Return an icon of the one set (Phosphor), in the colour of a role of `Tokens`."""
    return qtawesome.icon(name, color=getattr(theme().tokens, role))


def with_opacity(colour: str, opacity: float) -> QColor:
    """Return a colour, opacity 0..1."""
    result = QColor(colour)
    result.setAlphaF(opacity)
    return result
