"""Sentences that stay in a page."""

from PySide6.QtCore import Qt

from hybridgui.widgets.basics import Notice


def test_that_a_folded_notice_shows_its_first_sentence_and_the_rest_by_a_click(qtbot):
    notice = Notice("warning")
    qtbot.addWidget(notice)
    notice.set_sentences(["First.", "Second.", "First.", "Third."], folded=True)
    notice.show()
    assert notice._label.text() == "First." and notice._more.text() == "2 more"
    assert notice.text == "First.\nSecond.\nThird."
    qtbot.mouseClick(notice._more, Qt.MouseButton.LeftButton)
    assert notice._label.text() == "First.\nSecond.\nThird." and notice._more.text() == "less"
    qtbot.mouseClick(notice._more, Qt.MouseButton.LeftButton)
    assert notice._label.text() == "First." and notice._more.text() == "2 more"
    qtbot.mouseClick(notice._more, Qt.MouseButton.LeftButton)
    assert notice.text == "First.\nSecond.\nThird."
    notice.set_sentences(["Alone."], folded=True)
    assert notice._label.text() == notice.text == "Alone." and notice._more.isHidden()
