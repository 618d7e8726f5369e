"""Learning: symbolic models (SISSO), neural networks, Gaussian processes and plain baselines.

`training.train` is the door: a table in, one `model.PropertyModel` for every target out. Behind
it, for the symbolic search: `features` builds the explicit space, `screening` enumerates the
last rung, `subset_search` compares all models of a size, `intervals` keeps poles out of the box.
"""
