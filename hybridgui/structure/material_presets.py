"""Materials to choose from: the program's presets and the user's own, which can be saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QInputDialog, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.structure.materials import MATERIALS, Material
from engine.structure.options import GENERATOR_OPTIONS
from engine.structure.own_materials import (
    own_material,
    read_own_materials,
    write_own_materials,
)
from hybridgui.settings import materials_file
from hybridgui.study_model import StudyModel
from hybridgui.widgets.basics import button, label
from hybridgui.widgets.form import Choice

OWN = "own"
SIZE_OPTIONS = tuple(
    name
    for name in GENERATOR_OPTIONS
    if name.startswith(("size_", "d10", "d50", "d90", "second_", "diameters", "counts"))
)


class MaterialPresets(QWidget):
    """What stands under the choice of a material: its doubtful sources, and Save or Remove.

    Parameters
    ----------
    model : StudyModel
    choice : Choice
        Shows the presets.
    values : callable
        Density, specific capacity and options of the form as they stand.
    take : callable
        Takes a material by its name.
    """

    def __init__(
        self,
        model: StudyModel,
        choice: Choice,
        values: Callable[[], tuple[float, float, dict[str, Any]]],
        take: Callable[[str], None],
    ):
        super().__init__()
        self._model, self._choice, self._values, self._take = model, choice, values, take
        self._own: dict[str, Material] = {}
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        self.note = label("", "small", wrap=True)
        layout.addWidget(self.note)
        self.save_button = button(
            "Save as a preset…",
            self.ask_save,
            link=True,
            tip="Keeps density, specific capacity and particle sizes under a name.",
        )
        layout.addWidget(self.save_button)
        self.remove_button = button("Remove this preset", self.remove, link=True)
        layout.addWidget(self.remove_button)
        try:
            self._own = read_own_materials(materials_file())
        except InputError as error:
            model.say("error", str(error))
        self._show_choices()

    def get(self, name: str) -> Material | None:
        """A material by its name."""
        return MATERIALS.get(name) or self._own.get(name)

    def show_material(self, name: str) -> None:
        """Show a material; one that is not known here stands as the user's own values."""
        found = self.get(name)
        self._choice.show_value(OWN if found is None else name)
        sources = (
            ()
            if found is None
            else (
                ("Density", found.density_source),
                ("Specific capacity", found.capacity_source),
                ("Particle sizes", found.size_source),
            )
        )
        self._choice.setToolTip(
            "\n".join(f"{what}: {source}." for what, source in sources)
            or "Density, specific capacity and particle sizes are your own."
        )
        self.note.setText(
            "\n".join(f"{what}: {source}." for what, source in sources if "assumed" in source)
        )
        self.note.setVisible(bool(self.note.text()))
        self.save_button.setVisible(found is None)
        self.remove_button.setVisible(found is not None and name in self._own)
        self.setVisible(found is None or name in self._own or bool(self.note.text()))

    def ask_save(self) -> None:
        """Ask for a name, and keep the values of the form under it."""
        name, given = QInputDialog.getText(self, "Save as a preset", "Name of the material")
        if given:
            self.save(name)

    def save(self, name: str) -> None:
        """Keep the values of the form under a name."""
        density, capacity, options = self._values()
        sizes = {
            option: options.get(option, GENERATOR_OPTIONS[option].default)
            for option in SIZE_OPTIONS
        }
        try:
            saved = own_material(name, density, capacity, sizes)
            self._write(self._own | {saved.name: saved})
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._take(saved.name)

    def remove(self) -> None:
        """Forget the preset that is shown; its values stay in the form."""
        name = self._choice.current
        try:
            self._write({key: each for key, each in self._own.items() if key != name})
        except InputError as error:
            self._model.say("error", str(error))
            return
        self._take(OWN)

    def _write(self, materials: dict[str, Material]) -> None:
        write_own_materials(materials_file(), materials)
        self._own = materials
        self._show_choices()

    def _show_choices(self) -> None:
        names = [*MATERIALS, *self._own]
        self._choice.set_choices([*((name, name) for name in names), (OWN, "Own")])
