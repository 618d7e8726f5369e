"""What headers mean, as labs write them."""

import pytest

from engine.experiment.headers import is_summary, understand

HEADERS = {
    "am": """AM|X.NMC|Active material (wt%)|AM content [%]|Teneur en matière active (%)|
        Matière active (% massique)|Aktivmaterial (Gew.-%)|Aktivmaterialanteil (%)|AM-Anteil (%)|
        am_percent|Mass fraction AM|NMC111 (wt.%)|LFP fraction|Active mass fraction|% AM""",
    "initial_porosity": """porosite_before|Porosity before calendering (%)|Initial porosity|
        Porosité initiale (%)|Porosité avant calandrage|Porosité non calandrée|
        Anfangsporosität (%)|Ausgangsporosität [%]|Porosität vor dem Kalandrieren (%)|
        unkalandrierte Porosität|eps_init|eps0|ε_init|ε₀ (%)|Porosity uncalendered|epsInit|
        Porosity (before)|Porositaet vorher|initial_porosity_percent""",
    "initial_thickness": """thickness_before|Initial thickness (µm)|Épaisseur initiale (µm)|
        Épaisseur avant calandrage (µm)|Anfangsdicke (µm)|Ausgangsschichtdicke / µm|
        Schichtdicke vor Kalandrieren (µm)|t0|t0_um|t_init (µm)|Coating thickness, initial [mm]""",
    "gap": """calender.gap.um|Roll gap (µm)|Entrefer (µm)|Écartement des rouleaux (µm)|
        Walzenspalt (µm)|Spaltmaß in µm|gap_um|Gap|Écart entre rouleaux (µm)|
        Jeu entre cylindres (µm)""",
    "pressure": """Calender pressure (MPa)|Pression (MPa)|Kalanderdruck (MPa)|Druck / bar|
        pressure_MPa|P|Walzendruck [N/mm²]""",
    "porosity": """porosity|Porosity after calendering (%)|Porosité après calandrage|
        Porosité finale|Porosität nach dem Kalandrieren (%)|Endporosität|eps_cal|ε_cal|
        Porosity calendered|Porosité calandrée|Kalandrierte Porosität|porosity_percent""",
    "porosity_sd": """sd|Écart type porosité|Standardabweichung|Porosity std|Porosity SD (%)|
        Écart-type|Stabw.|Std. dev.""",
    "thickness": "Thickness|Schichtdicke nach Kalandrieren (µm)|Thickness after (µm)",
    "loading": "AM loading (mg/cm2)|Flächengewicht (g/m²)|Mass loading (mg/cm²)|Grammage (g/m²)",
    "family": "Sample|Probe Nr.|Coating|Batch no.|Échantillon|Elektrode|Rezeptur|Name",
    "": """S.to.L|AM density (g/cm3)|Date|Electrode width|Carbon black (%)|Roll temperature (°C)|
        Speed (m/min)|Solid content (%)|Liniendruck (N/mm)|Linienlast [N/mm]|Compaction rate (%)|
        Thickness SD (µm)|Tortuosity|AM (g)|Porosity (cm3/g)|Pressure (N/mm)|Dichte (g/cm³)""",
}


@pytest.mark.parametrize(
    ("header", "role"),
    [(h.strip(), role) for role, headers in HEADERS.items() for h in headers.split("|")],
)
def test_that_a_header_gives_its_role(header, role):
    assert understand(header).role == role


@pytest.mark.parametrize(
    ("header", "group", "role"),
    [
        ("Porosity", "Before calendering", "initial_porosity"),
        ("Porosität", "nach dem Kalandrieren", "porosity"),
        ("Épaisseur (µm)", "Avant calandrage", "initial_thickness"),
        ("(%)", "Initial porosity", "initial_porosity"),
    ],
)
def test_that_a_heading_above_completes_a_header(header, group, role):
    assert understand(header, group).role == role


@pytest.mark.parametrize(
    "text", ["Mean", "Mittelwert", "moyenne", "Écart-type", "Std", "mean value"]
)
def test_that_labels_of_summary_rows_are_known(text):
    assert is_summary(text)


@pytest.mark.parametrize("text", ["n", "N-12", "meander", "Sample 1", "max speed trial", "E1"])
def test_that_labels_of_samples_are_no_summaries(text):
    assert not is_summary(text)
