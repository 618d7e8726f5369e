"""Opens, uses and closes the whole window again and again; run with the number of rounds.

Each round loads a file, rotates, clips, slices, switches modes, compares, exports and closes.
Prints one line a round: resident memory in MB, and widgets that were left behind. Meant for a
screen, real or not: ``xvfb-run -s "-screen 0 1280x800x24" python tests/structure_view/endurance.py 50``
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import sys
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
import psutil

SETTLED = 10
"""Rounds after which caches are filled."""
MB_A_ROUND = 1.5
"""Growth of the resident memory that is taken for none."""


def main(rounds: int) -> int:
    """Run the rounds; the exit status is not 0 where something was left behind."""
    folder = Path(tempfile.mkdtemp())
    os.environ["XDG_CONFIG_HOME"] = os.environ["XDG_DATA_HOME"] = str(folder)
    from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    global application  # Qt must outlive everything else
    application = QApplication([])
    from engine.structure.stack import VoxelStack
    from engine.structure.stack_io import write_stack
    from hybridgui import dialogs
    from hybridgui.settings import Settings
    from hybridgui.structure.work import Electrode
    from hybridgui.theme import theme
    from hybridgui.window import MainWindow

    dialogs.ask = lambda *args, **kwargs: "discard"  # closing asks where the study is to be kept
    labels = np.random.default_rng(0).choice(3, (30, 24, 24), p=(0.45, 0.35, 0.2)).astype(np.uint8)
    process = psutil.Process()
    resident: list[float] = []
    for number in range(rounds):
        settings = Settings()
        theme().attach(settings)
        window = MainWindow(settings)
        window.begin(None)
        window.show()
        window.show_stage("structure")
        page = window.pages["structure"]
        source = folder / "in.tif"
        write_stack(source, VoxelStack(np.roll(labels, number, axis=0), (0.5, 0.5, 0.5)))
        page.import_stack(source)
        while page.importing.dialog is None or page.panel.view is None:
            application.processEvents()
        page.importing.dialog.accept()
        while page.electrode is None or page.model.jobs.running:
            application.processEvents()
        assert page.electrode.stack.spacing == (0.5, 0.5, 0.5)
        view = page.panel.view
        for mode in ("smooth", "volume", "voxels"):
            page.panel.set_mode(mode)
            application.processEvents()
        middle = view.rect().center()
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=middle)
        for step in range(4):
            QTest.mouseMove(view, middle + QPoint(9 * step, 4 * step))
            application.processEvents()
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=middle)
        page.panel.phases.cut.setChecked(True)
        page.panel.cut.place.setValue(300)
        for kind in ("free", "box", "slices"):
            page.panel.cut.kind.segment(kind).click()
            application.processEvents()
        page.tabs.slices.set_position((3, 4, 5))
        page.tabs.slices.enlarge("y")
        page.colour_by("lines-electrolyte")
        while page.model.jobs.running:
            application.processEvents()
        page.panel.phases.compare.setChecked(True)
        page.show_electrode(Electrode(VoxelStack(labels), "imported", "other"))
        view.draw_now()
        target = folder / "out.tif"
        page.export_button.write_stack(target)
        while page.model.jobs.running or page.model.jobs.quiet:
            application.processEvents()
        assert target.stat().st_size > labels.size
        window.close()
        theme().detach(settings)
        window.deleteLater()
        del window, page, view, settings
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        application.processEvents()
        gc.collect()
        left = len(QApplication.allWidgets())
        _give_back()
        resident.append(process.memory_info().rss / 2**20)
        print(f"{number + 1}: {resident[-1]:.0f} MB, {left} widgets", flush=True)
        if left:
            return 1
    if rounds > 2 * SETTLED:
        early, late = resident[SETTLED : SETTLED + 5], resident[-5:]
        growth = (median(late) - median(early)) / (rounds - SETTLED - 5)
        print(f"{growth:.2f} MB a round once settled")
        return int(growth > MB_A_ROUND)
    return 0


def _give_back() -> None:
    """Let the allocator return what is free, so that growth can be told from reserve."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL("libc.so.6").malloc_trim(0)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    raise SystemExit(main(int(sys.argv[1])))
