"""A whole study as one self-contained page, HTML or PDF, fit for a lab record."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import InputError
from engine.maps.canvas import to_bytes
from engine.maps.decide import Recommendation
from engine.maps.digits import unbroken
from engine.maps.figures import MapFigure
from engine.maps.lab_record import LabRecord
from engine.maps.provenance import csv_text
from engine.maps.report_data import collect
from engine.maps.report_decision import RECOMMENDATION_SETTING, VERIFICATION_SETTING
from engine.maps.report_grid import Grid
from engine.maps.report_template import MACROS, PAGE, TRADE_OFF_APART, TRADE_OFF_CAPTION
from engine.maps.symbols import to_html
from engine.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from engine.maps.verify import Verification
    from engine.study import Study

__all__ = [
    "CONTENTS",
    "RECOMMENDATION_SETTING",
    "VERIFICATION_SETTING",
    "Grid",
    "render_report",
    "write_report",
]

CONTENTS = (
    ("recommendation", "Recommendation"),
    ("measurements", "Measurements"),
    ("law", "Calendering law"),
    ("campaign", "Structures and campaign"),
    ("models", "Models"),
    ("maps", "Maps"),
    ("methods", "Methods"),
    ("versions", "Versions and seeds"),
)


def write_report(
    study: Study,
    path: str | Path,
    progress: Progress | None = None,
    *,
    recommendation: Recommendation | None = None,
    verification: Verification | None = None,
    campaign: int | None = None,
    record: LabRecord | None = None,
) -> Path:
    """Write a study as one HTML page, or as a PDF, with all figures inside.

    Parameters
    ----------
    study : Study
        A study with a campaign but without models gets the default models first.
    path : str or Path
        The ending decides: ``.html`` (added where there is none) or ``.pdf``. Only the HTML
        page carries the data behind the figures.
    progress : Progress, optional
    recommendation, verification : optional
        What the window last found; those kept in the study otherwise.
    campaign : int, optional
        Let only this campaign count (see `read_sources`); a kept recommendation that
        stands on other results is left out.
    record : LabRecord, optional
        Operator, sample, project and remarks; those kept in the study otherwise.

    Returns
    -------
    Path

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    path = Path(path)
    if not path.suffix:
        path = path.with_suffix(".html")
    form = path.suffix.lower()
    if form not in (".html", ".htm", ".pdf"):
        raise InputError(f"A report is an HTML page or a PDF: name it {path.stem}.html or .pdf.")
    if not path.parent.is_dir():
        raise InputError(f"The report cannot be written: there is no folder {path.parent}.")
    given = {
        "recommendation": recommendation,
        "verification": verification,
        "campaign": campaign,
        "record": record,
    }
    try:
        if form == ".pdf":
            from engine.maps.report_pdf import write_pdf

            progress = progress or Progress()
            data = collect(study, _share(progress, 0.0, 0.4), **given)  # type: ignore[arg-type]
            write_pdf(data, path, _share(progress, 0.4, 1.0))
        else:
            page = render_report(study, progress, **given)  # type: ignore[arg-type]
            path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"The report cannot be written to {path}: {error.strerror}.") from error
    return path


def render_report(
    study: Study,
    progress: Progress | None = None,
    *,
    recommendation: Recommendation | None = None,
    verification: Verification | None = None,
    campaign: int | None = None,
    record: LabRecord | None = None,
) -> str:
    """The HTML page of `write_report` as text."""
    from jinja2 import Environment

    progress = progress or Progress()
    data = collect(
        study,
        _share(progress, 0.0, 0.4),
        recommendation=recommendation,
        verification=verification,
        campaign=campaign,
        record=record,
    )
    images = []
    for index, figure in enumerate(data["figures"]):
        progress.report(0.4 + 0.5 * index / len(data["figures"]), f"Drawing figure {figure.name}")
        images.append(_figure(figure, data["provenance"]))
    progress.report(0.9, "Writing")
    environment = Environment(autoescape=True)
    environment.filters["indices"] = _indices
    environment.filters["image"] = _image
    environment.filters["picture"] = _picture
    environment.filters["csv"] = _csv
    template = environment.from_string(MACROS + PAGE)
    robust = data["recommendation"] is None or data["recommendation"]["robust"]
    caption = TRADE_OFF_CAPTION + (TRADE_OFF_APART if robust else "")
    page = template.render(
        {**data, "figures": images, "contents": CONTENTS, "trade_off_caption": caption}
    )
    progress.report(1.0, "Written")
    return page


def _share(progress: Progress, begin: float, end: float) -> Progress:
    """A part of a larger work's progress."""
    return Progress(lambda done, stage: progress.report(begin + (end - begin) * done, stage))


def _figure(figure: MapFigure, provenance: list[str]) -> dict[str, Any]:
    return {
        "name": figure.name,
        "stem": figure.stem,
        "title": figure.title,
        "caption": figure.caption,
        "image": _image(figure.draw()),
        "csv": _csv(figure.to_frame(), [figure.title, *provenance]),
    }


def _csv(frame: pd.DataFrame, provenance: list[str]) -> str:
    data = base64.b64encode(csv_text(frame, provenance).encode()).decode()
    return f"data:text/csv;base64,{data}"


def _image(figure: Figure) -> str:
    data = base64.b64encode(to_bytes(figure, "svg")).decode()
    return f"data:image/svg+xml;base64,{data}"


def _picture(figure: Figure) -> str:
    """Voxels are pixels: a drawing of them would be larger and no sharper."""
    data = base64.b64encode(to_bytes(figure, "png", 220)).decode()
    return f"data:image/png;base64,{data}"


def _indices(text: str) -> Any:
    """Set the index of a symbol (τ_liq) low, and units beside their numbers; all is escaped."""
    from markupsafe import Markup

    return Markup(to_html(unbroken(str(text))))
