"""Names of laws and columns as the page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from engine.experiment.laws import PUBLISHED_TERMS
from hybridgui.widgets.numbers import one_precision
from hybridgui.widgets.plot import tick_text
from hybridgui.widgets.table import Column

LAW_NAMES = {
    "polynomial": "Polynomial (published terms)",
    "kawakita": "Kawakita",
    "exponential": "Exponential (Meyer)",
    "heckel": "Heckel",
    "published": "As published, not fitted",
}
_OTHER_NAMES = {"gaussian_process": "Gaussian process", "sisso": "SISSO equation"}
LAW_HINTS = {
    "polynomial": "AM, initial porosity, thickness, gap, gap², initial porosity × gap, by least "
    "squares. Flexible inside the data; may turn upward at high pressure.",
    "kawakita": "Share of volume lost, saturating with pressure. Always falls with pressure.",
    "exponential": "Porosity falls exponentially towards a lowest one.",
    "heckel": "Logarithm of the porosity falls in proportion to the pressure.",
    "published": "Coefficients of the paper, from 14 conditions of NMC111 on one machine.",
}
# Laws that can be asked to stay physical; the published one is what it is.
CAN_BE_PHYSICAL = ("polynomial", "kawakita", "exponential", "heckel")

_COLUMNS = (
    Column("row", "Row", tip="Row of the sheet"),
    Column(
        "coating",
        "Coating",
        tip="Rows of one composition and coating: as the sheet names it, or what tells it apart",
    ),
    Column("am_percent", "AM (%)", tip="Mass share of active material in the dry electrode"),
    Column("initial_porosity_percent", "Initial ε (%)", lambda v: f"{v:.1f}", "Porosity before"),
    Column("initial_thickness_um", "Initial t (µm)", tip="Thickness before calendering"),
    Column("gap_um", "Gap (µm)", tip="Roll gap"),
    Column("pressure_MPa", "P (MPa)", lambda v: f"{v:.1f}", tip="Calender pressure"),
    Column("porosity_percent", "ε (%)", lambda v: f"{v:.2f}", tip="Porosity after calendering"),
    Column("porosity_sd", "± (%)", lambda v: "–" if v != v else f"{v:.2f}", "Standard deviation"),
)


def law_name(kind: str, parameters: Mapping[str, Any] | None = None) -> str:
    """Name of a law for people; its parameters tell one polynomial from another."""
    parameters = parameters or {}
    if kind == "polynomial" and parameters.get("select"):
        name = f"Polynomial, terms by {str(parameters['select']).upper()}"
    elif kind == "polynomial" and tuple(parameters.get("terms") or ()) not in ((), PUBLISHED_TERMS):
        name = "Polynomial, terms chosen by hand"
    else:
        name = LAW_NAMES.get(kind, _OTHER_NAMES.get(kind, kind))
    if parameters.get("physical") and kind == "polynomial":
        name += ", falling with pressure"
    return name


def without_shell(text: str) -> str:
    """A sentence of the engine without the words for those who type commands."""
    text = re.sub(r",? e\.g\. --map \S+=\S+", "", text)
    return re.sub(r"\s*\(in a shell [^)]*\)", "", text)


def term_shown(term: str) -> str:
    """A term of a law for people: ``1`` is the constant, ``t0*P`` is t₀ × P."""
    if term == "1":
        return "constant"
    term = re.sub(r"\beps_init\b", "ε_init", term)
    return re.sub(r"\bt0\b", "t₀", term).replace("*", " × ")


def warnings_and_choices(sentences: Iterable[str]) -> tuple[list[str], list[str]]:
    """Warnings of an assessment, and apart from them what was merely chosen, for people."""
    warnings: list[str] = []
    choices: list[str] = []
    for sentence in sentences:
        found = re.fullmatch(r"The terms (.+) were chosen by (.+)", sentence)
        if found:
            terms = ", ".join(term_shown(term) for term in found[1].split(", "))
            choices.append(f"The terms {terms} were chosen by {found[2]}")
        else:
            warnings.append(re.sub(r"\S*(\beps_init\b|\w\*\w)\S*", _spoken, sentence))
    return warnings, choices


def _spoken(match: re.Match[str]) -> str:
    return term_shown(match[0]).replace("ε_init", "initial porosity")


def coating_shown(name: str) -> str:
    """Name of a coating for plots; studies of earlier versions keep longer ones."""
    return name.replace(", initial porosity ", ", ε_init ")


def coating_plain(name: str) -> str:
    """Name of a coating where no HTML can stand."""
    return coating_shown(name).replace("ε_init", tick_text("ε_init"))


def table_frame(table: Any) -> tuple[pd.DataFrame, list[Column]]:
    """Return a `CalenderingTable` as a frame in the units of the field, with its columns."""
    frame = pd.DataFrame(
        {
            "row": table.rows,
            "coating": [coating_plain(name) for name in table.row_names()],
            "am_percent": np.round(100 * table.am, 6),
            "initial_porosity_percent": np.round(100 * table.initial_porosity, 6),
            "initial_thickness_um": table.initial_thickness,
            "gap_um": table.gap,
            "pressure_MPa": table.pressure,
            "porosity_percent": 100 * table.porosity,
        }
    )
    if table.rolls is not None:
        frame["load"] = table.rolls.load(table.pressure)
    if table.porosity_sd is not None:
        frame["porosity_sd"] = 100 * table.porosity_sd
    columns = list(_COLUMNS)
    if table.rolls is not None:
        load = Column("load", f"{table.rolls.name} ({table.rolls.unit})", tip=table.rolls.sentence)
        columns.insert([c.key for c in columns].index("pressure_MPa"), load)
    if table.driver == "pressure":  # a gap by a calibration of some machine was never set
        columns = [column for column in columns if column.key != "gap_um"]
    elif table.driver == "gap":
        tip = "Calender pressure, from the roll gap by its calibration"
        columns = [replace(c, tip=tip) if c.key == "pressure_MPa" else c for c in columns]
    if len(set(table.origin)) > 1:
        frame["origin"] = list(table.origin)
        columns.append(Column("origin", "Source"))
    for name, values in table.extra.items():
        frame[name] = values
        columns.append(Column(name, name.replace("_", " ")))
    columns = [
        c if c.text is not None or c.key in ("row", "coating", "origin")
        else replace(c, text=one_precision(frame[c.key]))
        for c in columns if c.key in frame
    ]  # fmt: skip
    # What the sheet does not give is not shown, and what it hardly gives comes last.
    filled = {c.key: float((frame[c.key].notna() & (frame[c.key] != "")).mean())
              for c in columns if c.key in frame}  # fmt: skip
    columns = [c for c in columns if filled.get(c.key, 0.0) > 0]
    columns.sort(key=lambda c: filled[c.key] < 0.5)
    return frame, columns
