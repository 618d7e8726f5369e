"""A window without a screen, settings of its own, and guards against what a test leaves."""

from __future__ import annotations

import os
import threading
import time

os.environ["QT_QPA_PLATFORM"] = "offscreen"
os.environ.setdefault("PYTEST_QT_API", "pyside6")

import platformdirs
import pytest
import shiboken6
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication

from hybridgui import bridge, dialogs
from hybridgui.settings import Settings
from hybridgui.theme import theme


def flush_deletions() -> None:
    """Let Qt delete what waits for it."""
    for _ in range(3):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch, qapp):
    """Settings, untitled studies and the log live in the test's own folder."""
    folder = tmp_path / "home"
    monkeypatch.setattr(
        platformdirs, "user_data_dir", lambda *a, **k: str(folder / "data"), raising=True
    )
    for scope in (QSettings.Scope.UserScope, QSettings.Scope.SystemScope):
        QSettings.setPath(QSettings.Format.IniFormat, scope, str(folder / "settings"))
    return folder


@pytest.fixture(autouse=True)
def nothing_left(own_folders, monkeypatch):
    """Fail a test that leaves a running thread, or a widget, behind.

    Timers belong to widgets and models here, and go with them.
    """
    workers: list[bridge._Worker] = []
    plain = bridge._Worker.__init__

    def remembered(worker, *arguments) -> None:
        plain(worker, *arguments)
        workers.append(worker)

    monkeypatch.setattr(bridge._Worker, "__init__", remembered)
    threads = set(threading.enumerate())
    before = len(QApplication.allWidgets())  # of tests elsewhere
    yield
    flush_deletions()
    running = [w for w in workers if shiboken6.isValid(w) and w.isRunning()]
    assert not running, f"{len(running)} jobs still run"
    widgets = QApplication.allWidgets()
    assert len(widgets) <= before, f"{len(widgets)} widgets are still there: {widgets[-5:]}"
    end = time.monotonic() + 5
    left = _left(threads)
    while left and time.monotonic() < end:
        time.sleep(0.01)
        left = _left(threads)
    assert not left, f"Python threads still run: {left}"


def _left(before: set[threading.Thread]) -> list[threading.Thread]:
    return [
        t
        for t in threading.enumerate()
        # a Qt thread that ran Python keeps a dummy entry; daemons belong to libraries
        if t not in before and t.is_alive() and not t.daemon
    ]


class Answers:
    """Answers questions as told; a question nobody expected fails the test."""

    def __init__(self) -> None:
        self.replies: list[str] = []
        self.questions: list[str] = []

    def will(self, *replies: str) -> None:
        """Answer the next questions with these keys."""
        self.replies.extend(replies)

    def __call__(self, parent, question, explanation, answers, *, default, escape) -> str:
        self.questions.append(question)
        keys = [key for key, _ in answers]
        assert self.replies, f"unexpected question: {question}"
        reply = self.replies.pop(0)
        assert reply in keys and default in keys and escape in keys
        return reply


@pytest.fixture
def answers(monkeypatch) -> Answers:
    """How the user answers questions."""
    found = Answers()
    monkeypatch.setattr(dialogs, "ask", found)
    return found


class Files:
    """Files that the user will choose in file dialogs."""

    def __init__(self) -> None:
        self.next: list[str] = []

    def will_choose(self, *paths) -> None:
        """Choose these in the next dialogs; an empty text cancels."""
        self.next.extend(str(path) for path in paths)

    def __call__(self, *args, **kwargs) -> str:
        assert self.next, "unexpected file dialog"
        return self.next.pop(0)


@pytest.fixture
def files(monkeypatch) -> Files:
    """What the user chooses in file dialogs."""
    found = Files()
    monkeypatch.setattr(dialogs, "ask_open", found)
    monkeypatch.setattr(dialogs, "ask_save", found)
    return found


@pytest.fixture
def settings(qapp) -> Settings:
    """Fresh settings, light theme."""
    found = Settings()
    found.theme = "light"
    theme().attach(found)
    yield found
    theme().detach(found)


@pytest.fixture
def make_window(qapp, settings, answers, files):
    """Open windows that are closed in the end, however the test went."""
    from hybridgui.window import MainWindow

    opened = []

    def make(begin: bool = True) -> MainWindow:
        window = MainWindow(settings)
        window.resize(1280, 800)
        opened.append(window)
        window.show()
        if begin:
            window.model.new()
        return window

    yield make
    for window in opened:
        window.model.jobs.cancel_all()
        flush_deletions()
        for toast in window.toasts.toasts:
            toast.close_toast()
        if window.model.is_open:
            window.model.close(discard_untitled=True)
        window.close()
        window.deleteLater()
    flush_deletions()


@pytest.fixture
def window(make_window):
    """A window with an untitled study."""
    return make_window()


@pytest.fixture
def idle(qtbot):
    """Wait until a window's jobs have ended, the quiet ones too."""

    def wait(window, seconds: float = 60) -> None:
        def ended() -> bool:
            return not window.model.jobs.running and not window.model.jobs.quiet

        QApplication.processEvents()
        qtbot.waitUntil(ended, timeout=int(1000 * seconds))
        QApplication.processEvents()

    return wait


def said(window) -> list[str]:
    """Messages on the screen."""
    return [toast.sentence for toast in window.toasts.toasts]


def settle() -> None:
    """Let everything be laid out and painted that waits."""
    for _ in range(5):
        QApplication.processEvents()
