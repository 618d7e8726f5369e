"""Tables to learn from in files of several kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from engine.errors import InputError
from engine.learning.classification import LimitClassifier, train_classifier
from engine.learning.table_files import read_table_file

FRAME = pd.DataFrame({"a": [1.5, 2.0, 3.25], "b": [2.0, np.nan, 9.0], "note": ["x", "y", "z"]})


def test_that_a_workbook_and_text_tables_hold_the_same(tmp_path):
    FRAME.to_excel(tmp_path / "t.xlsx", index=False)
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    FRAME.to_csv(tmp_path / "german.csv", index=False, sep=";", decimal=",")
    for name in ("t.xlsx", "t.csv", "german.csv"):
        found = read_table_file(tmp_path / name)
        pd.testing.assert_frame_equal(found.frame, FRAME, check_dtype=False)
        assert found.number_columns() == ["a", "b"]


@pytest.mark.parametrize("name", ["t.xlsx", "t.csv", "t.ods", "t.xls"])
@pytest.mark.parametrize("content", [b"", b"\x00\xff\x13nothing", b"PK\x03\x04 broken"])
def test_that_a_damaged_file_is_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        read_table_file(tmp_path / name)
    with pytest.raises(InputError, match="no file"):
        read_table_file(tmp_path / f"absent_{name}")


def test_that_a_header_written_as_a_remark_loses_no_row(tmp_path):
    values = np.array([[1.5, 2.0, 3.0], [4.0, 5e-3, 6.0]])
    path = tmp_path / "t.csv"
    np.savetxt(path, values, delimiter=",", header="made by hand\na,b,c")
    frame = read_table_file(path).frame
    assert list(frame.columns) == ["a", "b", "c"]
    np.testing.assert_array_equal(frame.to_numpy(), values)
    path.write_text("# a; b\n1,5;2\n2,5;3\n")
    assert read_table_file(path).frame.to_dict("list") == {"a": [1.5, 2.5], "b": [2, 3]}
    path.write_text("# a,a\n1,2\n")
    with pytest.raises(InputError, match="'a' more than once"):
        read_table_file(path)


@pytest.mark.parametrize("remark", ["# made by hand", "# x, y", "# one, two, three"])
def test_that_a_remark_above_a_header_is_no_header(tmp_path, remark):
    (tmp_path / "t.csv").write_text(f"{remark}\na,b\n1,2\n")
    assert read_table_file(tmp_path / "t.csv").frame.to_dict("list") == {"a": [1], "b": [2]}


def test_that_a_border_knows_its_rows_in_any_order():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"p": rng.uniform(1, 9, 40), "q": rng.uniform(1, 9, 40)})
    frame["y"] = frame["p"] * frame["q"]
    found = train_classifier(frame, ["p", "q"], {"y": (20.0, None)}, terms=1)
    kept = LimitClassifier.from_dict(found.to_dict())
    assert kept.fits_rows(frame.sample(frac=1, random_state=1)[["y", "q", "p"]])
    assert not kept.fits_rows(frame.iloc[1:])
    changed = frame.copy()
    changed.loc[5, "y"] += 1e-9
    assert not kept.fits_rows(changed)
    older = {name: value for name, value in found.to_dict().items() if name != "data"}
    assert LimitClassifier.from_dict(older).fits_rows(changed)
    assert not LimitClassifier.from_dict(older).fits_rows(frame.iloc[1:])
