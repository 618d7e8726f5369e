"""What is put into a study comes out of it again."""

import dataclasses
import math
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from engine.errors import InputError
from engine.experiment.table import CalenderingTable
from engine.structure.stack import VoxelStack
from engine.study import Study, stacks
from engine.study.typed_json import dumps_properties, loads_properties
from tests.study.examples import SmallDesign, failure, result


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        yield study


def reopened(study: Study) -> Study:
    study.close()
    return Study.open(study.path)


def test_that_settings_of_every_json_type_come_back(study):
    values = {"a": [1, 2.5, None, True], "b": "ü %", "c": {"d": 1e-300}, "e": 0.1 + 0.2, "f": 0}
    for name, value in values.items():
        study.set_setting(name, value)
    with reopened(study) as again:
        assert {name: again.get_setting(name) for name in values} == values
        again.set_setting("a", None)
        assert again.get_setting("a", "gone") == "gone"


def test_that_the_imported_sheet_comes_back_typed(study):
    table = CalenderingTable(
        am=np.array([0.94, 0.96]),
        initial_porosity=np.array([0.46, 0.44]),
        initial_thickness=np.array([100.0, 140.0]),
        gap=np.array([1.0, 91.0]),
        pressure=np.array([174.2, 10.5]),
        porosity=np.array([1 / 3, 0.4]),
        extra={"note": np.array(["=1+1", "b"])},
        source="sheet.xlsx",
    )
    study.set_table(table)
    with reopened(study) as again:
        back = again.table()
        assert back is not None
        np.testing.assert_array_equal(back.porosity, table.porosity)
        assert list(back.extra["note"]) == ["=1+1", "b"]
        assert back.source == "sheet.xlsx"


def test_that_law_models_and_training_summary_come_back(study):
    assert study.law() is None and study.assessment() is None and study.models() == {}
    study.set_law({"kind": "polynomial", "coefficients": {"AM": np.float64(0.8435)}}, {"r2": 0.97})
    study.add_model("y", {"method": "sisso", "x": np.arange(3)})
    study.add_model("y", {"method": "dnn", "x": 1})
    study.add_model("y", {"method": "sisso", "x": 2})
    study.add_model("z", {"method": "gp"})
    study.set_training_summary({"seconds": 1.5})
    with reopened(study) as again:
        assert again.law() == {"kind": "polynomial", "coefficients": {"AM": 0.8435}}
        assert again.assessment() == {"r2": 0.97}
        assert again.models() == {"y": {"method": "sisso", "x": 2}, "z": {"method": "gp"}}
        assert again.models("dnn") == {"y": {"method": "dnn", "x": 1}}
        assert len(again.all_models()) == 3
        assert again.training_summary() == {"seconds": 1.5}
        again.remove_models("y")
        assert list(again.models()) == ["z"]


@given(
    st.dictionaries(
        st.text(max_size=8), st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=5
    )
)
def test_that_properties_come_back_bit_for_bit(properties):
    back = loads_properties(dumps_properties(properties))
    assert list(back) == list(properties)
    for name, value in properties.items():
        assert back[name] == value or (math.isnan(value) and math.isnan(back[name]))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    labels=hnp.arrays(np.uint8, hnp.array_shapes(min_dims=3, max_dims=3), elements={"max_value": 2})
)
def test_that_imported_stacks_come_back_in_any_number_of_slabs(study, labels, monkeypatch):
    monkeypatch.setattr(stacks, "_SLAB_BYTES", 7)
    stack = VoxelStack(labels, (0.5, 0.25, 0.75))
    identifier = study.add_stack(stack, "scan.tif", "/folder/scan.tif")
    back = study.stack(identifier)
    np.testing.assert_array_equal(back.labels, labels)
    assert back.spacing == stack.spacing and back.sha256 == stack.sha256


def test_that_a_stack_keeps_its_name_and_properties_until_removed(study):
    identifier = study.add_stack(VoxelStack(np.zeros((2, 3, 4), np.uint8)), "scan.tif", "elsewhere")
    study.set_stack_properties(identifier, {"tau": 1.0})
    (record,) = study.stacks()
    assert (record.name, record.source, record.shape) == ("scan.tif", "elsewhere", (2, 3, 4))
    assert record.properties == {"tau": 1.0}
    study.remove_stack(identifier)
    assert study.stacks() == []
    with pytest.raises(InputError, match="holds no stack"):
        study.stack(identifier)


def test_that_changed_voxels_of_a_stack_are_noticed(study):
    identifier = study.add_stack(VoxelStack(np.zeros((2, 3, 4), np.uint8)), "scan.tif")
    other = study.add_stack(VoxelStack(np.ones((2, 3, 4), np.uint8)), "other.tif")
    with study._database.transaction() as connection:
        connection.execute(
            "UPDATE stack_slab SET voxels = (SELECT voxels FROM stack_slab WHERE stack = ?)"
            " WHERE stack = ?",
            (other, identifier),
        )
    with pytest.raises(InputError, match=r"damaged.*scan\.tif"):
        study.stack(identifier)


