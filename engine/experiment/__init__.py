"""Experiment: from any lab sheet to a calendering law that says how far to trust it.

Modules, in the order in which data flows::

    workbook     file -> raw cells          (.xlsx .xls .ods .csv .tsv, whatever the ending says)
    headers      header texts -> roles      (English, French, German); units, numbers
    layout       where the table is on a sheet, and which column plays which role
    columns      cells of a column -> numbers in engine units
    preview      all of that for the import wizard, with corrections in place
    templates    mappings that are remembered and recognised
    reader       preview -> CalenderingTable (read_table)
    coatings     which rows share a coating, and what it is called
    table        CalenderingTable; replicates are averaged by `replicates`
    calibration  roll gap <-> pressure
    laws         CalenderingTable -> CalenderingLaw
    domain       where a law was measured
    diagnostics  assess(law, table) -> LawAssessment
    comparison   laws side by side, and which to take for what
    calendering  law, recipe, coating, pressure -> Condition
    starting_values  what structure and campaign begin with
    blank_sheet, safe_sheets  sheets written for people
"""
