import dataclasses
import shutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from engine.campaign.design import Design
from engine.cli import main
from engine.errors import Cancelled, InputError
from engine.experiment.laws import make_law
from engine.learning.model import model_from_dict
from engine.maps import default_models as default_models_module
from engine.maps.canvas import save
from engine.maps.curve_data import stretches
from engine.maps.curves import curve_set, paper_figure
from engine.maps.decide import recommend
from engine.maps.default_models import better, default_models, train_defaults
from engine.maps.drawing import draw_curves, spread_apart
from engine.maps.figures import FIGURES, collect_figures, make_maps
from engine.maps.interdependence import from_data
from engine.maps.matrix_drawing import draw_interdependence
from engine.maps.quantities import PAPER_TARGETS, SIGMA_EFF, TAU_LIQUID
from engine.maps.report_decision import RECOMMENDATION_SETTING
from engine.maps.responses import SETTINGS
from engine.maps.sources import _other_conductivities, default_inputs, read_sources
from engine.maps.targets import Target
from engine.maps.trade_off import trade_off
from engine.maps.verify import condition_at
from engine.progress import Progress
from engine.properties.conductivities import Conductivities
from engine.study import Study
from engine.study.records import StructureRecord
from tests.maps.examples import published_points, published_responses
from tests.maps.studies import made_up_table, make_study


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A finished study with its default models, as a file to copy."""
    path = tmp_path_factory.mktemp("trained") / "trained.study"
    with make_study(path) as study:
        default_models(study)
    return path


@pytest.fixture
def study(trained, tmp_path):
    path = shutil.copy(trained, tmp_path / "trained.study")
    with Study.open(path) as opened:
        yield opened


def test_that_maps_writes_every_figure_and_the_numbers_behind_it(study, tmp_path):
    files = make_maps(study, tmp_path / "out" / "maps", dpi=100)
    names = {path.name for path in files}
    assert names == {
        f"figure_{name}.{ending}" for name in FIGURES for ending in ("png", "svg", "csv")
    }
    for path in files:
        assert path.stat().st_size > 500
    with Image.open(tmp_path / "out" / "maps" / "figure_6.png") as image:
        assert image.width == 720  # 183 mm at 100 dpi
    table = tmp_path / "out" / "maps" / "figure_6.csv"
    assert table.read_text().startswith("# Figure 6:")
    assert list(pd.read_csv(table, comment="#"))[:5] == [
        "initial_porosity_percent",
        "am_percent",
        "kind",
        "pressure_MPa",
        TAU_LIQUID,
    ]


def test_that_the_trade_off_of_a_kept_recommendation_is_among_the_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "engine.maps.figures.collect_figures", lambda sources: collect_figures(sources, ["4"])
    )
    with make_study(
        tmp_path / "s.study", gaps=(5.0, 40.0, 80.0), ams=(94.0, 96.0), porosities=(44.0, 48.0)
    ) as study:
        responses = read_sources(study, models=default_models(study)).responses
        targets = (Target(TAU_LIQUID, "down"), Target("energy_density_Wh_per_L", "up"))
        best = recommend(responses, targets, trade_off(responses, targets), draws=16)
        study.set_setting(RECOMMENDATION_SETTING, best.to_dict())
        kept = make_maps(study, tmp_path / "kept", formats=("pdf",))
        table = pd.read_csv(tmp_path / "kept" / "trade_off.csv", comment="#")
        assert {"trade_off.pdf", "trade_off.csv"} <= {path.name for path in kept}
        assert (table["desirability"].diff().dropna() <= 0).all() and TAU_LIQUID in table
        # A recommendation of other models has no place among these figures.
        study.set_setting(RECOMMENDATION_SETTING, {**best.to_dict(), "stands_on": "another"})
        names = {path.name for path in make_maps(study, tmp_path / "old", formats=("pdf",))}
        assert names - {"notes.txt"} == {"figure_4.pdf", "figure_4.csv"}


def test_that_models_of_other_bulk_conductivities_are_named():
    class Model:
        def __init__(self, campaign):
            self.details = {"dataset": f"campaign:{campaign}"}

    class Campaigns:
        @staticmethod
        def campaigns():
            given = {1: {"electrolyte": 0.9}, 2: None}
            return [
                SimpleNamespace(id=n, design={"conductivities": bulk}) for n, bulk in given.items()
            ]

    now = Conductivities()
    for campaign, told in ((1, True), (2, False)):
        models = {SIGMA_EFF: Model(campaign), TAU_LIQUID: Model(1)}
        said = _other_conductivities(models, Campaigns(), now)
        assert ("effective ionic conductivity" in said) == told and "ortuosity" not in said


def test_that_a_study_without_models_gets_the_default_ones(tmp_path):
    with make_study(
        tmp_path / "small.study", gaps=(5.0, 40.0, 80.0), ams=(94.0, 96.0), porosities=(44.0, 48.0)
    ) as study:
        models = default_models(study)
        assert set(models) == set(PAPER_TARGETS) == set(study.models())
        # Twelve conditions are too few for a search among thousands of features.
        assert {model.method for model in models.values()} == {"baseline"}
        assert all(
            set(model.inputs) <= {*default_inputs(study.dataset())} for model in models.values()
        )
        before = study.models()
        default_models(study)
        assert study.models() == before


def test_that_default_models_predict_structures_they_never_saw(study):
    # The relations of the made-up campaign are known: the models must find them.
    models = default_models(study)
    for name in PAPER_TARGETS:
        metrics = models[name].metrics["cross_validation"]
        assert metrics["r2"] > 0.85, name


def test_that_the_better_predictor_is_kept_and_a_tie_goes_to_the_symbolic_one():
    class Model:
        def __init__(self, rmse):
            self.metrics = {"cross_validation": {"rmse": rmse}} if rmse else {}

    good, equal, bad, unknown = Model(1.0), Model(1.01), Model(1.2), Model(None)
    assert better(bad, good) is good
    assert better(equal, good) is equal
    assert better(good, bad) is good
    assert better(unknown, bad) is bad


def test_that_a_study_without_a_campaign_is_refused_in_words(tmp_path):
    with (
        Study.create(tmp_path / "empty.study") as study,
        pytest.raises(InputError, match="run a campaign first"),
    ):
        make_maps(study, tmp_path / "maps")


def test_that_maps_can_be_cancelled(study, tmp_path):
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        make_maps(study, tmp_path / "maps", progress)


def test_that_a_law_fitted_after_the_campaign_is_said(study):
    from engine.experiment.laws import make_law

    assert not read_sources(study).notes
    study.set_law(make_law("kawakita").fit(made_up_table()).to_dict())
    sources = read_sources(study)
    assert sources.responses.law.kind == "polynomial"
    assert any("is not the one that the newest campaign" in note for note in sources.notes)
    assert sources.responses.law_error is not None


def test_that_a_campaign_of_one_pressure_gives_no_curves_over_pressure(tmp_path):
    with make_study(tmp_path / "one.study", gaps=(20.0,), porosities=(44.0, 46.0)) as study:
        sources = read_sources(study, models=default_models(study))
        figures, missing = collect_figures(sources)
        assert [figure.name for figure in figures] == ["10"]
        assert "Calender pressure was not varied" in missing[0]
        found = recommend(sources.responses, [Target(TAU_LIQUID, "down")], draws=16)
    assert "best value lies between" not in found.sentence


def test_that_a_campaign_of_one_coating_gives_one_curve(tmp_path):
    with make_study(tmp_path / "one.study", ams=(95.0,), porosities=(45.0,)) as study:
        figures, missing = collect_figures(read_sources(study, models=default_models(study)))
    assert not missing
    curves = next(figure.data for figure in figures if figure.name == "6")
    assert [panel.value for panel in curves.panels] == [45.0]
    assert [curve.value for curve in curves.panels[0].curves] == [95.0]
    assert figures[6].name == "10" and len(figures[6].data.inputs) == 1


def test_that_figures_that_cannot_be_had_are_named_with_their_reason():
    bare = published_responses().__class__(published_responses().models)

    class Bare:
        responses = bare
        dataset = published_points()

    figures, missing = collect_figures(Bare(), show_points=False)
    assert {figure.name for figure in figures} == {"5", "6", "8", "9", "10", "S8"}
    assert [text.split(":")[0] for text in missing] == ["Figure 4", "Figure 7", "Figure S7"]


def test_that_the_default_models_of_the_published_points_beat_the_paper_by_cross_validation():
    models = train_defaults(published_points(), ["active_surface_published_percent"])
    found = models["active_surface_published_percent"].metrics["cross_validation"]
    assert found["r2"] > 0.994


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_that_stretches_cover_the_curve_and_never_call_the_outside_inside(flags):
    inside = np.array(flags)
    seen = np.zeros(len(flags), dtype=bool)
    for part, good in stretches(inside):
        seen[part] = True
        assert not good or inside[part].all()
    assert seen.all()


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=12), st.floats(0.1, 10))
def test_that_labels_are_pushed_apart_in_order(places, least):
    places = np.array(places)
    moved = spread_apart(places, least)
    order = np.argsort(places, kind="stable")
    assert (np.diff(moved[order]) >= least - 1e-9).all()
    if (np.diff(places[order]) >= least).all():
        assert np.allclose(moved, places)


def test_that_extrapolated_curves_are_drawn_dashed_and_the_note_is_on_the_figure():
    figure = draw_curves(paper_figure(published_responses(), "6"))
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata()) > 4]
    assert lines and all(line.is_dashed() for line in lines)
    texts = " ".join(text.get_text() for text in figure.texts)
    texts += figure.get_supxlabel()
    assert "Initial thickness 100 µm" in texts
    (legend,) = figure.legends
    assert "extrapolated" in [text.get_text() for text in legend.texts]


def test_that_drawn_axes_say_symbol_and_unit():
    figure = draw_curves(curve_set(published_responses(), TAU_LIQUID))
    assert figure.axes[2].get_xlabel() == "Calender pressure P (MPa)"
    assert figure.axes[0].get_ylabel().endswith("$_{\\mathrm{liq}}$ (–)")


def test_that_the_matrix_writes_sign_and_number_in_both_colourings():
    matrix = from_data(published_points(), [TAU_LIQUID])
    for colours in ("safe", "paper"):
        figure = draw_interdependence(matrix, colours=colours)
        texts = [text.get_text() for text in figure.axes[0].texts]
        assert {"+.59", "−.41", "+.46"} <= set(texts)


def test_that_equal_figures_give_equal_files(tmp_path):
    data = paper_figure(published_responses(), "S8")
    first = save(draw_curves(data), tmp_path / "one", ("svg", "pdf"))
    content = [path.read_bytes() for path in first]
    second = save(draw_curves(data), tmp_path / "one", ("svg", "pdf"))
    assert [path.read_bytes() for path in second] == content


def test_that_an_unknown_format_is_refused(tmp_path):
    figure = draw_curves(paper_figure(published_responses(), "S8"))
    with pytest.raises(InputError, match="'bmp'"):
        save(figure, tmp_path / "x", ("bmp",))


def test_that_drawing_leaves_pyplot_alone():
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    draw_curves(paper_figure(published_responses(), "S8"))
    assert plt.get_fignums() == before


def test_that_the_csv_of_a_figure_can_be_read_back(study, tmp_path):
    sources = read_sources(study)
    figure = collect_figures(sources, ["7"])[0][0]
    path = tmp_path / "seven.csv"
    figure.to_frame().to_csv(path, index=False)
    back = pd.read_csv(path)
    assert np.allclose(
        back["effective_conductivity_ionic_S_per_m"],
        figure.to_frame()["effective_conductivity_ionic_S_per_m"],
    )


@pytest.mark.parametrize("name", ["4", "7", "9", "10"])
def test_that_no_text_runs_off_the_sheet(name):
    class Published:
        responses = published_responses()
        dataset = published_points()
        table = None

    figure = collect_figures(Published(), [name])[0][0].draw()
    sheet = figure.bbox.padded(1)
    renderer = figure.canvas.get_renderer()
    for axes in figure.axes:
        box = axes.get_tightbbox(renderer)
        assert sheet.x0 <= box.x0 and box.x1 <= sheet.x1, axes.get_title()
        assert sheet.y0 <= box.y0 and box.y1 <= sheet.y1
    for text in [*figure.texts, *(one for legend in figure.legends for one in legend.texts)]:
        box = text.get_window_extent(renderer)
        assert sheet.x0 <= box.x0 and box.x1 <= sheet.x1, text.get_text()
        assert sheet.y0 <= box.y0 and box.y1 <= sheet.y1


def fill(study, campaign, rise=1.5):
    """Make up the tortuosities of a campaign."""
    for task in study.pending(campaign):
        factor = rise + task.condition.porosity
        values = {"tortuosity_factor_electrolyte": factor, "tortuosity_electrolyte": factor**0.5}
        study.record(
            StructureRecord(
                campaign, task.number, task.repeat, task.seed, "done", "0" * 64, values, None, 0.1
            )
        )


def test_that_maps_of_a_campaign_use_no_model_that_was_trained_on_another(tmp_path, monkeypatch):
    path = tmp_path / "two.study"
    with make_study(path) as study:
        design = dataclasses.replace(Design.from_dict(study.campaigns()[0].design), seed=9)
        fill(study, study.add_campaign(design), rise=15.0)
        study.set_training_summary({"dataset": "campaign:1"})  # left by an earlier training
    words = ["train", str(path), "--inputs", "pressure_MPa,am_percent", "--targets", TAU_LIQUID]
    assert main([*words, "--method", "baseline", "--campaign", "2"]) == 0
    with Study.open(path) as study:
        assert study.models()[TAU_LIQUID]["details"]["dataset"] == "campaign:2"
        frame = study.dataset(1)
        trained = []
        monkeypatch.setattr(default_models_module, "_REMEMBERED", {})
        plain = default_models_module.train_defaults
        monkeypatch.setattr(
            default_models_module,
            "train_defaults",
            lambda *some: trained.append(some[1]) or plain(*some),
        )
        first = default_models(study, campaign=1)[TAU_LIQUID]
        error = first.predict(frame) - frame[TAU_LIQUID].to_numpy()
        assert np.abs(error).max() < 0.5  # those of the second are off by 2 at least
        assert set(study.models()) == {TAU_LIQUID}  # looking stores nothing
        again = default_models(study, campaign=1)[TAU_LIQUID]
        assert again.to_dict() == first.to_dict() and len(trained) == 1  # nor trains twice
        second = default_models(study, campaign=2)[TAU_LIQUID]
        assert second.inputs == ("pressure_MPa", "am_percent")  # the one that was stored


def test_that_models_of_a_file_are_not_taken_for_those_of_the_only_campaign(study):
    model = model_from_dict(study.models()[TAU_LIQUID])
    assert model.details["dataset"] == "campaign:1"
    study.add_model(TAU_LIQUID, model.learned_from("file:/other.csv").to_dict())
    assert default_models(study, campaign=1)[TAU_LIQUID].details["dataset"] == "campaign:1"
    study.add_model(TAU_LIQUID, model.learned_from("").to_dict())  # all campaigns are this one
    assert default_models(study, campaign=1)[TAU_LIQUID].details["dataset"] == ""


@pytest.mark.parametrize("speeds", [(6.0,), (1.0, 6.0)])
def test_that_a_further_input_of_the_law_stays_where_the_campaign_held_it(tmp_path, speeds):
    name = "Line speed (m/min)"
    speed = np.random.default_rng(2).uniform(1, 6, len(made_up_table()))
    table = dataclasses.replace(made_up_table(), extra={name: speed})
    table = dataclasses.replace(table, porosity=table.porosity + 0.004 * speed)
    law = make_law("polynomial", terms=["eps_init", "P", name]).fit(table)
    variables = {
        "pressure_MPa": [40.0, 120.0], "am_percent": [94.0, 96.0], "initial_thickness_um": [150.0],
        "initial_porosity_percent": [44.0, 48.0], "protocol": ["published"],
        f"input.{name}": list(speeds),
    }  # fmt: skip
    with Study.create(tmp_path / "a.study") as study:
        study.set_table(table)
        design = Design(variables=variables, law=law.to_dict(), repeats=1)
        fill(study, study.add_campaign(design))
        sources = read_sources(study, models={})
        frame, responses = sources.dataset, sources.responses
    assert responses.law_inputs == {name: np.mean(speeds)}
    said = [note for note in sources.notes if name in note]
    assert len(said) == len(speeds) - 1
    settings = frame[list(SETTINGS)]
    away = 100 * law.coefficients_[name] * (frame.get(f"input.{name}", speeds[0]) - np.mean(speeds))
    np.testing.assert_allclose(
        responses.complete(settings)["porosity_percent"], frame["porosity_percent"] - away
    )
    notes = responses.scope(responses.complete(settings), ["porosity_percent"])[1]
    assert not any("mean" in note for note in notes)
    made, _ = condition_at(responses, dict(settings.iloc[0]), sources.template)
    assert made.porosity == pytest.approx(responses.complete(settings)["porosity_percent"][0] / 100)


def test_that_maps_of_one_campaign_stand_on_its_results_alone(tmp_path):
    with make_study(tmp_path / "two.study") as study:
        first = study.campaigns()[0]
        design = Design.from_dict(first.design)
        second = study.add_campaign(
            dataclasses.replace(design, variables={**design.variables, "am_percent": (94.0, 95.0)})
        )
        fill(study, second)
        models = default_models(study, campaign=second)
        assert list(models) == ["tortuosity_electrolyte"] and not study.models()
        sources = read_sources(study, models=models, campaign=second)
        assert set(sources.dataset["am_percent"]) == {94.0, 95.0}
        assert set(sources.origins) == {second} and "alone" in sources.notes[0]
        everything = read_sources(study, models={})
        assert set(everything.origins) == {first.id, second} and everything.campaign is None
        files = make_maps(study, tmp_path / "maps", formats=("svg",), campaign=second, dpi=50)
        assert {"figure_6.svg", "figure_6.csv"} <= {path.name for path in files}
        assert "figure_5.csv" not in {path.name for path in files}  # the other campaign's
        with pytest.raises(
            InputError, match="no campaign 7 with results; those with results: 1, 2"
        ):
            read_sources(study, campaign=7)
