"""Folds of the import: how one measured quantity becomes another that a law needs."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSizePolicy, QWidget

from engine.errors import InputError
from engine.experiment.calibration import GapCalibration
from engine.experiment.preview import ReadOptions, SheetPreview
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Fold, label
from hybridgui.widgets.form import FormGroup, NumberField


class Conversions(QObject):
    """Porosity from loading, pressure from a load or force, pressure from a roll gap.

    Signals
    -------
    edited : dict of fields of `ReadOptions` that the user changed
    refused : why what the user wrote cannot be, one sentence
    """

    edited = Signal(dict)
    refused = Signal(str)

    def __init__(self, options: ReadOptions):
        super().__init__()
        am, cbd = options.densities or (4.65, 1.8)
        self.densities_fold = Fold("Porosity from thickness and mass loading")
        self.derive_box = QCheckBox("Derive it, with the skeletal densities")
        self.am_density = NumberField(0.1, 25, am, "g/cm³", decimals=3)
        self.cbd_density = NumberField(0.1, 25, cbd, "g/cm³", decimals=3)
        self.derive_box.clicked.connect(lambda _: self._on_densities())
        for field in (self.am_density, self.cbd_density):
            field.edited.connect(lambda _: self._on_densities())
        self.densities_fold.body.addWidget(
            line_of(self.derive_box, "AM", self.am_density, "Carbon and binder", self.cbd_density)
        )
        self.rolls_fold = Fold("Line load or force to pressure")
        self.contact_length = NumberField(0, 1000, options.contact_length or 0, "mm", decimals=3)
        self.roll_width = NumberField(0, 10_000, options.roll_width or 0, "mm")
        self.contact_length.edited.connect(lambda _: self._on_rolls())
        self.roll_width.edited.connect(lambda _: self._on_rolls())
        self.rolls_fold.body.addWidget(
            line_of(
                "Contact length of the rolls", self.contact_length,
                "Width of the electrode (for a force)", self.roll_width,
            )
        )  # fmt: skip
        self.calibration_fold = self._build_calibration(options.calibration)

    @property
    def folds(self) -> list[Fold]:
        """The folds, for a layout."""
        return [self.densities_fold, self.rolls_fold, self.calibration_fold]

    def suggest_density(self, density: float) -> None:
        """Take the density of a material, where no porosity is derived by another."""
        if not self.derive_box.isChecked():
            self.am_density.show_value(density)

    def show_preview(self, preview: SheetPreview, options: ReadOptions) -> None:
        """Show what applies to a sheet, with the values in use."""
        self.derive_box.setChecked(options.densities is not None)
        self.densities_fold.setVisible(preview.can_derive)
        self.rolls_fold.setVisible(preview.reads_load)
        # One is open at a time: the next one when the first is answered.
        asked = [
            fold for fold, applies, in_use in (
                (self.rolls_fold, preview.reads_load, bool(options.contact_length)),
                (self.densities_fold, preview.can_derive, options.densities is not None),
            ) if applies and preview.obstacle and not in_use
        ]  # fmt: skip
        if asked:
            asked[0].set_open(True)
        self.calibration_fold.setVisible("gap" in preview.layout.roles or not preview.reads_load)

    def _build_calibration(self, calibration: GapCalibration) -> Fold:
        fold = Fold("Roll gap to pressure")
        group = FormGroup()
        self._calibration: dict[str, NumberField] = {}
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(GRID)
        line.addWidget(label("P = a·exp(−g / d) + c", "muted"))
        for name, text, unit, decimals in (
            ("amplitude", "a", "MPa", 5),
            ("decay", "d", "µm", 4),
            ("offset", "c", "MPa", 5),
            ("gap_min", "from", "µm", 2),
            ("gap_max", "to", "µm", 2),
        ):
            field = NumberField(-1e4, 1e4, getattr(calibration, name), unit, decimals=decimals)
            field.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            field.edited.connect(lambda _: self._on_calibration())
            line.addWidget(label(text))
            line.addWidget(field)
            self._calibration[name] = field
        group.add_wide(row)
        fold.body.addWidget(group)
        return fold

    def _on_densities(self) -> None:
        both = (self.am_density.value(), self.cbd_density.value())
        self.edited.emit({"densities": both if self.derive_box.isChecked() else None})

    def _on_rolls(self) -> None:
        length, width = self.contact_length.value(), self.roll_width.value()
        self.edited.emit({"contact_length": length or None, "roll_width": width or None})

    def _on_calibration(self) -> None:
        try:
            calibration = GapCalibration(**{n: f.value() for n, f in self._calibration.items()})
        except InputError as error:
            self.refused.emit(str(error))
            return
        self.edited.emit({"calibration": calibration})


def line_of(*parts: QWidget | str) -> QWidget:
    """Widgets side by side; texts become labels."""
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GRID)
    for part in parts:
        layout.addWidget(label(part, "muted") if isinstance(part, str) else part)
    return row
