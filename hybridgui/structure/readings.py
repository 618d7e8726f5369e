"""What can be read of an electrode beside its picture: slices, profile, sizes, properties."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QTabWidget, QVBoxLayout, QWidget

from engine.properties.resolution import VALUE
from hybridgui.properties.path_plot import PathPlot
from hybridgui.properties.profile import ProfilePlot
from hybridgui.properties.sizes_plot import SizesPlot
from hybridgui.properties.table import PropertyTable
from hybridgui.settings import Settings
from hybridgui.structure.fields import Field
from hybridgui.structure.slices import SlicesPanel
from hybridgui.structure.work import GENERATED, Electrode, ElectrodePath
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button

_LAYOUT = "structure"
_DEFAULT_WIDTHS = [410, 330]


class Readings(QTabWidget):
    """Tabs that read one electrode.

    Signals
    -------
    computeAsked : all properties are wanted
    resolutionAsked : a check of the resolution is wanted
    """

    computeAsked = Signal()
    resolutionAsked = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        self.setDocumentMode(True)
        self.setProperty("tight", True)
        self.slices = SlicesPanel()
        self.profile = ProfilePlot()
        self.sizes = SizesPlot()
        self.sizes.computeAsked.connect(self.computeAsked)
        self.table = PropertyTable()
        self.compute_all = button(
            "Compute all properties",
            self.computeAsked.emit,
            tip="Adds interfaces, sizes, connectivity, correlation and the other directions.",
        )
        self.check_resolution = button(
            "Check resolution",
            self.resolutionAsked.emit,
            tip="Makes the electrode at half the voxel size as well and extrapolates its "
            "properties to voxel size zero, with their uncertainty.",
        )
        self._properties = QWidget()
        column = QVBoxLayout(self._properties)
        column.setContentsMargins(0, GRID, 0, 0)
        column.setSpacing(GRID)
        column.addWidget(self.table, 1)
        more = QHBoxLayout()
        more.setSpacing(GRID)
        more.addWidget(self.compute_all)
        more.addWidget(self.check_resolution)
        more.addStretch(1)
        column.addLayout(more)
        self.addTab(self.slices, "Slices")
        self.addTab(self.profile, "Profile")
        self.setTabToolTip(1, "Share of each phase along z")
        self.addTab(self.sizes, "Sizes")
        self.addTab(self._properties, "Properties")
        self.path_plot = PathPlot(self)
        self.path_plot.hide()

    def show_stack(
        self, electrode: Electrode | None, colours: dict[int, Any], field: Field | None
    ) -> None:
        """Show the voxels of an electrode in slices and profile."""
        self.show_slices(electrode, colours, field)
        self.profile.show_stack(None if electrode is None else electrode.stack)

    def show_slices(
        self, electrode: Electrode | None, colours: dict[int, Any], field: Field | None
    ) -> None:
        """Show the slices in other colours."""
        self.slices.show_stack(None if electrode is None else electrode.stack, colours, field)

    def show_properties(self, electrode: Electrode | None, beside: Electrode | None) -> None:
        """Show the properties of an electrode, next to those of another one."""
        columns = {} if electrode is None else electrode.properties
        full = {} if electrode is None else electrode.record.get("properties", {})
        structure = None if electrode is None else electrode.structure
        self.table.show_columns(columns, None if beside is None else beside.properties)
        self.compute_all.setVisible("pore_size_um" not in full)
        self.check_resolution.setVisible(
            bool(columns)
            and electrode is not None
            and electrode.source == GENERATED
            and structure.condition.protocol == "physical"
            and not any(name.startswith(VALUE) for name in columns)
        )
        self.sizes.show_sizes(structure, full)

    def open_properties(self) -> None:
        """Bring the table of properties to the front."""
        self.setCurrentWidget(self._properties)

    def show_path(self, path: ElectrodePath | None, step: int = 0) -> None:
        """Add the properties along a path of pressing, or take them away."""
        place = self.indexOf(self.path_plot)
        if path is not None:
            self.path_plot.show_path(path.pressures, path.properties, step)
            if place < 0:
                self.addTab(self.path_plot, "Pressing")
        elif place >= 0:
            self.removeTab(place)
            self.path_plot.setParent(self)  # so that it goes with the page


class PictureSplit(QSplitter):
    """The picture at the left, the readings at the right; remembers the border between them."""

    def __init__(self, left: QWidget, readings: Readings, settings: Settings):
        super().__init__(Qt.Orientation.Horizontal)
        self._settings = settings
        self._before: list[int] | None = None
        self.setChildrenCollapsible(False)
        right = QWidget()
        right.setMinimumWidth(240)
        column = QVBoxLayout(right)
        column.setContentsMargins(GRID, 0, 0, 0)
        column.addWidget(readings)
        self.addWidget(left)
        self.addWidget(right)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self.setSizes(_DEFAULT_WIDTHS)
        self.restoreState(settings.layout(_LAYOUT))
        self.splitterMoved.connect(lambda *_: self._on_moved())
        readings.slices.enlarged.connect(self._on_enlarged)

    def _on_moved(self) -> None:
        """Remember where the user put the border."""
        self._before = None
        self._settings.set_layout(_LAYOUT, self.saveState())

    def _on_enlarged(self, on: bool) -> None:
        """Let an enlarged slice have most of the width, for as long as it is enlarged."""
        if on:
            self._before = self.sizes()
            total = sum(self._before)
            self.setSizes([round(0.38 * total), round(0.62 * total)])
        elif self._before is not None:
            self.setSizes(self._before)
            self._before = None
