"""The shell: menus, drops, questions, crashes."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea

from engine.experiment.laws import published_law
from engine.kernels import STAGE
from engine.study import Study
from hybridgui.errors import DetailsDialog, UnexpectedErrors
from hybridgui.settings import data_folder
from hybridgui.stages import STAGE_KEYS
from hybridgui.theme import DARK, LIGHT, theme
from hybridgui.widgets.plot import Plot
from tests.gui.conftest import said
from tests.gui.studies import fill


def drop(window, *paths: Path) -> None:
    """Drop files onto the window as a file manager does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    where, action = QPointF(300, 300), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dragEnterEvent(QDragEnterEvent(where.toPoint(), action, mime, left, none))
    window.dropEvent(QDropEvent(where, action, mime, left, none))
    QApplication.processEvents()


def action(window, text: str):
    """Menu action by its text."""
    for menu in window.menuBar().actions():
        for found in menu.menu().actions():
            if found.text() == text:
                return found
    raise AssertionError(f"no action {text!r}")


@pytest.mark.parametrize("constant", [None, True, False])
def test_that_calls_into_qt_cannot_use_up_a_constant(qapp, constant):
    # PySide6 6.12.0 before Python 3.12 loses one reference a call and aborts in the end.
    before = sys.getrefcount(constant)
    for _ in range(2000):
        QApplication.processEvents()
    after = sys.getrefcount(constant)
    assert after > before - 1000 or after > 1 << 30


def test_that_the_keys_go_to_the_stages(qtbot, window):
    window.activateWindow()
    for number, key in enumerate(STAGE_KEYS, start=1):
        action(window, STAGE_TITLES[key]).trigger()
        assert window.stage == key
        assert action(window, STAGE_TITLES[key]).shortcut().toString() == f"Ctrl+{number}"
        assert window.rail.stage_button(key).isChecked()


STAGE_TITLES = dict(
    zip(STAGE_KEYS, ("Experiment", "Structure", "Campaign", "Models", "Maps"), strict=True)
)


def test_that_every_empty_page_says_what_to_do_and_goes_there(qtbot, window):
    for key, button_text, goal in (
        ("campaign", "Go to Experiment", "experiment"),
        ("models", "Go to Campaign", "campaign"),
        ("maps", "Go to Models", "models"),
    ):
        window.show_stage(key)
        page = window.pages[key]
        from PySide6.QtWidgets import QPushButton

        [found] = [
            b
            for b in page.stack.currentWidget().findChildren(QPushButton)
            if b.text() == button_text
        ]
        qtbot.mouseClick(found, Qt.MouseButton.LeftButton)
        assert window.stage == goal


def test_that_a_disabled_button_says_why(window):
    for key, name in (
        ("experiment", "fit_button"),
        ("campaign", "start_button"),
        ("models", "train_button"),
        ("maps", "export_button"),
    ):
        found = getattr(window.pages[key], name)
        assert not found.isEnabled() and found.toolTip().endswith(".")


def test_that_a_dropped_study_is_opened(window, answers, tmp_path):
    path = tmp_path / "dropped.study"
    with Study.create(path) as study:
        study.set_law(published_law().to_dict())
    drop(window, path)
    assert window.model.path == path and "dropped.study" in window.windowTitle()


def test_that_a_dropped_particle_list_is_not_taken_for_a_sheet(window, tmp_path, qtbot):
    (tmp_path / "p.csv").write_text("particle,z_um,y_um,x_um,radius_um\n0,5,5,5,4\n")
    drop(window, tmp_path / "p.csv")
    importing = window.pages["structure"].importing
    qtbot.waitUntil(lambda: importing.particles is not None, timeout=20_000)
    assert window.stage == "structure"
    importing.particles.reject()


def test_that_a_dropped_file_of_another_kind_is_refused_in_a_sentence(window, tmp_path):
    path = tmp_path / "letter.docx"
    path.write_text("Dear all")
    before = window.model.path
    drop(window, path)
    [sentence] = said(window)
    assert sentence.startswith("letter.docx cannot be opened here: drop a study")
    assert window.model.path == before


@pytest.mark.parametrize("content", [b"", b"nonsense " * 50, b"SQLite format 3\x00" + b"x" * 200])
def test_that_a_damaged_study_is_refused_and_nothing_changes(window, tmp_path, content):
    path = tmp_path / "bad.study"
    path.write_bytes(content)
    before = window.model.path
    window.open_file(path)
    assert len(said(window)) == 1 and "bad.study" in said(window)[0]
    assert window.model.path == before and path.read_bytes() == content


