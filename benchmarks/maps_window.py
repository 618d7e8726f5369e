# ruff: noqa: E402
"""How long the window takes to follow a moved input: from the change to the painted plots.

    python benchmarks/maps_window.py [baseline sisso gp dnn]

Works without a screen. Median and 95 % quantile of wall and CPU time, ms.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
home = tempfile.TemporaryDirectory(prefix="hybridgui-benchmark-")
for variable in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
    os.environ[variable] = home.name
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from PySide6.QtCore import QEvent, QEventLoop, QObject
from PySide6.QtWidgets import QApplication

from benchmarks.maps import METHODS, SISSO, campaign_table
from engine.experiment.laws import published_law
from engine.learning.training import train
from engine.maps.quantities import PAPER_INPUTS, PAPER_TARGETS, SIGMA_EFF
from engine.study import Study
from hybridgui.settings import Settings
from hybridgui.theme import theme
from hybridgui.window import MainWindow

THICKNESS = "initial_thickness_um"


class Painted(QObject):
    """Counts how often a plot was painted."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Count, and let the event pass."""
        self.count += event.type() == QEvent.Type.Paint
        return False


def measure(
    name: str, plots: Sequence, change: Callable[[int], Callable[[list[Painted]], bool]]
) -> None:
    """Print how long it takes until what `change` gives back says that all is painted."""
    marks = [Painted() for _ in plots]
    for mark, plot in zip(marks, plots, strict=True):
        plot.viewport().installEventFilter(mark)
    times = []
    for step in range(43):
        rest(0.05)
        for mark in marks:
            mark.count = 0
        began, own = time.perf_counter(), time.process_time()
        done = change(step)
        while not done(marks):
            # As the program itself does: a loop that spins would hold what the work waits for.
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        times.append((time.perf_counter() - began, time.process_time() - own))
    wall, cpu = 1e3 * np.array(times[3:]).T
    quantiles = [np.quantile(one, q) for one in (wall, cpu) for q in (0.5, 0.95)]
    print(f"  {name:26s}" + " ".join(f"{value:7.1f}" for value in quantiles), flush=True)


def rest(seconds: float, busy: Callable[[], bool] = lambda: False) -> None:
    """Let the window live for a while, and until it is not busy."""
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or busy():
        QApplication.processEvents()
        time.sleep(0.002)


def main() -> None:
    """Measure curves, profiler and trade-off for each method."""
    app = QApplication([])
    settings = Settings()
    theme().attach(settings)
    law = published_law()
    table = campaign_table(law)
    table[THICKNESS] = np.random.default_rng(3).uniform(80, 140, len(table))
    for target in PAPER_TARGETS:
        table[target] *= 1 + 0.001 * (table[THICKNESS] - 100)
    for method in sys.argv[1:] or METHODS:
        path = Path(home.name) / f"{method}.study"
        with Study.create(path) as study:
            options = SISSO if method == "sisso" else {}
            inputs = [*PAPER_INPUTS, THICKNESS]
            models = train(table, inputs, list(PAPER_TARGETS), method=method, **options).models
            study.add_models({name: model.to_dict() for name, model in models.items()})
            study.set_law(law.to_dict(), None)
        window = MainWindow(settings)
        window.resize(1280, 800)
        window.show()
        window.model.open(path)
        window.show_stage("maps")
        page = window.pages["maps"]

        def idle(window: MainWindow = window) -> None:
            rest(0.5, lambda: bool(window.model.jobs.running or window.model.jobs.quiet))

        rest(0.1, lambda page=page: page.curve_grid.data is None)
        idle()
        print(f"{method}: wall median, p95, CPU median, p95 (ms)")
        shown: list[object] = []
        plain = page.curve_grid.show_curves

        def show(data: object, plain: Callable = plain, shown: list = shown, **how: bool) -> None:
            plain(data, **how)
            shown.append(data)

        page.curve_grid.show_curves = show

        def slide(step: int, page: object = page, shown: list = shown) -> Callable:
            shown.clear()
            page._on_setting_changed(THICKNESS, 85 + 1.2 * step)  # type: ignore[attr-defined]
            return lambda marks: bool(shown) and all(mark.count for mark in marks)

        measure("curves, a held input", page.curve_grid.plots, slide)
        page.tabs.setCurrentIndex(2)
        idle()
        ranges = page._sources.responses.ranges
        names = page._sources.responses.settings

        def drag(step: int, page: object = page, names: list = names, ranges: dict = ranges):  # type: ignore[no-untyped-def]
            name = names[step % len(names)]
            low, high = ranges[name]
            page.profiler_view._on_dragged(name, low + (high - low) * (0.37 * step % 1))  # type: ignore[attr-defined]
            # Along the dragged input only the mark moves; every other trace is another.
            return lambda marks: sum(m.count > 0 for m in marks) >= 0.75 * len(marks)

        measure("profiler, four responses", list(page.profiler_view._cells.values()), drag)
        page.tabs.setCurrentIndex(3)
        idle()
        row, view = page.goals.row(SIGMA_EFF), page.decide_view.trade_off
        span = np.quantile(view.found.values[SIGMA_EFF], [0.1, 0.9])
        judged = view.found

        def limit(step: int, row: object = row, view: object = view, span: np.ndarray = span):  # type: ignore[no-untyped-def]
            nonlocal judged
            judged = view.found  # type: ignore[attr-defined]
            row.least.setText(f"{span[0] + (0.37 * step % 1) * (span[1] - span[0]):.5f}")  # type: ignore[attr-defined]
            row.least.edited.emit()  # type: ignore[attr-defined]
            return lambda marks: view.found is not judged and all(m.count for m in marks)  # type: ignore[attr-defined]

        measure(f"trade-off, {len(judged.values):,} settings", [view.plot], limit)
        window.model.close(discard_untitled=True)
        window.close()
    app.quit()


if __name__ == "__main__":
    main()
