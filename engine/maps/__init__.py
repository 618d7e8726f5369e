"""Maps: curves, the interdependence matrix, trade-offs, decisions and the report.

Modules, in the order in which data flows::

    sources           a study -> law, models, dataset (Sources)
    default_models    models for a study that has none
    electrode, scope  constants of a map; where law and models were trained
    responses         settings -> every response, with intervals (Responses)
    curves, profiler, interdependence   figure data for window and files
    canvas, palette, drawing, figures   the same drawn by matplotlib
    targets, pareto, trade_off          what is wanted, what can be had
    uncertainty, decide                 errors drawn together -> one robust recommendation
    verify, next_experiments            test it; make it surer
    report, report_data, report_pdf     a study as one page
    bpx_export        an electrode for cell models

Figure data are frozen dataclasses: the window draws them with pyqtgraph, files with matplotlib.
"""
