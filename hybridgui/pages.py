"""The five pages, made for one study model."""

from __future__ import annotations

from hybridgui.campaign.page import CampaignPage
from hybridgui.experiment.page import ExperimentPage
from hybridgui.learning.page import ModelsPage
from hybridgui.maps.page import MapsPage
from hybridgui.structure.page import StructurePage
from hybridgui.study_model import StudyModel
from hybridgui.widgets.page import Page


def make_pages(model: StudyModel) -> dict[str, Page]:
    """Return stage key -> page."""
    return {
        "experiment": ExperimentPage(model),
        "structure": StructurePage(model),
        "campaign": CampaignPage(model),
        "models": ModelsPage(model),
        "maps": MapsPage(model),
    }
