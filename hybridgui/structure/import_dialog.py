"""Import of a stack: which value is which phase, how large a voxel is, how it will look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from engine.errors import InputError
from engine.structure.labels import map_labels
from engine.structure.stack import PHASE_NAMES, VoxelStack
from hybridgui.structure.phases import PHASE_TITLES, colours_by_label
from hybridgui.structure.slices import SlicePane, colour_table
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, dialog_buttons, enable, label
from hybridgui.widgets.form import Choice, FormGroup, NumberField

_MOST_VALUES = 12
_LARGE = 27_000_000


@dataclass(frozen=True, eq=False)
class RawVolume:
    """A volume as read from a file, before its values have a meaning."""

    path: Path
    values: np.ndarray
    spacing: tuple[float, float, float] | None
    notes: tuple[str, ...]
    found: tuple[tuple[int, int], ...]  # value, number of voxels


def read_volume(path: Path, progress=None, **options) -> RawVolume:
    """Read a file and count its values; raises `InputError` where it is no label volume."""
    from engine.structure.stack_io import read_values

    path = Path(path)
    if progress is not None:
        progress.report(0.1, f"Reading {path.name}")
    values, spacing, notes = read_values(path, **options)
    if progress is not None:
        progress.report(0.7, "Counting the values")
    if values.dtype == bool:
        values = values.astype(np.uint8)
    if not np.issubdtype(values.dtype, np.integer):
        map_labels(values, None, path.name)  # raises, and says why
    if values.dtype == np.uint8:
        counts = np.bincount(values.ravel(), minlength=256)
        found = [(int(v), int(counts[v])) for v in np.flatnonzero(counts)]
    else:
        unique, counts = np.unique(values, return_counts=True)
        found = [(int(v), int(c)) for v, c in zip(unique, counts, strict=True)]
    if len(found) > _MOST_VALUES:
        raise InputError(
            f"{path.name} holds {len(found)} different values: it looks like a grey image. "
            "Segment it into phases first."
        )
    return RawVolume(path, values, spacing, tuple(notes), tuple(found))


def guess_phases(found: tuple[tuple[int, int], ...]) -> dict[int, str]:
    """Which value is likely which phase: by their order, as most programs number them.

    With more values than phases the rest are taken for the last phase.
    """
    names = PHASE_NAMES if len(found) != 2 else ("electrolyte", "am")
    return {
        value: names[min(place, len(names) - 1)] for place, (value, _) in enumerate(sorted(found))
    }


class ImportDialog(QDialog):
    """Asks what the values of a volume mean; shows a slice in the colours of the answer.

    After acceptance `stack` is the result.
    """

    def __init__(self, volume: RawVolume, parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Import voxel stack")
        self.resize(760, 520)
        self._volume = volume
        self.stack: VoxelStack | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(2 * GRID)
        outer.addWidget(label(volume.path.name, "title"))
        nz, ny, nx = volume.values.shape
        outer.addWidget(
            label(f"{nx} × {ny} × {nz} voxels (x, y, z), {volume.values.dtype}", "subtitle")
        )
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        left = QVBoxLayout()
        left.setSpacing(2 * GRID)
        left.addWidget(self._build_phases())
        left.addWidget(self._build_size())
        self._notice = Notice("info")
        left.addWidget(self._notice)
        left.addStretch(1)
        row.addLayout(left, 1)
        right = QVBoxLayout()
        self._pane = SlicePane(0)
        self._pane.setMinimumSize(280, 280)
        self._pane.scrolled.connect(self._on_scrolled)
        right.addWidget(self._pane, 1)
        self._place = label("", "small")
        right.addWidget(self._place)
        row.addLayout(right, 1)
        outer.addLayout(row, 1)
        buttons, self.accept_button = dialog_buttons(self, "Import", self.accept)
        outer.addLayout(buttons)
        self._index = nz // 2
        self._refresh()

    def _build_phases(self) -> QWidget:
        box = QWidget()
        layout = QVBoxLayout(box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label("What the values mean", "heading"))
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, GRID, 0)
        grid.setHorizontalSpacing(2 * GRID)
        for column, text in enumerate(("Value", "Share", "Phase")):
            grid.addWidget(label(text, "small"), 0, column)
        guess = guess_phases(self._volume.found)
        total = self._volume.values.size
        self.choices: dict[int, Choice] = {}
        for line, (value, count) in enumerate(self._volume.found, start=1):
            number = QLabel(str(value))
            share = QLabel(f"{100 * count / total:.2f} %")
            choice = Choice([(n, PHASE_TITLES[i]) for i, n in enumerate(PHASE_NAMES)])
            choice.setAccessibleName(f"Phase of the value {value}")
            choice.show_value(guess[value])
            choice.edited.connect(lambda _: self._refresh())
            for column, part in enumerate((number, share, choice)):
                grid.addWidget(part, line, column)
            self.choices[value] = choice
        grid.setColumnStretch(2, 1)
        if len(self._volume.found) > 5:
            scroll = QScrollArea()
            scroll.setWidgetResizable(True)
            scroll.setWidget(inside)
            scroll.viewport().setAutoFillBackground(False)
            inside.setAutoFillBackground(False)
            layout.addWidget(scroll)
        else:
            layout.addWidget(inside)
        return box

    def _build_size(self) -> QWidget:
        group = FormGroup("Size")
        spacing = self._volume.spacing or (1.0, 1.0, 1.0)
        self.size_fields: dict[str, NumberField] = {}
        equal = max(spacing) - min(spacing) < 1e-9
        names = ("Voxel size",) if equal else ("Voxel size z", "Voxel size y", "Voxel size x")
        for name, value in zip(names, spacing, strict=False):
            field = NumberField(1e-4, 1000, value, "µm", decimals=7, step=0.05)
            self.size_fields[name] = group.add(name, field)
        self.flip = QCheckBox("The first slice is the separator")
        self.flip.setToolTip("Turns the stack over: its first slice must be the current collector.")
        self.flip.toggled.connect(lambda _: self._refresh())
        group.add_wide(self.flip)
        self.every = Choice([("1", "Every voxel")], tip="A thinner stack needs less memory.")
        steps = [("1", "Every voxel")]
        shape = self._volume.values.shape
        for step in (2, 3, 4):
            if min(shape) >= 8 * step:
                smaller = " × ".join(str(-(-n // step)) for n in shape[::-1])
                steps.append((str(step), f"Every {step}. voxel ({smaller})"))
        self.every.set_choices(steps)
        if self._volume.values.size > _LARGE and len(steps) > 1:
            self.every.show_value("2")
        group.add("Take", self.every)
        return group

    @property
    def file_name(self) -> str:
        """Name of the file or folder."""
        return self._volume.path.name

    @property
    def source(self) -> str:
        """Where the file lies."""
        return str(self._volume.path)

    def mapping(self) -> dict[str, list[int]]:
        """Values of each phase, as chosen."""
        phases: dict[str, list[int]] = {}
        for value, choice in self.choices.items():
            phases.setdefault(choice.current, []).append(value)
        return phases

    def _spacing(self) -> tuple[float, float, float]:
        edges = [field.value() for field in self.size_fields.values()]
        edges = edges * 3 if len(edges) == 1 else edges
        return edges[0], edges[1], edges[2]

    def _labels_of(self, values: np.ndarray) -> np.ndarray:
        return map_labels(values, self.mapping(), self._volume.path.name)

    def _refresh(self) -> None:
        values = self._volume.values
        index = values.shape[0] - 1 - self._index if self.flip.isChecked() else self._index
        labels = self._labels_of(np.ascontiguousarray(values[index : index + 1]))
        stack = VoxelStack(labels, self._spacing())
        self._pane.show_stack(stack, colour_table(colours_by_label(theme().phase_colours)))
        self._place.setText(f"Slice {self._index + 1} of {values.shape[0]} from the collector")
        said = list(self._volume.notes)
        if self._volume.spacing is None:
            said.append("The file does not say how large a voxel is: please give it.")
        if values.size > _LARGE:
            need = values.size * 30 / 2**30
            said.append(
                f"{values.size / 1e6:.0f} million voxels: properties need about {need:.1f} GB "
                "of memory. A thinner stack is quicker to look at."
            )
        self._notice.set_sentences(said, "info")
        missing = "" if "am" in self.mapping() else "No value is active material yet."
        enable(self.accept_button, missing)

    def _on_scrolled(self, steps: int) -> None:
        self._index = min(max(0, self._index + steps), self._volume.values.shape[0] - 1)
        self._refresh()

    def accept(self) -> None:
        """Map the whole volume and close."""
        if self.stack is not None:
            return
        self.setCursor(Qt.CursorShape.WaitCursor)
        step = int(self.every.current)
        values = self._volume.values[::step, ::step, ::step]
        if self.flip.isChecked():
            values = values[::-1]
        labels = self._labels_of(np.ascontiguousarray(values))
        dz, dy, dx = self._spacing()
        self.stack = VoxelStack(labels, (dz * step, dy * step, dx * step))
        super().accept()
