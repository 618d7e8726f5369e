"""How much of a stack's properties is computed.

``outputs``: the five outputs of DOI 10.1016/j.jpowsour.2020.229103 and what follows from them.
``published``: also transport in the AM, electronic conduction, the active surface as an area.
``all``: also interfaces, sizes, connectivity, correlation and the other directions.
"""

PARTS = ("outputs", "published", "all")

BEYOND_OUTPUTS = (
    "percolating_fraction_am",
    "tortuosity_factor_am",
    "tortuosity_am",
    "flux_imbalance_am",
    "effective_conductivity_electronic_S_per_m",
    "active_surface_percent",
    "active_area_per_volume_1_per_um",
)
"""Columns of ``published`` that ``outputs`` leaves out."""
