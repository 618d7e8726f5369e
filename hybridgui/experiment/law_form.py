"""Which law to fit: its form, its inputs, its terms, and whether it must be physical."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QLineEdit, QVBoxLayout, QWidget

from engine.errors import InputError
from engine.experiment.extra_columns import possible_inputs
from engine.experiment.laws.stepwise import candidate_terms
from engine.experiment.laws.terms import PUBLISHED_TERMS, parse_term
from engine.experiment.table import CalenderingTable
from hybridgui.experiment.words import LAW_HINTS, term_shown
from hybridgui.theme import GRID
from hybridgui.widgets.basics import button, label
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import Choice, FormGroup, beside

_FORMS = (
    ("polynomial", "Polynomial"),
    ("exponential", "Exponential (Meyer)"),
    ("kawakita", "Kawakita"),
    ("heckel", "Heckel"),
    ("gaussian_process", "Gaussian process"),
    ("sisso", "SISSO equation"),
)
_TERMS = (
    ("published", "As published"),
    ("hand", "Chosen by hand"),
    ("bic", "Stepwise by BIC"),
    ("aicc", "Stepwise by AIC (corrected)"),
)
_INPUT_WORDS = {
    "AM": "AM content",
    "eps_init": "Initial porosity",
    "t0": "Initial thickness",
}
_COMPACTION = ("exponential", "kawakita", "heckel")


class LawForm(QWidget):
    """The choices behind one law.

    Signals
    -------
    edited : any of them changed, by the user
    """

    edited = Signal()

    def __init__(self, table: CalenderingTable, parent: QWidget | None = None):
        super().__init__(parent)
        self._table = table
        self._extra = possible_inputs(table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        form = FormGroup("Form")
        self.kind_choice = Choice(_FORMS)
        self.kind_choice.edited.connect(lambda _: self._on_kind())
        form.add_wide(self.kind_choice)
        self._hint = label("", "small", wrap=True)
        form.add_wide(self._hint)
        self.physical_box = QCheckBox("Must fall with pressure")
        self.physical_box.setToolTip(
            "Fit under the constraint that the porosity never rises with pressure and never "
            "exceeds the initial porosity."
        )
        self.physical_box.clicked.connect(lambda _: self.edited.emit())
        form.add_wide(self.physical_box)
        column.addWidget(form)

        self._inputs_group = FormGroup("Inputs besides the pressure")
        self.inputs_list = CheckList()
        names = [*_INPUT_WORDS, *self._extra]
        self.inputs_list.show_entries(
            [(name, _INPUT_WORDS.get(name, name), "") for name in names],
            list(_INPUT_WORDS)[:2],
        )
        self.inputs_list.edited.connect(lambda _: self._on_inputs())
        self._inputs_group.add_wide(self.inputs_list)
        column.addWidget(self._inputs_group)

        self._terms_group = FormGroup("Terms")
        self.terms_choice = Choice(_TERMS)
        self.terms_choice.edited.connect(lambda _: self._on_terms_choice())
        self._terms_group.add_wide(self.terms_choice)
        self.terms_list = CheckList(9)
        self.terms_list.edited.connect(lambda _: self.edited.emit())
        self._terms_group.add_wide(self.terms_list)
        self.own_term = QLineEdit()
        self.own_term.setPlaceholderText("Another term, e.g. gap^3")
        self.own_term.returnPressed.connect(self.add_term)
        self._add_button = button("Add", self.add_term)
        self._add_button.setAutoDefault(False)
        self._own_row = beside(self.own_term, self._add_button)
        self._terms_group.add_wide(self._own_row)
        self._term_problem = label("", "error", wrap=True)
        self._terms_group.add_wide(self._term_problem)
        column.addWidget(self._terms_group)
        self._own_terms: list[str] = []
        if not table.has_gap:
            self.terms_choice.show_value("bic")
        self._show_terms(self._start_terms())
        self._refresh()

    # -- what is chosen ---------------------------------------------------------------------------
    def spec(self) -> tuple[str, dict[str, Any]]:
        """Kind of the law and its parameters, as `make_law` takes them."""
        kind = self.kind_choice.current
        physical = self.physical_box.isChecked()
        if kind in _COMPACTION:
            return kind, {"depends_on": self.inputs_list.checked(), "physical": physical}
        if kind != "polynomial":
            return kind, {}
        way = self.terms_choice.current
        if way == "published":
            return kind, {"physical": physical}
        if way == "hand":
            return kind, {"terms": self.terms_list.checked(), "physical": physical}
        return kind, {"terms": list(self._offered()), "select": way, "physical": physical}

    def show_spec(self, kind: str, parameters: Mapping[str, Any]) -> None:
        """Take the choices that give this law, without announcing it."""
        known = dict(_FORMS)
        self.kind_choice.show_value(kind if kind in known else "polynomial")
        self.physical_box.setChecked(bool(parameters.get("physical", False)))
        if "depends_on" in parameters:
            self._tick(self.inputs_list, parameters["depends_on"])
        if kind == "polynomial":
            terms, select = parameters.get("terms"), parameters.get("select")
            if select:
                self.terms_choice.show_value(select)
                if terms is None:
                    self._tick(self.inputs_list, [*_INPUT_WORDS])
            elif terms is None or tuple(terms) == PUBLISHED_TERMS:
                self.terms_choice.show_value("published")
            else:
                self.terms_choice.show_value("hand")
                self._show_terms(list(terms))
        self._refresh()

    def add_term(self) -> None:
        """Add the term that was typed, ticked."""
        text = self.own_term.text().strip()
        if not text:
            return
        try:
            term = parse_term(text, self._extra).name
        except InputError as error:
            self._term_problem.setText(str(error))
            self._term_problem.show()
            return
        self._term_problem.hide()
        self.own_term.clear()
        checked = self.terms_list.checked()
        if term not in checked:
            self._show_terms([*checked, term])
            self.edited.emit()

    # -- inside ---------------------------------------------------------------------------------------
    def _start_terms(self) -> list[str]:
        return list(PUBLISHED_TERMS) if self._table.has_gap else ["1", "eps_init", "P"]

    def _offered(self) -> tuple[str, ...]:
        chosen = self.inputs_list.checked()
        extra = [name for name in self._extra if name in chosen]
        return candidate_terms(self._table, extra, chosen)

    def _show_terms(self, checked: Sequence[str]) -> None:
        offered = self._offered()
        self._own_terms = [
            t for t in dict.fromkeys([*self._own_terms, *checked]) if t not in offered
        ]
        entries = [(t, term_shown(t), "") for t in (*offered, *self._own_terms)]
        self.terms_list.show_entries(entries, checked)

    @staticmethod
    def _tick(checks: CheckList, keys: Sequence[str]) -> None:
        blocked = checks.blockSignals(True)
        for row in range(checks.count()):
            key = str(checks.item(row).data(256))
            checks.set_checked(key, key in keys)
        checks.blockSignals(blocked)

    def _on_kind(self) -> None:
        kind = self.kind_choice.current
        self.physical_box.setChecked(kind in _COMPACTION)
        self._refresh()
        self.edited.emit()

    def _on_inputs(self) -> None:
        if self.kind_choice.current == "polynomial":
            self._show_terms(self.terms_list.checked())
        self.edited.emit()

    def _on_terms_choice(self) -> None:
        self._refresh()
        self.edited.emit()

    def _refresh(self) -> None:
        kind, way = self.kind_choice.current, self.terms_choice.current
        polynomial = kind == "polynomial"
        hints = {
            "polynomial": "A sum of terms, by least squares. Flexible inside the data; may turn "
            "upward at high pressure unless it must fall.",
            "gaussian_process": "An exponential law plus a smooth correction near the measured "
            "coatings. No closed equation.",
            "sisso": "A short equation searched among thousands of formulas.",
        }
        self._hint.setText(hints.get(kind, LAW_HINTS.get(kind, "")))
        self.physical_box.setVisible(polynomial or kind in _COMPACTION)
        self._terms_group.setVisible(polynomial)
        self._inputs_group.setVisible(kind in _COMPACTION or (polynomial and way != "published"))
        hand = way == "hand"
        self.terms_list.setVisible(hand)
        self._own_row.setVisible(hand)
        self._term_problem.setVisible(hand and bool(self._term_problem.text()))
