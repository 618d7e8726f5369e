"""Settings: typed, forgiving, remembered."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSettings

from hybridgui.settings import APPLICATION, MAX_RECENT, ORGANISATION, Settings


def raw() -> QSettings:
    return QSettings(
        QSettings.Format.IniFormat, QSettings.Scope.UserScope, ORGANISATION, APPLICATION
    )


def test_that_values_that_cannot_be_read_become_defaults(qapp):
    store = raw()
    store.setValue("view/theme", "pink")
    store.setValue("view/font_percent", "huge")
    store.setValue("view/palette", 7)
    store.setValue("files/recent", 5)
    store.sync()
    settings = Settings()
    assert (settings.theme, settings.font_percent) == ("system", 100)
    assert settings.palette == "colour-blind safe" and settings.recent_files == []


def test_that_settings_last_to_the_next_session(qapp):
    Settings().theme = "dark"
    again = Settings()
    again.font_percent = 150
    assert Settings().theme == "dark" and Settings().font_percent == 150


def test_that_a_value_that_does_not_exist_is_refused(qapp):
    with pytest.raises(ValueError, match="theme"):
        Settings().theme = "pink"


def test_that_recent_files_are_newest_first_without_doubles_or_ghosts(qapp, tmp_path):
    settings = Settings()
    paths = [tmp_path / f"{n}.study" for n in range(MAX_RECENT + 2)]
    for path in paths:
        path.touch()
        settings.add_recent_file(path)
    settings.add_recent_file(paths[5])
    assert settings.recent_files[0] == paths[5]
    assert len(settings.recent_files) == MAX_RECENT == len(set(settings.recent_files))
    paths[5].unlink()
    assert paths[5] not in settings.recent_files


def test_that_a_folder_that_is_gone_is_not_offered(qapp, tmp_path):
    settings = Settings()
    folder = tmp_path / "gone"
    folder.mkdir()
    settings.set_last_folder("export", folder / "a.csv")
    assert settings.last_folder("export") == str(folder)
    folder.rmdir()
    assert settings.last_folder("export") != str(folder)
