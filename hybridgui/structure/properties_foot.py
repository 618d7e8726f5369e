"""The properties of the electrode that is shown, in short, below the recipe."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from hybridgui.properties.summary import PropertySummary
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label


class PropertiesFoot(QWidget):
    """A few numbers, a way to all of them, and a button where there are none yet.

    Parameters
    ----------
    compute, show_all : callable
        What the two buttons do.
    """

    def __init__(
        self,
        compute: Callable[[], object],
        show_all: Callable[[], object],
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.addWidget(label("Properties", "heading"), 1)
        self.all_properties = button("All properties", show_all, link=True)
        head.addWidget(self.all_properties)
        column.addLayout(head)
        self.summary = PropertySummary()
        column.addWidget(self.summary)
        self.blocked = label("", "small", wrap=True)
        self.blocked.hide()
        column.addWidget(self.blocked)
        self._empty = False
        self.hint = label("", "small", wrap=True)
        column.addWidget(self.hint)
        self.compute = button("Compute properties", compute)
        column.addWidget(self.compute, 0, Qt.AlignmentFlag.AlignLeft)

    def show_columns(self, columns: Mapping[str, float] | None, opens_cbd: bool = False) -> None:
        """Show properties by their column; None where there is no electrode.

        Where the electrolyte has no way through and the CBD is closed to ions, say that it
        need not be.
        """
        self.setVisible(columns is not None)
        blocked = math.isinf((columns or {}).get("tortuosity_factor_electrolyte", 0.0))
        self.blocked.setText(
            "The free electrolyte has no way through. Bulk conductivities under More options can "
            "let ions through the nanopores of the CBD."
        )
        self.blocked.setVisible(blocked and not opens_cbd)
        self.summary.show_columns(dict(columns or {}))
        self._empty = columns is not None and not columns
        self.compute.setVisible(self._empty)
        self.all_properties.setVisible(bool(columns))

    def show_outdated(self, recipe: bool, conductivities: bool = False) -> None:
        """Say whether the recipe, or the bulk conductivities, were changed since."""
        what = [
            words
            for words, changed in (("recipe", recipe), ("bulk conductivities", conductivities))
            if changed
        ]
        verb = "were" if conductivities else "was"
        self.hint.setText(
            f"Of the electrode shown; the {' and the '.join(what)} {verb} changed since."
            if what
            else ""
        )
        self.hint.setVisible(bool(what))
        self.compute.setVisible(self._empty or conductivities)
