"""Draw every page of the window, in light and dark, into a folder.

    python scripts/screenshots.py FOLDER [--study FILE.study] [--size 1280x800] [--font 100]

Without a study it goes the whole way first: sample sheet, law, one electrode, a small
campaign, models. Works without a screen.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


class Tour:
    """Drives one window and takes its pictures."""

    def __init__(self, folder: Path, size: tuple[int, int], font: int):
        from PySide6.QtWidgets import QApplication

        from hybridgui.settings import Settings
        from hybridgui.theme import theme
        from hybridgui.window import MainWindow

        self.application = QApplication([])
        self.settings = Settings()
        self.settings.theme = "light"
        self.settings.font_percent = font
        theme().attach(self.settings)
        self.folder = folder
        self.window = MainWindow(self.settings)
        self.window.resize(*size)
        self.window.show()
        self.model = self.window.model

    def spin(self, seconds: float = 0.3) -> None:
        """Let the window live for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.application.processEvents()
            time.sleep(0.005)

    def until(self, condition, seconds: float = 300.0, what: str = "") -> None:
        """Wait for something."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise SystemExit(f"gave up waiting for {what}")
            self.application.processEvents()
            time.sleep(0.005)

    def idle(self, seconds: float = 300.0) -> None:
        """Wait until nothing runs."""
        self.spin(0.4)
        self.until(lambda: not self.model.jobs.running, seconds, "running work")
        self.spin(0.8)

    def shoot(self, name: str, widget=None, toasts: bool = False) -> None:
        """Take a picture in both themes."""
        if not toasts:
            for toast in self.window.toasts.toasts:
                toast.close_toast()
        for theme_name in ("light", "dark"):
            self.settings.theme = theme_name
            self.spin(0.5)
            path = self.folder / f"{name}_{theme_name}.png"
            (widget or self.window).grab().save(str(path))
        self.settings.theme = "light"
        print(name, flush=True)

    # -- the pages ------------------------------------------------------------------------------
    def experiment(self) -> None:
        """Empty state, sheet, law."""
        window, page = self.window, self.window.pages["experiment"]
        if self.model.table is None:
            self.shoot("1_experiment_empty")
            for key in ("structure", "campaign", "models", "maps"):
                window.show_stage(key)
                self.shoot(f"0_{key}_empty")
            window.show_stage("experiment")
            window.open_sample()
            self.idle()
        page.tabs.setCurrentIndex(0)
        self.shoot("1_experiment_sheet")
        if self.model.law is None:
            page.fit_law()
            self.idle()
        page.tabs.setCurrentIndex(1)
        self.shoot("1_experiment_quality")
        page.tabs.setCurrentIndex(2)
        self.shoot("1_experiment_curves")
        page._on_columns()
        self.idle()
        if page.dialog is not None:
            self.shoot("1_experiment_import", page.dialog)
            page.dialog.reject()

    def structure(self) -> None:
        """One electrode."""
        self.window.show_stage("structure")
        page = self.window.pages["structure"]
        self.spin(0.5)
        if not self.model.last_structure:
            self.model.set_parameter("structure/voxel_size_um", 0.5)
            page.generate()
        self.idle()
        self.spin(2.0)
        self.shoot("2_structure")
        page.tabs.setCurrentIndex(1)
        self.shoot("2_structure_profile")

    def campaign(self) -> None:
        """Design, run, dataset."""
        self.window.show_stage("campaign")
        page = self.window.pages["campaign"]
        self.spin(1.0)
        if not self.model.study.campaigns():
            self.model.set_parameter("campaign/protocol", "published")
            self.spin(1.0)
            self.shoot("3_campaign_design")
            page.start()
            self.until(lambda: sum(c.done for c in page.grid.cells) >= 12, what="structures")
            self.shoot("3_campaign_running")
            self.idle(900)
        page.tabs.setCurrentIndex(0)
        page.conditions_tab.colour_choice.show_value("tortuosity_electrolyte")
        page.conditions_tab.colour()
        self.shoot("3_campaign_grid")
        page.tabs.setCurrentIndex(1)
        self.shoot("3_campaign_dataset")

    def models(self) -> None:
        """Training and inspector."""
        self.window.show_stage("models")
        page = self.window.pages["models"]
        self.spin(1.5)
        if not self.model.study.models():
            self.shoot("4_models_ready")
            page.train()
            self.idle(600)
        for index, name in enumerate(("equation", "accuracy", "response", "front")):
            page.inspector.setCurrentIndex(index)
            self.spin(0.8)
            self.shoot(f"4_models_{name}")

    def maps(self) -> None:
        """Curves, matrix, profiler."""
        self.window.show_stage("maps")
        page = self.window.pages["maps"]
        self.spin(2.0)
        for index in range(page.tabs.count()):
            page.tabs.setCurrentIndex(index)
            if index == 3:
                self.shoot("5_maps_goals")
                page.recommend()
                self.idle()
            self.spin(1.5)
            title = page.tabs.tabText(index).lower().replace(" ", "_")
            self.shoot(f"5_maps_{title}")


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--study", type=Path, help="show this study; it is copied first")
    parser.add_argument("--size", default="1280x800")
    parser.add_argument("--font", type=int, default=100)
    parser.add_argument("--only", help="stages, comma-separated")
    parser.add_argument("--keep", type=Path, help="keep the study of the tour here")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    home = tempfile.TemporaryDirectory(prefix="hybridgui-tour-")
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        os.environ[name] = home.name
    width, height = (int(v) for v in args.size.split("x"))
    tour = Tour(args.folder, (width, height), args.font)
    if args.study is not None:
        copy = Path(home.name) / args.study.name
        copy.write_bytes(args.study.read_bytes())
        tour.model.open(copy)
    else:
        tour.model.new()
    tour.spin(0.5)
    stages = args.only.split(",") if args.only else list(tour.window.pages)
    for stage in stages:
        tour.window.show_stage(stage)
        getattr(tour, stage)()
    if args.keep is not None:
        tour.model.flush()
        tour.model.study.save_copy(args.keep, overwrite=True)
    tour.model.jobs.cancel_all()
    tour.model.close(discard_untitled=True)
    tour.window.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
