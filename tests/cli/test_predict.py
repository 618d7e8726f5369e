"""`predict`: what it says of rows that a model cannot answer, or was not trained for."""

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest

from engine.learning.expression import apply, column
from engine.learning.model import PropertyModel
from engine.learning.symbolic import SymbolicModel

PRESSURE = column("pressure_MPa")
MODEL = PropertyModel(
    target="y",
    inputs=("pressure_MPa", "am_percent"),
    method="sisso",
    predictor=SymbolicModel(0.5, (2.0, 1.0), (apply("^-1", PRESSURE), apply("sqrt", PRESSURE))),
    domain={"pressure_MPa": (10.0, 200.0), "am_percent": (93.0, 96.0)},
    residuals={"scores": [0.1 * k for k in range(1, 20)], "level": 0.9},
)


@pytest.fixture
def predicted(verb, tmp_path):
    """Predict for rows of (pressure, AM); return the JSON, stderr and the table written."""

    def run(rows, *options, model=MODEL):
        model.save(tmp_path / "y.json")
        table, out = tmp_path / "t.csv", tmp_path / "p.csv"
        pd.DataFrame(rows, columns=list(model.inputs)).to_csv(table, index=False)
        status, result, err = verb("predict", tmp_path / "y.json", table, *options, "--out", out)
        assert status == 0, err
        return result, err, out

    return run


def test_that_rows_without_a_prediction_are_named_and_blank(predicted):
    result, err, out = predicted([[50, 94], [0, 94], [-5, 94]], "--intervals")
    assert result["rows_undefined"] == 2
    assert "undefined for 2 of 3 rows" in err and "row 3, 4 (the header is row 1)" in err
    lines = out.read_text("utf-8").splitlines()
    assert lines[2].endswith(",,,") and lines[3].endswith(",,,")
    assert "inf" not in lines[2] + lines[3]
    assert np.isfinite(pd.read_csv(out).iloc[0]).all()


def test_that_the_level_of_intervals_and_what_lies_outside_are_said(predicted):
    result, err, _ = predicted([[50, 94], [300, 94], [50, 99]], "--intervals")
    assert (result["level"], result["rows_outside_domain"], result["rows_undefined"]) == (0.9, 2, 0)
    assert "90 % intervals do not hold for the 2 rows outside" in err
    result, err, _ = predicted([[50, 94]], "--intervals")
    assert "hold" not in err and result["warnings"] == []
    result, _, _ = predicted([[50, 94]])
    assert "level" not in result
    bare = dataclasses.replace(MODEL, residuals={})
    result, err, _ = predicted([[50, 94]], "--intervals", model=bare)
    assert result["level"] is None and "no intervals" in err


def test_that_fractions_for_a_model_in_percent_are_recognised(predicted):
    _, err, _ = predicted([[50, 0.94], [60, 0.95]])
    assert "'am_percent' looks like fractions (0.94 to 0.95)" in err
    _, err, _ = predicted([[0.5, 94], [0.9, 95]])
    assert "looks like" not in err


def test_that_a_damaged_model_file_is_named(verb, tmp_path):
    (tmp_path / "bad.json").write_text(json.dumps({"format": "another"}))
    (tmp_path / "t.csv").write_text("a,y\n1,2\n")
    status, _, err = verb(
        "predict", tmp_path / "bad.json", tmp_path / "t.csv", "--out", tmp_path / "p.csv"
    )
    assert status == 2 and err.startswith("error: bad.json: ")
