"""What the curves show: a property, and which input is axis, panel and colour."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.maps.curves import CROSS_PRESSURES, PAPER_FIGURES
from engine.maps.quantities import quantity
from engine.maps.responses import SETTINGS, Responses, setting_range
from hybridgui.maps.work import CurveChoice
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, clear_layout, enable
from hybridgui.widgets.form import Choice, FormGroup, NumberField

PRESSURE = "pressure_MPa"
FOLLOWING = ("gap_um", "porosity_percent")
"""Axes along which it is the pressure that moves."""

_DEFAULTS = {"panel": "initial_porosity_percent", "colour": "am_percent"}
_SHOWN = {"bands": True, "points": False, "measured": False, "labels": True}
_ROLES = (
    ("axis", "Axis", "What stands along the horizontal axis"),
    ("panel", "Panels", "Each of its levels gets a panel"),
    ("colour", "Colours", "Each of its levels gets a curve"),
)


def with_role(roles: dict[str, str], role: str, column: str) -> dict[str, str]:
    """Give a role to an input; whoever held that input takes over what the role had."""
    changed = {**roles, role: column}
    for other in roles:
        if other != role and _moved(changed[other]) == _moved(column):
            changed[other] = _moved(roles[role])
    return changed


def _moved(column: str) -> str:
    return PRESSURE if column in FOLLOWING else column


class CurvesForm(QWidget):
    """Choices of the curves; what is not axis, panel or colour is held at a value.

    Signals
    -------
    edited : (name of a parameter without its prefix, value)
    held : (setting, value)
    """

    edited = Signal(str, object)
    held = Signal(str, float)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        group = FormGroup("Curves")
        self.figure_choice = Choice(tip="Property on the vertical axis")
        self.figure_choice.setAccessibleName("Property")
        self.figure_choice.edited.connect(self._on_figure)
        group.add_wide(self.figure_choice)
        self.roles: dict[str, Choice] = {}
        for name, text, tip in _ROLES:
            choice = Choice(tip=tip)
            choice.edited.connect(lambda column, name=name: self._on_role(name, column))
            group.add(text, choice, tip)
            self.roles[name] = choice
        self.reset_button = button(
            "As in the paper", lambda: self.edited.emit("roles", None), link=True
        )
        group.add_wide(self.reset_button)
        column.addWidget(group)
        self._held_group = FormGroup("Held at")
        column.addWidget(self._held_group)
        group = FormGroup("Show")
        self.boxes: dict[str, QCheckBox] = {}
        for name, text, tip in (
            ("bands", "Intervals", "Bands where new structures should lie"),
            ("points", "Campaign results", "Means of the campaign under the curves"),
            ("measured", "Measured points", "What the sheet holds of this property"),
            ("labels", "Porosity at 40, 80, 120, 160 MPa", "As in the paper"),
        ):
            box = QCheckBox(text)
            box.setToolTip(tip)
            box.clicked.connect(lambda on, name=name: self.edited.emit(name, on))
            group.add_wide(box)
            self.boxes[name] = box
        column.addWidget(group)
        self._responses: Responses | None = None
        self._fields: dict[str, NumberField] = {}
        self._values: dict[str, float] = {}
        self._shown: dict[str, str] = _paper_roles("")

    # -- what is shown ------------------------------------------------------------------------------
    def show_sources(self, responses: Responses | None) -> None:
        """Offer what law and models give."""
        self._responses = responses
        figures: list[tuple[str, str]] = []
        axes: list[tuple[str, str]] = []
        inputs: list[tuple[str, str]] = []
        if responses is not None:
            shown = set()
            for figure, (y, x) in PAPER_FIGURES.items():
                if responses.gives(y):
                    against = "" if x == PRESSURE else f", against {quantity(x).label.lower()}"
                    figures.append((figure, f"{quantity(y).brief}{against}"))
                    shown.add(y)
            figures += [(o, quantity(o).brief) for o in responses.outputs if o not in shown]
            held = [n for n in SETTINGS if n in responses.base and n not in responses.settings]
            names = [*responses.settings, *held]
            inputs = [(name, quantity(name).label) for name in names]
            axes = [(name, quantity(name).label) for name in responses.settings]
            if responses.calibration is not None:
                axes.append(("gap_um", quantity("gap_um").label))
            if responses.law is not None:
                axes.append(("porosity_percent", quantity("porosity_percent").label))
            low, high = responses.ranges.get(PRESSURE, (0.0, float("inf")))
            marks = [f"{p:g}" for p in CROSS_PRESSURES if low <= p <= high]
            self.boxes["labels"].setText(
                f"Porosity at {', '.join(marks)} MPa" if marks else "Porosity on the curves"
            )
        self.figure_choice.set_choices(figures)
        self.roles["axis"].set_choices(axes)
        for role in ("panel", "colour"):
            self.roles[role].set_choices(inputs)

    def show_values(self, values: dict[str, Any], setting: dict[str, float]) -> None:
        """Show the parameters as the study has them, and where other inputs are held."""
        self.figure_choice.show_value(values.get("figure", "6"))
        default = _paper_roles(self.figure_choice.current)
        self._shown = values.get("roles") or default
        for role, choice in self.roles.items():
            choice.show_value(self._shown.get(role, default[role]))
        self._shown = {role: choice.current for role, choice in self.roles.items()}
        enable(
            self.reset_button,
            "These are the paper's axis, panels and colours." if self._shown == default else "",
            "Axis, panels and colours as in the paper",
        )
        for name, on in _SHOWN.items():
            self.boxes[name].setChecked(bool(values.get(name, on)))
        self._values = setting
        self._show_held(self._shown)

    def _show_held(self, roles: dict[str, str]) -> None:
        responses = self._responses
        taken = {_moved(column) for column in roles.values()}
        free = [n for n in responses.settings if n not in taken] if responses is not None else []
        if list(self._fields) != free:
            clear_layout(self._held_group.form)
            self._fields = {}
            for name in free:
                assert responses is not None
                self._fields[name] = field = setting_field(responses, name)
                field.edited.connect(lambda v, name=name: self.held.emit(name, v))
                self._held_group.add(quantity(name).label, field)
        for name, field in self._fields.items():
            field.show_value(self._values.get(name))
        self._held_group.setVisible(bool(free))

    def choice(self) -> CurveChoice:
        """What the fields say."""
        return CurveChoice(
            figure=self.figure_choice.current,
            bands=self.boxes["bands"].isChecked(),
            points=self.boxes["points"].isChecked(),
            measured=self.boxes["measured"].isChecked(),
            labels=self.boxes["labels"].isChecked(),
            fixed=tuple((name, self._values[name]) for name in self._fields),
            **self._shown,
        )

    # -- what the user does ---------------------------------------------------------------------------
    def _on_figure(self, key: str) -> None:
        self.edited.emit("figure", key)
        if PAPER_FIGURES.get(key, ("", PRESSURE))[1] != PRESSURE:
            self.edited.emit("roles", None)  # this figure is one over its own axis

    def _on_role(self, role: str, column: str) -> None:
        self.edited.emit("roles", with_role(self._shown, role, column))


def _paper_roles(figure: str) -> dict[str, str]:
    return {"axis": PAPER_FIGURES.get(figure, ("", PRESSURE))[1], **_DEFAULTS}


def setting_field(responses: Responses, name: str) -> NumberField:
    """A field for one setting, over the range that the maps know."""
    low, high = setting_range(responses, name)
    one = quantity(name)
    return NumberField(
        low, high, low, one.unit, decimals=2, step=max((high - low) / 50, 0.01), tip=one.label
    )
