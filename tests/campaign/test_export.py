"""Exported tables: every format, full precision, and nothing that runs."""

import json
import math
import os

import numpy as np
import openpyxl
import pandas as pd
import pyarrow.parquet as pq
import pytest

from engine.campaign.export import export_dataset
from engine.errors import InputError
from engine.study import Study
from tests.study.examples import SmallDesign, failure, result

NASTY = "=HYPERLINK(1)\x07" + "x" * 40000


@pytest.fixture
def study(tmp_path):
    with Study.create(tmp_path / "a.study") as study:
        study.add_campaign(SmallDesign(extra={"note": ("=1+1", "@b")}))
        study.record(result(0, 0, tau_seconds=1.0, a=1 / 3, tortuosity_factor_solid=math.inf))
        study.record(result(0, 1, tau_seconds=2.0, a=0.1 + 0.2, tortuosity_factor_solid=2.0))
        study.record(result(1, 0, tau_seconds=1.0, a=1e-17, tortuosity_factor_solid=1.0))
        study.record(failure(1, 1, NASTY))
        yield study


def test_that_a_csv_gives_every_number_back_bit_for_bit(study, tmp_path):
    assert export_dataset(study, tmp_path / "data.csv") == 2
    text = (tmp_path / "data.csv").read_bytes()
    assert b"\r" not in text
    expected = study.dataset()
    back = pd.read_csv(tmp_path / "data.csv", dtype=str)
    assert list(back) == list(expected)
    for name in expected.select_dtypes("number"):
        np.testing.assert_array_equal(back[name].map(float), expected[name])
    assert expected["not_percolating"].tolist() == [1, 0]
    assert expected["a"][0] == math.fsum([1 / 3, 0.1 + 0.2]) / 2


def test_that_structures_are_exported_with_seed_and_hash(study, tmp_path):
    assert export_dataset(study, tmp_path / "data.csv", structures=True) == 4
    frame = pd.read_csv(tmp_path / "data.csv")
    assert frame["seed"].tolist() == [11, 12, 11, 12]
    assert frame["status"].tolist() == ["done", "done", "done", "failed"]
    assert frame["voxels_sha256"].tolist()[:3] == ["ab" * 32] * 3
    assert frame["tortuosity_factor_solid"].tolist()[:3] == [math.inf, 2.0, 1.0]


def test_that_a_workbook_holds_values_and_provenance_and_no_formulas(study, tmp_path):
    export_dataset(study, tmp_path / "data.xlsx", structures=True)
    book = openpyxl.load_workbook(tmp_path / "data.xlsx")
    assert book.sheetnames == ["dataset", "provenance"]
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert all(cell.data_type != "f" for cell in cells)
    texts = [str(cell.value) for cell in cells]
    assert "=1+1" in texts and any(text.startswith("=HYPERLINK(1)x") for text in texts)
    notes = {row[0].value: row[1].value for row in book["provenance"]}
    assert notes["program"].startswith("HybridGUI ") and "design seed" in notes
    sheet = book["dataset"]
    column = [cell.value for cell in sheet[1]].index("tortuosity_factor_solid")
    assert [row[column].value for row in sheet][1:] == ["inf", 2, 1, None]


def test_that_a_parquet_file_carries_types_and_provenance(study, tmp_path):
    export_dataset(study, tmp_path / "data.parquet")
    back = pd.read_parquet(tmp_path / "data.parquet")
    pd.testing.assert_frame_equal(back, study.dataset(), check_exact=True)
    metadata = json.loads(pq.read_schema(tmp_path / "data.parquet").metadata[b"hybridgui"])
    assert metadata["campaigns"][0]["done"] == 3
    assert back["repeats"].dtype == np.int64


def test_that_what_cannot_be_exported_is_said_and_leaves_nothing(study, tmp_path):
    before = sorted(os.listdir(tmp_path))
    with pytest.raises(InputError, match=r"'.doc' is no format"):
        export_dataset(study, tmp_path / "data.doc")
    with pytest.raises(InputError, match="could not be written"):
        export_dataset(study, tmp_path / "nowhere" / "data.csv")
    with Study.create(tmp_path / "b.study") as empty, pytest.raises(InputError, match="no results"):
        export_dataset(empty, tmp_path / "data.csv")
    os.remove(tmp_path / "b.study")
    assert sorted(os.listdir(tmp_path)) == before
