"""Designs: from a file or a few numbers to conditions and seeds."""

import json
import math
import re
import textwrap

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.campaign.design import AdaptiveRepeats, Design, computed_columns
from engine.campaign.design_file import read_design
from engine.campaign.seeds import structure_seed
from engine.campaign.worker import compute
from engine.errors import InputError
from engine.experiment.laws import make_law, published_law, save_law
from engine.study import StructureTask
from tests.campaign.examples import small_design
from tests.experiment.tables import design_table
from tests.shared_data import shared_file

GOOD = """
    [design]
    gap_um = [1, 91]
    am_percent = [93, 96]
    initial_porosity_percent = 46
"""


@pytest.fixture
def read(tmp_path):
    """Read a design from text."""

    def read(text: str) -> Design:
        path = tmp_path / "design.toml"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return read_design(path)

    return read


def test_that_a_short_file_is_completed_with_the_defaults(read):
    design = read(GOOD)
    assert design.count == 4 and design.repeats == 3 and design.seed == 0
    assert design.name == "design"
    point = design.conditions()[0]
    assert point.condition.protocol == "physical"
    assert point.condition.porosity_kind == "total"
    assert point.condition.box == (50.0, 50.0) and point.condition.voxel_size == 1.0
    assert point.values["initial_thickness_um"] == 100.0
    assert point.values["gap_um"] == 1.0
    assert point.values["pressure_MPa"] == pytest.approx(174.21, abs=0.01)
    assert design.law == published_law().to_dict()


def test_that_every_key_of_the_contract_is_read(read):
    design = read("""
        [design]
        pressure_MPa = [40.0, 80]
        am_percent = [94]
        porosity_percent = [44.5, 46]
        thickness_um = 120
        repeats = 10
        seed = 5
        protocol = "published"
        voxel_size_um = 0.5
        box = [30, 40]
        properties = "all"
        [law]
        kind = "published"
        calibration = {amplitude = 200.0, decay = 40.0, offset = -6.0}
    """)
    assert design.repeats == 10 and design.seed == 5 and design.properties == "all"
    assert design.law["calibration"]["amplitude"] == 200.0
    first, second = design.conditions()[:2]
    assert first.condition.box == (30.0, 40.0) and first.condition.voxel_size == 0.5
    assert first.condition.porosity_kind == "resolved"
    assert first.condition.recipe.cbd_envelope_density == pytest.approx(0.95)
    assert first.values["initial_thickness_um"] == 120.0
    assert [
        first.values["initial_porosity_percent"],
        second.values["initial_porosity_percent"],
    ] == [
        44.5,
        46.0,
    ]
    assert first.values["gap_um"] == pytest.approx(-40 * math.log(46 / 200))


def test_that_gaps_are_refused_for_a_sheet_beyond_the_gap_calibration(read, tmp_path):
    rows = ["AM (wt%),Initial porosity (%),Initial thickness (um),Pressure (MPa),Porosity (%)"]
    rows += [
        f"{am},{before},70,{p},{25 + (before - 25) * math.exp(-p / 180):.3f}"
        for am, before in ((92, 50), (94, 48), (96, 45))
        for p in (100, 250, 400, 620)
    ]
    (tmp_path / "high.csv").write_text("\n".join(rows))
    law = '\n    [law]\n    sheet = "high.csv"'
    assert "gap_um" in GOOD
    for more in ("", '\n    kind = "exponential"'):
        with pytest.raises(InputError, match="vary pressure_MPa instead of gap_um, or give 'cali"):
            read(GOOD + law + more)
    pressures = re.sub(r"gap_um = .*", "pressure_MPa = [200]", GOOD)
    assert read(pressures + law).law["kind"] == "exponential"


