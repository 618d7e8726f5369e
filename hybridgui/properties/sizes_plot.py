"""Sizes of particles and pores: asked for, realised, measured in the voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import InputError
from engine.structure.condition import Condition
from engine.structure.size_comparison import compare_sizes
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Segmented, button, follow_theme, label
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import PlotPanel

PARTICLES = "particles"
_MEASURED = (
    ("pore_size_um", "Pores, local thickness", "electrolyte"),
    ("particle_size_um", "Active material, local thickness", "am"),
    ("cbd_size_um", "Carbon-binder domain, local thickness", "cbd"),
)


class SizesPlot(QWidget):
    """One size distribution at a time.

    Signals
    -------
    computeAsked : the sizes in the voxels are to be measured
    """

    computeAsked = Signal()

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, GRID, 0, 0)
        layout.setSpacing(GRID)
        row = FlowLayout(across=GRID)
        self.choice = Choice()
        self.choice.setMinimumContentsLength(26)
        self.choice.setAccessibleName("Sizes of")
        self.choice.edited.connect(lambda _: self._draw())
        row.addWidget(self.choice)
        self.basis = Segmented([("number", "By number"), ("volume", "By volume")])
        self.basis.chosen.connect(lambda _: self._draw())
        row.addWidget(self.basis)
        self._text = label("", "muted", wrap=True)
        self.compute = button("Measure in the voxels", self.computeAsked.emit)
        row.addWidget(self.compute)
        layout.addLayout(row)
        layout.addWidget(self._text)
        self.panel = PlotPanel()
        layout.addWidget(self.panel, 1)
        self._condition: Condition | None = None
        self._radii: np.ndarray | None = None
        self._measured: dict[str, Any] = {}
        follow_theme(self, self._draw)

    def show_sizes(
        self,
        condition: Condition | None,
        radii: np.ndarray | None,
        measured: dict[str, Any],
    ) -> None:
        """Show the sizes of an electrode.

        Parameters
        ----------
        condition : Condition or None
            That asked for sizes; None of an imported stack.
        radii : ndarray, µm, or None
            Of its particles.
        measured : dict
            JSON form of the properties, with ``pore_size_um`` and its like once measured.
        """
        self._condition, self._radii, self._measured = condition, radii, measured
        choices = [(PARTICLES, "Particles, asked and realised")] if condition is not None else []
        choices += [(key, text) for key, text, _ in _MEASURED if measured.get(key)]
        self.choice.set_choices(choices)
        self.choice.setVisible(bool(choices))
        self.compute.setVisible("pore_size_um" not in measured)
        self._draw()

    def _draw(self) -> None:
        plot = self.panel.plot
        plot.clear_data()
        self.panel.legend.show_entries("", [])
        self._text.setText("")
        kind = self.choice.current
        self.basis.setVisible(kind == PARTICLES)
        plot.setVisible(bool(kind))
        if kind == PARTICLES:
            self._draw_particles()
        elif kind:
            self._draw_measured(kind)

    def _draw_particles(self) -> None:
        assert self._condition is not None
        try:
            sizes = compare_sizes(self._condition, self._radii, self.basis.current)
        except InputError as error:
            self._text.setText(str(error))
            return
        t, plot = theme().tokens, self.panel.plot
        plot.set_axes("Diameter d (µm)", "Share (%)")
        entries = [("asked for", t.muted, "line")]
        if sizes.realised is not None:
            colour = theme().phase_colours["am"]
            self._steps(sizes.edges, sizes.realised, colour, filled=True)
            entries.append(("realised", colour, "band"))
        self._steps(sizes.edges, sizes.asked, t.muted)
        self.panel.legend.show_entries("", entries)
        if self._radii is not None:
            self._text.setText(f"{len(self._radii):,} particles")
        plot.reset_view()

    def _draw_measured(self, key: str) -> None:
        phase = next(p for k, _, p in _MEASURED if k == key)
        sizes = self._measured[key]
        middles = np.array(sizes["diameters"], float)
        if middles.size < 2:
            self._text.setText("This phase is absent.")
            return
        half = (middles[1] - middles[0]) / 2
        edges = np.append(middles - half, middles[-1] + half)
        self.panel.plot.set_axes("Local thickness (µm)", "Share (%)")
        shares = 100 * np.array(sizes["shares"])
        self._steps(edges, shares, theme().phase_colours[phase], filled=True)
        self._text.setText(
            f"D10 {sizes['d10']:.3g} · D50 {sizes['d50']:.3g} · D90 {sizes['d90']:.3g} µm by volume"
        )
        self.panel.plot.reset_view()

    def _steps(
        self, edges: np.ndarray, shares: np.ndarray, colour: str, *, filled: bool = False
    ) -> None:
        """Draw a histogram as the outline of its bars."""
        x = np.repeat(edges, 2)
        y = np.concatenate(([0], np.repeat(shares, 2), [0]))
        if filled:
            self.panel.plot.draw_band(x, np.zeros(x.size), y, colour)
        self.panel.plot.draw_line(x, y, colour)
