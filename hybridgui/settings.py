"""The one place for what the program remembers between sessions."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

ORGANISATION = APPLICATION = "HybridGUI"
THEMES = ("system", "light", "dark")
PALETTES = ("colour-blind safe", "as in the paper")
FONT_PERCENTS = (80, 90, 100, 110, 125, 150, 175, 200)
MAX_RECENT = 10
_VERSION = 1


def data_folder() -> Path:
    """Folder for untitled studies and the log, created on first use."""
    folder = Path(platformdirs.user_data_dir(APPLICATION, appauthor=False))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def templates_file() -> Path:
    """File in which the mappings of sheets are remembered."""
    return data_folder() / "sheet_templates.json"


def materials_file() -> Path:
    """File in which the user's own materials are kept."""
    return data_folder() / "materials.json"


class Settings(QObject):
    """Typed access to the settings; a value that cannot be read becomes its default.

    Signals
    -------
    recentFilesChanged : the list of recent studies is another one
    appearanceChanged : theme, font size or palette was changed
    """

    recentFilesChanged = Signal()
    appearanceChanged = Signal()

    def __init__(self, parent: QObject | None = None):
        super().__init__(parent)
        self._store = QSettings(
            QSettings.Format.IniFormat, QSettings.Scope.UserScope, ORGANISATION, APPLICATION
        )
        if self._store.value("version") is None:
            self._store.setValue("version", _VERSION)

    # -- appearance ---------------------------------------------------------------------
    @property
    def theme(self) -> str:
        """One of `THEMES`."""
        return self._choice("view/theme", THEMES)

    @theme.setter
    def theme(self, name: str) -> None:
        self._set_appearance("view/theme", name, THEMES)

    @property
    def palette(self) -> str:
        """One of `PALETTES`: colours of phases and of direct or inverse relations."""
        return self._choice("view/palette", PALETTES)

    @palette.setter
    def palette(self, name: str) -> None:
        self._set_appearance("view/palette", name, PALETTES)

    @property
    def font_percent(self) -> int:
        """Font size relative to the system's, percent."""
        try:
            value = int(str(self._store.value("view/font_percent", 100)))
        except ValueError:
            return 100
        return value if 80 <= value <= 200 else 100

    @font_percent.setter
    def font_percent(self, percent: int) -> None:
        self._set_appearance("view/font_percent", percent, FONT_PERCENTS)

    # -- files --------------------------------------------------------------------------
    @property
    def recent_files(self) -> list[Path]:
        """Studies opened lately, newest first; files that are gone are left out."""
        return [path for path in self.remembered_files if path.is_file()]

    @property
    def remembered_files(self) -> list[Path]:
        """Studies opened lately, newest first, those that are gone among them."""
        return self._names("files/recent")

    def add_recent_file(self, path: Path) -> None:
        """Put a study at the head of the recent files."""
        path = Path(path).resolve()
        others = [p for p in self.remembered_files if p != path]
        names = [str(p) for p in (path, *others)][:MAX_RECENT]
        self._store.setValue("files/recent", names)
        self.recentFilesChanged.emit()

    def clear_recent_files(self) -> None:
        """Forget the recent files."""
        self._store.setValue("files/recent", [])
        self.recentFilesChanged.emit()

    def last_folder(self, kind: str) -> str:
        """Folder last used for files of this kind ("study", "sheet", "export", "stack").

        For a kind that was never used, the one last used for any; then the home folder.
        """
        for name in (kind, "last"):
            folder = str(self._store.value(f"folders/{name}", ""))
            if folder and Path(folder).is_dir():
                return folder
        return str(Path.home())

    def set_last_folder(self, kind: str, path: str | Path) -> None:
        """Remember the folder of `path`."""
        path = Path(path)
        folder = str((path if path.is_dir() else path.parent).absolute())
        for name in (kind, "last"):
            self._store.setValue(f"folders/{name}", folder)

    # -- session ------------------------------------------------------------------------
    @property
    def unfinished_sessions(self) -> list[Path]:
        """Studies that were open when a program ended without closing them, or still are."""
        return self._paths("session/open_studies")

    def begin_session(self, path: Path) -> None:
        """Note that a study is open, at once on disk, so that a crash can be told."""
        others = [p for p in self.unfinished_sessions if p != path]
        self._keep_sessions([*others, path])

    def end_session(self, path: Path) -> None:
        """Note that a study was closed."""
        self._keep_sessions([p for p in self.unfinished_sessions if p != path])

    def _keep_sessions(self, paths: list[Path]) -> None:
        self._store.setValue("session/open_studies", [str(p) for p in paths])
        self._store.sync()

    def layout(self, name: str) -> QByteArray:
        """Saved geometry or splitter state."""
        value = self._store.value(f"layout/{name}")
        return value if isinstance(value, QByteArray) else QByteArray()

    def set_layout(self, name: str, state: QByteArray) -> None:
        """Save geometry or splitter state."""
        self._store.setValue(f"layout/{name}", state)

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()

    # -- helpers ------------------------------------------------------------------------
    def _paths(self, key: str) -> list[Path]:
        """Files of a list that still exist."""
        return [path for path in self._names(key) if path.is_file()]

    def _names(self, key: str) -> list[Path]:
        """Files of a list; a list of one comes back from the store as text."""
        stored = self._store.value(key)
        names = [stored] if isinstance(stored, str) else stored
        if not isinstance(names, list | tuple):
            return []
        return [Path(str(name)) for name in names if name]

    def _choice(self, key: str, choices: tuple[str, ...]) -> str:
        value = str(self._store.value(key, choices[0]))
        return value if value in choices else choices[0]

    def _set_appearance(self, key: str, value: object, choices: tuple) -> None:
        if value not in choices:
            raise ValueError(f"{key} must be one of {choices}, not {value!r}")
        if str(self._store.value(key)) != str(value):
            self._store.setValue(key, value)
            self.appearanceChanged.emit()