def test_that_a_law_may_come_from_a_file_or_a_sheet(read, tmp_path):
    law = published_law().to_dict()
    (tmp_path / "law.json").write_text(json.dumps(law))
    assert read(GOOD + '\n    [law]\n    file = "law.json"').law == law
    gaps = np.array([1, 20, 40, 60, 80, 95, 10, 30])
    frame = pd.DataFrame(
        {
            "AM (%)": [93, 94, 95, 96, 93.5, 94.5, 95.5, 93.2],
            "Initial porosity (%)": [42, 44, 46, 48, 43, 45, 47, 49],
            "Initial thickness (µm)": [130, 150, 140, 160, 170, 135, 145, 155],
            "Gap (µm)": gaps,
            "Porosity (%)": 30 + 0.1 * gaps + 0.001 * gaps**2,
        }
    )
    frame.to_csv(tmp_path / "measured.csv", index=False)
    design = read(GOOD + '\n    [law]\n    kind = "polynomial"\n    sheet = "measured.csv"')
    assert design.law["kind"] == "polynomial"
    assert design.law["coefficients"] != law["coefficients"]
    assert len(design.conditions()) == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", r"\[design\] is missing"),
        ("[design", "not valid TOML"),
        ("design = 3", r"\[design\] must be a table"),
        (GOOD + "[laws]\n", "'laws' is not known; did you mean 'law'"),
        (GOOD + "pressure_MPa = 3", "exactly one of 'gap_um' and 'pressure_MPa'"),
        ("[design]\nam_percent = 94", "'gap_um' and 'pressure_MPa' is needed, none"),
        ("[design]\ngap_um = 1\nam_percent = 94", "'initial_porosity_percent' is missing"),
        (GOOD + "am_percents = 3", "'am_percents' is not known; did you mean 'am_percent'"),
        (GOOD + "Voxel_Size_um = 3", "did you mean 'voxel_size_um'"),
        (GOOD + "porosity_percent = 3", "are the same; keep one"),
        (GOOD + "initial_thickness_um = []", "'initial_thickness_um' is an empty list"),
        (GOOD.replace("[93, 96]", '"much"'), "'am_percent' must be a number, not 'much'"),
        (GOOD.replace("[93, 96]", "[93, true]"), "'am_percent' must be a number, not True"),
        (GOOD.replace("[93, 96]", "[93, nan]"), "'am_percent' nan is not between"),
        (GOOD.replace("[93, 96]", "[0.94]"), "'am_percent' 0.94 .* always percent"),
        (GOOD.replace("46", "142"), "'initial_porosity_percent' 142 is not between"),
        (GOOD.replace("[1, 91]", "[1, 1]"), "'gap_um' names 1.0 twice"),
        (GOOD.replace("[1, 91]", "[150]"), "150 µm is outside"),
        (GOOD + "repeats = 0", "'repeats' must be a whole number"),
        (GOOD + "repeats = 2.5", "'repeats' must be a whole number"),
        (GOOD + "seed = -1", "'seed' must be a whole number"),
        (GOOD + "repeats = 300000000", "'repeats' must be a whole number from 1"),
        (GOOD + 'protocol = "fast"', "'protocol' must be one of physical, published"),
        (GOOD + "voxel_size_um = 0", "'voxel_size_um' 0 is not between"),
        (GOOD + "box = [1, 2, 3, -4]", "'box' -4 is not between"),
        (GOOD + "box = [[1, 2, 3]]", "'box' must be one or two lengths"),
        (GOOD + 'properties = "some"', "'properties' must be outputs, published or all"),
        (GOOD + 'sampling = "random"', "'sampling' must be one of grid"),
        (GOOD + "sampling = 3", "'sampling' must be text"),
        (GOOD + "samples = 3", "'samples' is for latin_hypercube"),
        (GOOD + 'sampling = "sobol"', "'samples' must be a whole number"),
        (GOOD + "minimum_repeats = 3", "needs 'standard_error_percent'"),
        (GOOD + "standard_error_percent = 0", "must be above 0"),
        (GOOD + "standard_error_percent = 1\nminimum_repeats = 9", "'minimum_repeats' must be"),
        (GOOD + 'standard_error_percent = 1\nprecision_of = "tau"', "'tau' is not known"),
        (GOOD + '[law]\nkind = "magic"', "'kind' must be one of published"),
        (GOOD + '[law]\nkind = "kawakita"', "must be fitted; give 'sheet'"),
        (GOOD + '[law]\nfile = "none.json"', "'file' names .*none.json, which does not exist"),
        (GOOD + '[law]\nsheet = "none.xlsx"\nkind = "kawakita"', "'sheet' names .*not exist"),
        (GOOD + '[law]\nsheet = "a"\nfile = "b"', "cannot both be given"),
        (GOOD + "[law]\ncalibration = 3", "'calibration' must be a table"),
        (GOOD + "[law]\ncalibration = {amplitud = 3}", "'amplitud' is not known"),
        (GOOD + "[law]\nkinds = 3", "'kinds' is not known; did you mean 'kind'"),
        (GOOD + "[law]\nkind = 3", "'kind' must be text"),
    ],
)
def test_that_what_is_wrong_in_a_file_is_named(read, text, words):
    with pytest.raises(InputError, match=words) as caught:
        read(text).conditions()
    assert "\n" not in str(caught.value)


