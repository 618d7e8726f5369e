"""The law wizard: choose form and inputs, see what they do, compare, then accept."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from engine.experiment.comparison import LawComparison, LawEntry
from hybridgui.experiment.law_comparison import LawComparisonView
from hybridgui.experiment.law_domain import LawDomainView
from hybridgui.experiment.law_form import LawForm
from hybridgui.experiment.law_plots import LawPlots
from hybridgui.experiment.law_text import LawText
from hybridgui.experiment.words import warnings_and_choices
from hybridgui.experiment.work import LawPreview, compare, describe_law, preview_law
from hybridgui.study_model import StudyModel
from hybridgui.theme import GRID
from hybridgui.widgets.basics import Notice, NumberCard, button, enable, label
from hybridgui.widgets.form import Choice
from hybridgui.widgets.numbers import rounded

_WAIT = 250


class _Tabs(QTabWidget):
    """Tabs that take the height there is, not what the highest page would like."""

    def hasHeightForWidth(self) -> bool:
        return False


class LawDialog(QDialog):
    """One law, refitted at every change.

    Signals
    -------
    acceptedLaw : the `LawPreview`, when the user takes it
    """

    acceptedLaw = Signal(object)

    def __init__(self, model: StudyModel, table: Any, parent: QWidget | None = None):
        super().__init__(parent)
        self._model, self._table = model, table
        self._whole = table
        self.preview: LawPreview | None = None
        self._asked = 0
        self._job: Any = None
        self._comparing: Any = None
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_WAIT)
        self._soon.timeout.connect(self.refit)
        self.setWindowTitle("Choose a calendering law")
        self._build()
        self.refit()

    # -- building ---------------------------------------------------------------------------------
    def _build(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        outer.setSpacing(12)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        self.form = LawForm(self._table)
        self.form.edited.connect(self._on_edited)
        self.rows_choice = Choice([("", "All rows"), *((o, f"Rows: {o}") for o in self._origins())])
        self.rows_choice.edited.connect(self._on_rows)
        self.rows_choice.setVisible(len(self._origins()) > 1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        holder = QWidget()
        inside = QVBoxLayout(holder)
        inside.setContentsMargins(GRID, 0, GRID, 0)
        inside.setSpacing(2 * GRID)
        inside.addWidget(self.rows_choice)
        inside.addWidget(self.form)
        inside.addStretch(1)
        scroll.setWidget(holder)
        split.addWidget(scroll)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(2 * GRID, 0, 0, 0)
        column.setSpacing(GRID)
        cards = QHBoxLayout()
        cards.setSpacing(2 * GRID)
        self.fit_card = NumberCard("R² on the measured coatings")
        self.new_card = NumberCard("RMSE on a coating left out")
        cards.addWidget(self.fit_card, 2)
        cards.addWidget(self.new_card, 3)
        column.addLayout(cards)
        self.tabs = _Tabs()
        self.tabs.setDocumentMode(True)
        self.plots, self.text = LawPlots(), LawText()
        self.comparison, self.domain = LawComparisonView(), LawDomainView()
        self.comparison.lawChosen.connect(self._on_law_chosen)
        self.comparison.compareRequested.connect(self.compare)
        warned = QWidget()
        lines = QVBoxLayout(warned)
        lines.setContentsMargins(0, 2 * GRID, 0, 0)
        self.notice = Notice("warning")
        lines.addWidget(self.notice)
        self.info = Notice("info")
        lines.addWidget(self.info)
        lines.addStretch(1)
        self._warnings_scroll = QScrollArea()
        self._warnings_scroll.setWidgetResizable(True)
        self._warnings_scroll.setWidget(warned)
        for widget, text in (
            (self.plots, "Fit"),
            (self._warnings_scroll, "Warnings"),
            (self.domain, "Domain"),
            (self.comparison, "Compare"),
            (self.text, "Equation"),
        ):
            self.tabs.addTab(widget, text)
        self.tabs.currentChanged.connect(self._on_tab)
        self.tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self.tabs.setMinimumHeight(self.tabs.minimumSizeHint().height())
        column.addWidget(self.tabs, 1)
        self._room = QScrollArea()
        self._room.setWidgetResizable(True)
        self._room.setWidget(right)
        split.addWidget(self._room)
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        letters = self.fontMetrics().averageCharWidth()
        wide = min(44 * letters, 420)
        scroll.setMinimumWidth(min(36 * letters, 320))
        outer.addWidget(split, 1)
        self._problem = Notice("error")
        outer.addWidget(self._problem)
        foot = QHBoxLayout()
        foot.setSpacing(GRID)
        self._state = label("", "muted")
        foot.addWidget(self._state)
        foot.addStretch(1)
        cancel = button("Cancel", self.reject)
        cancel.setAutoDefault(False)
        foot.addWidget(cancel)
        self.accept_button = button("Use this law", self._on_accept, primary=True)
        self.accept_button.setDefault(True)
        foot.addWidget(self.accept_button)
        outer.addLayout(foot)
        window = self.parentWidget()
        size = window.size() if window is not None else None
        self.resize(
            *(min(1240, size.width() - 40), min(740, size.height() - 40)) if size else (1160, 740)
        )
        # With a large font the plots need the room more than the form does.
        split.setSizes([min(wide, max(320, self.width() // 3)), 10_000])

    # -- fitting ----------------------------------------------------------------------------------
    def show_spec(self, kind: str, parameters: dict[str, Any]) -> None:
        """Start from this law."""
        self.form.show_spec(kind, parameters)
        self.refit()

    def refit(self) -> None:
        """Fit the law of the form; a fit under way is dropped."""
        self._soon.stop()
        kind, parameters = self.form.spec()
        if self._job is not None:
            self._job.cancel()
        self._asked += 1
        asked, table = self._asked, self._table
        self._say_busy("Fitting the law")
        self._job = self._model.start_job(
            "Fitting the law",
            lambda job: (asked, preview_law(job, table, kind, parameters)),
            stage="experiment",
            quiet=True,
            finished=self._on_fitted,
            failed=lambda sentence, details: self._on_failed(asked, sentence),
        )

    def compare(self) -> None:
        """Fit all laws worth comparing, side by side."""
        if self._comparing is not None or self.comparison.comparison is not None:
            return
        table = self._table
        self.comparison.notice.set_text("Comparing the laws…", "info")
        self.comparison.compare_button.setEnabled(False)
        self._comparing = self._model.start_job(
            "Comparing laws",
            lambda job: (table, compare(job, table)),
            stage="experiment",
            quiet=True,
            finished=self._on_compared,
            failed=self._on_not_compared,
        )
        self._comparing.progress.connect(self._on_compare_progress)

    def done(self, result: int) -> None:
        """Stop what still runs, then close."""
        self._soon.stop()
        self._asked += 1
        for job in (self._job, self._comparing):
            if job is not None:
                job.cancel()
        self._job = self._comparing = None
        super().done(result)

    # -- what happened ----------------------------------------------------------------------------
    def _origins(self) -> list[str]:
        return list(dict.fromkeys(self._whole.origin))

    def _on_rows(self, origin: str) -> None:
        whole = self._whole
        chosen = [not origin or o == origin for o in whole.origin]
        self._table = whole if all(chosen) else whole.take([i for i, c in enumerate(chosen) if c])
        if self._comparing is not None:
            self._comparing.cancel()  # it compares on other rows
            self._comparing = None
        self.comparison.forget()
        self._on_edited()

    def _on_edited(self) -> None:
        if self._job is not None:
            self._job.cancel()  # of a law that is no longer asked for
            self._asked += 1
            self._job = None
        enable(self.accept_button, "Wait until this law is fitted.")
        self._soon.start()

    def _on_fitted(self, answer: tuple[int, LawPreview]) -> None:
        asked, preview = answer
        if asked != self._asked:
            return
        self._job = None
        self._show(preview)

    def _on_failed(self, asked: int, sentence: str) -> None:
        if asked != self._asked:
            return
        self._job = None
        self._problem.set_text(sentence)
        self._state.setText("")
        enable(self.accept_button, sentence)

    def _show(self, preview: LawPreview) -> None:
        self.preview = preview
        a = preview.assessment
        self._problem.set_text("")
        self._state.setText("")
        self.fit_card.show_number(
            rounded(a.r2, 3),
            f"Typical error {100 * a.rmse:.2f} porosity points, {a.coefficients} coefficients, "
            f"{a.conditions} conditions.",
        )
        known = a.grouped_cv_rmse is not None
        caption = "RMSE on a coating left out"
        if a.grouped_cv_r2 is not None:
            caption += f" (R² {rounded(a.grouped_cv_r2, 3)})"
        self.new_card.show_number(
            f"± {100 * a.grouped_cv_rmse:.1f} points" if known else "not known", a.meaning, caption
        )
        self.plots.show_law(preview, self._table)
        others, told = warnings_and_choices(w for w in a.warnings if w != a.meaning)
        self.info.set_sentences(told, "info")
        self.notice.set_sentences(others or ["Nothing to warn of within the measured coatings."],
                                  "warning" if others else "success")  # fmt: skip
        self.tabs.setTabText(1, f"Warnings ({len(others)})" if others else "Warnings")
        self.domain.show_law(preview, self._table)
        self.text.show_law(preview)
        enable(
            self.accept_button, "", "Keep this law in the study; undo brings back the one before"
        )

    def _say_busy(self, what: str) -> None:
        self._state.setText(f"{what}…")
        enable(self.accept_button, "Wait until this law is fitted.")

    def _on_tab(self, _index: int) -> None:
        if self.tabs.currentWidget() is self.comparison:
            self.compare()

    def _on_compare_progress(self, fraction: float, name: str, _left: float) -> None:
        if self.comparison.comparison is None:
            self.comparison.notice.set_text(f"Comparing the laws: {name} ({fraction:.0%})", "info")

    def _on_compared(self, answer: tuple[Any, LawComparison]) -> None:
        table, comparison = answer
        if table is not self._table:
            return
        self._comparing = None
        self.comparison.show_comparison(comparison)

    def _on_not_compared(self, sentence: str, _details: str) -> None:
        self._comparing = None
        self.comparison.notice.set_text(sentence, "error")
        self.comparison.compare_button.setEnabled(True)

    def _on_law_chosen(self, entry: LawEntry) -> None:
        self._soon.stop()
        self._asked += 1  # a fit under way is of another law
        self.form.show_spec(entry.law.kind, entry.law.get_params())
        self._show(describe_law(entry.law, entry.assessment))
        self.tabs.setCurrentWidget(self.plots)

    def _on_accept(self) -> None:
        if self.preview is not None and self.accept_button.isEnabled():
            self.acceptedLaw.emit(self.preview)
            self.accept()
