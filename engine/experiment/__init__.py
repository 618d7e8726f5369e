"""Experiment: from any lab sheet to a calendering law that says how far to trust it.

Modules, in the order in which data flows::

    workbook     file -> raw cells          (.xlsx .xls .ods .csv .tsv, whatever the ending says)
    headers      header texts -> roles      (English, French, German)
    reader       cells -> CalenderingTable  (read_table; preview for the import wizard)
    table        CalenderingTable
    calibration  roll gap <-> pressure
    laws         CalenderingTable -> CalenderingLaw
    domain       where a law was measured
    diagnostics  assess(law, table) -> LawAssessment
    calendering  law, recipe, coating, pressure -> Condition
"""
