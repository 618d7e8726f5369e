"""Where a law was measured, and what it says of any one coating and pressure."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.errors import InputError
from hybridgui.experiment.words import coating_shown
from hybridgui.experiment.work import LawPreview, ask_law
from hybridgui.theme import GRID, theme
from hybridgui.widgets.basics import Notice, follow_theme, label
from hybridgui.widgets.form import FormGroup, NumberField
from hybridgui.widgets.plot import Plot, category_mark

_PLANES = (
    ("am", "initial_porosity", "AM (%)", "ε_init (%)", 100.0, 100.0),
    ("initial_thickness", "initial_porosity", "Initial thickness (µm)", "ε_init (%)", 1.0, 100.0),
)
# Longer names would cover one another in the plane; they stand in the tips.
_LONGEST_MARK = 12


class LawDomainView(QWidget):
    """The region of the measured coatings in two planes, and a question to the law."""

    def __init__(self, parent: QWidget | None = None):
        super().__init__(parent)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 2 * GRID, 0, 0)
        outer.setSpacing(2 * GRID)
        plots = QVBoxLayout()
        plots.setSpacing(GRID)
        self.plots = [Plot(), Plot()]
        for plot, plane in zip(self.plots, _PLANES, strict=True):
            plot.name = f"domain_{plane[0]}"
            plot.setMinimumHeight(120)
            plots.addWidget(plot, 1)
        outer.addLayout(plots, 3)
        side = QVBoxLayout()
        side.setSpacing(GRID)
        group = FormGroup("Ask the law")
        self.am = NumberField(1, 100, 94, "%")
        self.porosity = NumberField(1, 99, 46, "%")
        self.thickness = NumberField(1, 2000, 100, "µm")
        self.pressure = NumberField(0, 2000, 100, "MPa")
        for text, field in (
            ("AM", self.am),
            ("Initial porosity", self.porosity),
            ("Initial thickness", self.thickness),
            ("Pressure", self.pressure),
        ):
            field.edited.connect(lambda _: self._refresh())
            group.add(text, field)
        side.addWidget(group)
        self._extra_group = FormGroup()
        side.addWidget(self._extra_group)
        self.extra: dict[str, NumberField] = {}
        self.answer = label("", "number", selectable=True)
        side.addWidget(self.answer)
        self._meaning = label("", "small", wrap=True)
        side.addWidget(self._meaning)
        self.notice = Notice("warning")
        side.addWidget(self.notice)
        side.addStretch(1)
        outer.addLayout(side, 2)
        self._preview: LawPreview | None = None
        self._table: Any = None
        follow_theme(self, self._refresh)

    def show_law(self, preview: LawPreview, table: Any) -> None:
        """Show the domain of a law; a first one is asked in the middle of its data."""
        if self._table is not table:
            for field, value in (
                (self.am, 100 * float(np.median(table.am))),
                (self.porosity, 100 * float(np.median(table.initial_porosity))),
                (self.thickness, float(np.median(table.initial_thickness))),
                (self.pressure, float(np.median(table.pressure))),
            ):
                field.show_value(round(value, 2))
        self._preview, self._table = preview, table
        self._show_extra(preview.law)
        self._refresh()

    def _show_extra(self, law: Any) -> None:
        """One field for each further input of the law, at its measured mean."""
        if tuple(self.extra) == law.extra_inputs:
            return
        for field in self.extra.values():
            self._extra_group.form.removeRow(field)
        self.extra = {}
        for name in law.extra_inputs:
            field = NumberField(-1e6, 1e6, law.extra_means_[name])
            field.edited.connect(lambda _: self._refresh())
            self.extra[name] = field
            self._extra_group.add(name, field)

    def _refresh(self) -> None:
        preview = self._preview
        if preview is None:
            return
        self._draw(preview)
        try:
            answer = ask_law(
                preview.law,
                preview.assessment,
                self.am.value() / 100,
                self.porosity.value() / 100,
                self.thickness.value(),
                self.pressure.value(),
                {name: field.value() for name, field in self.extra.items()},
            )
        except InputError as error:
            self.answer.setText("–")
            self._meaning.setText("")
            self.notice.set_text(str(error), "error")
            return
        shown = f"{100 * answer.porosity:.1f}"
        if answer.half_width is not None and answer.level is not None:
            shown += f" ± {100 * answer.half_width:.1f}"
            self._meaning.setText(
                f"Porosity after calendering; the interval holds for a coating that was not "
                f"measured, in {100 * answer.level:.0f} % of cases."
            )
        else:
            self._meaning.setText("Porosity after calendering; no interval can be given.")
        self.answer.setText(f"{shown} %")
        self.notice.set_sentences(answer.warnings, "warning")

    def _draw(self, preview: LawPreview) -> None:
        domain = preview.law.domain_
        asked = {
            "am": self.am.value() / 100,
            "initial_porosity": self.porosity.value() / 100,
            "initial_thickness": self.thickness.value(),
        }
        order = ("am", "initial_porosity", "initial_thickness")
        names = [coating_shown(curve.name) for curve in preview.curves]
        colours = theme().category_colours(len(domain.coatings))
        for plot, (across, up, x_name, y_name, x_scale, y_scale) in zip(
            self.plots, _PLANES, strict=True
        ):
            plot.clear_data()
            plot.set_axes(x_name, y_name)
            outline = domain.outline(across, up)
            ring = np.vstack([outline, outline[:1]])
            plot.draw_line(x_scale * ring[:, 0], y_scale * ring[:, 1], theme().tokens.muted)
            for family, colour in enumerate(colours):
                x = x_scale * domain.coatings[family, order.index(across)]
                y = y_scale * domain.coatings[family, order.index(up)]
                plot.draw_points(
                    [x], [y], colour, tips=[names[family]], symbol=category_mark(family)[0]
                )
                if len(colours) <= 12 and max(map(len, names)) <= _LONGEST_MARK:
                    plot.draw_text(x, y, names[family], theme().tokens.text)
            plot.draw_points(
                [x_scale * asked[across]], [y_scale * asked[up]], theme().tokens.text,
                symbol="+", size=14,
            )  # fmt: skip
            plot.set_limits()
