"""Maps: curves, the interdependence matrix, trade-offs and the report."""
