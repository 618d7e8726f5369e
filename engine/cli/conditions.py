"""The arguments that describe one condition, and the condition they give."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from engine.cli.quantities import fraction, number, option_value, pairs
from engine.errors import InputError
from engine.structure.condition import Coating, Condition, Recipe
from engine.structure.loading import recipe_of_parts, thickness_by
from engine.structure.materials import Material, material
from engine.structure.own_materials import read_own_materials


def add_condition_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare composition, porosity, thickness, pressure, box and protocol."""
    parser.add_argument("--am", required=True, metavar="94", help="AM mass fraction (0..1 or %%)")
    parser.add_argument("--carbon", metavar="3", help="carbon black, as --am; the rest is binder")
    parser.add_argument("--material", metavar="NMC811", help="preset: density, capacity, sizes")
    parser.add_argument(
        "--own-materials", metavar="FILE", help="materials.json of the window, for --material"
    )
    parser.add_argument("--porosity", metavar="0.328", help="porosity after calendering")
    parser.add_argument("--thickness", metavar="86.8", help="thickness after calendering, µm")
    parser.add_argument("--porosity-kind", choices=["total", "resolved"])
    parser.add_argument("--initial-porosity", metavar="0.46", help="porosity before calendering")
    parser.add_argument(
        "--initial-thickness", metavar="100", help="thickness before calendering, µm"
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--loading", metavar="20", help="instead of a thickness, mg/cm²")
    amount.add_argument("--capacity", metavar="3", help="instead of a thickness, mAh/cm²")
    parser.add_argument("--specific-capacity", metavar="163", help="of the AM, mAh/g")
    press = parser.add_mutually_exclusive_group()
    press.add_argument("--pressure", metavar="P", help="calender pressure, MPa")
    press.add_argument("--gap", metavar="G", help="roll gap, µm")
    parser.add_argument("--law", metavar="FILE|published", help="calendering law")
    parser.add_argument(
        "--law-input", nargs="+", default=[], action="extend", metavar="name=value",
        help="inputs of the law beside the usual ones: columns of its sheet by name",
    )  # fmt: skip
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
    recipe, preset = _recipe_and_material(args)
    recipe_fields = {field.name for field in dataclasses.fields(Recipe)} - {"am_fraction"}
    options: dict[str, Any] = {}
    if preset is not None and args.protocol == "physical":
        options |= preset.size_options
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
    weighed = args.loading or args.capacity
    if weighed and (args.thickness or args.initial_thickness):
        raise InputError(
            "--loading and --capacity give the thickness: leave out --thickness and "
            "--initial-thickness."
        )
    after = [args.porosity, args.thickness or (weighed and args.porosity)]
    before = [args.initial_porosity, args.initial_thickness or (weighed and args.initial_porosity)]
    if any(after) and any([*before, args.pressure, args.gap, args.law, args.law_input]):
        raise InputError(
            "--porosity and --thickness describe the electrode after calendering and cannot be "
            "combined with --initial-porosity, --initial-thickness, --pressure, --gap, --law or "
            "--law-input: give one description."
        )
    if all(after):
        porosity = fraction(args.porosity, "--porosity")
        thickness = _thickness(args, args.thickness, "--thickness", recipe, porosity, fields)
        return Condition(recipe, porosity, thickness, **fields), []
    if not (all(before) and args.law and (args.pressure or args.gap)):
        raise InputError(
            "The condition is incomplete: give --porosity and --thickness, or --initial-porosity, "
            "--initial-thickness, --law and one of --pressure and --gap."
        )
    from engine.experiment.calendering import calendered_condition
    from engine.experiment.laws import load_law

    initial = fraction(args.initial_porosity, "--initial-porosity")
    coating = Coating(
        initial,
        _thickness(args, args.initial_thickness, "--initial-thickness", recipe, initial, fields),
    )
    condition, warnings = calendered_condition(
        load_law(args.law),
        recipe,
        coating,
        pressure=number(args.pressure, "--pressure") if args.pressure else None,
        gap=number(args.gap, "--gap") if args.gap else None,
        extra={
            name: number(text, f"--law-input {name}")
            for name, text in pairs(args.law_input, "--law-input").items()
        },
        **fields,
    )
    return condition, list(warnings)


def specific_capacity(args: argparse.Namespace) -> float:
    """Specific capacity of the active material, mAh/g; 0 where nothing says it."""
    if args.specific_capacity:
        return number(args.specific_capacity, "--specific-capacity")
    preset = _material(args)
    return preset.specific_capacity if preset is not None else 0.0


def _material(args: argparse.Namespace) -> Material | None:
    if not args.material:
        return None
    own = {}
    if args.own_materials:
        if not Path(args.own_materials).is_file():
            raise InputError(f"There is no file {args.own_materials} (--own-materials).")
        own = read_own_materials(args.own_materials)
    for name, each in own.items():
        if name.lower() == args.material.lower():
            return each
    try:
        return material(args.material)
    except InputError as error:
        if not own:
            raise
        raise InputError(f"{error} Of your own there are: {', '.join(own)}.") from None


def _recipe_and_material(args: argparse.Namespace) -> tuple[Recipe, Material | None]:
    am = fraction(args.am, "--am")
    preset = _material(args)
    if args.protocol == "published":
        if preset is not None or args.carbon:
            raise InputError(
                "The published protocol has its own densities and sizes: leave out --material "
                "and --carbon, or use --protocol physical."
            )
        return Recipe.published(am), None
    recipe = Recipe(am)
    if args.carbon:
        carbon = fraction(args.carbon, "--carbon")
        if am + carbon > 1 + 1e-12:
            raise InputError(
                f"--am {args.am} and --carbon {args.carbon} are more than 100 % together."
            )
        recipe = recipe_of_parts(am, carbon, max(1 - am - carbon, 0.0))
    if preset is not None:
        recipe = dataclasses.replace(recipe, am_density=preset.density)
    return recipe, preset


def _thickness(
    args: argparse.Namespace,
    thickness: str | None,
    name: str,
    recipe: Recipe,
    porosity: float,
    fields: dict[str, Any],
) -> float:
    """Thickness (µm) as it was given, or from loading or capacity."""
    if thickness:
        return number(thickness, name)
    kind = fields["porosity_kind"]
    if args.loading:
        return thickness_by("loading", number(args.loading, "--loading"), recipe, porosity, kind)
    capacity = specific_capacity(args)
    if not capacity:
        raise InputError("--capacity needs --specific-capacity or --material.")
    amount = number(args.capacity, "--capacity")
    return thickness_by("capacity", amount, recipe, porosity, kind, capacity)
