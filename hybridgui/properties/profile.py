"""How the phases are distributed between collector and separator."""

from __future__ import annotations

import numpy as np

from engine.properties.profiles import slice_profile
from engine.structure.stack import PHASE_NAMES, VoxelStack
from hybridgui.theme import theme
from hybridgui.widgets.basics import follow_theme
from hybridgui.widgets.plot import PlotPanel

_TITLES = {"electrolyte": "Electrolyte", "am": "AM", "cbd": "CBD"}


class ProfilePlot(PlotPanel):
    """Share of each phase in every slice along z, with its mean."""

    def __init__(self, parent=None):
        super().__init__(parent)
        self.plot.set_axes("Distance to the collector z (µm)", "Share of the slice (%)")
        self.plot.name = "profile along z"
        self._stack: VoxelStack | None = None
        self._shares: dict[str, np.ndarray] = {}
        follow_theme(self, self._draw)

    @property
    def shares(self) -> dict[str, np.ndarray]:
        """Percent of each slice, by phase name, from the collector up."""
        return self._shares

    def show_stack(self, stack: VoxelStack | None) -> None:
        """Show the profile of a stack."""
        self._stack = stack
        self._shares = {}
        if stack is not None:
            share = slice_profile(stack).share
            self._shares = {name: 100 * share[name] for name in PHASE_NAMES}
        self._draw()

    def _draw(self) -> None:
        self.plot.clear_data()
        if self._stack is None:
            self.legend.show_entries("", [])
            return
        z = (np.arange(self._stack.shape[0]) + 0.5) * self._stack.spacing[0]
        colours = theme().phase_colours
        entries = []
        for name in PHASE_NAMES:
            share = self._shares[name]
            self.plot.draw_line(z, share, colours[name])
            mean = np.full(2, share.mean())
            self.plot.draw_line(z[[0, -1]], mean, colours[name], dashed=True, width=1)
            entries.append((_TITLES[name], colours[name], "line"))
        entries.append(("mean", theme().tokens.muted, "dash"))
        self.legend.show_entries("", entries)
        self.plot.set_limits((0.0, self._stack.thickness), (0.0, 100.0))
