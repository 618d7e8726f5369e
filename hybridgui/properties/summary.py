"""The few properties that stand beside the picture."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from hybridgui.properties.values import KEY_COLUMNS, rows_of
from hybridgui.widgets.basics import clear_layout, label, value_grid
from hybridgui.widgets.plot import rich


class PropertySummary(QWidget):
    """Symbol, value and unit of the key properties; hover for the definition."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._grid = value_grid(self)
        self._values: dict[str, QLabel] = {}

    def show_columns(self, columns: dict[str, float]) -> None:
        """Show properties: one number a column of the catalogue."""
        clear_layout(self._grid)
        self._values = {}
        for line, row in enumerate(rows_of(columns, KEY_COLUMNS)):
            name = QLabel(rich(row.symbol))
            name.setTextFormat(Qt.TextFormat.RichText)
            value = label(row.text, selectable=True)
            # a symbol such as %CC-AM has its unit
            unit = label("" if row.symbol.startswith("%") else row.unit, "muted")
            for column, part in enumerate((name, value, unit)):
                part.setToolTip(f"<b>{row.label}</b><br>{rich(row.definition)}")
                self._grid.addWidget(part, line, column)
            value.setAlignment(Qt.AlignmentFlag.AlignRight)
            self._values[row.column] = value

    def text(self, column: str) -> str:
        """Value of a property as shown."""
        return self._values[column].text()
