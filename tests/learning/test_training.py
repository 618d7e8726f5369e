"""What train says about data it cannot learn from, and what its models do for a user."""

import json

import numpy as np
import pandas as pd
import pytest

from engine.errors import Cancelled, InputError
from engine.learning.model import METHODS, load_model, model_from_dict
from engine.learning.training import train
from engine.progress import Progress
from tests.learning.problems import INPUTS, smooth
from tests.learning.spreadsheet import evaluate_formula

OPTIONS = {"rung": 1, "sis": 10, "terms": 2, "threads": 1, "epochs": 200, "repeats": 1}


def quick(frame, inputs=INPUTS, targets=("y",), method="sisso", **more):
    return train(frame, list(inputs), list(targets), method, **{**OPTIONS, **more})


@pytest.fixture(scope="module")
def models():
    frame = smooth(50)
    return {m: quick(frame, method=m, test_rows=range(10))["y"] for m in METHODS}


@pytest.mark.parametrize("method", METHODS)
def test_that_a_model_survives_its_file(models, method, tmp_path):
    model = models[method]
    model.save(tmp_path / "m.json")
    again = load_model(tmp_path / "m.json")
    frame = smooth(30, seed=9)
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    np.testing.assert_array_equal(again.interval(frame), model.interval(frame))
    assert again.to_dict() == json.loads(json.dumps(model.to_dict()))


@pytest.mark.parametrize("method", METHODS)
def test_that_every_model_tells_how_good_it_is(models, method):
    model = models[method]
    for part, rows in (("train", 40), ("test", 10), ("cross_validation", 40)):
        assert model.metrics[part]["rows"] == rows
        assert model.metrics[part]["rmse"] <= model.metrics[part]["max_error"]
    assert model.metrics["train"]["r2"] > 0.9
    assert set(model.baselines) == {"linear", "quadratic"}
    assert model.baselines["quadratic"]["test"]["rmse"] > 0


@pytest.mark.parametrize("method", METHODS)
def test_that_intervals_hold_about_what_they_promise(models, method):
    fresh = smooth(400, seed=77)
    fresh = fresh[~models[method].outside(fresh)]
    low, high = models[method].interval(fresh)
    held = np.mean((low <= fresh.y) & (fresh.y <= high))
    assert 0.78 < held <= 1
    wide_low, wide_high = models[method].interval(fresh, level=0.97)
    assert np.all(wide_low <= low)
    assert np.all(wide_high >= high)


def test_that_an_excel_formula_of_a_model_gives_its_predictions(models):
    model, fresh = models["sisso"], smooth(20, seed=4)
    for row, expected in zip(fresh.itertuples(), model.predict(fresh), strict=True):
        cells = {f"{c}2": getattr(row, n) for c, n in zip("ABC", model.inputs, strict=True)}
        assert evaluate_formula(model.excel, cells) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("method", ["sisso", "baseline"])
def test_that_python_source_of_a_model_gives_its_predictions(models, method):
    model, fresh = models[method], smooth(20, seed=4)
    scope = {}
    exec(model.export("python"), scope)
    found = scope["y"](*(fresh[n].to_numpy() for n in model.inputs))
    np.testing.assert_allclose(found, model.predict(fresh), rtol=1e-9)


def test_that_a_network_has_no_formula_to_export(models):
    assert models["dnn"].equation is None
    with pytest.raises(InputError, match="no formula"):
        models["gp"].export("excel")


def test_that_rows_beyond_the_training_range_are_flagged(models):
    frame = pd.DataFrame(
        {"pressure_MPa": [100.0, 900.0], "am_fraction": 0.95, "initial_porosity": 0.45}
    )
    np.testing.assert_array_equal(models["sisso"].outside(frame), [False, True])
    [sentence] = models["sisso"].warnings(frame)
    assert "1 of 2 rows" in sentence
    assert "pressure_MPa" in sentence


