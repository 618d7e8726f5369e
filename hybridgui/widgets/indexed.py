"""Headers and cells of tables in which the indices of symbols are set low."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QTextDocument, QTextOption
from PySide6.QtWidgets import QHeaderView, QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.maps.symbols import INDEXED
from hybridgui.theme import theme
from hybridgui.widgets.plot import rich

_PADDING = 11
"""Between the border of a section and its text, px; as in the style sheet."""
_CELL = 8
"""The same in a cell, px."""


def draw_indexed(
    painter: QPainter, place: QRect, text: str, font: QFont, colour: str, *, right: bool = False
) -> None:
    """Write a text into a rectangle, in the middle of its height; line feeds start lines."""
    document = QTextDocument()
    document.setDefaultFont(font)
    document.setDocumentMargin(0)
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    option = QTextOption(side)
    option.setWrapMode(QTextOption.WrapMode.NoWrap)
    document.setDefaultTextOption(option)
    lines = rich(text).replace("\n", "<br>")
    document.setHtml(f'<span style="color:{colour}">{lines}</span>')
    document.setTextWidth(place.width())
    # As high as text without indices, so that both stand on one line.
    high = QFontMetricsF(font).lineSpacing() * (text.count("\n") + 1)
    painter.save()
    painter.translate(place.left(), place.top() + (place.height() - high) / 2)
    document.drawContents(painter, QRectF(0, 0, place.width(), place.height()))
    painter.restore()


class IndexedHeader(QHeaderView):
    """The header of a table: ``τ_liq`` is set as in print."""

    def paintSection(self, painter: QPainter, rect: QRect, logicalIndex: int) -> None:
        """Draw the section without a text that has indices, and that text over it."""
        super().paintSection(painter, rect, logicalIndex)
        model = self.model()
        text = model.headerData(logicalIndex, self.orientation()) if model is not None else None
        if not isinstance(text, str) or not INDEXED.search(text):
            return
        aligned = model.headerData(
            logicalIndex, self.orientation(), Qt.ItemDataRole.TextAlignmentRole
        )
        right = bool(int(aligned or 0) & int(Qt.AlignmentFlag.AlignRight.value))
        place = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        draw_indexed(painter, place, text, self.font(), theme().tokens.muted, right=right)

    def initStyleOptionForIndex(self, option, logicalIndex: int) -> None:
        """Leave the text out that `paintSection` writes itself."""
        super().initStyleOptionForIndex(option, logicalIndex)
        if INDEXED.search(option.text):
            option.text = ""


class IndexedDelegate(QStyledItemDelegate):
    """Draws the cells of a table: ``τ_liq`` is set as in print."""

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        """Draw the cell."""
        shown = QStyleOptionViewItem(option)
        self.initStyleOption(shown, index)
        text = shown.text
        if not INDEXED.search(text):
            super().paint(painter, option, index)
            return
        shown.text = ""
        style = shown.widget.style()
        style.drawControl(QStyle.ControlElement.CE_ItemViewItem, shown, painter, shown.widget)
        colour = shown.palette.color(shown.palette.ColorRole.Text).name()
        right = bool(shown.displayAlignment & Qt.AlignmentFlag.AlignRight)
        place = shown.rect.adjusted(_CELL, 0, -_CELL, 0)
        draw_indexed(painter, place, text, shown.font, colour, right=right)
