"""Conditions of a campaign in words, by what distinguishes them from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

# The pressure stands for the gap, which follows from it.
_WORDS = {
    "pressure_MPa": ("", "MPa"),
    "am_percent": ("AM ", "%"),
    "initial_porosity_percent": ("initial porosity ", "%"),
    "initial_thickness_um": ("initial thickness ", "µm"),
}
_MOST = 3


def condition_words(rows: pd.DataFrame, among: pd.DataFrame) -> str:
    """Say which conditions these are, by the settings in which they differ from the others.

    Parameters
    ----------
    rows : DataFrame
        Conditions to name: some rows of `among`.
    among : DataFrame
        The whole dataset, one row a condition.

    Returns
    -------
    str
        The values of the settings in which they differ from the others, ``100, 150 MPa``. Where
        these do not single them out, up to three conditions are named one by one, ``150 MPa, AM
        93 %; 100 MPa, AM 95 %``. Empty where nothing distinguishes them.
    """
    varied = [name for name in _columns(among) if among[name].nunique() > 1]
    own = {name: sorted(rows[name].unique()) for name in varied}
    own = {name: values for name, values in own.items() if len(values) < among[name].nunique()}
    alike = among[list(own)].isin(own).all(axis=1) if own else among[varied].notna().any(axis=1)
    if len(rows) > _MOST or int(alike.sum()) == len(rows):
        return ", ".join(_said(name, values) for name, values in own.items())
    return "; ".join(
        ", ".join(_said(name, [row[name]]) for name in varied) for _, row in rows.iterrows()
    )


def _columns(frame: pd.DataFrame) -> list[str]:
    names = list(_WORDS)
    if "gap_um" in frame and ("pressure_MPa" not in frame or frame["pressure_MPa"].isna().any()):
        names = ["gap_um", *names[1:]]
    return [name for name in names if name in frame]


def _said(name: str, values: list[float]) -> str:
    before, unit = _WORDS.get(name, ("gap ", "µm"))
    if len(values) > _MOST:
        return f"{before}{values[0]:.4g} to {values[-1]:.4g} {unit}"
    return f"{before}{', '.join(f'{value:.4g}' for value in values)} {unit}"
