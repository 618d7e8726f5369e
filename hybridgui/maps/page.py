"""The maps page."""

from __future__ import annotations

from hybridgui.study_model import StudyModel
from hybridgui.widgets.page import Page


class MapsPage(Page):
    """The maps page."""

    key = "maps"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
