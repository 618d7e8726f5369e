"""What the maps page writes to files: asks for a name, and starts the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.errors import InputError
from engine.maps.lab_record import LabRecord
from engine.maps.next_experiments import NextExperiments
from engine.maps.sources import Sources
from engine.maps.verify import Verification
from hybridgui import dialogs
from hybridgui.maps.plan_dialog import PlanDialog
from hybridgui.maps.report_dialog import ReportDialog
from hybridgui.maps.work import Decision, bpx, export_all, export_figure, plan, report
from hybridgui.study_model import StudyModel

_FIGURES = "PNG picture (*.png);;SVG drawing (*.svg);;PDF (*.pdf);;Numbers behind it (*.csv)"
_STAGE = "maps"


class Exports:
    """Figures, report, next experiments and cell models of one study.

    Parameters
    ----------
    page : QWidget
        Dialogs stand over its window.
    model : StudyModel
    """

    def __init__(self, page: QWidget, model: StudyModel):
        self._page = page
        self._model = model

    def _ask_save(self, title: str, kinds: str, name: str) -> Path | None:
        found = dialogs.ask_save(
            self._page.window(), self._model.settings, "export", title, kinds, name
        )
        return Path(found) if found else None

    def figure(self, data: Any, name: str, sources: Sources | None = None) -> None:
        """Ask for a file and write one figure, or the numbers behind it."""
        if data is None:
            self._model.say("info", "This tab has no figure to export: open Curves.")
            return
        path = self._ask_save("Export figure", _FIGURES, f"{name}.png")
        if path is None:
            return
        colours = "paper" if self._model.settings.palette == "as in the paper" else "safe"
        self._model.start_job(
            "Exporting the figure",
            lambda job: export_figure(job, data, path, colours, sources),
            stage=_STAGE,
            finished=lambda _: self._model.say("success", f"Wrote {path.name}."),
        )

    def all_figures(self, campaign: int | None) -> None:
        """Ask for a folder and write every figure with its numbers."""
        chosen = QFileDialog.getExistingDirectory(
            self._page.window(),
            "Folder for the figures",
            self._model.settings.last_folder("export"),
        )
        if not chosen:
            return
        self._model.settings.set_last_folder("export", chosen)
        study, folder = self._model.study, Path(chosen)
        self._model.start_job(
            "Exporting the figures",
            lambda job: export_all(job, study, folder, campaign),
            stage=_STAGE,
            finished=lambda files: self._model.say(
                "success", f"{len(files)} files were written to {folder.name}."
            ),
        )

    def report(self, campaign: int | None) -> None:
        """Ask for what the lab record needs and for a file, and write the report."""
        study = self._model.study
        kept = LabRecord.of(study)
        asked = ReportDialog(kept, self._page.window())
        if not dialogs.run(asked):
            return
        record = asked.record()
        if record != kept and not self._model.read_only:
            record.keep(study)
        kinds = "Web page (*.html);;PDF (*.pdf)"
        path = self._ask_save("Write report", kinds, "report.html")
        if path is None:
            return

        def written(file: Path) -> None:
            self._model.note_maps_used()
            self._model.say("success", f"Wrote {Path(file).name}.")

        self._model.start_job(
            "Writing the report",
            lambda job: report(job, study, path, campaign, record),
            stage=_STAGE,
            finished=written,
        )

    def next_experiments(self, sources: Sources, decision: Decision) -> None:
        """Show the conditions worth measuring next, and write them where asked."""
        found = decision.found
        if found is None:
            return
        self._model.start_job(
            "Planning experiments",
            lambda job: plan(job, sources, found),
            stage=_STAGE,
            finished=self._on_planned,
        )

    def _on_planned(self, found: NextExperiments) -> None:
        # The job ends before the question is put, else it would be shown as running meanwhile.
        QTimer.singleShot(0, self._page, lambda: self._show_plan(found))

    def _show_plan(self, found: NextExperiments) -> None:
        if not dialogs.run(PlanDialog(found, self._page.window())):
            return
        path = self._ask_save(
            "Next experiments", "Excel workbook (*.xlsx)", "next_experiments.xlsx"
        )
        if path is None:
            return
        try:
            written = found.write(path)
        except InputError as error:
            self._model.say("error", str(error))
        else:
            self._model.say("success", f"Wrote {written.name}. {found.sentence}")

    def cell_model(
        self, sources: Sources, decision: Decision, verification: Verification | None = None
    ) -> None:
        """Write the recommended electrode into a copy of a BPX file, or its block alone."""
        kinds = "BPX file (*.json)"
        answer = dialogs.ask(
            self._page.window(),
            "Write the electrode into the BPX file of a whole cell?",
            "A study knows the structure of one electrode only. Chemistry, kinetics and the other "
            "electrode come from a BPX file of yours: a copy of it is written, with this "
            "structure in its positive electrode. The block of the electrode alone can be merged "
            "by hand.",
            [("choose", "Choose cell file"), ("alone", "Block alone"), ("stay", "Cancel")],
            default="choose",
            escape="stay",
        )
        template = answer == "choose" and dialogs.ask_open(
            self._page.window(),
            self._model.settings,
            "export",
            "BPX file of the rest of the cell",
            kinds,
        )
        wanted = template or answer == "alone"
        name = "cell.bpx.json" if template else "positive_electrode.json"
        path = self._ask_save("Write BPX file", kinds, name) if wanted else None
        if path is None:
            self._model.say("info", "No BPX file was written.")
        else:
            setting = decision.recommendation.setting
            cell = Path(template) if template else None
            self._model.start_job(
                "Writing the BPX file",
                lambda job: bpx(job, sources, setting, cell, path, verification),
                stage=_STAGE,
                finished=lambda sentence: self._model.say("success", sentence),
            )
