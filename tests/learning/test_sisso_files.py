import numpy as np
import pytest

from engine.errors import InputError
from engine.learning.sisso_files import read_problem, write_problem
from engine.learning.sisso_search import SissoOptions
from engine.learning.training import train
from tests.learning.problems import INPUTS, smooth

OPTIONS = SissoOptions(
    rung=2, terms=2, sis=30, complexity=3, safe=False, strict_units=True, bounds=(1e-2, 1e6)
)


def test_that_a_problem_survives_its_files(tmp_path):
    frame = smooth(30)
    notes = write_problem(tmp_path, frame, INPUTS[::-1], "y", OPTIONS)
    assert notes == ()
    problem = read_problem(tmp_path)
    assert problem.options == OPTIONS
    assert problem.target == "y"
    # Columns of one unit come first, since a unit is a range of columns there.
    assert problem.inputs == ("pressure_MPa", "initial_porosity", "am_fraction")
    assert problem.units["pressure_MPa"] != ""
    assert problem.units["am_fraction"] == ""
    for name in (*INPUTS, "y"):
        np.testing.assert_array_equal(problem.frame[name], frame[name])


def test_that_both_forms_of_a_problem_give_the_same_model(tmp_path):
    frame = smooth(30)
    write_problem(tmp_path, frame, INPUTS, "y", OPTIONS)
    problem = read_problem(tmp_path)
    shared = {"rung": 2, "terms": 2, "sis": 30, "complexity": 3, "safe": False}
    shared |= {"strict_units": True, "bounds": (1e-2, 1e6), "folds": 0, "threads": 1}
    ours = train(frame, INPUTS, ["y"], **shared)["y"]
    units = {n: u for n, u in problem.units.items() if u}
    theirs = train(problem.frame, problem.inputs, ["y"], units=units, **shared)["y"]
    np.testing.assert_allclose(theirs.predict(frame), ours.predict(frame), rtol=1e-9)


def test_that_keywords_of_version_2_are_read(tmp_path):
    write_problem(tmp_path, smooth(5), INPUTS, "y", OPTIONS)
    (tmp_path / "SISSO.in").write_text(
        "desc_dim=3 ! comment\nrung=1\nopset='(+)(-)(scd)'\nmaxcomplexity=4\n"
        "dimclass=(1:1)(2:3)\nmaxfval_lb=1d-3\nmaxfval_ub=1e5\nsubs_sis=25\nmethod='L1L0'\n"
    )
    problem = read_problem(tmp_path)
    assert problem.options.sis == 25
    assert problem.options.rung == 1
    assert problem.options.operators == ("+", "-")
    assert problem.options.bounds == (1e-3, 1e5)
    assert problem.units["am_fraction"] == problem.units["initial_porosity"] != ""
    assert any("scd" in note for note in problem.notes)
    assert any("L1" in note for note in problem.notes)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("ptype=2", "only regression"),
        ("nsample=99", "99 samples"),
        ("nsf=9", "9 features"),
        ("funit=(1:7)", "feature 4 of 3"),
        ("desc_dim=two", "not a number"),
        ("nothing here", "no keyword"),
    ],
)
def test_that_files_which_do_not_fit_are_refused(tmp_path, text, match):
    write_problem(tmp_path, smooth(5), INPUTS, "y", OPTIONS)
    (tmp_path / "SISSO.in").write_text(text)
    with pytest.raises(InputError, match=match):
        read_problem(tmp_path)


def test_that_absent_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"SISSO\.in"):
        read_problem(tmp_path)
