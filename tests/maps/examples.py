"""A study without a campaign: the published law, and least squares on the published points."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import pandas as pd

from engine.maps.quantities import PAPER_INPUTS, PAPER_TARGETS
from engine.maps.responses import RecipeConstants, Responses
from tests.shared_data import shared_file


@dataclass(frozen=True)
class Calibration:
    """The published gap calibration, written out again for the tests."""

    gap_min: float = 0.0
    gap_max: float = 127.0

    def pressure(self, gap):
        return 185.53059 * np.exp(-np.asarray(gap) / 38.122) - 6.51726

    def gap(self, pressure):
        return -38.122 * np.log((np.asarray(pressure) + 6.51726) / 185.53059)


class Law:
    """The published polynomial with the ranges of the 14 measured conditions."""

    kind = "polynomial"
    calibration = Calibration()
    domain_ = {  # noqa: RUF012
        "am": (0.94, 0.96),
        "initial_porosity": (0.42, 0.487),
        "initial_thickness": (138.0, 180.0),
        "gap": (1.0, 100.0),
    }

    def predict(self, am, initial_porosity, initial_thickness, *, gap=None, pressure=None):
        g = self.calibration.gap(pressure) if gap is None else np.asarray(gap)
        return (
            0.843501332857 * np.asarray(am)
            - 0.723464511643 * np.asarray(initial_porosity)
            - 0.001324143727 * np.asarray(initial_thickness)
            - 0.003060811370 * g
            + 5.836202e-6 * g**2
            + 0.007198782820 * np.asarray(initial_porosity) * g
        )


class Quadratic:
    """Full quadratic in (ln P, AM, initial porosity), a PropertyModel in all that maps need."""

    inputs = PAPER_INPUTS
    method = "baseline"

    def __init__(self, frame: pd.DataFrame, target: str):
        self.target = target
        columns = frame[list(PAPER_INPUTS)]
        self.domain = {
            name: (float(columns[name].min()), float(columns[name].max())) for name in PAPER_INPUTS
        }
        y = frame[target].to_numpy()
        design = self._design(frame)
        self._coefficients = np.linalg.lstsq(design, y, rcond=None)[0]
        self._sd = np.std(y - design @ self._coefficients, ddof=design.shape[1])

    @staticmethod
    def _design(frame):
        p, am, eps = (frame[name].to_numpy(float) for name in PAPER_INPUTS)
        one = np.column_stack([np.log(p) - 4, am - 94.5, eps - 45])
        products = [one[:, i] * one[:, j] for i in range(3) for j in range(i, 3)]
        return np.column_stack([np.ones(len(one)), one, *products])

    def predict(self, frame):
        return self._design(frame) @ self._coefficients

    def interval(self, frame):
        middle = self.predict(frame)
        return middle - 1.645 * self._sd, middle + 1.645 * self._sd


@functools.cache
def published_points() -> pd.DataFrame:
    """The published 440 points under the column names of the project."""
    raw = pd.read_csv(shared_file("published_structures_440.csv"))
    return pd.DataFrame(
        {
            "gap_um": raw["Gap"],
            "pressure_MPa": Calibration().pressure(raw["Gap"].to_numpy()),
            "am_percent": raw["AM"],
            "initial_porosity_percent": raw["porous"],
            "initial_thickness_um": 100.0,
            "porosity_percent": raw["z"] - 100.0 + raw["porous"],
            "tortuosity_factor_electrolyte": raw["tliq"],
            "tortuosity_factor_solid": raw["tsol"],
            "tortuosity_electrolyte": np.sqrt(raw["tliq"]),
            "tortuosity_solid": np.sqrt(raw["tsol"]),
            "current_collector_coverage_am_percent": raw["CC/AM"],
            "current_collector_coverage_cbd_percent": raw["CC/CBD"],
            "active_surface_published_percent": raw["Active_Surface"],
        }
    ).assign(
        effective_conductivity_ionic_S_per_m=lambda t: (
            1.119 * t["porosity_percent"] / 100 / t["tortuosity_factor_electrolyte"]
        )
    )


@functools.cache
def published_responses() -> Responses:
    """Law and models as the paper combines them, at its 100 µm initial thickness."""
    points = published_points()
    return Responses(
        models={name: Quadratic(points, name) for name in PAPER_TARGETS},
        law=Law(),
        law_sd=0.039,
        constants=RecipeConstants.published(),
        base={"initial_thickness_um": 100.0},
    )