def test_that_closing_while_a_job_runs_asks_and_staying_stays(qtbot, window, answers):
    go = threading.Event()

    def work(job):
        while not go.is_set():
            job.engine_progress.report(0.1)

    window.model.start_job("Long work", work, stage="models")
    answers.will("stay")
    window.close()
    assert window.isVisible() and answers.questions == ["Long work is still running."]
    answers.will("stop")
    window.close()
    assert not window.isVisible() and not window.model.is_open


@pytest.mark.parametrize("leave", ["close", "new_study"])
def test_that_quiet_work_is_stopped_without_a_question_when_the_study_is_left(
    window, answers, leave
):
    ended = threading.Event()

    def work(job):
        try:
            while True:
                job.engine_progress.report(0.1)
        finally:
            ended.set()

    window.model.jobs.start("Preview", work, quiet=True)
    getattr(window, leave)()
    assert ended.is_set() and not window.model.jobs.quiet
    assert answers.questions == []


def test_that_an_untitled_study_with_content_is_asked_about(window, answers, files, tmp_path):
    window.model.set_law(published_law().to_dict(), None)
    answers.will("stay")
    window.close()
    assert window.isVisible()
    path = tmp_path / "kept.study"
    files.will_choose(path)
    answers.will("save")
    window.close()
    assert not window.isVisible()
    with Study.open(path) as study:
        assert study.law()["kind"] == "published"
    assert not list(data_folder().glob("*.study"))


def test_that_an_untitled_study_can_be_thrown_away(window, answers):
    window.model.set_law(published_law().to_dict(), None)
    answers.will("discard")
    window.new_study()
    assert window.model.law is None and len(list(data_folder().glob("*.study"))) == 1


def test_that_save_as_that_fails_says_so_and_keeps_the_study(window, files, tmp_path):
    window.model.set_law(published_law().to_dict(), None)
    before = window.model.path
    files.will_choose(tmp_path / "no such folder" / "a.study")
    window.ask_save_as()
    assert "does not exist" in said(window)[0]
    assert window.model.path == before and window.model.is_untitled


def test_that_a_crash_is_noticed_and_the_study_offered_again(make_window, answers, settings):
    path = data_folder() / "Untitled lost.study"
    with Study.create(path) as study:
        study.set_law(published_law().to_dict())
    settings.begin_session(path)  # and no end: the program died
    answers.will("open")
    window = make_window(begin=False)
    window.begin()
    assert answers.questions == ["HybridGUI was not closed properly."]
    assert window.model.path == path and window.model.law["kind"] == "published"


def test_that_a_study_open_in_another_window_is_no_crash(make_window, settings, tmp_path):
    with Study.create(tmp_path / "other.study") as study:
        settings.begin_session(study.path)
        window = make_window(begin=False)
        window.begin()  # a question would fail the test
        assert window.model.is_untitled


def test_that_opening_a_study_with_an_unfinished_campaign_says_so(window, answers, tmp_path):
    path = tmp_path / "half.study"
    with Study.create(path) as study:
        fill(study, leave=10)
    window.open_study(path)
    assert any("unfinished: 62 of 72" in sentence for sentence in said(window))


def test_that_an_unexpected_error_is_told_and_the_program_lives_on(qtbot, window):
    errors = UnexpectedErrors()
    errors.caught.connect(lambda s, d: window.toasts.show("error", s, d))
    errors.install()
    try:
        sys.excepthook(*_raised(KeyError("lost")))
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(window.toasts.toasts) == 2)
    finally:
        errors.uninstall()
    first, second = window.toasts.toasts
    assert "lost" in first.sentence and "KeyError" in first.details
    assert "division" in second.sentence and "Your study is safe" in second.sentence


def test_that_errors_stay_with_the_page_and_the_study_they_belong_to(window):
    window.toasts.show("error", "'abc' is not a number.")
    window.toasts.show("success", "The model was saved.")
    window.show_stage(window.stage)
    assert len(window.toasts.toasts) == 2
    window.show_stage("structure")
    assert [toast.level for toast in window.toasts.toasts] == ["success"]
    window.toasts.show("error", "'abc' is not a number.")
    window.new_study()
    assert all(toast.level != "error" for toast in window.toasts.toasts)


