"""Asks for what a file of bare voxels does not say: its shape and the type of its numbers."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from hybridgui.theme import GRID
from hybridgui.widgets.basics import dialog_buttons, enable, label
from hybridgui.widgets.form import Choice, FormGroup, IntegerField

_TYPES = (
    ("uint8", "8-bit", 1),
    ("<u2", "16-bit", 2),
    (">u2", "16-bit, most significant byte first", 2),
    ("<i4", "32-bit", 4),
)


def likely_shape(size: int) -> tuple[int, int, int]:
    """The shape (z, y, x) of so many voxels that is nearest to a cube, its slices square."""
    sides = [s for s in range(1, int(size**0.5) + 1) if size % (s * s) == 0]
    side = min(sides, key=lambda s: max(size / s**3, s**3 / size))
    return size // (side * side), side, side


class RawDialog(QDialog):
    """Shape and type of a .raw file; Continue is there once they fit its size."""

    def __init__(self, path: Path, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Bare voxels")
        self._bytes = Path(path).stat().st_size
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(2 * GRID)
        layout.addWidget(label(Path(path).name, "title"))
        layout.addWidget(label(f"{self._bytes:,} bytes without a description", "subtitle"))
        group = FormGroup()
        self.kind = Choice([(key, text) for key, text, _ in _TYPES])
        group.add("Numbers", self.kind)
        guess = likely_shape(self._bytes)
        self.fields = {}
        for axis, count in zip("zyx", guess, strict=True):
            field = IntegerField(1, 1_000_000, max(1, count), "voxels")
            self.fields[axis] = group.add(f"Along {axis}", field)
            field.valueChanged.connect(lambda _: self._check())
        self.kind.edited.connect(lambda _: self._on_kind())
        layout.addWidget(group)
        self._note = label("", "small", wrap=True)
        layout.addWidget(self._note)
        row, self.accept_button = dialog_buttons(self, "Continue", self.accept)
        layout.addLayout(row)
        self._check()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along (z, y, x)."""
        return tuple(field.value() for field in self.fields.values())

    @property
    def dtype(self) -> str:
        """Type of the numbers, as numpy writes it."""
        return self.kind.current

    def _on_kind(self) -> None:
        width = next(w for key, _, w in _TYPES if key == self.kind.current)
        for field, count in zip(
            self.fields.values(), likely_shape(self._bytes // width), strict=True
        ):
            field.show_value(max(1, count))
        self._check()

    def _check(self) -> None:
        width = next(w for key, _, w in _TYPES if key == self.kind.current)
        nz, ny, nx = self.shape
        needed = nz * ny * nx * width
        problem = ""
        if needed != self._bytes:
            problem = f"These are {needed:,} bytes; the file has {self._bytes:,}."
        self._note.setText(problem)
        enable(self.accept_button, problem)
