"""Engine work of the maps page; runs in a thread, touches no widget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.maps.canvas import save
from engine.maps.curves import CurveSet, paper_figure
from engine.maps.drawing import draw_curves, draw_interdependence
from engine.maps.figures import MATRIX_OUTPUTS, make_maps
from engine.maps.interdependence import Interdependence, from_data, from_models
from engine.maps.report import write_report
from engine.maps.sources import Sources, read_sources
from engine.study import Study
from hybridgui.bridge import Job


@dataclass(frozen=True)
class CurveChoice:
    """What the user wants to see of the curves."""

    figure: str
    bands: bool = True
    points: bool = False
    labels: bool = True


def gather(job: Job, study: Study) -> Sources:
    """Read law, models and dataset of the study."""
    return read_sources(study)


def curves(job: Job, sources: Sources, choice: CurveChoice) -> CurveSet:
    """Compute one of the paper's figures."""
    return paper_figure(
        sources.responses, choice.figure, dataset=sources.dataset, show_points=choice.points
    )


def matrix(job: Job, sources: Sources, method: str) -> Interdependence:
    """Compute the interdependence matrix, from the models or from the data."""
    if method in ("sobol", "sobol_total"):
        outputs = [name for name in MATRIX_OUTPUTS if sources.responses.gives(name)]
        return from_models(sources.responses, outputs, total=method == "sobol_total")
    outputs = [name for name in MATRIX_OUTPUTS if name in sources.dataset]
    return from_data(sources.dataset, outputs, method=method)


def export_figure(job: Job, data: Any, path: Path, colours: str) -> list[Path]:
    """Write a figure as .png, .svg or .pdf, or the numbers behind it as .csv."""
    if path.suffix.lower() == ".csv":
        data.to_frame().to_csv(path, index=False)
        return [path]
    if isinstance(data, CurveSet):
        figure = draw_curves(data)
    else:
        figure = draw_interdependence(data, colours=colours)
    return save(figure, path.with_suffix(""), (path.suffix.lower().lstrip("."),))


def export_all(job: Job, study: Study, folder: Path) -> list[Path]:
    """Write every figure of the study with its numbers."""
    return make_maps(study, folder, job.engine_progress)


def report(job: Job, study: Study, path: Path) -> Path:
    """Write the report of the study."""
    return write_report(study, path, job.engine_progress)
