"""The headless contract: what each verb prints, writes and refuses."""

import csv
import dataclasses
import json
import math
import shutil

import numpy as np
import pandas as pd
import pytest
import tifffile

from engine.experiment.laws import make_law, save_law
from engine.experiment.reader import read_table
from engine.learning.classification import LimitClassifier
from engine.learning.table_files import read_table_file
from engine.structure.own_materials import own_material, write_own_materials
from engine.study import Study

CHARACTERIZE_KEYS = {
    "phase_fractions",
    "percolating_fractions",
    "tortuosity_factor",
    "tortuosity",
    "effective_conductivity_S_per_m",
    "current_collector_coverage_percent",
    "active_surface_published_percent",
    "active_surface_percent",
    "active_area_per_volume_1_per_um",
    "flux_imbalance",
    "seconds",
}
PUBLISHED = ["--law", "published", "--protocol", "published"]
SMALL = ["--box", "20", "20", "--initial-thickness", "30", "--initial-porosity", "46"]


def one_line(text):
    lines = [
        line for line in text.splitlines() if not line.startswith(("warning:", "note:", "row "))
    ]
    assert len(lines) == 1, text
    return lines[0]


def test_that_fit_gives_the_published_accuracy_and_the_error_of_a_new_family(verb, sample_sheet):
    status, result, _ = verb("fit", sample_sheet)
    assert status == 0
    assert result["law"] == "polynomial"
    assert len(result["coefficients"]) == 6
    assert result["r2"] == pytest.approx(0.970, abs=0.001)
    assert result["rmse"] == pytest.approx(0.0069, abs=0.0002)
    assert result["grouped_cv_rmse"] == pytest.approx(0.039, abs=0.001)
    assert result["rows_used"] == 14
    assert {"rows_left_out", "warnings"} <= result.keys()


def test_that_a_fitted_law_written_to_a_file_calenders_a_coating(verb, sample_sheet, tmp_path):
    law = tmp_path / "law.json"
    assert verb("fit", sample_sheet, "--law", "kawakita", "--out", law)[0] == 0
    status, result, _ = verb(
        "generate", "--am", "95", *SMALL, "--pressure", "100", "--law", law,
        "--out", tmp_path / "s.tif",
    )  # fmt: skip
    assert status == 0
    assert 0.2 < result["porosity"] < 0.46
    assert result["thickness_um"] == pytest.approx(30 * 0.54 / (1 - result["porosity"]))


def test_that_generate_takes_further_inputs_of_the_law(verb, tmp_path):
    sheet = tmp_path / "lab.csv"
    rows = [
        f"{am},{eps},{t0},{p},{eps - 0.05 * p + speed:.4f},{speed}"
        for am, eps, t0, speed in (
            (94, 46, 100, 1),
            (95, 44, 120, 4),
            (96, 48, 90, 2),
            (93, 50, 80, 3),
        )
        for p in (20, 80, 160)
    ]
    head = "AM (%),initial porosity (%),initial thickness (µm),pressure (MPa),porosity (%),speed (m/min)"
    sheet.write_text("\n".join([head, *rows]), encoding="utf-8")
    table = read_table(sheet)
    law = make_law("polynomial", terms=["eps_init", "P", "speed (m/min)"]).fit(table)
    save_law(law, tmp_path / "law.json")
    words = ["generate", "--am", "95", *SMALL, "--pressure", "100", "--law", tmp_path / "law.json"]
    words += ["--out", tmp_path / "s.tif"]
    status, slow, _ = verb(*words, "--law-input", "speed (m/min)=1")
    assert status == 0
    status, fast, _ = verb(*words, "--law-input", "speed (m/min)=4")
    assert fast["porosity"] - slow["porosity"] == pytest.approx(0.03, abs=1e-3)
    status, _, errors = verb(*words, "--law-input", "spede=4")
    assert status == 2 and "'speed (m/min)'" in errors


