"""Fields for the generator's options, shown only where they have an effect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.structure.options import GENERATOR_OPTIONS, PUBLISHED_OPTIONS, Option
from hybridgui.theme import GRID
from hybridgui.widgets.form import Choice, FormGroup, IntegerField, NumberField, NumberListField

_GROUPS = (
    ("Particle sizes", ("size_", "d10", "d50", "d90", "second_", "diameters", "counts")),
    ("Carbon and binder", ("cbd_", "collector_wetting")),
    ("Packing", ("overlap", "collector_embedding", "separator_embedding")),
    ("Particle shape", ("aspect", "orientation")),
    ("Published protocol", PUBLISHED_OPTIONS),
    ("Other", ("",)),
)
_LABELS = {
    "size_distribution": "Distribution",
    "size_basis": "Counts",
    "d10": "D10",
    "d50": "D50",
    "d90": "D90",
    "second_d10": "Second D10",
    "second_d50": "Second D50",
    "second_d90": "Second D90",
    "second_share": "Second share",
    "cbd_rule": "Rule",
    "cbd_weight": "Film to fingers",
    "cbd_cluster_radius": "Cluster radius",
    "cbd_gradient": "Migration",
    "collector_wetting": "Wets the foil",
    "overlap_tolerance": "Largest overlap",
    "collector_embedding": "Into the foil",
    "separator_embedding": "Past the separator",
    "sphere_drawing": "Spheres drawn",
}
_CHOICES = {
    "nmc111": "Measured NMC111",
    "lognormal": "Log-normal",
    "film_finger": "Film to fingers",
    "published": "As published",
    "padded": "In a padded box",
    "plain": "Slice k at height k",
}


def _one_of(name: str, *values: Any) -> Callable[[dict], bool]:
    return lambda options: options.get(name) in values


_SHOWN_WHEN: dict[str, Callable[[dict], bool]] = {
    "size_basis": _one_of("size_distribution", "lognormal", "bimodal", "list"),
    "d10": _one_of("size_distribution", "lognormal", "bimodal"),
    "d50": _one_of("size_distribution", "lognormal", "bimodal"),
    "d90": _one_of("size_distribution", "lognormal", "bimodal"),
    "second_d10": _one_of("size_distribution", "bimodal"),
    "second_d50": _one_of("size_distribution", "bimodal"),
    "second_d90": _one_of("size_distribution", "bimodal"),
    "second_share": _one_of("size_distribution", "bimodal"),
    "diameters": _one_of("size_distribution", "list", "histogram"),
    "counts": _one_of("size_distribution", "histogram"),
    "cbd_weight": _one_of("cbd_rule", "film_finger"),
    "cbd_cluster_radius": _one_of("cbd_rule", "clusters"),
    "cbd_gradient": _one_of("cbd_rule", "film_finger", "bridges", "clusters"),
}


def option_label(name: str) -> str:
    """Name of a generator option as the form shows it."""
    if name in _LABELS:
        return _LABELS[name]
    words = [w.upper() if w in ("am", "cbd") else w for w in name.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


class OptionsForm(QWidget):
    """One field an option of the generator.

    Signals
    -------
    edited : (name, value) an option was changed by the user
    """

    edited = Signal(str, object)

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        self._fields: dict[str, QWidget] = {}
        self._group_of: dict[str, FormGroup] = {}
        groups = self._groups = dict[str, FormGroup]()
        for name, option in GENERATOR_OPTIONS.items():
            title = next(t for t, starts in _GROUPS if name.startswith(starts))
            if title not in groups:
                groups[title] = FormGroup(title)
            field = _field(option)
            field.setMinimumWidth(84)  # the labels are long, the panel is narrow
            groups[title].add(option_label(name), field, option.meaning)
            self._fields[name], self._group_of[name] = field, groups[title]
            signal = field.toggled if isinstance(field, QCheckBox) else field.edited
            signal.connect(lambda value, name=name: self.edited.emit(name, value))
        for title, _ in _GROUPS:
            if title in groups:
                layout.addWidget(groups[title])

    def field(self, name: str) -> QWidget:
        """Field of an option."""
        return self._fields[name]

    def show_options(self, options: dict[str, Any], *, published: bool = False) -> None:
        """Show values of a protocol; options that are not given stand at their defaults."""
        values = {name: option.default for name, option in GENERATOR_OPTIONS.items()} | options
        for name, field in self._fields.items():
            if isinstance(field, QCheckBox):
                blocked = field.blockSignals(True)
                field.setChecked(bool(values[name]))
                field.blockSignals(blocked)
            else:
                field.show_value(values[name])
            shown = _SHOWN_WHEN.get(name, lambda _: True)(values)
            self._group_of[name].set_row_visible(field, shown)
        for title, group in self._groups.items():
            group.setVisible((title == "Published protocol") == published)


def read_list(text: str) -> list[float]:
    """Numbers with commas, spaces or semicolons between them."""
    words = text.replace(";", " ").replace(",", " ").split()
    try:
        return [float(word) for word in words]
    except ValueError:
        raise InputError(
            f"'{text}' is not a list of numbers: write for example 2, 3.5, 5."
        ) from None


def _field(option: Option) -> QWidget:
    default, allowed, unit, meaning = option
    if isinstance(default, bool):
        box = QCheckBox()
        box.setToolTip(meaning)
        return box
    if allowed is None:
        return NumberListField(read_list, default, unit, tip=meaning)
    if option.is_choice:
        choice = Choice([(c, _CHOICES.get(c, _plain(c))) for c in allowed], tip=meaning)
        choice.setMinimumContentsLength(8)
        return choice
    low, high = allowed
    if all(isinstance(n, int) for n in (default, low, high)):
        return IntegerField(low, high, default, unit, tip=meaning)
    step = 0.05 if high - low < 10 else 0.5
    if high - low < 0.2:
        step = 0.005
    return NumberField(low, high, default, unit, decimals=4, step=step, tip=meaning)


def _plain(name: str) -> str:
    text = name.replace("_", " ")
    return text[:1].upper() + text[1:]
