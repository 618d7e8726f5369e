"""Slow, readable twins of what the maps compute fast."""

import numpy as np


def turns(effect, share, beyond=0.0):
    """Compare every pair of levels."""
    rise = fall = 0.0
    for i in range(len(effect)):
        for j in range(i, len(effect)):
            rise = max(rise, effect[j] - effect[i])
            fall = max(fall, effect[i] - effect[j])
    against, along = min(rise, fall), max(rise, fall)
    return against > share * along and against > beyond


def non_dominated(values, upward):
    """Compare every pair of rows; rows with nan never belong to the set."""
    values = np.where(np.asarray(upward), values, -np.asarray(values, float))
    members = []
    for i, row in enumerate(values):
        if np.isnan(row).any():
            continue
        beaten = False
        for other in values:
            if np.isnan(other).any():
                continue
            if (other >= row).all() and (other > row).any():
                beaten = True
        if not beaten:
            members.append(i)
    return members
