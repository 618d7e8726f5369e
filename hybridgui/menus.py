"""The menus of the main window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QWidget

from hybridgui.about import show_about, show_shortcuts
from hybridgui.settings import FONT_PERCENTS, PALETTES
from hybridgui.stages import STAGES

if TYPE_CHECKING:
    from hybridgui.window import MainWindow


class Menus:
    """Fills the menu bar of a window.

    Attributes
    ----------
    name : QLabel
        Name of the study, at the right end of the bar.
    """

    def __init__(self, window: MainWindow):
        self._window, self._settings = window, window.settings
        self.name = QLabel()
        self.name.setProperty("role", "muted")
        self._corner = QWidget()  # the menu bar does not keep it alive by itself
        inside = QHBoxLayout(self._corner)
        inside.setContentsMargins(0, 4, 16, 4)
        inside.addWidget(self.name)
        window.menuBar().setCornerWidget(self._corner)
        for fill in (self._file, self._edit, self._view, self._study, self._help):
            fill()

    def _file(self) -> None:
        window = self._window
        file = window.menuBar().addMenu("&File")
        self._action(file, "New study", window.new_study, QKeySequence.StandardKey.New)
        self._action(file, "Open study…", window.ask_open_study, QKeySequence.StandardKey.Open)
        self._recent = file.addMenu("Open recent")
        self._recent.aboutToShow.connect(self._fill_recent)
        self._action(file, "Open sample", window.open_sample)
        file.addSeparator()
        self._action(file, "Save as…", window.ask_save_as, QKeySequence.StandardKey.SaveAs)
        self._action(file, "Save", window.save, QKeySequence.StandardKey.Save)
        file.addSeparator()
        self._action(file, "Import sheet…", window.ask_import_sheet, "Ctrl+I")
        self._action(file, "Import voxel stack…", window.ask_import_stack, "Ctrl+Shift+I")
        self._action(
            file, "Export measurements…", lambda: window.pages["experiment"].export_measurements()
        )
        blank = file.addMenu("Save blank sheet")
        for language, name in (("en", "English"), ("fr", "Français"), ("de", "Deutsch")):
            for driver, word in (("gap", "roll gap"), ("pressure", "pressure")):
                self._action(
                    blank,
                    f"{name}, {word}…",
                    lambda language=language, driver=driver: window.pages[
                        "experiment"
                    ].save_blank_sheet(language, driver),
                )
        self._action(file, "Export dataset…", window.export_dataset, "Ctrl+E")
        file.addSeparator()
        self._action(file, "Close window", window.close, QKeySequence.StandardKey.Quit)

    def _edit(self) -> None:
        window = self._window
        edit = window.menuBar().addMenu("&Edit")
        stack = window.model.undo_stack
        undo = stack.createUndoAction(window, "Undo")
        undo.setShortcuts(QKeySequence.StandardKey.Undo)
        redo = stack.createRedoAction(window, "Redo")
        redo.setShortcuts(QKeySequence.StandardKey.Redo)
        edit.addAction(undo)
        edit.addAction(redo)

    def _view(self) -> None:
        settings = self._settings
        view = self._window.menuBar().addMenu("&View")
        self._choices(
            view.addMenu("Theme"),
            [("system", "As the system"), ("light", "Light"), ("dark", "Dark")],
            lambda: settings.theme,
            lambda key: setattr(settings, "theme", key),
        )
        self._choices(
            view.addMenu("Font size"),
            [(p, f"{p} %") for p in FONT_PERCENTS],
            lambda: settings.font_percent,
            lambda key: setattr(settings, "font_percent", key),
        )
        self._action(view, "Larger font", lambda: self._step_font(1), "Ctrl++")
        self._action(view, "Smaller font", lambda: self._step_font(-1), "Ctrl+-")
        self._choices(
            view.addMenu("Colours"),
            [(p, p[0].upper() + p[1:]) for p in PALETTES],
            lambda: settings.palette,
            lambda key: setattr(settings, "palette", key),
        )
        view.addSeparator()
        full = self._action(view, "Full screen", self._toggle_full_screen, "F11")
        full.setCheckable(True)

    def _study(self) -> None:
        window = self._window
        study = window.menuBar().addMenu("&Study")
        for number, stage in enumerate(STAGES, start=1):
            self._action(
                study, stage.title, lambda key=stage.key: window.show_stage(key), f"Ctrl+{number}"
            )
        study.addSeparator()
        self._action(study, "Go to the next step", window.go_to_next_step, "Ctrl+Return")
        study.addSeparator()
        for page in window.pages.values():
            for action in page.menu_actions():
                study.addAction(action)

    def _help(self) -> None:
        window = self._window
        help_menu = window.menuBar().addMenu("&Help")
        self._action(help_menu, "Keyboard shortcuts", lambda: show_shortcuts(window), "F1")
        self._action(help_menu, "About HybridGUI", lambda: show_about(window))

    def _action(self, menu: QMenu, text: str, slot, shortcut=None) -> QAction:
        action = QAction(text, self._window)
        if shortcut is not None:
            if isinstance(shortcut, QKeySequence.StandardKey):
                action.setShortcuts(shortcut)
            else:
                action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(lambda *_: slot())
        menu.addAction(action)
        return action

    def _choices(self, menu: QMenu, choices: list, get, put) -> None:
        group = QActionGroup(self._window)
        actions = {}
        for key, text in choices:
            action = QAction(text, self._window, checkable=True)
            action.triggered.connect(lambda _=False, key=key: put(key))
            group.addAction(action)
            menu.addAction(action)
            actions[key] = action
        menu.aboutToShow.connect(lambda: actions[get()].setChecked(True))

    def _fill_recent(self) -> None:
        self._recent.clear()
        files = self._settings.recent_files
        for number, path in enumerate(files, start=1):
            action = self._recent.addAction(f"&{number} {path.name}")
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: self._window.open_study(path))
        if not files:
            self._recent.addAction("No recent studies").setEnabled(False)
        else:
            self._recent.addSeparator()
            self._recent.addAction("Clear this list", self._settings.clear_recent_files)

    def _step_font(self, step: int) -> None:
        index = FONT_PERCENTS.index(self._settings.font_percent) + step
        if 0 <= index < len(FONT_PERCENTS):
            self._settings.font_percent = FONT_PERCENTS[index]

    def _toggle_full_screen(self) -> None:
        self._window.setWindowState(self._window.windowState() ^ Qt.WindowState.WindowFullScreen)
