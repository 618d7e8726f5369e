"""The generator's parameters by name, with default, range, unit and meaning."""

from __future__ import annotations

from typing import Any

from engine.structure.condition import Condition

GENERATOR_OPTIONS: dict[str, tuple[Any, Any, str, str]] = {}


def resolve_options(condition: Condition) -> dict[str, Any]:
    """Return the condition's options, completed with the defaults of its protocol."""
    return dict(condition.options)
