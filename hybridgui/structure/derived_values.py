"""What follows from the recipe, said while it is typed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QWidget

from engine.structure.condition import Condition
from engine.structure.loading import derive
from hybridgui.widgets.basics import label, value_grid
from hybridgui.widgets.numbers import percent


class DerivedValues(QWidget):
    """Names at the left, values at the right; hover for what they mean."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self._grid = value_grid(self)
        self._labels: list[tuple[QLabel, QLabel]] = []

    @property
    def texts(self) -> dict[str, str]:
        """The values as shown, by their names."""
        return {left.text(): right.text() for left, right in self._labels if not left.isHidden()}

    def show_condition(
        self,
        condition: Condition | None,
        law: str,
        specific_capacity: float,
        binder: float | None = None,
    ) -> None:
        """Show what follows from a condition.

        Parameters
        ----------
        law : str
            Kind of the law that gave its porosity; empty where the user gave it.
        specific_capacity : float, mAh/g
        binder : float, % of mass, or None
            Where carbon black and binder are given apart.
        """
        rows = [] if condition is None else _rows(condition, law, specific_capacity)
        if binder is not None and rows:
            meaning = "Mass fraction that active material and carbon black leave."
            rows.insert(0, ("Binder", f"{binder:.1f} %", meaning))
        for number, (name, value, tip) in enumerate(rows):
            if number == len(self._labels):
                left, right = label("", "muted", wrap=True), label("", selectable=True)
                right.setAlignment(Qt.AlignmentFlag.AlignRight)
                self._grid.addWidget(left, number, 0)
                self._grid.addWidget(right, number, 1)
                self._labels.append((left, right))
            for part, text in zip(self._labels[number], (name, value), strict=True):
                part.setText(text)
                part.setToolTip(tip)
        for number, pair in enumerate(self._labels):
            for part in pair:
                part.setVisible(number < len(rows))


def _rows(condition: Condition, law: str, specific_capacity: float) -> list[tuple[str, str, str]]:
    """(name, value, meaning) of each line."""
    follows = derive(condition, specific_capacity)
    rows = []
    if law:
        kind = condition.porosity_kind.capitalize()
        rows += [
            (
                "Porosity after calendering",
                percent(condition.porosity),
                f"{kind} porosity, by the law '{law}'.",
            ),
            ("Thickness after calendering", f"{condition.thickness:.1f} µm", ""),
        ]
    nz, ny, nx = condition.shape
    rows += [
        ("AM volume", percent(follows.am), "Share of the voxels."),
        ("CBD volume", percent(follows.cbd), "Share of the voxels, nanopores included."),
        ("Electrolyte volume", percent(follows.electrolyte), "Share of the voxels."),
        (
            "Coating density",
            f"{follows.press_density:.2f} g/cm³",
            "Mass of the dry coating over its volume.",
        ),
        (
            "Loading",
            f"{follows.areal_loading:.1f} mg/cm²",
            f"Of the dry coating; {follows.am_loading:.1f} mg/cm² are active material.",
        ),
        (
            "Areal capacity",
            f"{follows.areal_capacity:.2f} mAh/cm²",
            f"At {specific_capacity:g} mAh/g of active material.",
        ),
        ("Voxels", f"{nx} × {ny} × {nz}", f"{follows.voxels:,} voxels along x, y and z."),
    ]
    return rows