def test_that_a_network_and_a_process_are_less_sure_far_from_their_rows(models):
    near = pd.DataFrame({"pressure_MPa": [200.0], "am_fraction": 0.94, "initial_porosity": 0.45})
    far = near.assign(pressure_MPa=900.0, initial_porosity=0.9)
    for method in ("dnn", "gp"):
        widths = [np.diff(models[method].interval(f), axis=0).item() for f in (near, far)]
        assert widths[1] > 2 * widths[0]


def test_that_a_better_plain_model_is_named():
    frame = smooth(60)
    frame["y"] = 3 * frame.am_fraction + 0.01 * frame.pressure_MPa - 2 * frame.initial_porosity
    frame["y"] += np.random.default_rng(0).normal(0, 0.05, 60)
    model = quick(frame, terms=1, test_rows=range(15))["y"]
    assert any("plain model beats" in s and "straight line" in s for s in model.statements)


def test_that_porosity_brings_its_own_baselines():
    frame = smooth(40)
    frame["porosity_percent"] = 100 * (frame.initial_porosity - 0.1)
    eps = frame.porosity_percent / 100
    frame["tortuosity_factor_electrolyte"] = eps**-0.5 * 1.2
    frame["surface_percent"] = 5 + 60 * eps / (1 - eps)
    result = quick(
        frame,
        [*INPUTS[:2], "porosity_percent"],
        ["tortuosity_factor_electrolyte", "surface_percent"],
    )
    tau, surface = (m.baselines for m in result.models.values())
    assert {"bruggeman", "power_law", "porosity_ratio"} <= set(tau)
    assert "bruggeman" not in surface
    assert surface["porosity_ratio"]["train"]["r2"] == pytest.approx(1)
    assert tau["power_law"]["train"]["rmse"] < 1e-9
    assert tau["bruggeman"]["train"]["rmse"] == pytest.approx(
        np.sqrt(np.mean((0.2 * eps**-0.5) ** 2))
    )


def test_that_infinite_targets_are_left_out_and_counted():
    frame = smooth(50)
    frame.loc[[3, 7], "tortuosity"] = np.inf
    result = quick(frame, targets=("y", "tortuosity"))
    assert result["y"].details["rows"] == 50
    assert result["tortuosity"].details["rows"] == 48
    [sentence] = [s for s in result["tortuosity"].statements if "not percolating" in s]
    assert "2 of 50 rows" in sentence
    assert "row 5, 9 (the header is row 1)" in sentence


def test_that_constant_and_dependent_inputs_are_named():
    frame = smooth(40).assign(fixed=3.0)
    frame["cbd_fraction"] = 1 - frame.am_fraction
    model = quick(frame, [*INPUTS, "fixed", "cbd_fraction"])["y"]
    assert "fixed" not in model.inputs
    said = " ".join(model.statements)
    assert "'fixed' has one value" in said
    assert "'cbd_fraction' follows from 'am_fraction'" in said


def test_that_rows_of_a_group_stay_together():
    frame = smooth(40).assign(family=np.repeat(["a", "b", "c", "d"], 10))
    model = quick(frame, groups="family")["y"]
    assert model.details["groups"] == "family"
    assert "keeping rows of one 'family' together" in " ".join(model.statements)
    alone = quick(frame.assign(family="a"), groups="family")["y"]
    assert "no cross-validation" in " ".join(alone.statements)
    assert np.isnan(alone.interval(frame)[0]).all()


def spoil(name, value):
    frame = smooth(30).astype(object)
    frame.loc[4, name] = value
    return frame


