"""The bulk conductivities of the phases as fields, the same on every page that asks for them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from engine.properties.conductivities import Conductivities
from hybridgui.theme import GRID
from hybridgui.widgets.form import FormGroup, NumberField

_USUAL = Conductivities()
_TIP_WIDTH = 70
_FIELDS: dict[str, tuple[str, float, float, float, str]] = {
    "electrolyte": (
        "Electrolyte",
        1e-6,
        1000,
        0.1,
        "Ionic conductivity of the free electrolyte. 1.119 S/m is LP30 (1 M LiPF6 in EC:DMC) at "
        "25 °C, as published (DOI 10.1016/j.jpowsour.2020.229103).",
    ),
    "am": (
        "AM",
        0,
        100_000,
        0.001,
        "Electronic conductivity of the active material. NMC111 spans 1e-5 (lithiated) to 1 S/m "
        "(x = 0.75), Amin and Chiang 2016 (DOI 10.1149/2.0131608jes); 0.003 is the geometric "
        "middle.",
    ),
    "cbd": (
        "CBD",
        0,
        100_000,
        10,
        "Electronic conductivity of carbon black and binder together with their nanopores. Films "
        "reach the order of 100 S/m, which falls by half in use, Grillet et al. 2016 "
        "(DOI 10.1149/2.0341609jes). The least certain: measure it.",
    ),
    "cbd_ionic": (
        "CBD, ions",
        0,
        1000,
        0.05,
        "Ionic conductivity of electrolyte in the nanopores of the CBD. 0 closes the CBD to ions, "
        "as published. 47 % nanopores after Bruggeman give 0.47^1.5 = 0.32 of the electrolyte, "
        f"{0.47**1.5 * _USUAL.electrolyte:.2f} S/m of 1.119.",
    ),
}


class ConductivityFields(FormGroup):
    """Four fields in S/m. What is left at its default is not part of what they hold.

    Signals
    -------
    edited : (values, name) the values that differ from the defaults, by the names of
        `Conductivities`, and the field that the user changed, as it is called
    """

    edited = Signal(dict, str)

    def __init__(self, parent: QWidget | None = None):
        super().__init__("Bulk conductivities", parent)
        self.setContentsMargins(0, GRID, 0, 0)  # apart from what stands above in the fold
        self.fields: dict[str, NumberField] = {}
        self._values = _USUAL.to_dict()
        for name, (text, low, high, step, tip) in _FIELDS.items():
            field = NumberField(
                low,
                high,
                self._values[name],
                "S/m",
                decimals=9,
                step=step,
                tip=textwrap.fill(tip, _TIP_WIDTH),
            )
            self.fields[name] = self.add(text, field, field.toolTip())
            field.edited.connect(lambda value, name=name: self._on_edited(name, value))

    def _on_edited(self, name: str, value: float) -> None:
        # the others as they were given: a field may show fewer digits than a value has
        self._values[name] = value
        self.edited.emit(self.values(), _FIELDS[name][0])

    def values(self) -> dict[str, float]:
        """Values that differ from the defaults, S/m."""
        usual = _USUAL.to_dict()
        return {name: value for name, value in self._values.items() if value != usual[name]}

    def show_values(self, values: Mapping[str, float]) -> None:
        """Show values; what is not given stands at its default."""
        self._values = _USUAL.to_dict() | dict(values)
        for name, value in self._values.items():
            self.fields[name].show_value(value)
