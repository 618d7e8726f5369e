"""What each property column means: label, symbol, unit, definition, direction wanted.

Window, figures and report read names and definitions here and nowhere else.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.properties.resolution import EXTRAPOLATED, RANGE, VALUE


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
            "Volume fraction over relative effective conductivity: D_eff = D₀·ε/τ_f. "
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
        "formula.",
        "up",
    )
    entries["active_area_per_volume_1_per_um"] = Entry(
        "Active area per volume",
        "a",
        "1/µm",
        "AM-electrolyte area per volume of the electrode, by Crofton's formula in 13 directions, "
        "corrected for the direction of the surface (right for spheres and planes within 2 %; face "
        "counting makes a sphere 1.5 times too large).",
        "up",
    )
    entries["seconds"] = Entry("Computing time", "t", "s", "Time that the computation took.", "")
    return entries


def _build_morphology() -> dict[str, Entry]:
    """Columns that ``parts="all"`` adds."""
    entries: dict[str, Entry] = {}
    pairs = {
        "am_electrolyte": ("AM-electrolyte", "up"),
        "am_cbd": ("AM-CBD", ""),
        "cbd_electrolyte": ("CBD-electrolyte", ""),
    }
    for name, (words, direction) in pairs.items():
        entries[f"interface_area_{name}_1_per_um"] = Entry(
            f"Interface area, {words}",
            f"a_{words}",
            "1/µm",
            f"{words} area per volume of the electrode, by Crofton's formula in 13 directions, "
            "corrected for the direction of the surface.",
            direction,
        )
    entries["triple_phase_length_1_per_um2"] = Entry(
        "Triple-phase length",
        "l_tpb",
        "1/µm²",
        "Length of the lines where AM, CBD and electrolyte meet, per volume of the electrode; "
        "voxel edges with all three around them, divided by 1.5 for their staircase.",
        "up",
    )
    for name in ("am", "cbd"):
        words, short = _PHASES[name]
        entries[f"separator_coverage_{name}_percent"] = Entry(
            f"Separator coverage, {words}",
            f"%S-{short}",
            "%",
            f"Share of all pixels of the slice at the separator (last z) that are {words}.",
            "",
        )
    for name in ("electrolyte", "am", "cbd"):
        words, short = _PHASES[name]
        entries[f"connected_parts_{name}"] = Entry(
            f"Connected parts, {words}",
            f"n_{short}",
            "",
            f"Number of face-connected parts of the {words}.",
            "",
        )
        entries[f"largest_part_fraction_{name}"] = Entry(
            f"Largest part, {words}",
            f"p_max,{short}",
            "",
            f"Share of the {words} voxels in its largest connected part.",
            "",
        )
        entries[f"isolated_fraction_{name}"] = Entry(
            f"Isolated fraction, {words}",
            f"p_iso,{short}",
            "",
            f"Share of the {words} voxels joined to neither end of the flow axis.",
            "down",
        )
        entries[f"correlation_length_{name}_um"] = Entry(
            f"Correlation length, {words}",
            f"ξ_{short}",
            "µm",
            f"Distance over which {words} voxels stay correlated: integral of the normalised "
            "two-point correlation up to its first zero, mean of the three axes.",
            "",
        )
    entries["connected_to_separator_fraction_electrolyte"] = Entry(
        "Electrolyte joined to the separator",
        "p_sep",
        "",
        "Share of the electrolyte voxels that ions from the separator can reach.",
        "up",
    )
    entries["connected_to_collector_fraction_solid"] = Entry(
        "Solid joined to the collector",
        "p_cc",
        "",
        "Share of the AM and CBD voxels that electrons from the current collector can reach.",
        "up",
    )
    sizes = {"pore": "electrolyte", "particle": "AM", "cbd": "CBD"}
    statistics = {
        "mean": "volume-weighted mean",
        "d10": "a tenth of the volume is thinner",
        "d50": "half of the volume is thinner",
        "d90": "nine tenths of the volume are thinner",
    }
    for key, words in sizes.items():
        for statistic, meaning in statistics.items():
            entries[f"{key}_size_{statistic}_um"] = Entry(
                f"{'CBD' if key == 'cbd' else key.capitalize()} size, {statistic}",
                f"{statistic}_{key}",
                "µm",
                f"Local thickness of the {words} (diameter of the largest ball inside it that "
                f"covers a point): {meaning}.",
                "",
            )
    for name in ("electrolyte", "solid"):
        words, short = _PHASES[name]
        for axis in "zyx":
            entries[f"tortuosity_factor_{name}_along_{axis}"] = Entry(
                f"Tortuosity factor along {axis}, {words}",
                f"τf_{short},{axis}",
                "",
                f"Tortuosity factor of the {words} for flow along {axis}.",
                "down" if axis == "z" else "",
            )
    return entries


def _build_extrapolated(known: dict[str, Entry]) -> dict[str, Entry]:
    """Columns that a resolution check adds."""
    entries: dict[str, Entry] = {}
    for name in EXTRAPOLATED:
        label, symbol, unit, definition, direction = known[name]
        entries[VALUE + name] = Entry(
            f"{label}, h → 0",
            f"{symbol},0",
            unit,
            "At voxel size zero: the line through the values at the voxel size of the structure "
            f"and at half of it, same packing. {definition}",
            direction,
        )
        entries[RANGE + name] = Entry(
            f"{label}, h → 0, ±",
            f"±{symbol},0",
            unit,
            "Uncertainty of the extrapolation to voxel size zero: half of what it changes on the "
            "value at the finer voxels.",
            "",
        )
    return entries


_PUBLISHED = _build()
CATALOGUE: dict[str, Entry] = _PUBLISHED | _build_morphology() | _build_extrapolated(_PUBLISHED)
