"""Write the sample sheet, `nmc111_calendering.xlsx`, beside this script.

The 14 conditions are the means of 66 measured NMC111 electrodes published by Duquesnoy et al.
(DOI 10.5281/zenodo.3901441, CC BY-NC-SA 4.0), typed here as plain figures.

    python resources/make_sample.py
"""

from __future__ import annotations

import datetime
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

SAMPLE = Path(__file__).with_name("nmc111_calendering.xlsx")

COLUMNS = (
    # header, width, number format
    ("Condition", 11, "0"),
    ("AM (wt%)", 11, "0.0"),
    ("Solid content (%)", 13, "0"),
    ("Initial porosity (%)", 13, "0.0"),
    ("Initial thickness (µm)", 13, "0"),
    ("Roll gap (µm)", 11, "0"),
    ("Porosity (%)", 12, "0.00"),
    ("Porosity SD (%)", 12, "0.00"),
)

# AM %, solid content %, initial porosity %, initial thickness µm, then gap µm: (porosity, SD) %.
COATINGS = (
    ((94.0, 60, 48.7, 138), {
        1: (25.5591158, 0.2626938), 44: (28.4409827, 0.6148921), 100: (36.1272278, 0.3464403),
    }),
    ((94.0, 69, 46.1, 178), {
        1: (22.7818643, 0.5207558), 25: (24.0706363, 0.9965596), 44: (22.9355107, 0.2637905),
        100: (30.0748308, 0.3542648),
    }),
    ((95.0, 68, 47.5, 170), {
        1: (23.0519726, 0.4503152), 44: (26.4956093, 0.8205684), 100: (32.9702429, 1.286996),
    }),
    ((96.0, 69, 42.0, 180), {
        5: (26.2360108, 0.2241246), 27: (26.3233257, 1.0362876), 44: (28.8018327, 0.4110415),
        100: (32.0911602, 0.3602464),
    }),
)  # fmt: skip

NOTES = (
    ("What this is", "14 calendering conditions of NMC111 electrodes, the means of 66 electrodes."),
    ("Source", "Duquesnoy, Lombardo, Chouchane, Primo, Franco: data of their calendering study, "
               "DOI 10.5281/zenodo.3901441"),
    ("Paper", "J. Power Sources 480 (2020) 229103, DOI 10.1016/j.jpowsour.2020.229103"),
    ("Licence", "CC BY-NC-SA 4.0: share alike, with attribution, not for commercial purposes"),
    ("Changes", "Fractions are given as percents; columns are named and sorted anew."),
    ("AM (wt%)", "Mass fraction of active material in the dry electrode; the rest is carbon black "
                 "and binder."),
    ("Solid content (%)", "Solids in the slurry before drying."),
    ("Initial porosity, thickness", "Of the dried coating before calendering."),
    ("Roll gap (µm)", "Distance set between the rolls. The machine's calibration gives the pressure: "
                      "P (MPa) = 185.53059 exp(-gap / 38.122) - 6.51726."),
    ("Porosity, SD", "After calendering: mean and standard deviation over the electrodes of a "
                     "condition."),
)  # fmt: skip


def write(path: Path = SAMPLE) -> None:
    """Write the sample workbook."""
    book = Workbook()
    sheet = book.active
    sheet.title = "Measurements"
    sheet.append([header for header, _, _ in COLUMNS])
    number = 0
    first_rows = []
    for coating, pressed in COATINGS:
        first_rows.append(sheet.max_row + 1)
        for gap, (porosity, deviation) in pressed.items():
            number += 1
            sheet.append([number, *coating, gap, porosity, deviation])
    line = Side(style="thin", color="B8C4CE")
    for column, (_, width, number_format) in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
        head = sheet.cell(1, column)
        head.font = Font(bold=True, color="FFFFFF")
        head.fill = PatternFill("solid", fgColor="2F4B66")
        head.alignment = Alignment(wrap_text=True, horizontal="center", vertical="center")
        for row in range(2, sheet.max_row + 1):
            cell = sheet.cell(row, column)
            cell.number_format = number_format
            cell.alignment = Alignment(horizontal="center")
            if row in first_rows:
                cell.border = Border(top=line)
    sheet.row_dimensions[1].height = 32
    sheet.freeze_panes = "A2"
    notes = book.create_sheet("Notes")
    notes.column_dimensions["A"].width = 26
    notes.column_dimensions["B"].width = 92
    for name, text in NOTES:
        notes.append([name, text])
        notes.cell(notes.max_row, 1).font = Font(bold=True)
        for column in (1, 2):
            notes.cell(notes.max_row, column).alignment = Alignment(wrap_text=True, vertical="top")
    # Fixed dates, so that the same script writes the same file.
    book.properties.creator = "HybridGUI"
    book.properties.title = "Calendering of NMC111 electrodes"
    book.properties.created = book.properties.modified = datetime.datetime(2025, 1, 1)
    book.save(path)


if __name__ == "__main__":
    write()
