"""All figures of a study as files: PNG, SVG, and the numbers behind each as CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from engine.errors import InputError
from engine.maps.canvas import save
from engine.maps.curve_data import CurveSet
from engine.maps.curves import paper_figure
from engine.maps.default_models import default_models
from engine.maps.drawing import draw_curves
from engine.maps.interdependence import Interdependence, from_data, from_models
from engine.maps.matrix_drawing import draw_interdependence
from engine.maps.provenance import provenance_lines, write_csv
from engine.maps.quantities import (
    ACTIVE_SURFACE,
    COVERAGE_AM,
    COVERAGE_CBD,
    SIGMA_EFF,
    TAU_LIQUID,
    TAU_SOLID,
)
from engine.maps.report_decision import stored_recommendation, trade_off_of
from engine.maps.sources import Sources, read_sources
from engine.progress import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from engine.study import Study

MATRIX_OUTPUTS = (TAU_LIQUID, TAU_SOLID, SIGMA_EFF, ACTIVE_SURFACE, COVERAGE_AM, COVERAGE_CBD)
"""Rows of the paper's Figure 10."""

FIGURES = ("4", "5", "6", "7", "8", "9", "10", "S7", "S8")

CAPTIONS = {
    "4": "Porosity after calendering against calender pressure, by initial porosity and AM.",
    "5": "Tortuosity of the solid (AM and CBD) against calender pressure.",
    "6": "Tortuosity of the electrolyte against calender pressure.",
    "7": "Effective ionic conductivity against porosity after calendering.",
    "8": "Share of the current collector covered by CBD against calender pressure.",
    "9": "Active surface against calender pressure.",
    "10": "Interdependence of what is set and what results; last column: direction wanted.",
    "S7": "Effective ionic conductivity against calender pressure.",
    "S8": "Share of the current collector covered by AM against calender pressure.",
}


@dataclass(frozen=True)
class MapFigure:
    """One figure: its data, and how it is drawn.

    Attributes
    ----------
    name : str
        ``4`` … ``S8``.
    caption : str
    data : CurveSet or Interdependence
    """

    name: str
    caption: str
    data: CurveSet | Interdependence

    @property
    def stem(self) -> str:
        """File name without ending, ``figure_4``."""
        return f"figure_{self.name}"

    @property
    def title(self) -> str:
        """``Figure 4: Porosity after calendering …``"""
        return f"Figure {self.name}: {self.caption}"

    def draw(self) -> Figure:
        """Draw with matplotlib."""
        if isinstance(self.data, CurveSet):
            return draw_curves(self.data)
        return draw_interdependence(self.data)

    def to_frame(self) -> pd.DataFrame:
        """The data behind the figure."""
        return self.data.to_frame()


def collect_figures(
    sources: Sources, names: Sequence[str] = FIGURES, *, show_points: bool = True
) -> tuple[list[MapFigure], list[str]]:
    """Data of every figure that a study can give.

    Parameters
    ----------
    sources : Sources
    names : sequence of str
    show_points : bool
        Lay campaign results and measurements under the curves.

    Returns
    -------
    figures : list of MapFigure
    missing : list of str
        One sentence for each figure that cannot be had, and why.
    """
    figures, missing = [], []
    for name in names:
        try:
            data: CurveSet | Interdependence
            if name == "10":
                data = _matrix(sources)
            else:
                data = paper_figure(
                    sources.responses,
                    name,
                    dataset=sources.dataset,
                    show_points=show_points,
                    measured=sources.table if show_points else None,
                )
            figures.append(MapFigure(name, CAPTIONS[name], data))
        except InputError as error:
            missing.append(f"Figure {name}: {error}")
    return figures, missing


def _matrix(sources: Sources) -> Interdependence:
    outputs = [name for name in MATRIX_OUTPUTS if sources.responses.gives(name)]
    if outputs:
        return from_models(sources.responses, outputs)
    outputs = [name for name in MATRIX_OUTPUTS if name in sources.dataset]
    return from_data(sources.dataset, outputs)


def make_maps(
    study: Study,
    folder: str | Path,
    progress: Progress | None = None,
    *,
    formats: Sequence[str] = ("png", "svg"),
    dpi: int = 300,
    campaign: int | None = None,
) -> list[Path]:
    """Write figures 4 to 10, S7 and S8 of a study, each with its data as CSV.

    The trade-off of a recommendation that the study keeps stands beside them, unless its models
    changed since.

    Parameters
    ----------
    study : Study
        Where it has no models, the default ones are trained first (`default_models`).
    folder : str or Path
        Made where it is missing.
    progress : Progress, optional
    formats : sequence of {"png", "svg", "pdf"}
    dpi : int
        Of the PNG files.
    campaign : int, optional
        Let only this campaign count (see `read_sources`).

    Returns
    -------
    list of Path
        The files written. Figures that cannot be had (no calendering law, say) are left out;
        ``notes.txt`` says which and why, and what does not fit together in the study.

    Raises
    ------
    InputError
        If the study has no dataset to learn from, or the folder cannot be written.
    """
    progress = progress or Progress()
    folder = Path(folder)
    part = Progress(lambda fraction, stage: progress.report(0.5 * fraction, stage))
    models = default_models(study, part, campaign)
    sources = read_sources(study, models=models, campaign=campaign)
    figures, missing = collect_figures(sources)
    if not figures:
        raise InputError(missing[0])
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"The folder {folder} cannot be made: {error.strerror}.") from error
    written: list[Path] = []
    for index, figure in enumerate(figures):
        progress.report(0.5 + 0.5 * index / len(figures), f"Drawing figure {figure.name}")
        written += save(figure.draw(), folder / figure.stem, formats, dpi)
        table = folder / f"{figure.stem}.csv"
        write_csv(figure.to_frame(), table, provenance_lines(sources, figure.title))
        written.append(table)
    best = stored_recommendation(study)
    if best is not None and best.campaign == campaign and (drawn := trade_off_of(sources, best)):
        written += save(drawn[0], folder / "trade_off", formats, dpi)
        table = folder / "trade_off.csv"
        title = "Settings that none is better than in all that is wanted"
        write_csv(drawn[1], table, provenance_lines(sources, title))
        written.append(table)
    notes = [*sources.notes, *missing]
    if notes:
        path = folder / "notes.txt"
        path.write_text("\n".join(notes) + "\n", encoding="utf-8")
        written.append(path)
    progress.report(1.0, "Drawn")
    return written
