import base64
import dataclasses
import io
import json
import re
from html.parser import HTMLParser

import pandas as pd
import pytest
from matplotlib.backends.backend_pdf import PdfPages

from engine.errors import InputError
from engine.maps import report_data
from engine.maps.decide import recommend
from engine.maps.default_models import default_models
from engine.maps.figures import collect_figures
from engine.maps.lab_record import LabRecord
from engine.maps.methods import CITATIONS
from engine.maps.report import (
    RECOMMENDATION_SETTING,
    VERIFICATION_SETTING,
    Grid,
    render_report,
    write_report,
)
from engine.maps.report_pdf import Pages
from engine.maps.sources import TURNS_SETTING, read_sources
from engine.maps.targets import Target
from engine.maps.trade_off import trade_off
from engine.study import Study
from tests.maps.studies import make_study

TARGETS = (
    Target("effective_conductivity_ionic_S_per_m", "up"),
    Target("energy_density_Wh_per_L", "up"),
    Target("tortuosity_electrolyte", most=4),
)


class Page(HTMLParser):
    """Texts, links and open tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.sources, self.links, self.tags = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        self.tags.append(tag)
        if "src" in named:
            self.sources.append(named["src"])
        if "href" in named:
            self.links.append((named["href"], named.get("download")))

    def handle_data(self, data):
        self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))


@pytest.fixture(scope="module")
def decided(tmp_path_factory):
    """A study with models and a stored recommendation, and its page."""
    path = tmp_path_factory.mktemp("report") / "Batch 7 <b>.study"
    with make_study(
        path, gaps=(5.0, 40.0, 80.0), ams=(94.0, 96.0), porosities=(44.0, 46.0, 48.0)
    ) as study:
        responses = read_sources(study, models=default_models(study)).responses
        found = trade_off(
            responses, TARGETS, steps={"gap_um": 8, "am_percent": 3, "initial_porosity_percent": 3}
        )
        choice = recommend(responses, TARGETS, found, draws=32)
        study.set_setting(RECOMMENDATION_SETTING, choice.to_dict())
        study.set_setting(
            VERIFICATION_SETTING,
            {
                "sentence": "1 of 1 outputs lie inside.",
                "checks": [
                    {
                        "output": "tortuosity_electrolyte",
                        "predicted": 2.5,
                        "low": 2.4,
                        "high": 2.6,
                        "computed": 2.55,
                        "sd": None,
                        "agrees": True,
                    }
                ],
            },
        )
        # Three figures of the nine: one of each kind.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(
                report_data,
                "collect_figures",
                lambda sources: collect_figures(sources, ["4", "6", "10"]),
            )
            page = render_report(study)
    return page, choice


def test_that_the_page_needs_nothing_from_outside(decided):
    page = Page(decided[0])
    assert page.sources and all(source.startswith("data:image/") for source in page.sources)
    assert not {"script", "link", "iframe"} & set(page.tags)
    outside = [link for link, _ in page.links if not link.startswith(("#", "data:"))]
    assert outside and all(link.startswith("https://doi.org/10.") for link in outside)
    assert "url(" not in decided[0]


def test_that_the_error_for_a_family_left_out_comes_first(decided):
    page = decided[0]
    body = page[page.index("<body>") :]
    first = body.index("For a coating that was not measured")
    assert first < body.index("<nav>") < body.index("R² of the fit")


def test_that_names_from_the_study_cannot_become_markup(decided):
    assert "Batch 7 <b>" not in decided[0]
    assert "Batch 7 &lt;b&gt;" in decided[0]


def test_that_every_part_of_the_study_is_there(decided):
    page = Page(decided[0])
    for words in (
        "25 measured conditions of 5 coatings",
        "made-up campaign",
        "18 conditions, 36 structures done",
        "full quadratic in ln P",
        "Method: plain form",
        "Seed of campaign 1",
        "numpy",
        "Verified by fresh structures",
        "1 of 1 outputs lie inside.",
    ):
        assert words in page.text, words
    # Indices are set low, so that the sentence is compared without its symbols.
    assert decided[1].sentence.split("Expect")[0].strip() in page.text


def test_that_the_data_of_every_figure_is_inside(decided):
    page = Page(decided[0])
    tables = [(link, name) for link, name in page.links if name]
    assert [name for _, name in tables] == [
        "trade_off.csv", "figure_4.csv", "figure_6.csv", "figure_10.csv",
    ]  # fmt: skip
    link = next(link for link, name in tables if name == "figure_6.csv")
    frame = pd.read_csv(io.BytesIO(base64.b64decode(link.partition("base64,")[2])))
    assert "tortuosity_electrolyte" in frame and len(frame) > 100


def test_that_a_report_of_one_campaign_shows_the_recommendation_it_is_given(tmp_path, monkeypatch):
    monkeypatch.setattr(report_data, "collect_figures", lambda sources: ([], []))
    with make_study(
        tmp_path / "a.study", gaps=(5.0, 80.0), ams=(94.0, 96.0), porosities=(44.0, 48.0)
    ) as study:
        responses = read_sources(study, models=default_models(study)).responses
        given = recommend(
            responses, [Target("tortuosity_electrolyte", "down")], robust=False, draws=4
        )
        assert given.campaign is None
        shown = report_data.collect(study, recommendation=given, campaign=1)
        assert shown["recommendation"]["sentence"] == given.sentence
        study.set_setting(RECOMMENDATION_SETTING, given.to_dict())  # of all campaigns
        study.set_setting(VERIFICATION_SETTING, {"sentence": "Of all.", "checks": []})
        shown = report_data.collect(study, campaign=1)
        assert shown["recommendation"] is None and shown["verification"] is None
        shown = report_data.collect(study)
        assert shown["recommendation"]["sentence"] == given.sentence
        assert shown["verification"]["sentence"] == "Of all."


def test_that_what_is_cited_is_listed_with_its_doi(decided):
    page = decided[0]
    methods = page[page.index('id="methods"') : page.index('id="versions"')]
    numbers = {int(number) for number in re.findall(r"\[(\d+)\]", methods)}
    listed = methods.count("<li>")
    assert numbers == set(range(1, listed + 1)) and listed >= 4
    assert CITATIONS["workflow"].doi in methods and CITATIONS["desirability"].doi in methods


def test_that_an_empty_study_gives_a_page_that_says_what_is_missing(tmp_path):
    with Study.create(tmp_path / "new.study") as study:
        text = Page(render_report(study)).text
    for words in (
        "This study has no calendering law",
        "No sheet of measurements was imported",
        "No campaign was run",
        "No models were trained",
        "No recommendation has been made",
    ):
        assert words in text


def test_that_the_page_is_written_where_it_was_asked(tmp_path):
    with Study.create(tmp_path / "new.study") as study:
        assert write_report(study, tmp_path / "page") == tmp_path / "page.html"
        with pytest.raises(InputError, match="HTML page or a PDF"):
            write_report(study, tmp_path / "page.docx")
        with pytest.raises(InputError, match="there is no folder"):
            write_report(study, tmp_path / "absent" / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_that_the_report_is_a_pdf_where_the_name_says_so(tmp_path):
    with Study.create(tmp_path / "new.study") as study:
        path = write_report(study, tmp_path / "page.pdf")
    content = path.read_bytes()
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")


def test_that_a_long_table_runs_over_pages_and_loses_no_row():
    rows = [[f"row {number}", number] for number in range(150)]
    with PdfPages(io.BytesIO()) as pdf:
        pages = Pages(pdf)
        seen = []
        finish = pages.finish

        def keep():
            seen.extend(text.get_text() for text in pages._page().texts)
            finish()

        pages.finish = keep
        pages.heading("A long table")
        pages.grid(Grid.of(["name", "number"], rows))
        keep()
    assert pages.count > 1
    assert {f"row {number}" for number in range(150)} <= set(seen)


def test_that_missing_numbers_are_dashes_and_infinite_ones_are_said():
    grid = Grid.of(["a", "b"], [[1.23456, None], [float("inf"), float("nan")]])
    assert grid.rows == (("1.235", "–"), ("∞", "–"))
    assert json.dumps(grid.numeric) == "[true, true]"


@pytest.mark.parametrize(
    ("driver", "kept", "variable", "has_gap"),
    [
        ("gap", None, "gap_um", True),
        ("both", None, "gap_um", True),
        ("both", "pressure_MPa", "pressure_MPa", True),
        ("pressure", None, "pressure_MPa", False),
    ],
)
def test_that_the_maps_speak_of_what_the_sheet_was_measured_in(
    tmp_path, driver, kept, variable, has_gap
):
    with make_study(tmp_path / "a.study") as study:
        study.set_table(dataclasses.replace(study.table(), driver=driver))
        study.set_setting(TURNS_SETTING, kept)
        responses = read_sources(study).responses
        assert (responses.lab_variable, responses.calibration is not None) == (variable, has_gap)


@pytest.mark.parametrize(
    ("driver", "pressing"),
    [
        ("pressure", ["Pressure (MPa)"]),
        ("gap", ["Roll gap (µm)", "Pressure from the gap (MPa)"]),
        ("both", ["Roll gap (µm)", "Pressure (MPa)"]),
    ],
)
def test_that_the_measured_table_says_what_was_set_and_what_was_converted(driver, pressing):
    from types import SimpleNamespace

    from engine.maps.report_data import _measurements
    from tests.experiment.tables import sample_table

    table = dataclasses.replace(sample_table(), driver=driver)
    grid = _measurements(SimpleNamespace(table=table))["table"]
    assert list(grid.head[3:-3]) == pressing
    assert all(len(row) == len(grid.head) for row in grid.rows)


def test_that_the_report_names_operator_sample_and_project(tmp_path, monkeypatch):
    with Study.create(tmp_path / "new.study") as study:
        assert "Operator" not in render_report(study)
        LabRecord("A. <Lab>", "NMC 7-B", "", "Dried twice.\nFoil 15 µm.").keep(study)
    with Study.open(tmp_path / "new.study") as study:
        page = render_report(study)
        assert "A. &lt;Lab&gt;" in page
        text = Page(page).text
        assert "Operator A. <Lab> Sample NMC 7-B Remarks Dried twice. Foil 15 µm." in text
        assert "Project" not in text
        other = Page(render_report(study, record=LabRecord(operator="B"))).text
        assert "Operator B" in other and "NMC 7-B" not in other
        assert LabRecord.of(study).sample == "NMC 7-B"  # what is given is not kept
        write_report(study, tmp_path / "page.pdf")
        LabRecord().keep(study)
        assert LabRecord.of(study) == LabRecord()
