"""Opens, uses and closes the whole window again and again; run with the number of rounds.

Prints one line a round: resident memory in MB, and views that were left behind.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil


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
    from hybridgui.settings import Settings
    from hybridgui.structure.work import Electrode
    from hybridgui.theme import theme
    from hybridgui.window import MainWindow

    labels = np.random.default_rng(0).integers(0, 3, (30, 24, 24)).astype(np.uint8)
    process = psutil.Process()
    for number in range(rounds):
        settings = Settings()
        theme().attach(settings)
        window = MainWindow(settings)
        window.begin(None)
        window.show()
        window.show_stage("structure")
        page = window.pages["structure"]
        stack = VoxelStack(np.roll(labels, number, axis=0))
        page.show_electrode(Electrode(stack, "imported", "noise"))
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
        page.slices.set_position((3, 4, 5))
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
        views = sum(type(w).__name__ == "SceneView" for w in QApplication.allWidgets())
        print(
            f"{number + 1}: {process.memory_info().rss / 2**20:.0f} MB, {views} views", flush=True
        )
        if views:
            return 1
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    raise SystemExit(main(int(sys.argv[1])))