def test_that_generate_takes_loading_capacity_and_parts(verb, tmp_path):
    words = [
        "generate",
        "--am",
        "94",
        "--porosity",
        "38",
        "--box",
        20,
        20,
        "--out",
        tmp_path / "s.tif",
    ]
    status, made, _ = verb(*words, "--loading", "8", "--carbon", "4", "--material", "nmc811",
                           "--option", "size_distribution=lognormal", "d10=2", "d50=3", "d90=4")  # fmt: skip
    assert status == 0
    assert made["areal_loading_mg_per_cm2"] == pytest.approx(8)
    assert made["areal_capacity_mAh_per_cm2"] == pytest.approx(8 * 0.94 * 203 / 1000)
    thickness = made["thickness_um"]
    assert thickness == pytest.approx(80 / made["press_density_g_per_cm3"])
    status, made, _ = verb(*words, "--capacity", made["areal_capacity_mAh_per_cm2"],
                           "--specific-capacity", "203", "--option", "am_density=4.78")  # fmt: skip
    assert status == 0
    assert made["thickness_um"] == pytest.approx(thickness)


def test_that_generate_knows_the_materials_that_the_window_keeps(verb, tmp_path):
    sizes = {"size_distribution": "lognormal", "d10": 2.0, "d50": 3.0, "d90": 4.0}
    kept = tmp_path / "materials.json"
    write_own_materials(kept, {"Lab 7": own_material("Lab 7", 4.5, 150.0, sizes)})
    words = ["generate", "--am", "94", "--porosity", "38", "--box", 20, 20,
             "--capacity", "1", "--out", tmp_path / "s.tif", "--own-materials"]  # fmt: skip
    status, made, _ = verb(*words, kept, "--material", "lab 7")
    assert status == 0
    assert made["areal_capacity_mAh_per_cm2"] == pytest.approx(1)
    assert made["areal_loading_mg_per_cm2"] == pytest.approx(1000 / 150 / 0.94)
    status, _, error = verb(*words, kept, "--material", "lab 8")
    assert status == 2 and "Of your own there are: Lab 7." in error
    status, _, error = verb(*words, tmp_path / "none.json", "--material", "lab 7")
    assert status == 2 and "no file" in error


def test_that_fit_keeps_the_material_in_the_study(verb, sample_sheet, tmp_path):
    study = tmp_path / "a.study"
    status, _, _ = verb("fit", sample_sheet, "--study", study, "--material", "nmc811")
    assert status == 0
    with Study.open(study) as kept:
        assert kept.material().name == "NMC811"
    status, _, error = verb("fit", sample_sheet, "--material", "nmc811")
    assert status == 2 and "give one by --study" in error


def test_that_generate_repeats_itself_bit_for_bit_and_states_what_it_made(verb, tmp_path):
    words = ["generate", "--am", "94", *SMALL, "--gap", "41", *PUBLISHED, "--seed", "7"]
    status, first, _ = verb(*words, "--out", tmp_path / "a.tif")
    assert status == 0
    _, second, _ = verb(*words, "--out", tmp_path / "b.tif")
    assert first["voxels_sha256"] == second["voxels_sha256"]
    _, other, _ = verb(*words[:-1], "8", "--out", tmp_path / "c.tif")
    assert first["voxels_sha256"] != other["voxels_sha256"]
    with tifffile.TiffFile(tmp_path / "a.tif") as tiff:
        labels = tiff.asarray()
        metadata = tiff.imagej_metadata
    assert labels.dtype == np.uint8
    assert list(labels.shape) == first["shape"]
    assert metadata["spacing"] == pytest.approx(1.0)
    for label, phase in enumerate(("electrolyte", "am", "cbd")):
        assert (labels == label).mean() == pytest.approx(first["phase_fractions"][phase])
    assert first["porosity_resolved"] == pytest.approx(first["porosity"], abs=1e-3)


def test_that_total_and_resolved_porosity_are_kept_apart(verb, tmp_path):
    words = ["generate", "--am", "94", "--porosity", "33", "--thickness", "30", "--box", 20, 20]
    status, total, _ = verb(*words, "--out", tmp_path / "t.tif")
    assert status == 0
    assert total["protocol"] == "physical"
    assert total["phase_fractions"]["am"] == pytest.approx(0.575, abs=0.002)
    assert total["phase_fractions"]["electrolyte"] == pytest.approx(0.246, abs=0.002)
    _, resolved, _ = verb(*words, "--porosity-kind", "resolved", "--out", tmp_path / "r.tif")
    assert resolved["porosity_resolved"] == pytest.approx(0.33, abs=1e-3)


