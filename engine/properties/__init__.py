"""Properties of a stack: percolation, transport, interfaces, morphology, and `characterize` for all."""

from engine.properties.characterize import characterize
from engine.properties.conductivities import Conductivities
from engine.properties.result import Properties
from engine.properties.transport import TransportResult, solve

__all__ = ["Conductivities", "Properties", "TransportResult", "characterize", "solve"]
