"""Learning: symbolic models (SISSO), neural networks, Gaussian processes and plain baselines."""
