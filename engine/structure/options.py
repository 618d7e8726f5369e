"""The generator's parameters by name: default, range, unit and meaning.

Command line, window and campaign design read this table, so that a parameter exists in one place.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from engine.errors import InputError
from engine.structure.condition import Condition


class Option(NamedTuple):
    """One parameter of the generator.

    Attributes
    ----------
    default : JSON value
    allowed : tuple of two floats, tuple of str, or None
        Smallest and largest number, or the names to choose from; None for a list of numbers.
    unit : str
        Empty where dimensionless.
    meaning : str
    """

    default: Any
    allowed: tuple[Any, ...] | None
    unit: str
    meaning: str

    @property
    def is_choice(self) -> bool:
        """Whether the value is one of several names."""
        return bool(self.allowed) and isinstance(self.allowed[0], str)  # type: ignore[index]


SIZE_SOURCES = ("nmc111", "lognormal", "bimodal", "histogram", "list")

GENERATOR_OPTIONS: dict[str, Option] = {
    "size_distribution": Option(
        "nmc111", SIZE_SOURCES, "",
        "Particle sizes: measured NMC111, log-normal, bimodal, a histogram or listed diameters",
    ),
    "size_basis": Option(
        "number", ("number", "volume"), "", "What D10, D50, D90 or listed diameters count"
    ),
    "d10": Option(2.4, (0.01, 500.0), "µm", "Diameter below which 10 % lie (log-normal)"),
    "d50": Option(4.0, (0.01, 500.0), "µm", "Median diameter (log-normal)"),
    "d90": Option(8.6, (0.01, 500.0), "µm", "Diameter below which 90 % lie (log-normal)"),
    "second_d10": Option(1.0, (0.01, 500.0), "µm", "D10 of the second mode (bimodal)"),
    "second_d50": Option(1.5, (0.01, 500.0), "µm", "D50 of the second mode (bimodal)"),
    "second_d90": Option(2.2, (0.01, 500.0), "µm", "D90 of the second mode (bimodal)"),
    "second_share": Option(0.3, (0.0, 1.0), "", "Volume share of the second mode (bimodal)"),
    "diameters": Option([], None, "µm", "Listed diameters, or the edges of the histogram"),
    "counts": Option([], None, "", "Particles in each bin of the histogram"),
    "aspect_ratio": Option(
        1.0, (0.2, 5.0), "",
        "Median length of a particle along its axis over its width: 1 spheres, less flakes, more "
        "needles",
    ),
    "aspect_spread": Option(
        0.0, (0.0, 0.5), "", "Standard deviation of the logarithm of the aspect ratio"
    ),
    "orientation": Option(
        "random", ("random", "flat"), "",
        "How particles that are no spheres lie at first; packing turns them a little",
    ),
    "overlap_tolerance": Option(
        0.01, (0.0005, 0.05), "", "Largest overlap to leave, as a share of the sum of radii"
    ),
    "collector_embedding": Option(
        1.0, (0.0, 20.0), "µm", "How deep particles sink into the current collector"
    ),
    "separator_embedding": Option(
        0.0, (0.0, 20.0), "µm", "How far particles reach beyond the separator face"
    ),
    "cbd_rule": Option(
        "film_finger", ("film_finger", "bridges", "clusters", "published"), "",
        "Where carbon and binder go",
    ),
    "cbd_weight": Option(
        0.5, (0.0, 1.0), "", "0 a film on the particles, 1 fingers (film_finger rule)"
    ),
    "cbd_cluster_radius": Option(1.5, (0.01, 50.0), "µm", "Radius of a cluster (clusters rule)"),
    "cbd_gradient": Option(
        0.0, (-0.95, 0.95), "",
        "Surplus of carbon and binder at the separator (binder migration); not for the published "
        "rule",
    ),
    "collector_wetting": Option(
        True, (False, True), "", "Whether carbon and binder wet the collector as they wet particles"
    ),
    "sphere_drawing": Option(
        "padded", ("padded", "plain"), "",
        "Published protocol: slices as they lie in the padded box, or slice k at height k",
    ),
}  # fmt: skip
"""Parameters of both protocols."""

PUBLISHED_OPTIONS = ("sphere_drawing",)
"""Those of the published protocol; all others are the physical one's."""


def check_option(name: str, value: Any) -> Any:
    """Return an option's value in its right type.

    Raises
    ------
    InputError
        If there is no such option or the value is not allowed.
    """
    option = GENERATOR_OPTIONS.get(name)
    if option is None:
        raise InputError(
            f"'{name}' is no option of the generator: use one of {', '.join(GENERATOR_OPTIONS)}."
        )
    allowed = option.allowed
    if allowed is None:
        values = value if isinstance(value, list | tuple) else [value]
        numbers = [_number(name, item) for item in values]
        if min(numbers, default=0) < 0:
            raise InputError(f"Option {name} holds a negative number: give numbers of 0 or more.")
        return numbers
    if isinstance(option.default, bool):
        truth = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        found = truth.get(str(value).lower())
        if found is None:
            raise InputError(f"Option {name} is '{value}': give true or false.")
        return found
    if option.is_choice:
        if value not in allowed:
            raise InputError(f"Option {name} is '{value}': use one of {', '.join(allowed)}.")
        return value
    number = _number(name, value)
    if not allowed[0] <= number <= allowed[1]:
        unit = f" {option.unit}" if option.unit else ""
        raise InputError(
            f"Option {name} is {number:g}: it must be between {allowed[0]:g} and "
            f"{allowed[1]:g}{unit}."
        )
    return number


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"Option {name} is '{value}': give a number.") from None
    if isinstance(value, bool) or not math.isfinite(number):
        raise InputError(f"Option {name} is '{value}': give a number.")
    return number


def resolve_options(condition: Condition) -> dict[str, Any]:
    """Return every option of the condition's protocol: its own values and else the defaults.

    What is given for the other protocol is checked and left aside.

    Raises
    ------
    InputError
        If an option is unknown or out of range.
    """
    given = {name: check_option(name, value) for name, value in condition.options.items()}
    published = condition.protocol == "published"
    return {
        name: given.get(name, option.default)
        for name, option in GENERATOR_OPTIONS.items()
        if (name in PUBLISHED_OPTIONS) == published
    }