def test_that_a_missing_or_binary_file_is_said(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_design(tmp_path / "none.toml")
    (tmp_path / "a.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read_design(tmp_path / "a.toml")


def test_that_a_condition_the_law_refuses_is_named(read):
    design = read(GOOD.replace("[1, 91]", "[1, 126.9]").replace("46", "[46, 47]"))
    assert len(design.conditions()) == 8
    with pytest.raises(InputError, match=r"Condition gap_um = 150.0, am_percent = 93.0: "):
        read(GOOD.replace("[1, 91]", "[1, 150]")).conditions()


def test_that_warnings_of_the_law_are_counted(read):
    texts = read(GOOD).warnings()
    assert texts and all("of 4 conditions)" in text for text in texts)


def test_that_the_published_designs_are_those_of_the_paper():
    training, validation = Design.published_training(), Design.published_validation()
    assert training.structures == validation.structures == 4400
    gaps = {point.values["gap_um"] for point in training.conditions()}
    other = {point.values["gap_um"] for point in validation.conditions()}
    assert gaps == set(range(1, 92, 10)) and other == set(range(5, 96, 10))
    assert training.key != validation.key


def test_that_the_published_conditions_have_the_published_thickness():
    published = pd.read_csv(shared_file("published_structures_440.csv"))
    keys = zip(published["Gap"], published["AM"], published["porous"], strict=True)
    thickness = dict(zip(keys, published["z"], strict=True))
    points = Design.published_training().conditions()
    assert len(points) == len(thickness) == 440
    for point in points:
        values = point.values
        key = (values["gap_um"], values["am_percent"], values["initial_porosity_percent"])
        # the file gives three digits
        rounding = 0.051 if point.condition.thickness < 99.95 else 0.51
        assert point.condition.thickness == pytest.approx(thickness[key], abs=rounding)


def test_that_a_design_comes_back_from_its_dict():
    design = small_design(adaptive=AdaptiveRepeats(2.0, 3, ("a",)), name="x")
    back = Design.from_dict(json.loads(json.dumps(design.to_dict())))
    assert back == design and back.key == design.key and back.name == "x"
    assert back.conditions() == design.conditions()


def test_that_the_key_follows_everything_but_the_name_and_the_order_of_keys():
    design = small_design()
    assert small_design(name="other").key == design.key
    turned = Design.from_dict(
        design.to_dict() | {"variables": dict(reversed(design.to_dict()["variables"].items()))}
    )
    assert turned.key == design.key
    for change in ({"repeats": 2}, {"properties": "all"}, {"variables": {"gap_um": [1, 81]}}):
        assert small_design(**change).key != design.key


@given(st.integers(0, 2**63 - 1), st.integers(0, 1000))
def test_that_a_seed_is_a_plain_number_that_any_field_holds(seed, repeat):
    value = structure_seed(seed, {"am_percent": 94.0}, repeat)
    assert type(value) is int and 0 <= value < 2**31


def test_that_seeds_do_not_depend_on_the_other_conditions():
    few = small_design(variables={"gap_um": [91]})
    many = small_design(variables={"gap_um": [1, 41, 91], "am_percent": [93, 94, 95]})
    seeds = {
        (point.values["gap_um"], point.values["am_percent"]): point.seeds
        for point in many.conditions()
    }
    for point in few.conditions():
        assert seeds[point.values["gap_um"], point.values["am_percent"]] == point.seeds
    everything = [seed for point in many.conditions() for seed in point.seeds]
    assert len(set(everything)) == len(everything) == 27
    # frozen: a change of these would give every existing study other structures
    assert structure_seed(1, {"a": 1.0}, 0) == 319200586


@pytest.mark.parametrize("method", ["latin_hypercube", "sobol"])
def test_that_sampled_designs_fill_their_box_and_repeat_themselves(read, method):
    text = f"""
        [design]
        sampling = "{method}"
        samples = 16
        pressure_MPa = [20, 160]
        am_percent = [93.5, 96]
        initial_porosity_percent = 46
        seed = 3
    """
    design = read(text)
    points = design.points()
    assert design.count == len(points) == 16 and points == read(text).points()
    for name, low, high in (("pressure_MPa", 20, 160), ("am_percent", 93.5, 96)):
        values = np.array([point[name] for point in points])
        # one value in each sixteenth: that is what both methods promise
        assert sorted(np.floor((values - low) / (high - low) * 16).tolist()) == list(range(16))
    assert {point["initial_porosity_percent"] for point in points} == {46.0}
    assert read(text.replace("seed = 3", "seed = 4")).points() != points
    with pytest.raises(InputError, match=r"'am_percent': .* needs a range"):
        read(text.replace("[93.5, 96]", "[93, 94, 95]")).points()


def test_that_a_list_of_conditions_is_taken_row_by_row(read):
    text = """
        [design]
        sampling = "list"
        gap_um = [1, 91, 91]
        am_percent = [94, 94, 96]
        initial_porosity_percent = 46
    """
    points = read(text).points()
    assert [(point["gap_um"], point["am_percent"]) for point in points] == [
        (1.0, 94.0),
        (91.0, 94.0),
        (91.0, 96.0),
    ]
    with pytest.raises(InputError, match="'gap_um' has 3, 'am_percent' has 2"):
        read(text.replace("[94, 94, 96]", "[94, 96]")).points()


def test_that_recipe_and_box_can_be_varied(read):
    design = read(
        GOOD + "cbd_nanoporosity_percent = [0, 47]\nam_density = 4.5\nbox = [20, 30, 40]\n"
    )
    assert design.count == 4 * 2 * 3
    conditions = [point.condition for point in design.conditions()]
    assert {condition.recipe.cbd_nanoporosity for condition in conditions} == {0.0, 0.47}
    assert {condition.recipe.am_density for condition in conditions} == {4.5}
    assert {condition.box for condition in conditions} == {(20.0, 20.0), (30.0, 30.0), (40.0, 40.0)}
    assert {point.values["box_um"] for point in design.conditions()} == {
        "20 x 20",
        "30 x 30",
        "40 x 40",
    }


@settings(max_examples=30)
@given(st.floats(0.001, 0.9))
def test_that_nanoporosity_up_to_one_is_a_fraction_and_above_a_percent(share):
    as_fraction = small_design(variables={"cbd_nanoporosity": share})
    as_percent = small_design(variables={"cbd_nanoporosity": 1 + 98 * share})
    assert as_fraction.conditions()[0].condition.recipe.cbd_nanoporosity == share
    recipe = as_percent.conditions()[0].condition.recipe
    assert recipe.cbd_nanoporosity == (1 + 98 * share) / 100


def test_that_a_coefficient_of_the_law_can_be_varied(read):
    text = "gap_um = 31\nam_percent = 94\ninitial_porosity_percent = 46\n"
    design = read(f"[design]\n{text}law.AM = [0.843501332857, 0.85]\n")
    plain, more = design.conditions()
    (usual,) = read(f"[design]\n{text}").conditions()
    assert plain.condition.porosity == pytest.approx(usual.condition.porosity, rel=1e-12)
    # the published term is linear in AM
    difference = more.condition.porosity - plain.condition.porosity
    assert difference == pytest.approx(0.94 * (0.85 - 0.843501332857), rel=1e-9)
    assert plain.values["law.AM"] == 0.843501332857
    wrong = read(f"[design]\n{text}law.gapp = 1.0\n")
    with pytest.raises(InputError, match=r"'law\.gapp' is not known; did you mean 'law\.gap'"):
        wrong.conditions()


SPEED = "Line speed (m/min)"


@pytest.fixture
def fast_law(tmp_path):
    """A law in which every m/min of line speed leaves 0.002 more porosity, at its mean 3.0."""
    table = design_table(
        lambda am, e0, t0, gap, p: e0 - 0.001 * p + 0.002 * (am * 1000 % 7),
        extra=lambda am, gap: {SPEED: am * 1000 % 7},
    )
    law = make_law("polynomial", terms=["eps_init", "P", SPEED]).fit(table)
    save_law(law, tmp_path / "law.json")
    return law


def test_that_a_column_of_the_sheet_that_the_law_uses_can_be_varied(read, fast_law):
    text = "[design]\npressure_MPa = 50\nam_percent = 94\ninitial_porosity_percent = 46\n"
    law = '[law]\nfile = "law.json"\n'
    slow, fast = read(f'{text}input."{SPEED}" = [1, 6]\n{law}').conditions()
    assert fast.condition.porosity - slow.condition.porosity == pytest.approx(0.01)
    assert (slow.values[f"input.{SPEED}"], fast.values[f"input.{SPEED}"]) == (1.0, 6.0)
    assert not any("mean" in text for text in slow.warnings)
    (usual,) = read(text + law).conditions()
    mean = fast_law.extra_means_[SPEED]
    assert usual.values[f"input.{SPEED}"] == mean
    assert any("measured mean" in text for text in usual.warnings)
    assert usual.condition.porosity == pytest.approx(slow.condition.porosity + 0.002 * (mean - 1))
    with pytest.raises(InputError, match=r"no input 'speed'.*'Line speed"):
        read(f"{text}input.speed = 2\n{law}").conditions()


def test_that_precision_can_only_be_asked_of_what_is_computed(read):
    text = GOOD + "\n    standard_error_percent = 2\n    precision_of = 'pore_size_mean_um'\n"
    with pytest.raises(InputError, match="does not compute"):
        read(text)
    assert read(text + "    properties = 'all'").adaptive.columns == ("pore_size_mean_um",)


@pytest.mark.parametrize("properties", ["outputs", "published", "all"])
def test_that_the_columns_of_a_structure_are_known_beforehand(properties):
    point = small_design().conditions()[0]
    found, _ = compute(StructureTask(0, 0, 0, 1, point.condition), properties)
    times = {"generation_seconds", "properties_seconds"}
    assert set(found) - times == set(computed_columns(properties))


def test_that_a_resolution_check_needs_more_than_the_outputs_of_the_paper():
    with pytest.raises(InputError, match="needs the surfaces as well"):
        Design.published_training(properties="outputs", resolution_check=True)
