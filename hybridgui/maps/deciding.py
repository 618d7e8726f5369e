"""The recommendation of a study: asked for, kept with it, and what is done with it."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from engine.errors import InputError
from engine.maps.report_decision import RECOMMENDATION_SETTING, VERIFICATION_SETTING
from engine.maps.sources import Sources
from engine.maps.uncertainty import Scatter
from engine.maps.verify import Verification
from hybridgui.bridge import Job
from hybridgui.maps.decide_form import DecideForm
from hybridgui.maps.decide_view import DecideView
from hybridgui.maps.exports import Exports
from hybridgui.maps.work import (
    Decision,
    Kept,
    Weighed,
    Wishes,
    check,
    decide,
    kept_decision,
    weigh,
)
from hybridgui.study_model import StudyModel

_FRESH = 4
_STAGE = "maps"
_TAU_FACTOR = "tortuosity_factor_electrolyte"
_CHANGED = "the law, the models or the cell have changed since"
_OUTDATED = "This recommendation stands on earlier results: recommend a setting again first."
_OVERTAKEN = "Law, models or cell changed while settings were weighed: recommend a setting again."


class Deciding(QObject):
    """Leads the form and the view of the recommendation.

    Parameters
    ----------
    page : QWidget
        Owner.
    model : StudyModel
    form : DecideForm
    view : DecideView
    exports : Exports

    Signals
    -------
    changed : another recommendation is shown, or none
    """

    changed = Signal()

    def __init__(
        self,
        page: QWidget,
        model: StudyModel,
        form: DecideForm,
        view: DecideView,
        exports: Exports,
    ):
        super().__init__(page)
        self._model = model
        self._form = form
        self._view = view
        self._exports = exports
        self._sources: Sources | None = None
        self._asked: tuple[Any, ...] = ()
        self._outdated = ""
        self._verification: Verification | None = None
        self._weighed: Weighed | None = None
        self._wished: Wishes | None = None
        self._weighing: Job | None = None
        view.verifyAsked.connect(self.verify)
        view.planAsked.connect(self.plan_experiments)
        view.bpxAsked.connect(self.export_bpx)

    def show_sources(self, sources: Sources | None) -> None:
        """Take other models; what the study keeps of a recommendation is shown again."""
        self._sources = sources
        self._weighed = self._wished = None
        before = self._view.decision
        if sources is None or not self._model.is_open:
            self._show(None)
            return
        if before is not None:  # it stays, as of earlier results until it is read again
            checked = self._verification
            shown = Decision(None, before.recommendation)
            self._show(shown, self._asked, self._outdated or _CHANGED)
            self._show_check(checked)
        else:
            shown = None
            self._show(None)
        study = self._model.study
        stored = study.get_setting(RECOMMENDATION_SETTING)
        if stored is None:
            return
        checked = study.get_setting(VERIFICATION_SETTING)
        self._model.start_job(
            "Reading the recommendation",
            lambda job: kept_decision(job, sources, stored, checked),
            stage="",
            quiet=True,
            wanted=lambda: self._sources is sources and self._view.decision is shown,
            finished=self._on_kept,
            failed=lambda _sentence, _details: None,  # of another program: as if there were none
        )

    def _on_kept(self, kept: Kept | None) -> None:
        if kept is None:  # of other campaigns
            self._show(None)
            return
        best = kept.decision.recommendation
        asked = (
            best.targets, best.fixed, best.robust, best.inside_only, best.scatter, best.variable,
        )  # fmt: skip
        self._show(kept.decision, asked, kept.outdated)
        self._show_check(kept.verification)

    def _show_check(self, verification: Verification | None) -> None:
        if verification is not None:
            self._verification = verification
            self._view.show_verification(verification)

    def _show(
        self, decision: Decision | None, asked: tuple[Any, ...] = (), outdated: str = ""
    ) -> None:
        self._asked, self._outdated, self._verification = asked, outdated, None
        self._view.show_decision(decision)
        self._wished = None  # the plot shows what this decision stands on, not what was judged
        self.mark_earlier()
        if self._view.isVisible():
            self.follow()
        self.changed.emit()

    def follow(self) -> None:
        """Judge all settings by what the form asks at this moment; none is recommended.

        While they are judged, what is asked last comes next.
        """
        sources = self._sources
        try:
            asked = self._asked_now()
        except InputError:  # said at the field, and by Recommend
            self._wished = None
            self._view.show_trade_off(None)
            return
        if sources is None:
            return
        decision = self._view.decision
        if decision is not None and decision.found is not None and asked == self._asked:
            self._wished = None
            self._view.show_trade_off(decision.found, decision.recommendation.variable)
            return
        targets, fixed, _robust, inside_only, _scatter, _variable = asked
        wishes = Wishes(sources.responses, targets, fixed, inside_only)
        if self._wished == wishes:
            return
        self._wished = wishes
        if self._weighing is not None:
            return

        def show(weighed: Weighed) -> None:
            self._weighed = weighed
            self._view.show_trade_off(weighed.found, sources.responses.lab_variable)

        def done() -> None:
            self._weighing = None
            if self._wished is not None and self._wished != wishes:
                self._wished = None
                self.follow()

        before = self._weighed
        self._weighing = self._model.start_job(
            "Judging settings",
            lambda job: weigh(job, wishes, before),
            stage="",
            quiet=True,
            # What a moved limit has overtaken is shown all the same: a moving one says more.
            wanted=lambda: self._wished is not None and self._sources is sources,
            finished=show,
            failed=lambda _sentence, _details: None,  # said by Recommend
        )
        self._weighing.ended.connect(done)

    # -- what the user does -------------------------------------------------------------------
    def recommend(self) -> None:
        """Judge every setting by the goals, and show the best."""
        sources = self._sources
        if sources is None:
            return
        try:
            asked = self._asked_now()
        except InputError as error:
            self._model.say("error", str(error))
            return
        targets, fixed, robust, inside_only, scatter, _variable = asked
        self._model.start_job(
            "Weighing settings",
            lambda job: decide(job, sources, targets, robust, scatter, fixed, inside_only),
            stage=_STAGE,
            finished=lambda decision: self._on_decided(decision, asked, sources),
        )

    def _asked_now(self) -> tuple[Any, ...]:
        """What the form asks of a recommendation: targets, what is held, and how to choose."""
        form, sources = self._form, self._sources
        variable = "" if sources is None else sources.responses.lab_variable
        return (
            form.goals.targets(),
            form.fixed(),
            form.robust_box.isChecked(),
            form.inside_box.isChecked(),
            Scatter(**form.scatter()),
            variable,
        )

    def mark_earlier(self) -> None:
        """Say so where the recommendation that is shown does not answer what the form asks."""
        earlier = False
        if self._view.decision is not None:
            try:
                earlier = self._asked_now() != self._asked
            except InputError:
                earlier = True
        self._view.mark_earlier(earlier, self._outdated, self._model.law_changed)

    def _on_decided(self, decision: Decision, asked: tuple[Any, ...], sources: Sources) -> None:
        if self._sources is not sources:
            self._model.say("warning", _OVERTAKEN)
            return
        if not self._model.read_only:
            study = self._model.study
            study.set_setting(RECOMMENDATION_SETTING, decision.recommendation.to_dict())
            study.set_setting(VERIFICATION_SETTING, None)
        self._model.note_maps_used()
        self._model.problemsSolved.emit()
        self._show(decision, asked)

    def verify(self) -> None:
        """Generate fresh structures at the recommended setting."""
        decision, sources = self._view.decision, self._sources
        if decision is None or self._outdated:
            return
        setting = decision.recommendation.setting

        def show(found: Any) -> None:
            self._verification = found
            self._view.show_verification(found, arrived=True)
            if not self._model.read_only:
                self._model.study.set_setting(VERIFICATION_SETTING, found.to_dict())

        self._model.start_job(
            "Generating fresh structures",
            lambda job: check(job, sources, setting, _FRESH),
            stage=_STAGE,
            wanted=lambda: self._view.decision is decision,
            finished=show,
        )

    def plan_experiments(self) -> None:
        """Show the conditions worth measuring next, and write them where asked."""
        decision, sources = self._view.decision, self._sources
        if decision is not None and sources is not None and not self._outdated:
            self._exports.next_experiments(sources, decision)

    def export_bpx(self) -> None:
        """Ask for a BPX file, and write it anew with the recommended electrode."""
        decision, sources = self._view.decision, self._sources
        if decision is not None and sources is not None and not self._outdated:
            self._exports.cell_model(sources, decision, self._verification)

    def refresh_buttons(self, reason: str) -> str:
        """Allow what can be done with the recommendation.

        Parameters
        ----------
        reason : str
            Why nothing can be done at all; empty allows.

        Returns
        -------
        str
            Why no electrode of any setting can be generated; empty allows.
        """
        sources = self._sources
        template = sources.template if sources is not None else None
        has_law = sources is not None and sources.responses.law is not None
        no_law = reason or ("" if has_law else "Fit a law first.")
        no_template = no_law or ("" if template is not None else "Run a campaign first.")
        has_tau = sources is not None and sources.responses.gives(_TAU_FACTOR)
        no_tau = no_law or ("" if has_tau else "Train a model of the electrolyte's tortuosity.")
        self._view.set_obstacles(
            *(
                one or (_OUTDATED if self._outdated else "")
                for one in (no_template, no_law, no_tau)
            ),
            no_template,
        )
        return no_template
