"""What ``parts="all"`` adds to the published properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from engine.progress import Progress
from engine.properties.axes import FLOW_AXES
from engine.properties.collector import slice_coverage
from engine.properties.connectivity import connectivity
from engine.properties.correlation import correlation_length, two_point_correlation
from engine.properties.interfaces import InterfaceAreas
from engine.properties.profiles import slice_profile
from engine.properties.representative import phase_fraction, representative_check
from engine.properties.sizes import size_distribution
from engine.properties.transport import TransportResult
from engine.properties.triple_phase import triple_phase_length
from engine.structure.stack import AM, CBD, ELECTROLYTE, PHASE_NAMES, VoxelStack


def morphology(
    stack: VoxelStack,
    areas: InterfaceAreas,
    transport: dict[str, TransportResult],
    flow_axis: str,
    solve_along: Callable[[np.ndarray, str], TransportResult],
    progress: Progress,
) -> dict[str, Any]:
    """Interfaces, sizes, connectivity, profiles, correlation, tensor and volume check.

    Parameters
    ----------
    stack : VoxelStack
    areas : InterfaceAreas
    transport : dict of TransportResult
        Along `flow_axis`, by phase.
    flow_axis : {"z", "y", "x"}
    solve_along : callable
        Solves a mask along an axis.
    progress : Progress

    Returns
    -------
    dict
        JSON values; numbers become columns, lists are for plots.
    """
    labels, spacing = stack.labels, stack.spacing
    masks = {name: labels == label for label, name in enumerate(PHASE_NAMES)}
    linked = {name: connectivity(mask, flow_axis) for name, mask in masks.items()}
    found: dict[str, Any] = {
        "interface_area_1_per_um": {
            "am_electrolyte": areas.am_electrolyte,
            "am_cbd": areas.am_cbd,
            "cbd_electrolyte": areas.cbd_electrolyte,
        },
        "interface_method": "Crofton's formula in 13 directions, corrected for surface direction",
        "triple_phase_length_1_per_um2": triple_phase_length(labels, spacing),
        "separator_coverage_percent": slice_coverage(labels, -1),
        "connected_parts": {name: float(item.components) for name, item in linked.items()},
        "largest_part_fraction": {name: item.largest for name, item in linked.items()},
        "isolated_fraction": {name: item.isolated for name, item in linked.items()},
        "connected_to_separator_fraction": {
            "electrolyte": connectivity(labels == ELECTROLYTE).to_last
        },
        "connected_to_collector_fraction": {"solid": connectivity(labels != ELECTROLYTE).to_first},
    }
    progress.report(0.75, "sizes of pores and particles")
    for key, label in (
        ("pore_size_um", ELECTROLYTE),
        ("particle_size_um", AM),
        ("cbd_size_um", CBD),
    ):
        sizes = size_distribution(labels == label, spacing)
        found[key] = {
            "mean": sizes.mean,
            "d10": sizes.d10,
            "d50": sizes.d50,
            "d90": sizes.d90,
            "diameters": sizes.diameter.tolist(),
            "shares": sizes.share.tolist(),
        }
    progress.report(0.85, "correlation and profiles")
    found["correlation_length_um"] = {}
    found["two_point_correlation"] = {}
    for name, mask in masks.items():
        correlation = two_point_correlation(mask, spacing)
        found["correlation_length_um"][name] = correlation_length(correlation)
        found["two_point_correlation"][name] = {
            axis: {"distance_um": distance.tolist(), "probability": probability.tolist()}
            for axis, distance, probability in zip(FLOW_AXES, *correlation, strict=True)
        }
    profile = slice_profile(stack)
    found["slice_profile"] = {
        "height_um": profile.height.tolist(),
        **{name: share.tolist() for name, share in profile.share.items()},
    }
    parts = tuple(n for n in (4, 3, 2, 1) if n <= min(stack.shape))
    check = representative_check(stack, phase_fraction(ELECTROLYTE), parts)
    found["representative_volume"] = {
        "edge_um": check.edge.tolist(),
        "porosity_mean": check.mean.tolist(),
        "porosity_spread": check.spread.tolist(),
    }
    # The tensor: the flow axis is solved already.
    for name, mask in (("electrolyte", masks["electrolyte"]), ("solid", labels != ELECTROLYTE)):
        factors = {}
        for step, axis in enumerate(FLOW_AXES):
            progress.report(0.9 + 0.03 * step, f"transport in the {name} along {axis}")
            result = transport[name] if axis == flow_axis else solve_along(mask, axis)
            factors[axis] = result.tortuosity_factor
        found[f"tortuosity_factor_{name}_along"] = factors
    return found
