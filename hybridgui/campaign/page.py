"""The campaign page."""

from __future__ import annotations

from hybridgui.study_model import StudyModel
from hybridgui.widgets.page import Page


class CampaignPage(Page):
    """The campaign page."""

    key = "campaign"

    def __init__(self, model: StudyModel):
        super().__init__()
        self._model = model
