"""Any other parameter of recipe or generator as a variable of the design."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QPushButton, QVBoxLayout, QWidget

from engine.campaign.variables import INPUT_PREFIX, LAW_PREFIX, VariableInfo, variable_info
from engine.errors import InputError
from engine.structure.options import GENERATOR_OPTIONS
from hybridgui.campaign.number_list import read_numbers
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, clear_layout, label
from hybridgui.widgets.form import mark_invalid

# Names by what they describe; the fields of the form have the others.
GROUPS = {
    "Recipe": ("am_density", "cbd_density", "cbd_nanoporosity_percent"),
    "Box and voxels": ("box_um", "voxel_size_um", "protocol", "porosity_kind", "sphere_drawing"),
    "Particle sizes": (
        "size_distribution", "size_basis", "d10", "d50", "d90", "second_d10", "second_d50",
        "second_d90", "second_share", "diameters", "counts",
    ),
    "Particle shape and packing": (
        "aspect_ratio", "aspect_spread", "orientation", "overlap_tolerance",
        "collector_embedding", "separator_embedding",
    ),
    "Carbon and binder": (
        "cbd_rule", "cbd_weight", "cbd_cluster_radius", "cbd_gradient", "collector_wetting",
    ),
}  # fmt: skip
_others = tuple(
    name for name in GENERATOR_OPTIONS if not any(name in names for names in GROUPS.values())
)
if _others:
    GROUPS["Other"] = _others
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}


def caption(name: str) -> str:
    """Name of a variable in words, with its unit."""
    if name.startswith(LAW_PREFIX):
        return f"Law, {name.removeprefix(LAW_PREFIX)}"
    if name.startswith(INPUT_PREFIX):
        return name.removeprefix(INPUT_PREFIX)
    unit = variable_info(name).unit
    stem = name.removesuffix("_percent").removesuffix("_um")
    words = [word.upper() if word in ("am", "cbd") else word for word in stem.split("_")]
    text = " ".join(words)
    return f"{text[:1].upper()}{text[1:]}" + (f" ({unit})" if unit else "")


def read_values(name: str, text: str) -> list[Any]:
    """Read what was typed for a variable.

    Numbers as in the other fields; names with commas between them; where one value is itself
    a list of numbers, a bar stands between two of them.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    info = variable_info(name)
    if info.is_list:
        return [read_numbers(part) for part in text.split("|")]
    if not info.choices:
        numbers = read_numbers(text)
        # one number is a square box, a pair of them would be read as the edges of one
        return [[edge, edge] for edge in numbers] if name == "box_um" else numbers
    words = [word for word in text.replace(";", ",").replace(",", " ").split() if word]
    known = [_word(choice) for choice in info.choices]
    for word in words:
        if word.lower() not in (*known, *_YES_NO) or (word.lower() in _YES_NO) != (
            known == ["no", "yes"]
        ):
            raise InputError(f"'{word}' is not known: give some of {', '.join(known)}.")
    if not words:
        raise InputError(f"Give at least one of {', '.join(known)}.")
    return [_YES_NO.get(word.lower(), word.lower()) for word in words]


def show_values(name: str, values: list[Any]) -> str:
    """Write values so that `read_values` reads them again."""
    if variable_info(name).is_list:
        return " | ".join(", ".join(f"{n:.10g}" for n in value) for value in values)
    if name == "box_um":
        values = [value[0] if isinstance(value, list | tuple) else value for value in values]
    return ", ".join(_word(value) for value in values)


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else f"{value:.10g}"


def first_values(info: VariableInfo) -> list[Any]:
    """What a variable begins with: all its choices, or its usual value."""
    if info.choices:
        return list(info.choices)
    return [info.default] if info.default not in (None, []) else []


class MoreVariables(QWidget):
    """Rows for the variables that were added, and the menu that adds one.

    Signals
    -------
    edited : (name, list of values, or None where it was removed)
    typed : something was typed, readable or not
    """

    edited = Signal(str, object)
    typed = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(GRID)
        column.addLayout(self._rows)
        self.add_button = QPushButton("Vary another parameter")
        self.add_button.setProperty("menu", True)
        menu = QMenu(self.add_button)
        self._law_menu = menu.addMenu("Calendering law")
        menu.setToolTipsVisible(True)
        for title, names in GROUPS.items():
            part = menu.addMenu(title)
            part.setToolTipsVisible(True)
            for name in names:
                action = part.addAction(caption(name), lambda name=name: self.add(name))
                action.setToolTip(variable_info(name).meaning)
        self.add_button.setMenu(menu)
        column.addWidget(self.add_button)
        self.fields: dict[str, QLineEdit] = {}
        self._offered: dict[str, float] = {}

    def show_law(self, coefficients: dict[str, float], inputs: dict[str, float]) -> None:
        """Offer what can be varied of the law: its further inputs, and its coefficients."""
        offered = {INPUT_PREFIX + name: value for name, value in inputs.items()}
        offered |= {LAW_PREFIX + name: value for name, value in coefficients.items()}
        self._offered = offered
        self._law_menu.clear()
        for position, name in enumerate(offered):
            if inputs and position == len(inputs):
                self._law_menu.addSeparator()
            self._law_menu.addAction(caption(name), lambda name=name: self.add(name))
        self._law_menu.menuAction().setVisible(bool(self._offered))

    def add(self, name: str) -> None:
        """Begin to vary a parameter."""
        if name in self._offered:
            self.edited.emit(name, [self._offered[name]])
        elif name not in self.fields:
            self.edited.emit(name, first_values(variable_info(name)))

    def show_variables(self, variables: dict[str, list[Any]]) -> None:
        """Show the variables of the study."""
        if list(variables) != list(self.fields):
            clear_layout(self._rows)
            self.fields = {name: self._add_row(name) for name in variables}
        for name, values in variables.items():
            self.fields[name].setText(show_values(name, values))
            self.fields[name].setCursorPosition(0)
            self._check(name)

    def values(self) -> dict[str, list[Any]]:
        """Return what is typed; InputError names the field that cannot be read."""
        found = {}
        for name, field in self.fields.items():
            try:
                found[name] = read_values(name, field.text())
            except InputError as error:
                raise InputError(f"{caption(name)}: {error}") from error
        return found

    def _add_row(self, name: str) -> QLineEdit:
        row = QWidget()
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        head = QHBoxLayout()
        text = label(caption(name))
        text.setToolTip(variable_info(name).meaning)
        head.addWidget(text)
        head.addStretch(1)
        remove = button("Remove", lambda: self.edited.emit(name, None), link=True)
        remove.setAccessibleName(f"Remove {caption(name)}")
        head.addWidget(remove)
        column.addLayout(head)
        field = QLineEdit()
        field.setAccessibleName(caption(name))
        text.setBuddy(field)
        column.addWidget(field)
        field.textEdited.connect(lambda _: self._on_typed(name))
        field.editingFinished.connect(lambda: self._on_finished(name))
        self._rows.addWidget(row)
        return field

    def _check(self, name: str) -> str:
        field, info = self.fields[name], variable_info(name)
        problem = ""
        try:
            read_values(name, field.text())
        except InputError as error:
            problem = str(error)
        mark_invalid(field, bool(problem))
        field.setToolTip(problem or info.meaning)
        return problem

    def _on_typed(self, name: str) -> None:
        self._check(name)
        self.typed.emit()

    def _on_finished(self, name: str) -> None:
        if name in self.fields and not self._check(name):
            self.edited.emit(name, read_values(name, self.fields[name].text()))