def test_that_the_wheel_scrolls_a_page_past_its_plot(qtbot):
    plot = Plot()
    plot.setMinimumSize(200, 400)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(plot)
    area.resize(220, 200)
    qtbot.addWidget(area)
    area.show()
    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)

    def wheel(modifier=Qt.KeyboardModifier.NoModifier):
        place = QPointF(100, 80)
        event = QWheelEvent(
            place, area.mapToGlobal(place), QPoint(), QPoint(0, -120),
            Qt.MouseButton.NoButton, modifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(plot.viewport(), event)
        return event.isAccepted(), plot.viewRange()

    before = plot.viewRange()
    assert wheel() == (False, before)  # left to the area, which scrolls
    accepted, after = wheel(Qt.KeyboardModifier.ControlModifier)
    assert accepted and after != before


def _raised(error: Exception):
    try:
        raise error
    except Exception as caught:
        return type(caught), caught, caught.__traceback__


def test_that_details_can_be_copied(qtbot, qapp):
    dialog = DetailsDialog("It broke.", "Traceback: line 1")
    qtbot.addWidget(dialog)
    from PySide6.QtWidgets import QPushButton

    [copy] = [b for b in dialog.findChildren(QPushButton) if b.text() == "Copy"]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "It broke.\n\nTraceback: line 1"


def test_that_the_same_message_does_not_pile_up(window):
    for _ in range(5):
        window.model.say("error", "The same again.")
    assert said(window) == ["The same again."]
    for number in range(9):
        window.model.say("warning", f"Message {number}.")
    assert len(said(window)) == 4 and said(window)[-1] == "Message 8."


def test_that_theme_and_font_follow_the_settings(window, settings):
    points = QApplication.font().pointSizeF()
    settings.theme = "dark"
    assert theme().tokens is DARK and theme().dark
    settings.font_percent = 150
    assert QApplication.font().pointSizeF() == pytest.approx(1.5 * points)
    settings.theme, settings.font_percent = "light", 100
    assert theme().tokens is LIGHT


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_that_text_stands_out_from_its_ground(tokens):
    pairs = [
        (text, ground)
        for text in ("text", "muted", "danger", "warning", "success", "accent")
        for ground in ("window", "surface", "sunken")
    ]
    pairs += [
        ("on_accent", "accent"),
        ("warning", "warning_soft"),
        ("danger", "danger_soft"),
        ("text", "accent_soft"),
        ("text", "success_soft"),
    ]
    for text, ground in pairs:
        ratio = contrast(getattr(tokens, text), getattr(tokens, ground))
        assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two hex colours (WCAG 2.1)."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (
            v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts
        )
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_that_help_tells_version_and_keys(qtbot, window):
    from PySide6.QtWidgets import QDialog, QLabel

    from engine import __version__

    for text, expected in (("About HybridGUI", __version__), ("Keyboard shortcuts", "Ctrl+1")):
        action(window, text).trigger()
        [dialog] = [d for d in window.findChildren(QDialog) if d.isVisible()]
        assert any(expected in label.text() for label in dialog.findChildren(QLabel))
        dialog.close()
        qtbot.waitUntil(
            lambda d=dialog: not any(x.isVisible() for x in window.findChildren(QDialog))
        )


def test_that_a_first_start_compiles_quietly_and_goes_on_in_the_next_study(
    qtbot, window, answers, monkeypatch
):
    starts, stopped = [], threading.Event()

    def compile_kernels(parts=(), pool=None, progress=None):
        starts.append(len(starts))
        while len(starts) < 2:
            progress.report(0.25, STAGE)
            stopped.wait(0.02)  # as a pool is polled

    monkeypatch.setattr("hybridgui.window.compile_kernels", compile_kernels)
    window.compile_in_background()
    window.compile_in_background()
    words = "Preparing the calculations for this computer, once (25 %)"
    qtbot.waitUntil(lambda: window.job_bar._quiet.text() == words)
    assert not window.model.jobs.running
    window.new_study()  # stops quiet work
    qtbot.waitUntil(lambda: len(starts) == 2 and not window.model.jobs.quiet)
    assert "Preparing" not in window.job_bar._quiet.text()


def test_that_a_study_is_opened_on_the_page_last_looked_at(make_window, tmp_path):
    window = make_window()
    window.show_stage("campaign")
    window.model.save_as(tmp_path / "kept.study")
    window.model.new()
    assert window.stage == "experiment"
    window.model.open(tmp_path / "kept.study")
    assert window.stage == "campaign"
    assert not window.model.undo_stack.canUndo()