def test_that_an_equal_design_keeps_its_campaign_and_another_adds_one(study):
    first = study.add_campaign(SmallDesign())
    assert study.add_campaign(SmallDesign()) == first
    second = study.add_campaign(SmallDesign((93.0,)))
    assert [record.id for record in study.campaigns()] == [first, second]
    assert [record.structures for record in study.campaigns()] == [4, 2]
    with pytest.raises(InputError, match="no campaign 99"):
        study.campaign(99)


def test_that_pending_structures_shrink_as_results_are_recorded(study):
    study.add_campaign(SmallDesign())
    tasks = study.pending(1)
    assert [(task.number, task.repeat, task.seed) for task in tasks] == [
        (0, 0, 11),
        (1, 0, 11),
        (0, 1, 12),
        (1, 1, 12),
    ]
    assert tasks[1].condition == SmallDesign().conditions()[1].condition
    study.record(result(1, 0, tau=2.0))
    with reopened(study) as again:
        assert [(task.number, task.repeat) for task in again.pending(1)] == [(0, 0), (0, 1), (1, 1)]
        assert again.results(1) == [result(1, 0, tau=2.0)]


def test_that_the_models_of_a_training_are_kept_together_or_not_at_all(study):
    study.add_model("y", {"method": "sisso", "x": 1})
    with pytest.raises(TypeError):
        study.add_models({"y": {"method": "sisso", "x": 2}, "z": {"method": "gp", "x": object()}})
    assert study.all_models() == [{"method": "sisso", "x": 1}]
    study.add_models({"y": {"method": "sisso", "x": 2}, "z": {"method": "gp"}}, {"rows": 14})
    assert len(study.all_models()) == 2 and study.training_summary() == {"rows": 14}


def test_that_failed_structures_are_listed_and_can_be_tried_again(study):
    study.add_campaign(SmallDesign())
    study.record(result(0, 0, tau=2.0))
    failed = failure(0, 1, "it broke because of =1+1", seed=12)
    failed = dataclasses.replace(failed, details="Traceback …\nit broke")
    study.record(failed)
    assert study.failures(1) == [failed]
    assert study.campaign(1).failed == 1
    assert study.retry_failed(1) == 1
    assert study.failures(1) == [] and study.campaign(1).pending == 3
    assert study.campaign(1).done == 1


def test_that_structures_are_counted_by_condition(study):
    study.add_campaign(SmallDesign())
    study.record(result(0, 0, tau=2.0))
    study.record(failure(0, 1, "broken", seed=12))
    assert study.counts(1) == {0: (1, 1, 0), 1: (0, 0, 2)}


def test_that_a_result_of_an_unknown_structure_is_refused(study):
    study.add_campaign(SmallDesign())
    with pytest.raises(InputError, match="was removed"):
        study.record(result(7, 0))


def test_that_removing_a_campaign_removes_its_structures_only(study):
    study.add_campaign(SmallDesign())
    study.add_campaign(SmallDesign((93.0,)))
    study.record(result(0, 0, campaign=2, tau=1.0))
    study.remove_campaign(1)
    assert [record.id for record in study.campaigns()] == [2]
    assert study.conditions(1) == [] and len(study.results()) == 1


def test_that_an_error_inside_a_transaction_undoes_all_of_it(study):
    study.set_setting("a", 1)
    with pytest.raises(ZeroDivisionError), study._database.transaction():
        study.set_setting("a", 2)
        raise ZeroDivisionError
    assert study.get_setting("a") == 1


def test_that_several_threads_may_use_one_study(study):
    study.add_campaign(SmallDesign(seeds=tuple(range(40))))
    errors = []

    def write(number):
        try:
            for repeat in range(40):
                study.record(result(number, repeat, seed=repeat, tau=float(repeat)))
                study.set_setting(f"thread {number}", repeat)
        except Exception as error:
            errors.append(error)

    def read():
        try:
            while any(thread.is_alive() for thread in writers):
                study.dataset()
        except Exception as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    reader = threading.Thread(target=read)
    for thread in (*writers, reader):
        thread.start()
    for thread in (*writers, reader):
        thread.join()
    assert errors == []
    assert study.campaign(1).done == 80
    assert list(study.dataset()["tau"]) == [19.5, 19.5]


def test_that_a_closed_study_says_so(study):
    study.close()
    study.close()
    assert study.closed
    with pytest.raises(InputError, match="is closed"):
        study.get_setting("a")
    with pytest.raises(InputError, match="is closed"):
        study.set_setting("a", 1)
