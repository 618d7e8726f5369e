"""The blank sheet that a lab can fill in and import without any question."""

from __future__ import annotations

import os

from engine.errors import InputError
from engine.experiment.safe_sheets import put, style_header

_COLUMNS = {
    "en": (
        "Sample", "AM (wt%)", "Initial porosity (%)", "Initial thickness (µm)", "Roll gap (µm)",
        "Porosity after calendering (%)", "Porosity SD (%)", "Remarks",
    ),
    "fr": (
        "Échantillon", "Matière active (% massique)", "Porosité initiale (%)",
        "Épaisseur initiale (µm)", "Entrefer (µm)", "Porosité après calandrage (%)",
        "Écart-type porosité (%)", "Remarques",
    ),
    "de": (
        "Probe", "Aktivmaterial (Gew.-%)", "Anfangsporosität (%)", "Anfangsdicke (µm)",
        "Walzenspalt (µm)", "Porosität nach dem Kalandrieren (%)",
        "Standardabweichung Porosität (%)", "Bemerkungen",
    ),
}  # fmt: skip

_PRESSURE = {"en": "Pressure (MPa)", "fr": "Pression (MPa)", "de": "Druck (MPa)"}

_NOTES = {
    "en": (
        ("How to fill this in", "One row per electrode or per condition, on the sheet before this one."),
        ("AM", "Mass fraction of active material in the dry coating."),
        ("Initial porosity, thickness", "Of the dried coating without foil, before calendering."),
        ("Roll gap or pressure", "What was set on the calender. A gap needs the machine's "
                                 "calibration, which the program asks for."),
        ("Replicates", "Rows with equal values in all but the porosity are averaged."),
        ("Coatings", "Measure at least six different coatings if the law is to hold for new ones."),
        ("More columns", "Add any: roll temperature, speed, tortuosity, ... They are kept."),
    ),
    "fr": (
        ("Mode d'emploi", "Une ligne par électrode ou par condition, sur la feuille précédente."),
        ("Matière active", "Fraction massique dans l'enduction sèche."),
        ("Porosité, épaisseur initiales", "De l'enduction sèche sans feuillard, avant calandrage."),
        ("Entrefer ou pression", "Réglage de la calandre. L'entrefer demande l'étalonnage de la "
                                 "machine."),
        ("Répétitions", "Les lignes égales, sauf la porosité, sont moyennées."),
        ("Enductions", "Mesurez au moins six enductions pour une loi valable sur de nouvelles."),
        ("Autres colonnes", "Libres : température, vitesse, tortuosité... Elles sont gardées."),
    ),
    "de": (
        ("Ausfüllen", "Eine Zeile je Elektrode oder je Bedingung, auf dem Blatt davor."),
        ("Aktivmaterial", "Massenanteil in der trockenen Beschichtung."),
        ("Anfangsporosität, -dicke", "Der trockenen Beschichtung ohne Folie, vor dem Kalandrieren."),
        ("Walzenspalt oder Druck", "Einstellung am Kalander. Der Spalt braucht die Kalibrierung der "
                                   "Maschine."),
        ("Wiederholungen", "Zeilen, die bis auf die Porosität gleich sind, werden gemittelt."),
        ("Beschichtungen", "Mindestens sechs verschiedene, wenn das Gesetz für neue gelten soll."),
        ("Weitere Spalten", "Beliebig: Walzentemperatur, Geschwindigkeit, Tortuosität, ..."),
    ),
}  # fmt: skip

_TITLES = {
    "en": ("Measurements", "Notes"), "fr": ("Mesures", "Notes"), "de": ("Messungen", "Hinweise"),
}  # fmt: skip
_WIDTHS = (14, 14, 14, 14, 14, 16, 16, 32)
LANGUAGES = tuple(_COLUMNS)


def write_blank_sheet(
    path: str | os.PathLike[str], language: str = "en", driver: str = "gap"
) -> None:
    """Write an .xlsx with headers, formats, checks of the values, and a page of help.

    Parameters
    ----------
    path : path
    language : {"en", "fr", "de"}
    driver : {"gap", "pressure"}
        What the lab sets on its calender.

    Raises
    ------
    InputError
        If the language or driver is not known, or the file cannot be written.
    """
    from openpyxl import Workbook
    from openpyxl.styles import Alignment, Font
    from openpyxl.worksheet.datavalidation import DataValidation

    if language not in LANGUAGES:
        raise InputError(f"Blank sheets come in {', '.join(LANGUAGES)}, not '{language}'.")
    if driver not in ("gap", "pressure"):
        raise InputError(f"The calender is set by gap or pressure, not '{driver}'.")
    headers = list(_COLUMNS[language])
    if driver == "pressure":
        headers[4] = _PRESSURE[language]
    book = Workbook()
    sheet, title = book.active, _TITLES[language]
    sheet.title = title[0]
    for column, header in enumerate(headers, 1):
        put(sheet, 1, column, header)
    style_header(sheet, _WIDTHS)
    for letters, low, high in (("BCF", 0, 100), ("D", 1, 2000), ("E", 0, 10000), ("G", 0, 50)):
        for letter in letters:
            check = DataValidation("decimal", operator="between", formula1=str(low),
                                   formula2=str(high), allow_blank=True, showErrorMessage=True,
                                   errorTitle=title[0], error=f"{low} - {high}")  # fmt: skip
            check.add(f"{letter}2:{letter}500")
            sheet.add_data_validation(check)
            for row in range(2, 101):
                sheet[f"{letter}{row}"].number_format = "0.0" if letter in "BC" else "0.##"
    notes = book.create_sheet(title[1])
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 30, 90
    for row, (name, text) in enumerate(_NOTES[language], 1):
        put(notes, row, 1, name)
        put(notes, row, 2, text)
        notes.cell(row, 1).font = Font(bold=True)
        notes.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top")
    try:
        book.save(path)
    except OSError as error:
        raise InputError(f"{path} cannot be written ({error.strerror or error}).") from error
