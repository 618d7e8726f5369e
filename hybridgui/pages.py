"""The five pages, made for one study model."""

from __future__ import annotations

from hybridgui.campaign.page import CampaignPage
from hybridgui.experiment.page import ExperimentPage
from hybridgui.learning.page import ModelsPage
from hybridgui.maps.page import MapsPage
from hybridgui.study_model import StudyModel
from hybridgui.widgets.page import Page

try:
    from hybridgui.structure.page import StructurePage
except ModuleNotFoundError as error:
    if error.name != "hybridgui.structure.page":
        raise

    class StructurePage(Page):  # until the page is there
        """Stands in for the structure page."""

        key = "structure"

        def __init__(self, model: StudyModel):
            super().__init__()


def make_pages(model: StudyModel) -> dict[str, Page]:
    """Return stage key -> page."""
    return {
        "experiment": ExperimentPage(model),
        "structure": StructurePage(model),
        "campaign": CampaignPage(model),
        "models": ModelsPage(model),
        "maps": MapsPage(model),
    }
