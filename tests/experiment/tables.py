"""Calendering tables made for the tests."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.laws.base import CalenderingLaw
from engine.experiment.reader import read_table
from engine.experiment.table import CalenderingTable
from tests.experiment.sheets import SAMPLE


def sample_table() -> CalenderingTable:
    """The 14 measured conditions."""
    return read_table(SAMPLE)


def design_table(
    porosity, families: int = 9, gaps=(1.0, 20.0, 45.0, 70.0, 100.0), seed: int = 0, extra=None
) -> CalenderingTable:
    """A well spread table; `porosity` is a function of (am, e0, t0, gap, pressure)."""
    random = np.random.default_rng(seed)
    coatings = np.column_stack(
        [
            random.uniform(0.90, 0.97, families),
            random.uniform(0.40, 0.55, families),
            random.uniform(60.0, 180.0, families),
        ]
    )
    am, e0, t0 = np.repeat(coatings, len(gaps), axis=0).T
    gap = np.tile(gaps, families)
    pressure = PUBLISHED_CALIBRATION.pressure(gap)
    return CalenderingTable(
        am, e0, t0, gap, pressure, porosity(am, e0, t0, gap, pressure),
        extra=extra(am, gap) if extra else {},
    )  # fmt: skip


def table_of(law: CalenderingLaw, **options) -> CalenderingTable:
    """A table whose porosities are the law's own."""
    return design_table(lambda am, e0, t0, gap, p: law.predict(am, e0, t0, gap=gap), **options)


@st.composite
def noisy_tables(draw) -> CalenderingTable:
    """Tables of measured-looking porosities, some far from any law."""
    seed = draw(st.integers(0, 10_000))
    noise = draw(st.sampled_from([0.0, 0.01, 0.05]))
    families = draw(st.integers(3, 7))
    steepness = draw(st.floats(-0.05, 0.3))
    random = np.random.default_rng(seed)

    def porosity(am, e0, t0, gap, pressure):
        fall = steepness * pressure / (pressure + 30)
        return np.clip(e0 - fall + random.normal(0, noise, len(e0)), 0.02, 0.95)

    return design_table(porosity, families=families, seed=seed)
