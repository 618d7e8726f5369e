"""The arguments that describe one condition, and the condition they give."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from engine.cli.quantities import fraction, number, option_value, pairs
from engine.errors import InputError
from engine.structure.condition import Coating, Condition, Recipe


def add_condition_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare composition, porosity, thickness, pressure, box and protocol."""
    parser.add_argument("--am", required=True, metavar="94", help="AM mass fraction (0..1 or %%)")
    parser.add_argument("--porosity", metavar="0.328", help="porosity after calendering")
    parser.add_argument("--thickness", metavar="86.8", help="thickness after calendering, µm")
    parser.add_argument("--porosity-kind", choices=["total", "resolved"])
    parser.add_argument("--initial-porosity", metavar="0.46", help="porosity before calendering")
    parser.add_argument(
        "--initial-thickness", metavar="100", help="thickness before calendering, µm"
    )
    press = parser.add_mutually_exclusive_group()
    press.add_argument("--pressure", metavar="P", help="calender pressure, MPa")
    press.add_argument("--gap", metavar="G", help="roll gap, µm")
    parser.add_argument("--law", metavar="FILE|published", help="calendering law")
    parser.add_argument("--box", nargs=2, default=["50", "50"], metavar=("Y", "X"), help="µm")
    parser.add_argument("--voxel-size", default="1", metavar="1", help="µm")
    parser.add_argument("--protocol", choices=["physical", "published"], default="physical")
    parser.add_argument(
        "--option", nargs="+", default=[], action="extend", metavar="name=value",
        help="recipe densities and generator options, e.g. am_density=4.7 cbd_rule=bridges",
    )  # fmt: skip


def condition_from_arguments(args: argparse.Namespace) -> tuple[Condition, list[str]]:
    """Return the condition and the law's warnings.

    Raises
    ------
    InputError
        If the arguments are incomplete, contradict each other, or describe the impossible.
    """
    recipe = (
        Recipe.published(fraction(args.am, "--am"))
        if args.protocol == "published"
        else Recipe(fraction(args.am, "--am"))
    )
    recipe_fields = {field.name for field in dataclasses.fields(Recipe)} - {"am_fraction"}
    options: dict[str, Any] = {}
    for name, text in pairs(args.option, "--option").items():
        if name in recipe_fields:
            recipe = dataclasses.replace(recipe, **{name: number(text, name)})
        else:
            options[name] = option_value(text)
    fields: dict[str, Any] = {
        "box": (number(args.box[0], "--box"), number(args.box[1], "--box")),
        "voxel_size": number(args.voxel_size, "--voxel-size"),
        "protocol": args.protocol,
        "porosity_kind": args.porosity_kind
        or ("resolved" if args.protocol == "published" else "total"),
        "options": options,
    }
    after = [args.porosity, args.thickness]
    before = [args.initial_porosity, args.initial_thickness]
    if any(after) and any([*before, args.pressure, args.gap, args.law]):
        raise InputError(
            "--porosity and --thickness describe the electrode after calendering and cannot be "
            "combined with --initial-porosity, --initial-thickness, --pressure, --gap or --law: "
            "give one description."
        )
    if all(after):
        porosity = fraction(args.porosity, "--porosity")
        thickness = number(args.thickness, "--thickness")
        return Condition(recipe, porosity, thickness, **fields), []
    if not (all(before) and args.law and (args.pressure or args.gap)):
        raise InputError(
            "The condition is incomplete: give --porosity and --thickness, or --initial-porosity, "
            "--initial-thickness, --law and one of --pressure and --gap."
        )
    from engine.experiment.calendering import calendered_condition
    from engine.experiment.laws import load_law

    coating = Coating(
        fraction(args.initial_porosity, "--initial-porosity"),
        number(args.initial_thickness, "--initial-thickness"),
    )
    condition, warnings = calendered_condition(
        load_law(args.law),
        recipe,
        coating,
        pressure=number(args.pressure, "--pressure") if args.pressure else None,
        gap=number(args.gap, "--gap") if args.gap else None,
        **fields,
    )
    return condition, list(warnings)
