"""Import of a stack, from the file to the study: the questions on the way and the work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog, QWidget

from engine.structure.particle_table import ParticleTable, read_table
from engine.structure.stack import VoxelStack
from engine.structure.stages import Stage
from hybridgui import dialogs
from hybridgui.bridge import Job
from hybridgui.structure.import_dialog import ImportDialog, RawVolume, read_volume
from hybridgui.structure.raw_dialog import RawDialog
from hybridgui.structure.work import IMPORTED, Electrode
from hybridgui.study_model import StudyModel

if TYPE_CHECKING:
    from hybridgui.structure.particle_dialog import ParticleDialog

Begin = Callable[[str, Callable[[Job], Any], Callable[[Any], None]], None]


class StackImport(QObject):
    """Reads a file or folder, asks what its values mean, and keeps the stack in the study.

    Parameters
    ----------
    page : QWidget
        Parent of the dialogs.
    begin : callable
        (title, work, finished) starts work off the GUI thread.

    Signals
    -------
    imported : Electrode
    """

    imported = Signal(object)

    def __init__(self, page: QWidget, model: StudyModel, begin: Begin):
        super().__init__(page)
        self._page, self._model, self._begin = page, model, begin
        self.dialog: ImportDialog | None = None
        self.particles: ParticleDialog | None = None

    def ask_file(self) -> None:
        """Ask for a file."""
        path = dialogs.ask_open(
            self._page, self._model.settings, "stack", "Import voxel stack", dialogs.STACK_FILTER
        )
        if path:
            self.read(Path(path))

    def ask_particles(self) -> None:
        """Ask for a list of particles."""
        path = dialogs.ask_open(
            self._page, self._model.settings, "stack", "Import particles", dialogs.PARTICLE_FILTER
        )
        if path:
            self.read_particles(Path(path))

    def read_particles(self, path: Path) -> None:
        """Read a list of particles or a LAMMPS dump, and ask what its columns mean."""

        def work(job: Job) -> ParticleTable:
            job.engine_progress.report(0.1, f"Reading {path.name}")
            return read_table(path)

        self._begin(f"Reading {path.name}", work, lambda table: self._on_table(table, path))

    def _on_table(self, table: ParticleTable, path: Path) -> None:
        from hybridgui.structure.particle_dialog import ParticleDialog  # compiles kernels

        self.particles = ParticleDialog(table, self._model, self._page)
        self.particles.accepted.connect(lambda: self._on_particles(path))
        self.particles.finished.connect(self.particles.deleteLater)
        self.particles.open()

    def _on_particles(self, path: Path) -> None:
        dialog, self.particles = self.particles, None
        assert dialog is not None and dialog.imported is not None
        imported, size, turned = dialog.imported, dialog.voxel_size, dialog.collector_on_top

        def cut(job: Job) -> VoxelStack:
            from engine.structure.particle_import import voxelise_particles
            from engine.structure.stack_edit import turn

            stack = voxelise_particles(imported, size, Stage(job.engine_progress, 0.0, 0.8))
            return turn(stack, collector_last=True) if turned else stack

        self._keep(cut, path.name, str(path))

    def ask_folder(self) -> None:
        """Ask for a folder of slices."""
        start = self._model.settings.last_folder("stack")
        path = QFileDialog.getExistingDirectory(self._page, "Import a folder of slices", start)
        if path:
            self._model.settings.set_last_folder("stack", path)
            self.read(Path(path))

    def read(self, path: Path) -> None:
        """Read a file or a folder of slices; bare voxels are asked about first."""
        bare = path.suffix.lower() == ".raw" and not path.with_name(path.name + ".json").exists()
        if bare and path.is_file():
            dialog = RawDialog(path, self._page)
            dialog.accepted.connect(
                lambda: self._start(path, shape=dialog.shape, dtype=dialog.dtype)
            )
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
        else:
            self._start(path)

    def _start(self, path: Path, **options: Any) -> None:
        self._begin(
            f"Reading {path.name}",
            lambda job: read_volume(path, job.engine_progress, **options),
            self._on_volume,
        )

    def _on_volume(self, volume: RawVolume) -> None:
        self.dialog = ImportDialog(volume, self._page)
        self.dialog.accepted.connect(self._on_accepted)
        self.dialog.finished.connect(self.dialog.deleteLater)
        self.dialog.open()

    def _on_accepted(self) -> None:
        dialog, self.dialog = self.dialog, None
        assert dialog is not None and dialog.stack is not None
        stack = dialog.stack
        self._keep(lambda job: stack, dialog.file_name, dialog.source)

    def _keep(self, make: Callable[[Job], VoxelStack], name: str, source: str) -> None:
        """Make the stack and put it into the study."""
        study, read_only = self._model.study, self._model.read_only

        def work(job: Job) -> Electrode:
            stack, number = make(job), -1
            if not read_only:
                job.engine_progress.report(0.8, "Keeping the stack in the study")
                number = study.add_stack(stack, name, source)
            record = {"source": IMPORTED, "stack": number, "title": name, "file": source}
            return Electrode(stack, IMPORTED, name, record=record)

        # The dialog is still closing: begin on the next turn.
        QTimer.singleShot(0, lambda: self._begin(f"Importing {name}", work, self.imported.emit))


def dropped_folder(event: QDropEvent) -> Path | None:
    """The one folder that is being dropped, or None."""
    places = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
    return places[0] if len(places) == 1 and places[0].is_dir() else None
