"""The Export button: every file that the structure page can write."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from hybridgui import dialogs
from hybridgui.bridge import Job
from hybridgui.structure import export
from hybridgui.structure.work import Electrode
from hybridgui.study_model import StudyModel
from hybridgui.widgets.basics import enable


class ExportButton(QToolButton):
    """Writes voxels, slices, surfaces, particles, pictures and animations.

    Parameters
    ----------
    picture, animation : callable
        Ask for a picture or an animation of the view.
    """

    def __init__(
        self,
        model: StudyModel,
        picture: Callable[[], None],
        animation: Callable[[], None],
        parent: QWidget | None = None,
    ):
        super().__init__(parent)
        self._model = model
        self._electrode: Electrode | None = None
        self.setText("Export")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.addAction("Voxels (TIFF, .npy, .vti, raw)…", self.ask_stack)
        menu.addAction("Voxels, compressed TIFF…", lambda: self.ask_stack(compressed=True))
        menu.addAction("Folder of slices…", self.ask_slices)
        menu.addAction("Surfaces (.stl, .ply)…", self.ask_surfaces)
        self._particles = menu.addAction("Particle list (.csv)…", self.ask_particles)
        menu.addSeparator()
        menu.addAction("Picture of the view…", picture)
        menu.addAction("Animation…", animation)
        self.setMenu(menu)
        self.show_electrode(None)

    def show_electrode(self, electrode: Electrode | None) -> None:
        """Export this electrode from now on."""
        self._electrode = electrode
        enable(self, "" if electrode is not None else "Generate or import an electrode first.")
        self._particles.setEnabled(electrode is not None and electrode.structure is not None)

    def ask_path(self, title: str, filters: str, suffix: str) -> Path | None:
        """Ask where to save a file of this electrode."""
        path = dialogs.ask_save(
            self.window(), self._model.settings, "export", title, filters, self._name() + suffix
        )
        return Path(path) if path else None

    def _name(self) -> str:
        if self._electrode is None or self._electrode.structure is None:
            return "electrode"
        structure = self._electrode.structure
        condition = structure.condition
        am = f"AM{100 * condition.recipe.am_fraction:g}"
        return f"{am}_porosity{100 * condition.porosity:.1f}_seed{structure.seed}"

    def ask_stack(self, compressed: bool = False) -> None:
        """Ask where to write the voxels."""
        filters = "TIFF stack (*.tif)" if compressed else export.STACK_FILTERS
        path = self.ask_path("Export voxels", filters, ".tif")
        if path is not None:
            self.write_stack(path, compressed)

    def ask_slices(self) -> None:
        """Ask for a folder, and write one TIFF a slice into a new one inside it."""
        start = self._model.settings.last_folder("export")
        folder = QFileDialog.getExistingDirectory(
            self.window(), "Export slices into a new folder in", start
        )
        if folder:
            self._model.settings.set_last_folder("export", folder)
            self.write_stack(Path(folder) / self._name().replace(".", "-"))

    def write_stack(self, path: Path, compressed: bool = False) -> None:
        """Write the voxels; the suffix chooses the format, none a folder of slices."""
        electrode = self._electrode
        if electrode is not None:
            self._write(path, lambda: export.write_electrode(path, electrode, compressed))

    def ask_surfaces(self) -> None:
        """Ask where to write the surfaces."""
        path = self.ask_path("Export surfaces", export.SURFACE_FILTERS, ".stl")
        if path is None or self._electrode is None:
            return
        stack = self._electrode.stack
        self._model.start_job(
            "Writing the surfaces",
            lambda job: export.write_surfaces(path, stack, progress=job.engine_progress),
            stage="structure",
            finished=lambda files: self._model.say(
                "success", f"Wrote {', '.join(f.name for f in files)}."
            ),
        )

    def ask_particles(self) -> None:
        """Ask where to write the particle list."""
        path = self.ask_path("Export particles", "Comma-separated values (*.csv)", ".csv")
        if path is not None and self._electrode is not None and self._electrode.structure:
            from engine.structure.particles import write_particles

            particles = self._electrode.structure.particles
            self._write(path, lambda: write_particles(path, particles))

    def _write(self, path: Path, write: Callable[[], None]) -> None:
        """Write a file off the GUI thread, and say so."""

        def work(job: Job) -> None:
            job.engine_progress.report(0.1, f"Writing {path.name}")
            write()

        self._model.start_job(
            f"Writing {path.name}",
            work,
            stage="structure",
            finished=lambda _: self._model.say("success", f"Wrote {path.name}."),
        )
