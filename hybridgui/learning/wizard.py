"""Training in four steps: the data, what from what, how thoroughly, and the search itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QProgressBar,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.maps.quantities import quantity
from hybridgui.learning.dataset_choice import KEY as DATASET
from hybridgui.learning.dataset_choice import DatasetChoice
from hybridgui.learning.live_view import LiveView
from hybridgui.learning.words import METHOD_HINTS, METHOD_NAMES
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice, button, clear_layout, enable, label
from hybridgui.widgets.check_list import CheckList
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import duration
from hybridgui.widgets.table import Column, DataTable

if TYPE_CHECKING:
    from hybridgui.learning.page import ModelsPage

_STEPS = (
    ("The data", "Choose what to learn from: every row is one point."),
    ("What from what", "Choose the properties to learn, and the inputs to learn them from."),
    ("How thoroughly", "More effort finds better equations, and takes longer."),
    ("Training", "The best equation of every property, as the search goes on."),
)


class TrainingWizard(QDialog):
    """Edits the same parameters as the form of the page, one question at a time."""

    def __init__(self, page: ModelsPage, model: StudyModel):
        super().__init__(page)
        self._page, self._model = page, model
        self._job: Any = None
        self._waiting = False
        self.setWindowTitle("Train models")
        self.resize(820, 560)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        layout.setSpacing(12)
        self._title = label("", "title")
        layout.addWidget(self._title)
        self._purpose = label("", "muted", wrap=True)
        layout.addWidget(self._purpose)
        self.steps = QStackedWidget()
        for build in (self._data_step, self._columns_step, self._effort_step, self._live_step):
            self.steps.addWidget(build())
        layout.addWidget(self.steps, 1)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self._summary = label("", "muted")
        row.addWidget(self._summary, 1)
        self.cancel_button = button("Cancel", self.reject)
        self.back_button = button("Back", self._on_back)
        self.next_button = button("Next", self._on_next, primary=True)
        for one in (self.cancel_button, self.back_button, self.next_button):
            one.setAutoDefault(False)
            row.addWidget(one)
        self.next_button.setDefault(True)
        layout.addLayout(row)
        page.bestChanged.connect(self._live.show_best)
        page.trainingEnded.connect(self._on_ended)
        page.dataRead.connect(self._on_data)
        self._on_data()
        self._show_step(0)

    # -- the steps ----------------------------------------------------------------------------------
    def _data_step(self) -> QWidget:
        step, column = _step()
        page = self._page
        row = QHBoxLayout()
        row.setSpacing(GRID)
        self.dataset = DatasetChoice(self._model)
        self.dataset.edited.connect(lambda _: self._on_dataset())
        self.dataset.choice.setMinimumContentsLength(32)
        row.addWidget(label("Learn from"))
        row.addWidget(self.dataset)
        self._rows = label("", "muted")
        row.addWidget(self._rows)
        row.addStretch(1)
        column.addLayout(row)
        self._notes = Notice("warning")
        column.addWidget(self._notes)
        self.test_box = QCheckBox(page.form.test_box.text())
        self.test_box.setChecked(page.form.test_box.isChecked())
        self.test_box.clicked.connect(
            lambda on: self._model.set_parameter("models/keep_test", on, "Keep test conditions")
        )
        column.addWidget(self.test_box)
        self.validation = Choice()
        self.validation.setMinimumContentsLength(24)
        self.validation.setAccessibleName("Validate on")
        self.validation.edited.connect(
            lambda key: self._model.set_parameter("models/validation", key, "Choose validation")
        )
        row = QHBoxLayout()
        row.addWidget(label("Validate on"))
        row.addWidget(self.validation)
        row.addStretch(1)
        row.setContentsMargins(0, 0, 0, 0)
        self._validation_row = QWidget()
        self._validation_row.setLayout(row)
        column.addWidget(self._validation_row)
        self.table = DataTable()
        column.addWidget(self.table, 1)
        return step

    def _on_dataset(self) -> None:
        """Wait for the dataset that was chosen."""
        self._waiting = True
        self._rows.setText("Reading…")
        self._refresh()

    def _on_data(self) -> None:
        """Show the dataset that the page has read."""
        page, data = self._page, self._page.data
        self._waiting = data.source != str(self._model.parameter(DATASET, ""))
        self.dataset.refresh()
        counts, rows = data.campaigns(), len(data.frame)
        kind = "rows" if data.source.startswith("file:") else "conditions"
        text = f"{rows} {kind}" + (f" of {len(counts)} campaigns" if len(counts) > 1 else "")
        self._rows.setText(text if rows else "")
        self._notes.set_sentences(list(data.notes))
        choices = [("", "Nothing else")]
        choices += [(str(k), f"Campaign {k} · {n} rows") for k, n in counts.items()]
        self.validation.set_choices(choices)
        self.validation.show_value(page.form.validation.current)
        self._validation_row.setVisible(len(counts) > 1)
        names = [*data.inputs, *data.targets]
        if data.source.startswith("file:") or not names:
            names = [str(name) for name in data.frame.columns]
        names = [n for n in dict.fromkeys(names) if n in data.frame]
        self.table.show_frame(data.frame, [Column(n, _heading(n)) for n in names])
        self.table.fit_columns()
        self._show_columns()
        self._refresh()

    def _columns_step(self) -> QWidget:
        step, column = _step()
        row = QHBoxLayout()
        row.setSpacing(3 * GRID)
        self.targets, self.inputs = CheckList(12), CheckList(12)
        for words, mine, key in (
            ("Learn", self.targets, "models/targets"),
            ("From", self.inputs, "models/inputs"),
        ):
            side = QVBoxLayout()
            side.addWidget(label(words, "heading"))
            mine.setAccessibleName(words)
            mine.edited.connect(lambda keys, key=key: self._on_columns(key, keys))
            side.addWidget(mine)
            side.addStretch(1)
            row.addLayout(side, 1)
        column.addLayout(row, 1)
        return step

    def _show_columns(self) -> None:
        """Offer the columns that the page offers."""
        for mine, theirs in (
            (self.targets, self._page.form.targets),
            (self.inputs, self._page.form.inputs),
        ):
            items = [theirs.item(k) for k in range(theirs.count())]
            mine.show_entries(
                [(str(i.data(Qt.ItemDataRole.UserRole)), i.text(), i.toolTip()) for i in items],
                theirs.checked(),
            )

    def _effort_step(self) -> QWidget:
        step, column = _step()
        self.method = Choice(list(METHOD_NAMES.items()))
        self.method.setMinimumContentsLength(24)
        self.method.setAccessibleName("Method")
        self.method.show_value(self._page.form.method.current)
        self.method.edited.connect(self._on_method)
        row = QHBoxLayout()
        row.addWidget(self.method)
        row.addStretch(1)
        column.addLayout(row)
        self._hint = label("", "muted", wrap=True)
        column.addWidget(self._hint)
        self._efforts = QVBoxLayout()
        self._efforts.setSpacing(GRID)
        column.addLayout(self._efforts)
        column.addStretch(1)
        self._group: QButtonGroup | None = None
        return step

    def _live_step(self) -> QWidget:
        step, column = _step()
        self._bar = QProgressBar()
        self._bar.setRange(0, 1000)
        self._bar.setTextVisible(False)
        column.addWidget(self._bar)
        self._stage = label("", "small")
        column.addWidget(self._stage)
        self._live = LiveView()
        column.addWidget(self._live)
        self._end = Notice("success")
        column.addWidget(self._end)
        column.addStretch(1)
        return step

    # -- moving on ------------------------------------------------------------------------------------
    def _show_step(self, number: int) -> None:
        self.steps.setCurrentIndex(number)
        title, purpose = _STEPS[number]
        self._title.setText(f"{number + 1} of {len(_STEPS)}  ·  {title}")
        self._purpose.setText(purpose)
        if number == 2:
            self._show_efforts()
        self.next_button.setText(("Next", "Next", "Train", "Close")[number])
        self._refresh()

    def _refresh(self) -> None:
        number = self.steps.currentIndex()
        running = self._job is not None
        self.back_button.setEnabled(number > 0 and not running)
        self.cancel_button.setVisible(number < 3 or running)
        targets, inputs = len(self.targets.checked()), len(self.inputs.checked())
        both = {*self.targets.checked()} & {*self.inputs.checked()}
        reason = ""
        if number == 0 and self._waiting:
            reason = "The dataset is being read."
        elif number == 0 and self._page.data.frame.empty:
            reason = "There is nothing to learn from: choose another dataset, or run a campaign."
        elif number == 1 and not targets:
            reason = "Choose at least one property to learn."
        elif number == 1 and not inputs:
            reason = "Choose at least one input."
        elif number == 1 and both:
            reason = f"'{min(both)}' is chosen as property and as input: choose one."
        elif number == 2 and not self._page.train_button.isEnabled():
            reason = self._page.train_button.toolTip()
        elif running:
            reason = "Training is running."
        enable(self.next_button, reason)
        self._summary.setText("" if number == 3 else f"{targets} properties from {inputs} inputs")

    def _on_back(self) -> None:
        self._show_step(self.steps.currentIndex() - 1)

    def _on_next(self) -> None:
        number = self.steps.currentIndex()
        if number == 3:
            self.accept()
        elif number == 2:
            self._train()
        else:
            self._show_step(number + 1)

    def _train(self) -> None:
        self._end.set_text("")
        self._live.start(self.targets.checked(), self.method.current)
        self._page.train()
        self._job = self._model.jobs.running_in(self._page.key)
        if self._job is not None:
            self._job.progress.connect(self._on_progress)
        self._show_step(3)

    def reject(self) -> None:
        """Stop a training under way, else close."""
        if self._job is not None:
            self._job.cancel()
            return
        super().reject()

    # -- what happens -------------------------------------------------------------------------------
    def _on_columns(self, key: str, keys: list[str]) -> None:
        self._model.set_parameter(key, keys, "Choose columns")
        self._refresh()

    def _on_method(self, key: str) -> None:
        self._model.set_parameter("models/method", key, "Choose method")
        self._show_efforts()

    def _show_efforts(self) -> None:
        method = self.method.current
        few = self._page.form.few_text(method)
        self._hint.setText(f"{METHOD_HINTS.get(method, '')} {few}".strip())
        clear_layout(self._efforts)
        self._group = QButtonGroup(self)
        choices = self._page.form.efforts(method)
        if not choices:
            self._efforts.addWidget(label(self._page.form.work_text(method) + "; takes seconds."))
        chosen = self._page.form.effort.current
        for key, (name, words, _) in choices.items():
            radio = QRadioButton(name)
            radio.setChecked(key == chosen)
            radio.clicked.connect(
                lambda _=False, key=key: self._model.set_parameter(
                    "models/effort", key, "Choose effort"
                )
            )
            self._group.addButton(radio)
            self._efforts.addWidget(radio)
            for text, role in ((words, "muted"), (self._page.form.work_text(method, key), "small")):
                line = label(text, role, wrap=True)
                line.setContentsMargins(3 * GRID, 0, 0, 0)
                self._efforts.addWidget(line)
        self._refresh()

    def _on_progress(self, fraction: float, stage: str, left: float) -> None:
        self._bar.setValue(round(1000 * fraction))
        self._stage.setText(stage + (f"  ·  {duration(left)} left" if left == left else ""))

    def _on_ended(self, sentence: str) -> None:
        if self._job is None:
            return
        self._job = None
        self._bar.setValue(1000)
        self._stage.setText("")
        self._end.set_text(sentence, "success" if "trained in" in sentence else "info")
        self._refresh()


def _step() -> tuple[QWidget, QVBoxLayout]:
    widget = QWidget()
    column = QVBoxLayout(widget)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(GRID)
    return widget, column


def _heading(name: str) -> str:
    found = quantity(name)
    unit = "" if found.unit == "–" else f" ({found.unit})"
    return f"{found.symbol or found.label}{unit}"