def test_that_characterize_gives_exactly_the_agreed_keys(verb, tmp_path):
    stack = tmp_path / "s.tif"
    verb("generate", "--am", "94", *SMALL, "--gap", "41", *PUBLISHED, "--out", stack)
    status, result, _ = verb("characterize", stack)
    assert status == 0
    assert result.keys() == CHARACTERIZE_KEYS
    assert result["tortuosity_factor"].keys() == {"electrolyte", "solid", "am"}
    assert result["effective_conductivity_S_per_m"].keys() == {"ionic", "electronic"}
    assert result["current_collector_coverage_percent"].keys() == {"am", "cbd"}
    tau = result["tortuosity_factor"]["solid"]
    assert result["tortuosity"]["solid"] == pytest.approx(math.sqrt(tau))
    assert isinstance(result["seconds"], float)


def test_that_the_two_solvers_agree(verb, tmp_path):
    stack = tmp_path / "s.tif"
    verb("generate", "--am", "94", *SMALL, "--gap", "91", *PUBLISHED, "--out", stack)
    _, ours, _ = verb("characterize", stack)
    _, peer, _ = verb("characterize", stack, "--solver", "taufactor")
    for phase in ("electrolyte", "solid"):
        assert ours["tortuosity_factor"][phase] == pytest.approx(
            peer["tortuosity_factor"][phase], rel=5e-3
        )


def test_that_a_blocked_phase_is_infinite_and_an_absent_one_undefined(verb, tmp_path):
    labels = np.zeros((6, 5, 5), np.uint8)
    labels[2] = 1
    tifffile.imwrite(tmp_path / "wall.tif", labels)
    status, result, err = verb("characterize", tmp_path / "wall.tif")
    assert status == 0
    assert result["tortuosity_factor"]["electrolyte"] == "inf"
    assert result["effective_conductivity_S_per_m"]["ionic"] == 0
    assert "The electrolyte does not join both ends" in err
    assert "The solid (AM and CBD) does not join both ends" in err
    assert "The stack has no CBD: its properties are undefined." in err
    tifffile.imwrite(tmp_path / "pores.tif", np.zeros((6, 5, 5), np.uint8))
    _, pores, err = verb("characterize", tmp_path / "pores.tif")
    assert pores["tortuosity_factor"]["electrolyte"] == pytest.approx(1, abs=1e-6)
    assert pores["tortuosity_factor"]["am"] is None
    assert pores["flux_imbalance"]["am"] is None
    assert "The stack has no active material and no CBD" in err and "does not join" not in err
    assert "1 µm" in err


