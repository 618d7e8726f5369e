"""What the profiler shows: one field for each input, and the responses to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.maps.quantities import quantity
from engine.maps.responses import Responses
from hybridgui.maps.curves_form import setting_field
from hybridgui.theme import GRID
from hybridgui.widgets.basics import clear_layout
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import FormGroup, NumberField

_DEFAULT_TRACES = 4


class ProfilerForm(QWidget):
    """The setting, and which responses are traced.

    Signals
    -------
    moved : (setting, value)
    chosen : responses, a list of columns
    """

    moved = Signal(str, float)
    chosen = Signal(list)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        self._group = FormGroup("Setting")
        column.addWidget(self._group)
        group = FormGroup("Responses")
        self.outputs = CheckList(8)
        self.outputs.edited.connect(self.chosen)
        group.add_wide(self.outputs)
        column.addWidget(group)
        self.fields: dict[str, NumberField] = {}

    def show_sources(self, responses: Responses | None, chosen: Sequence[str] | None) -> None:
        """Offer what law and models give; the first responses where none were chosen."""
        outputs = list(responses.outputs) if responses is not None else []
        shown = outputs[:_DEFAULT_TRACES] if chosen is None else chosen
        self.outputs.show_entries(
            [(o, quantity(o).brief, quantity(o).label) for o in outputs],
            [o for o in shown if o in outputs],
        )
        settings = responses.settings if responses is not None else []
        if list(self.fields) == settings:
            return
        clear_layout(self._group.form)
        self.fields = {}
        for name in settings:
            assert responses is not None
            self.fields[name] = field = setting_field(responses, name)
            field.edited.connect(lambda v, name=name: self.moved.emit(name, v))
            self._group.add(quantity(name).label, field)

    def show_setting(self, setting: Mapping[str, float]) -> None:
        """Show where the inputs stand."""
        for name, field in self.fields.items():
            field.show_value(setting.get(name))
