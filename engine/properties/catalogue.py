"""What each property column means: label, symbol, unit, definition, direction wanted.

Window, figures and report read names and definitions here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """Meaning of one column."""

    label: str
    symbol: str
    unit: str
    definition: str
    direction: str  # "up", "down" or "": what performance asks for


_PHASES = {
    "electrolyte": ("electrolyte", "liq"),
    "solid": ("solid (AM and CBD)", "sol"),
    "am": ("AM", "AM"),
    "cbd": ("CBD", "CBD"),
}


def _build() -> dict[str, Entry]:
    entries: dict[str, Entry] = {}
    for name in ("electrolyte", "am", "cbd"):
        words, short = _PHASES[name]
        entries[f"phase_fraction_{name}"] = Entry(
            f"Volume fraction, {words}",
            f"φ_{short}",
            "",
            f"Share of the voxels that are {words}.",
            "",
        )
    for name in ("electrolyte", "solid", "am"):
        words, short = _PHASES[name]
        entries[f"percolating_fraction_{name}"] = Entry(
            f"Percolating fraction, {words}",
            f"p_{short}",
            "",
            f"Share of the {words} voxels joined through faces to both ends along the flow axis.",
            "up",
        )
        entries[f"tortuosity_factor_{name}"] = Entry(
            f"Tortuosity factor, {words}",
            f"τf_{short}",
            "",
            "Volume fraction over relative effective conductivity: D_eff = D_0·ε/τ_f. "
            "Infinite where the phase does not join both ends.",
            "down",
        )
        entries[f"tortuosity_{name}"] = Entry(
            f"Tortuosity, {words}",
            f"τ_{short}",
            "",
            "Square root of the tortuosity factor.",
            "down",
        )
        entries[f"flux_imbalance_{name}"] = Entry(
            f"Flux imbalance, {words}",
            f"ΔJ_{short}",
            "",
            "Largest minus smallest total flux over all planes across the flow, relative to the "
            "mean: how well the solution conserves flux.",
            "",
        )
    entries["effective_conductivity_ionic_S_per_m"] = Entry(
        "Effective ionic conductivity",
        "σ_eff,ion",
        "S/m",
        "Bulk conductivity of the electrolyte times ε/τ_f (with a conducting CBD: of the "
        "problem with both).",
        "up",
    )
    entries["effective_conductivity_electronic_S_per_m"] = Entry(
        "Effective electronic conductivity",
        "σ_eff,el",
        "S/m",
        "Of AM and CBD together, each with its own bulk conductivity.",
        "up",
    )
    for name in ("am", "cbd"):
        words, short = _PHASES[name]
        entries[f"current_collector_coverage_{name}_percent"] = Entry(
            f"Current-collector coverage, {words}",
            f"%CC-{short}",
            "%",
            f"Share of all pixels of the slice at the collector (z = 0) that are {words}.",
            "up",
        )
    entries["active_surface_published_percent"] = Entry(
        "Active surface (published definition)",
        "AS_pub",
        "%",
        "Pore voxels with any solid among their 26 neighbours over the number of solid voxels, "
        "x 100. Close to ε/(1-ε); for comparison with the published data.",
        "up",
    )
    entries["active_surface_percent"] = Entry(
        "Active surface",
        "AS",
        "%",
        "Share of the AM surface that touches electrolyte (the rest touches CBD), by Crofton's "
        "formula in 13 directions.",
        "up",
    )
    entries["active_area_per_volume_1_per_um"] = Entry(
        "Active area per volume",
        "a",
        "1/µm",
        "AM-electrolyte area per volume of the electrode, by Crofton's formula in 13 directions "
        "(right for a sphere within 2 %; face counting is 1.5 times too large).",
        "up",
    )
    entries["seconds"] = Entry("Computing time", "t", "s", "Time that the computation took.", "")
    return entries


CATALOGUE: dict[str, Entry] = _build()
