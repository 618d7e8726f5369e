"""What the further columns of a sheet are: settings that a law may take, or measured results."""

from __future__ import annotations

from engine.experiment.headers import understand
from engine.experiment.table import CalenderingTable

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


def measured_properties(table: CalenderingTable) -> tuple[str, ...]:
    """Extra number columns that hold measured properties, e.g. a tortuosity by impedance.

    Parameters
    ----------
    table : CalenderingTable
    """
    return tuple(
        name
        for name, values in table.extra.items()
        if values.dtype.kind in "fiu" and understand(name).quantity == "measured"
    )
