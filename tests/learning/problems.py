"""Small problems that several tests train on."""

import numpy as np
import pandas as pd


def synthetic_law(rows=440, seed=3, noise=0.005):
    """Table of ``y = 20 e0/sqrt(P) + 3 w e0 + 0.5`` with a little noise."""
    stream = np.random.default_rng(seed)
    pressure = stream.uniform(50, 400, rows)
    am = stream.uniform(0.90, 0.98, rows)
    porosity = stream.uniform(0.35, 0.55, rows)
    y = 20 * porosity / np.sqrt(pressure) + 3 * am * porosity + 0.5
    return pd.DataFrame(
        {
            "pressure_MPa": pressure,
            "am_fraction": am,
            "initial_porosity": porosity,
            "y": y + stream.normal(0, noise, rows),
        }
    )


INPUTS = ["pressure_MPa", "am_fraction", "initial_porosity"]


def smooth(rows=60, seed=0):
    """Two smooth targets of three inputs, with noise."""
    frame = synthetic_law(rows, seed)
    stream = np.random.default_rng(seed + 1)
    frame["tortuosity"] = (
        2 + 0.4 * np.log(frame.pressure_MPa) / frame.initial_porosity + stream.normal(0, 0.01, rows)
    )
    return frame
