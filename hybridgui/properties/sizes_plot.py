"""Sizes of particles and pores, and how far an electrode is alike: correlation, sub-volumes."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import InputError
from engine.properties.correlation import radial_distribution
from engine.structure.generate import Structure
from engine.structure.size_comparison import compare_sizes
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Segmented, button, follow_theme, label
from hybridgui.widgets.flow import FlowLayout
from hybridgui.widgets.form import Choice
from hybridgui.widgets.plot import PlotPanel

PARTICLES, _RADIAL = "particles", "radial_distribution"
_MEASURED = (
    ("pore_size_um", "Pores, local thickness", "electrolyte"),
    ("particle_size_um", "Active material, local thickness", "am"),
    ("cbd_size_um", "Carbon-binder domain, local thickness", "cbd"),
)
_CORRELATION, _VOLUME = "two_point_correlation", "representative_volume"
_ALIKE = (
    (_CORRELATION, "Two-point correlation"),
    (_VOLUME, "Representative volume"),
)
_PHASES = {"electrolyte": "Electrolyte", "am": "AM", "cbd": "CBD"}


class SizesPlot(QWidget):
    """One size distribution, or one measure of likeness, at a time.

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
        self._structure: Structure | None = None
        self._measured: dict[str, Any] = {}
        follow_theme(self, self._draw)

    def show_sizes(self, structure: Structure | None, measured: dict[str, Any]) -> None:
        """Show the sizes of an electrode.

        Parameters
        ----------
        structure : Structure or None
            With its particles and the condition that asked for sizes; None of an imported stack.
        measured : dict
            JSON form of the properties, with ``pore_size_um`` and its like once measured.
        """
        self._structure, self._measured = structure, measured
        choices = []
        if structure is not None:
            choices.append((PARTICLES, "Particles, asked and realised"))
            # the published rules do not repeat their particles beyond the sides
            if structure.condition.protocol == "physical" and len(structure.particles) > 1:
                choices.append((_RADIAL, "Radial distribution of particles"))
        choices += [(key, text) for key, text, _ in _MEASURED if measured.get(key)]
        choices += [(key, text) for key, text in _ALIKE if measured.get(key)]
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
        elif kind == _RADIAL:
            self._draw_radial()
        elif kind == _CORRELATION:
            self._draw_correlation()
        elif kind == _VOLUME:
            self._draw_volumes()
        elif kind:
            self._draw_measured(kind)

    def _draw_particles(self) -> None:
        assert self._structure is not None
        radii = self._structure.particles.radii
        try:
            sizes = compare_sizes(self._structure.condition, radii, self.basis.current)
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
        self._text.setText(f"{len(radii):,} particles")
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

    def _draw_radial(self) -> None:
        assert self._structure is not None
        condition = self._structure.condition
        box = (condition.thickness, *condition.box)
        r, g = radial_distribution(self._structure.particles.centres, box, min(condition.box) / 2)
        t, plot = theme().tokens, self.panel.plot
        plot.set_axes("Distance of centres r (µm)", "g(r)")
        plot.draw_line(r, g, theme().phase_colours["am"])
        plot.draw_line(r[[0, -1]], np.ones(2), t.muted, dashed=True, width=1)
        self.panel.legend.show_entries(
            "",
            [("particles", theme().phase_colours["am"], "line"), ("random", t.muted, "dash")],
        )
        self._text.setText("Centres at this distance, against a random arrangement (1).")
        plot.reset_view()

    def _draw_correlation(self) -> None:
        self.panel.plot.set_axes("Distance r (µm)", "Both points in the phase (%)")
        entries = []
        for phase, text in _PHASES.items():
            along = self._measured[_CORRELATION][phase]
            colour = theme().phase_colours[phase]
            for axis, dashed in (("z", False), ("x", True)):
                probability = 100 * np.array(along[axis]["probability"], float)
                self.panel.plot.draw_line(
                    np.array(along[axis]["distance_um"], float), probability, colour, dashed=dashed
                )
            entries.append((text, colour, "line"))
        entries.append(("along x", theme().tokens.muted, "dash"))
        self.panel.legend.show_entries("", entries)
        lengths = self._measured["correlation_length_um"]
        said = [
            f"{text} {lengths[phase]:.3g} µm"
            for phase, text in _PHASES.items()
            if lengths[phase] is not None
        ]
        self._text.setText("Correlation length: " + " · ".join(said))
        self.panel.plot.reset_view()

    def _draw_volumes(self) -> None:
        found = self._measured[_VOLUME]
        edge, mean, spread = (
            np.array(found[key], float) for key in ("edge_um", "porosity_mean", "porosity_spread")
        )
        spread = np.nan_to_num(spread)  # the whole electrode is one volume: it has no spread
        plot, t = self.panel.plot, theme().tokens
        plot.set_axes("Sub-volume edge (µm)", "Porosity (%)")
        colour = theme().phase_colours["electrolyte"]
        plot.draw_band(edge, 100 * (mean - spread), 100 * (mean + spread), colour)
        plot.draw_line(edge, 100 * mean, colour)
        plot.draw_line(edge[[0, -1]], np.full(2, 100 * mean[-1]), t.muted, dashed=True, width=1)
        self.panel.legend.show_entries(
            "",
            [
                ("mean", colour, "line"),
                ("± spread", colour, "band"),
                ("whole electrode", t.muted, "dash"),
            ],
        )
        said = ""
        if edge.size > 1:
            said = (
                f"Sub-volumes of {edge[-2]:.3g} µm differ by ± {100 * spread[-2]:.2g} % porosity "
                "(spread, one standard deviation)."
            )
        self._text.setText(said)
        plot.reset_view()

    def _steps(
        self, edges: np.ndarray, shares: np.ndarray, colour: str, *, filled: bool = False
    ) -> None:
        """Draw a histogram as the outline of its bars."""
        x = np.repeat(edges, 2)
        y = np.concatenate(([0], np.repeat(shares, 2), [0]))
        if filled:
            self.panel.plot.draw_band(x, np.zeros(x.size), y, colour)
        self.panel.plot.draw_line(x, y, colour)