BAD = [
    (lambda: smooth(30).assign(y=2.0), {}, "one value"),
    (lambda: smooth(4), {"terms": 3}, "at least 5 training rows"),
    (lambda: smooth(2), {}, "at least 3"),
    (lambda: smooth(0), {}, "no rows"),
    (lambda: spoil("am_fraction", float("nan")), {}, "Row 6, column 'am_fraction'.*missing"),
    (lambda: spoil("am_fraction", float("inf")), {}, "Row 6, column 'am_fraction'.*infinite"),
    (lambda: spoil("y", "n/a?"), {}, "Row 6, column 'y': 'n/a\\?' is not a number"),
    (lambda: smooth(30).drop(columns="am_fraction"), {}, "no input column 'am_fraction'"),
    (lambda: smooth(30).drop(columns="y"), {}, "no target column 'y'"),
    (lambda: smooth(30), {"targets": ["am_fraction"]}, "both input and target"),
    (lambda: smooth(30), {"test_rows": [30]}, "Test row 30"),
    (lambda: smooth(30), {"test_rows": range(30)}, "Every row"),
    (lambda: smooth(30), {"method": "magic"}, "not one of"),
    (lambda: smooth(30), {"rung": 7}, "rung 7"),
    (lambda: smooth(30), {"colour": 7}, "'colour' is not an option"),
    (lambda: smooth(30), {"groups": "family"}, "no column 'family'"),
    (lambda: smooth(30).assign(**dict.fromkeys(INPUTS, 1.0)), {}, "No input varies"),
]


@pytest.mark.parametrize(("make", "more", "match"), BAD)
def test_that_data_nobody_could_learn_from_gets_one_clear_sentence(make, more, match):
    with pytest.raises(InputError, match=match) as caught:
        quick(make(), **more)
    assert "\n" not in str(caught.value)


def test_that_predicting_from_a_bad_table_names_row_and_column(models):
    frame = smooth(10)
    with pytest.raises(InputError, match="no input column 'pressure_MPa'"):
        models["gp"].predict(frame.drop(columns="pressure_MPa"))
    frame.loc[2, "am_fraction"] = np.nan
    with pytest.raises(InputError, match="Row 4, column 'am_fraction'"):
        models["sisso"].predict(frame)


@pytest.mark.parametrize("method", METHODS)
def test_that_a_damaged_model_is_refused(models, method, tmp_path):
    whole = models[method].to_dict()
    for key in ("predictor", "kind", "inputs", "domain", "metrics"):
        with pytest.raises(InputError):
            model_from_dict({k: v for k, v in whole.items() if k != key})
    with pytest.raises(InputError, match=r"do not fit|layers"):
        model_from_dict({**whole, "inputs": ["something_else"], "domain": {}})
    with pytest.raises(InputError, match="newer"):
        model_from_dict({**whole, "version": 99})
    (tmp_path / "m.json").write_text("{ no json")
    with pytest.raises(InputError, match="not a JSON"):
        load_model(tmp_path / "m.json")
    with pytest.raises(InputError, match="cannot be read"):
        load_model(tmp_path / "absent.json")


@pytest.mark.parametrize("method", ["sisso", "dnn", "gp"])
def test_that_training_reports_and_can_be_cancelled(method):
    seen = []
    quick(smooth(40), method=method, progress=Progress(lambda f, s: seen.append((f, s))))
    assert seen[-1][0] == 1.0
    assert all(0 <= f <= 1 for f, _ in seen)
    progress = Progress()
    progress.cancel()
    with pytest.raises(Cancelled):
        quick(smooth(40), method=method, progress=progress)


def test_that_a_group_for_every_row_is_the_same_as_no_groups():
    frame = smooth(30)
    grouped = frame.assign(group=[f"g{k}" for k in range(30)])
    one, two = quick(frame)["y"], quick(grouped, groups="group")["y"]
    assert one.equation == two.equation
    assert two.metrics["cross_validation"]["rows"] == 30


def test_that_fewer_inputs_are_needed_than_named_when_one_is_a_copy():
    frame = smooth(40).assign(copy=lambda f: f.am_fraction)
    model = quick(frame, [*INPUTS, "copy"])["y"]
    assert any("'copy' follows from 'am_fraction'" in s for s in model.statements)
    assert model.equation == quick(frame)["y"].equation
