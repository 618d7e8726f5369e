"""What the further columns of a sheet are: settings that a law may take, or measured results."""

from __future__ import annotations

from engine.experiment.headers import understand
from engine.experiment.table import CalenderingTable

PROCESS = ("temperature", "speed", "line_load", "solid_content", "force")
"""Quantities that make two rows different conditions although pressure and coating agree."""

# Quantities that are known only after calendering, or that the porosity itself goes into.
_RESULTS = ("measured", "density", "deviation", "thickness", "ratio", "porosity")


def possible_inputs(table: CalenderingTable) -> tuple[str, ...]:
    """Extra number columns that can be inputs of a law, e.g. the roll temperature.

    Parameters
    ----------
    table : CalenderingTable

    Returns
    -------
    tuple of str
        Columns that are complete, vary, and are no result of the calendering.
    """
    return tuple(
        name
        for name, values in table.numeric_extra().items()
        if understand(name).quantity not in _RESULTS and values.max() > values.min()
    )


def process_settings(table: CalenderingTable) -> tuple[str, ...]:
    """Those of `possible_inputs` that a calender is set to: temperature, speed, load.

    Parameters
    ----------
    table : CalenderingTable
    """
    return tuple(n for n in possible_inputs(table) if understand(n).quantity in PROCESS)
