"""The form of a training: from which data, what, by which inputs and method."""

from __future__ import annotations

from typing import Any

import pandas as pd
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from engine.learning.reliability import FEW_ROWS
from engine.maps.quantities import quantity
from engine.properties.catalogue import CATALOGUE
from hybridgui.learning.dataset_choice import DatasetChoice
from hybridgui.learning.words import METHOD_HINTS, METHOD_NAMES, METHOD_SHORT, efforts, work_words
from hybridgui.learning.work import LearningData, training_rows
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice, label
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import Choice, FormGroup
from hybridgui.widgets.plot import tip_html


class TrainingForm(QWidget):
    """What is to be trained, kept in the study as parameters that can be undone."""

    def __init__(self, model: StudyModel, parent: QWidget | None = None):
        super().__init__(parent)
        self._model = model
        self._data = LearningData(pd.DataFrame(), [], [])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2 * GRID)
        self.dataset = DatasetChoice(model, most=17)
        group = FormGroup("Dataset")
        group.add_wide(self.dataset)
        layout.addWidget(group)
        self.notice = Notice("warning")
        layout.addWidget(self.notice)
        self.targets = self._columns("Learn", "Properties to learn", 7, "models/targets")
        self.inputs = self._columns("From", "Inputs", 6, "models/inputs")
        self._build_method()
        self.refresh()

    def _columns(self, heading: str, name: str, rows: int, key: str) -> CheckList:
        choices = CheckList(rows)
        choices.setAccessibleName(name)
        choices.edited.connect(
            lambda keys: self._model.set_parameter(key, keys, f"Choose {name.lower()}")
        )
        group = FormGroup(heading)
        group.add_wide(choices)
        self.layout().addWidget(group)
        return choices

    def _build_method(self) -> None:
        group = FormGroup("By")
        self.method = Choice(list(METHOD_NAMES.items()))
        self.method.setAccessibleName("Method")
        self.method.edited.connect(
            lambda key: self._model.set_parameter("models/method", key, "Choose method")
        )
        group.add_wide(self.method)
        self.effort = Choice()
        self.effort.edited.connect(
            lambda key: self._model.set_parameter("models/effort", key, "Choose effort")
        )
        group.add("Effort", self.effort)
        self._hint = label("", "small", wrap=True)
        group.add_wide(self._hint)
        self.few_notice = Notice("warning")
        group.add_wide(self.few_notice)
        self.test_box = QCheckBox("Keep a fifth for testing")
        self.test_box.setToolTip("Every fifth condition, always the same ones, is not trained on.")
        self.test_box.clicked.connect(
            lambda on: self._model.set_parameter("models/keep_test", on, "Keep test conditions")
        )
        group.add_wide(self.test_box)
        self.validation = Choice([("", "Nothing else")])
        self.validation.setToolTip("A campaign that is not trained on, only compared with.")
        self.validation.edited.connect(
            lambda key: self._model.set_parameter("models/validation", key, "Choose validation")
        )
        group.add("Validate on", self.validation)
        self._group = group
        self.layout().addWidget(group)

    # -- what it asks for -----------------------------------------------------------------------
    @property
    def data(self) -> LearningData:
        """The dataset on offer."""
        return self._data

    @property
    def validation_campaign(self) -> int | None:
        """Campaign that is kept for validation."""
        key = self.validation.current
        return int(key) if key else None

    def options(self, method: str) -> dict[str, Any]:
        """Options of the engine for a method at the effort of the form."""
        choices = self.efforts(method)
        if not choices:
            return {}
        key = self.effort.current if self.effort.current in choices else "quick"
        return dict(choices[key][2])

    def efforts(self, method: str) -> dict[str, tuple[str, str, dict[str, Any]]]:
        """Efforts on offer: those of the method, and what the file of the dataset states."""
        stated = self._data.stated
        if method != "sisso" or not stated:
            return efforts(method)
        words = (
            f"Rung {stated['rung']}, {stated['terms']} terms, {stated['sis']} features a round, "
            f"operators {' '.join(stated['operators'])}; poles are not looked for."
        )
        return {"stated": ("As the file states", words, stated), **efforts(method)}

    def work_text(self, method: str, effort: str = "") -> str:
        """What a training would take, in words; the effort of the form unless given."""
        frame, _ = self._data.split(self.validation_campaign)
        if frame.empty:
            return ""
        options = dict(self.efforts(method)[effort][2]) if effort else self.options(method)
        inputs, targets = self.inputs.checked(), self.targets.checked()
        rows = training_rows(frame, inputs, targets, self.test_box.isChecked()) or [len(frame)]
        return work_words(method, options, rows, len(inputs), len(targets))

    def few_text(self, method: str) -> str:
        """What to say where there are too few conditions for a method; else empty."""
        frame, targets = self._data.split(self.validation_campaign)[0], self.targets.checked()
        if frame.empty or not targets or method not in ("sisso", "dnn"):
            return ""
        rows = min(training_rows(frame, [], targets, False))
        if rows >= FEW_ROWS:
            return ""
        return f"{rows} conditions are few for {METHOD_SHORT[method]}: a plain form is safer."

    def _usual_method(self) -> str:
        """Method where the user has not chosen: a search among few conditions fits noise."""
        few = 0 < len(self._data.frame) < FEW_ROWS
        return "baseline" if few and not self._data.stated else "sisso"

    def missing(self) -> str:
        """Why this cannot be trained; empty where it can."""
        if self._data.frame.empty:
            return "Run a campaign or open a table: there is nothing to learn from."
        if not self.targets.checked():
            return "Choose at least one property to learn."
        if not self.inputs.checked():
            return "Choose at least one input."
        if both := {*self.inputs.checked()} & {*self.targets.checked()}:
            return f"'{min(both)}' is chosen as property and as input: choose one."
        return ""

    # -- showing ----------------------------------------------------------------------------------
    def show_data(self, data: LearningData) -> None:
        """Offer the columns of another dataset."""
        self._data = data
        self.refresh()

    def refresh(self) -> None:
        """Show the parameters of the study."""
        model, data = self._model, self._data
        self.dataset.refresh()
        self.targets.show_entries(
            [(t, quantity(t).label, _tip(t)) for t in data.target_choices],
            self._chosen("models/targets", data.targets, data.target_choices),
        )
        self.inputs.show_entries(
            [(i, _with_unit(i), quantity(i).label) for i in data.input_choices],
            self._chosen("models/inputs", data.inputs, data.input_choices),
        )
        method = model.parameter("models/method", self._usual_method())
        self.method.show_value(method)
        choices = self.efforts(method)
        self.effort.set_choices([(key, entry[0]) for key, entry in choices.items()])
        effort = model.parameter("models/effort", "stated" if "stated" in choices else "quick")
        self.effort.show_value(effort)
        self._group.set_row_visible(self.effort, bool(choices))
        hint = METHOD_HINTS.get(method, "")
        if choices:
            hint += " " + choices[self.effort.current][1]
        self._hint.setText(hint)
        self.test_box.setChecked(bool(model.parameter("models/keep_test", True)))
        counts = data.campaigns()
        campaigns = [("", "Nothing else")]
        if len(counts) > 1:
            campaigns += [(str(k), f"Campaign {k} · {n} rows") for k, n in counts.items()]
        self.validation.set_choices(campaigns)
        self.validation.show_value(model.parameter("models/validation", ""))
        self._group.set_row_visible(self.validation, len(campaigns) > 1)
        self.few_notice.set_text(self.few_text(method))
        self.notice.set_sentences(list(data.notes))

    def _chosen(self, key: str, usual: list[str], offered: list[str]) -> list[str]:
        """Columns ticked before; the usual ones where this dataset has none of them."""
        wanted = self._model.parameter(key, usual)
        found = [name for name in wanted if name in offered]
        foreign = not any(name in self._data.frame for name in wanted)
        return usual if wanted and foreign else found


def _tip(column: str) -> str:
    entry = CATALOGUE.get(column)
    return tip_html(f"{entry.label}\n{entry.definition}") if entry is not None else column


def _with_unit(column: str) -> str:
    found = quantity(column)
    return found.label if found.unit == "–" else f"{found.label} ({found.unit})"
