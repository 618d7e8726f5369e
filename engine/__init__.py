"""The engine of HybridGUI: everything that computes, without a window.

Rooms, in the order in which data flows::

    experiment  sheet -> CalenderingTable -> CalenderingLaw
    structure   (Recipe, Coating, pressure) -> Condition -> VoxelStack
    properties  VoxelStack -> Properties
    campaign    Design -> many structures, stored in a Study
    learning    dataset -> PropertyModel
    maps        models -> curves, interdependence matrix, trade-offs, report

`engine.study` is the one document; `engine.cli` the headless verbs; `engine.errors` and
`engine.progress` are shared by all. Nothing here imports Qt.
"""

__version__ = "0.2.0"