def test_that_other_labels_are_mapped_or_named(verb, tmp_path):
    labels = np.random.default_rng(1).choice([0, 85, 170], (8, 8, 8)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "grey.tif", labels)
    mapping = ["--phases", "electrolyte=0", "am=85", "cbd=170", "--voxel-size", "0.39"]
    status, result, _ = verb("characterize", tmp_path / "grey.tif", *mapping)
    assert status == 0
    assert result["phase_fractions"]["am"] == pytest.approx((labels == 85).mean())
    status, _, err = verb("characterize", tmp_path / "grey.tif")
    assert status == 2
    assert "85" in one_line(err)


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["fit", "{tmp}/absent.xlsx"], "absent.xlsx"),
        (["fit", "{tmp}/text.csv"], "Porosity"),
        (["fit", "{tmp}/high.csv"], "142"),
        (["fit", "{tmp}/empty.csv"], "empty.csv"),
        (["characterize", "{tmp}/text.tif"], "text.tif"),
        (["characterize", "{tmp}/absent.tif"], "absent.tif"),
        (["export", "{tmp}/damaged.study", "--out", "{tmp}/x.csv"], "damaged.study"),
        (["export", "{tmp}/absent.study", "--out", "{tmp}/x.csv"], "absent.study"),
        (["generate", "--am", "94", "--porosity", "142", "--thickness", "9", "--out", "{tmp}/s.tif"], "142"),
        (["generate", "--am", "94", "--porosity", "40", "--capacity", "2", "--out", "{tmp}/s.tif"], "--specific-capacity"),
        (["generate", "--am", "94", "--porosity", "40", "--thickness", "9", "--loading", "2", "--out", "{tmp}/s.tif"], "leave out --thickness"),
        (["generate", "--am", "94", "--carbon", "9", "--porosity", "40", "--thickness", "9", "--out", "{tmp}/s.tif"], "more than 100 %"),
        (["generate", "--am", "94", "--material", "LFP", *SMALL, "--gap", "41", *PUBLISHED, "--out", "{tmp}/s.tif"], "its own densities"),
        (["generate", "--am", "94", "--porosity", "1", "--out", "{tmp}/s.tif"], "--thickness"),
        (["generate", "--am", "lots", "--porosity", "30", "--thickness", "9", "--out", "{tmp}/s.tif"], "lots"),
        (["generate", "--am", "94", *SMALL, "--gap", "140", *PUBLISHED, "--out", "{tmp}/s.tif"], "140"),
        (["campaign", "{tmp}/n.study", "--design", "{tmp}/bad.toml"], "am_percent"),
        (["train", "{tmp}/high.csv", "--inputs", "AM", "--targets", "nothing"], "nothing"),
        (["predict", "{tmp}/text.csv", "{tmp}/text.csv", "--out", "{tmp}/p.csv"], "text.csv"),
        (["unknown"], "unknown"),
    ],
)  # fmt: skip
def test_that_bad_input_is_one_clear_line_and_writes_nothing(verb, tmp_path, words, named):
    header = "AM;Porosity before;Thickness before;Gap;Porosity\n"
    rows = "".join(f"0.9{4 + i % 3};0.4{i % 9};1{i:02d};{10 * i};0.2{i % 9}\n" for i in range(10))
    (tmp_path / "text.csv").write_text(header + rows + "0.95;0.44;120;30;high\n" + rows)
    (tmp_path / "high.csv").write_text(header + rows + "0.95;0.44;120;30;142\n" + rows)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "text.tif").write_text("no picture")
    (tmp_path / "damaged.study").write_bytes(b"SQLite format 3\0" + b"damaged" * 200)
    (tmp_path / "bad.toml").write_text("[design]\ngap_um = [1]\nam_percent = ['x']\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    status, result, err = verb(*(str(word).format(tmp=tmp_path) for word in words))
    assert status == 2, err
    assert result is None
    assert named in one_line(err)
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_that_a_campaign_resumes_and_exports_one_row_a_condition(verb, small_study, tmp_path):
    study, design, _ = small_study
    status, again, _ = verb("campaign", study, "--design", design)
    assert status == 0
    assert (again["conditions"], again["structures"], again["done"], again["failed"]) == (
        18,
        36,
        36,
        0,
    )
    out = tmp_path / "data.csv"
    assert verb("export", study, "--out", out)[0] == 0
    frame = pd.read_csv(out)
    assert len(frame) == 18
    assert list(frame.columns[:9]) == [
        "gap_um", "pressure_MPa", "am_percent", "initial_porosity_percent",
        "initial_thickness_um", "porosity_percent", "thickness_um", "repeats", "not_percolating",
    ]  # fmt: skip
    assert (frame["repeats"] == 2).all()
    assert frame["gap_um"].is_monotonic_increasing
    pressed = frame.groupby("gap_um")["tortuosity_factor_solid"].mean()
    assert pressed.iloc[0] < pressed.iloc[-1]
    assert "current_collector_coverage_am_percent_sd" in frame
    assert verb("export", study, "--structures", "--out", tmp_path / "all.csv")[0] == 0
    assert len(pd.read_csv(tmp_path / "all.csv")) == 36


def test_that_a_structure_of_a_campaign_is_made_again_by_its_seed(verb, small_study, tmp_path):
    study, _, _ = small_study
    verb("export", study, "--structures", "--out", tmp_path / "all.csv")
    row = pd.read_csv(tmp_path / "all.csv").iloc[5]
    _, result, _ = verb(
        "generate", "--am", row["am_percent"], "--initial-porosity", row["initial_porosity_percent"],
        "--initial-thickness", 40, "--gap", row["gap_um"], *PUBLISHED, "--box", 16, 16,
        "--seed", int(row["seed"]), "--out", tmp_path / "again.tif",
    )  # fmt: skip
    assert result["voxels_sha256"] == row["voxels_sha256"]


def test_that_train_and_predict_give_the_same_numbers(verb, small_study, tmp_path):
    study, _, _ = small_study
    verb("export", study, "--out", tmp_path / "data.csv")
    target = "tortuosity_factor_solid"
    models = tmp_path / "models"
    status, result, _ = verb(
        "train", tmp_path / "data.csv", "--targets", target, "--rung", 1, "--sis", 20,
        "--inputs", "pressure_MPa,am_percent,initial_porosity_percent", "--models", models,
    )  # fmt: skip
    assert status == 0
    report = result["targets"][target]
    assert {"equation", "latex", "excel", "terms", "front", "train", "baselines"} <= report.keys()
    assert result["features_screened"] > 10
    assert [path.name for path in models.iterdir()] == [f"{target}.json"]
    out = tmp_path / "predictions.csv"
    status, _, _ = verb(
        "predict", models / f"{target}.json", tmp_path / "data.csv", "--intervals", "--out", out
    )
    assert status == 0
    with out.open() as file:
        header = next(csv.reader(file))
    assert header[-3:] == [f"{target}_low", f"{target}_high", f"{target}_predicted"]
    frame = pd.read_csv(out)
    residual = frame[target] - frame[f"{target}_predicted"]
    r2 = 1 - (residual**2).sum() / ((frame[target] - frame[target].mean()) ** 2).sum()
    assert r2 == pytest.approx(report["train"]["r2"], abs=1e-6)


def test_that_maps_and_report_come_from_a_study_without_models(verb, small_study, tmp_path):
    study = tmp_path / "copy.study"
    shutil.copy(small_study[0], study)
    status, result, err = verb("maps", study, "--out", tmp_path / "figures")
    assert status == 0, err
    used = result["models"]
    assert {"tortuosity_electrolyte", "tortuosity_solid"} <= set(used)
    for name, words in used.items():
        assert f"note: Model of {name}: {words}." in err
    assert all("R² " in words for words in used.values())
    # What a figure stands on is said above its numbers, and is no obstacle to reading them.
    table = tmp_path / "figures" / "figure_5.csv"
    assert table.read_text("utf-8").startswith("# Figure 5: ")
    frame = pd.read_csv(table, comment="#")
    assert read_table_file(table).frame.equals(frame) and "tortuosity_solid" in frame
    for number in (4, 5, 6, 7, 8, 9, 10, "S7", "S8"):
        assert (tmp_path / "figures" / f"figure_{number}.png").stat().st_size > 5000
        assert "<svg" in (tmp_path / "figures" / f"figure_{number}.svg").read_text("utf-8")[:2000]
    status, result, err = verb(
        "report", study, "--out", tmp_path / "report.html", "--operator", "A. Keller"
    )
    assert status == 0, err
    assert result["models"] == used
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "10.1016/j.jpowsour.2020.229103" in page and "A. Keller" in page
    assert "http" not in "".join(part.split('"')[0] for part in page.split('src="')[1:])


def test_that_train_without_columns_names_those_of_the_study(verb, small_study):
    status, _, err = verb("train", small_study[0])
    assert status == 2
    assert "tortuosity_solid" in err and "am_percent" in err and len(err.splitlines()) == 1


def test_that_results_for_people_stand_alone_on_stdout(verb, sample_sheet):
    status, out, err = verb("fit", sample_sheet, as_json=False)
    assert status == 0
    assert out.startswith("law: polynomial")
    assert "warning:" not in out
    assert "warning:" in err


def test_that_json_is_one_object_without_nan(verb, tmp_path, capfd):
    labels = np.full((6, 5, 7), 2, np.uint8)
    tifffile.imwrite(tmp_path / "cbd.tif", labels)
    from engine.cli import main

    main(["characterize", str(tmp_path / "cbd.tif"), "--json"])
    out = capfd.readouterr().out
    assert len(out.strip().splitlines()) == 1
    json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.mark.parametrize("option", ["predict", "train", "generate", "fit", "export", "report"])
def test_that_a_place_that_cannot_be_written_is_refused_before_the_work(
    verb, sample_sheet, small_study, tmp_path, option
):
    absent = tmp_path / "absent" / "out.csv"
    taken = tmp_path / "taken"
    taken.write_text("kept")
    study = small_study[0]
    words = {
        "predict": ["predict", study, sample_sheet, "--out", absent],
        "train": ["train", study, "--inputs", "a", "--targets", "b", "--models", taken],
        "generate": ["generate", "--am", 94, "--porosity", 30, "--thickness", 20, "--out",
                     tmp_path / "s.tif", "--particles", absent],
        "fit": ["fit", sample_sheet, "--out", absent],
        "export": ["export", study, "--out", absent],
        "report": ["report", study, "--out", absent],
    }[option]  # fmt: skip
    status, result, err = verb(*words)
    assert (status, result) == (2, None)
    assert ("taken" if option == "train" else "absent") in one_line(err)
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
    assert taken.read_text() == "kept"


def test_that_a_campaign_passes_the_laws_warnings_on(verb, small_study, tmp_path):
    _, design, _ = small_study
    study = tmp_path / "copy.study"
    shutil.copy(small_study[0], study)
    _, result, err = verb("campaign", study, "--design", design)
    assert any("138-180 µm" in warning for warning in result["warnings"])
    assert "138-180 µm" in err
    assert result["structures_per_second"] == 0


def test_that_only_what_failed_is_run_again(verb, small_study, tmp_path):
    _, design, _ = small_study
    path = tmp_path / "copy.study"
    shutil.copy(small_study[0], path)
    with Study.open(path) as study:
        before = study.structures()
        gone = study.results(1)[5]
        error = "The spheres do not fit."
        study.record(
            dataclasses.replace(
                gone, status="failed", error=error, properties={}, voxels_sha256=None
            )
        )
    status, result, err = verb("campaign", path, "--design", design)
    assert (status, result["done"], result["failed"]) == (1, 35, 1)
    assert "--rerun-failed" in err
    status, result, err = verb("campaign", path, "--design", design, "--rerun-failed")
    assert (status, result["campaign"], result["done"], result["failed"]) == (0, 1, 36, 0)
    assert "1 failed structures are tried again" in err
    with Study.open(path, read_only=True) as study:
        after = study.structures()
    times = ["generation_seconds", "properties_seconds"]
    pd.testing.assert_frame_equal(after.drop(columns=times), before.drop(columns=times))
    assert (after["properties_seconds"] != before["properties_seconds"]).sum() == 1


def test_that_an_estimate_runs_nothing(verb, small_study, tmp_path):
    _, design, _ = small_study
    status, result, _ = verb("campaign", tmp_path / "new.study", "--design", design, "--estimate")
    assert (status, result["conditions"], result["structures"]) == (0, 18, 36)
    assert 0 < result["seconds"] < 60 and 50 < result["memory_MB"] < 2000
    assert result["seconds_low"] <= result["seconds"] <= result["seconds_high"]
    assert 0 < result["file_MB"] < 1
    assert list(tmp_path.iterdir()) == []


def test_that_designs_of_one_study_can_be_told_apart(verb, small_study, tmp_path):
    _, design, _ = small_study
    study, other = tmp_path / "copy.study", tmp_path / "other.toml"
    shutil.copy(small_study[0], study)
    text = design.read_text("utf-8").replace("box = [16, 16]\n", "box = [20, 20]\n")
    text = text.replace("[1, 41, 91]", "[91]").replace("[42, 46, 50]", "[50]")
    other.write_text(text.replace("voxel_size_um = 1.0\n", ""), encoding="utf-8")
    assert verb("campaign", study, "--design", other)[0] == 0
    verb("export", study, "--out", tmp_path / "data.csv")
    frame = pd.read_csv(tmp_path / "data.csv")
    assert set(frame["box_um"]) == {"16 x 16", "20 x 20"}
    assert "voxel_size_um" not in frame
    verb("export", study, "--campaign", "2", "--out", tmp_path / "second.csv")
    assert len(pd.read_csv(tmp_path / "second.csv")) == 2
    status, _, err = verb("export", study, "--campaign", "3", "--out", tmp_path / "third.csv")
    assert status == 2 and "has no campaign 3; it holds 1, 2." in err
    learn = ["train", study, "--inputs", "gap_um,am_percent", "--targets", "thickness_um"]
    _, _, err = verb(*learn, "--method", "baseline")
    assert "The rows differ in box_um (16 x 16, 20 x 20)" in err
    _, _, err = verb(*learn, "--method", "baseline", "--campaign", "1")
    assert "differ" not in err


def test_that_particles_of_a_simulation_become_a_stack(verb, tmp_path):
    (tmp_path / "p.txt").write_text("x y z d kind\n5 5 5 6 1\n5 5 15 4 2\n")
    words = ["voxelise", tmp_path / "p.txt", "--unit", "um", "--columns", "type=kind"]
    words += ["--types", "1=am", "2=cbd", "--box", 0, 10, 0, 10, 0, 20, "--voxel-size", 0.25]
    status, result, _ = verb(*words, "--out", tmp_path / "s.tif")
    assert status == 0
    assert result["particles"] == 2 and result["shape"] == [80, 40, 40]
    fractions = result["phase_fractions"]
    assert fractions["am"] == pytest.approx(4 / 3 * np.pi * 27 / 2000, rel=0.02)
    assert fractions["cbd"] == pytest.approx(4 / 3 * np.pi * 8 / 2000, rel=0.02)
    status, again, _ = verb("characterize", tmp_path / "s.tif")
    assert status == 0 and again["phase_fractions"] == pytest.approx(fractions)
    for wrong in (["--unit", "furlong"], ["--types", "1=gold"], ["--radius", "-1"]):
        status, _, err = verb(*words, *wrong, "--out", tmp_path / "t.tif")
        assert status == 2 and one_line(err)
    assert not (tmp_path / "t.tif").exists()


def test_that_train_finds_a_border_of_limits_and_says_its_error(verb, tmp_path):
    stream = np.random.default_rng(4)
    made = pd.DataFrame(stream.uniform([1, 20], [9, 60], (120, 2)), columns=["a_um", "b_percent"])
    made["y"] = made["b_percent"] / made["a_um"]
    table = tmp_path / "t.csv"
    made.to_csv(table, index=False)
    words = ["train", table, "--inputs", "a_um,b_percent"]
    status, found, _ = verb(
        *words, "--limits", "y>=8", "--rung", "1", "--models", tmp_path / "models"
    )
    assert status == 0
    assert found["train"]["accuracy"] == 1 and found["cross_validation"]["accuracy"] > 0.95
    stored = json.loads((tmp_path / "models" / "limits.json").read_text())
    assert LimitClassifier.from_dict(stored).equation == found["equation"]
    for limits, said in (("y>8", "not of the form"), ("y>=nan", "not a number")):
        status, _, text = verb(*words, "--limits", limits)
        assert status == 2 and said in text


def test_that_a_problem_of_the_reference_program_is_written_read_and_trained(verb, tmp_path):
    stream = np.random.default_rng(5)
    made = pd.DataFrame(stream.uniform(1, 9, (40, 2)), columns=["a_um", "b_MPa"])
    made["y"] = 2 * made["a_um"] * made["b_MPa"] - 3
    table, place = tmp_path / "t.csv", tmp_path / "problem"
    made.to_csv(table, index=False)
    settings = ["--rung", "1", "--terms", "1", "--sis", "5"]
    words = ["train", table, "--inputs", "a_um,b_MPa", "--targets", "y", *settings]
    status, direct, _ = verb(*words, "--sisso-files", place)
    assert status == 0
    status, again, _ = verb("train", place / "y" / "SISSO.in")
    assert status == 0
    assert again["targets"]["y"]["terms"] == 1
    assert again["targets"]["y"]["train"]["max_error"] < 1e-9
    assert direct["targets"]["y"]["train"]["max_error"] < 1e-9
    status, _, text = verb("train", table, "--inputs", "a_um")
    assert status == 2 and "--targets" in text


def test_that_fit_takes_a_law_in_the_pressure_where_no_gap_is_known(verb, tmp_path):
    path = tmp_path / "lab.csv"
    rows = [
        (name, am, before, start, p, round(before - 22 * p / (p + 250), 3))
        for name, am, before, start in (("A", 92, 50, 62), ("B", 94, 48, 70), ("C", 96, 45, 81))
        for p in (100, 250, 400, 620)
    ]
    header = "Sample,AM (%),Initial porosity (%),Initial thickness (µm),Pressure (MPa),Porosity (%)"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]), "utf-8")
    status, result, _ = verb("fit", path)
    assert status == 0 and result["law"] in ("kawakita", "exponential", "heckel")
    assert result["coatings"] == ["A", "B", "C"]
    assert any("beyond the gap calibration" in text for text in result["warnings"])


def test_that_pressures_beyond_the_gap_calibration_are_told_of_once(verb, tmp_path):
    rows = ["AM (wt%),Initial porosity (%),Initial thickness (um),Pressure (MPa),Porosity (%)"]
    rows += [
        f"{am},{before},70,{p},{25 + (before - 25) * 2.718 ** (-p / 180):.3f}"
        for am, before in ((92, 50), (94, 48), (96, 45))
        for p in (100, 250, 400, 620)
    ]
    (tmp_path / "high.csv").write_text("\n".join(rows))
    status, found, _ = verb("fit", tmp_path / "high.csv")
    assert status == 0
    assert sum("gap calibration" in text for text in found["warnings"]) == 1
