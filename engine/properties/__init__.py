"""Properties of a stack: percolation, transport, interfaces, morphology; `characterize` gathers them."""
