"""A study without a campaign: the published law, and least squares on the published points."""

from __future__ import annotations

import copy
import dataclasses
import functools

import numpy as np
import pandas as pd

from engine.experiment.calibration import PUBLISHED_CALIBRATION
from engine.experiment.laws import published_law
from engine.maps.quantities import PAPER_INPUTS, PAPER_TARGETS
from engine.maps.responses import LawError, RecipeConstants, Responses
from tests.shared_data import shared_file


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
            "pressure_MPa": PUBLISHED_CALIBRATION.pressure(raw["Gap"].to_numpy()),
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
        law=published_law(),
        law_error=LawError(sd=0.039, half_width=0.050, level=0.8),
        constants=RecipeConstants.published(),
        base={"initial_thickness_um": 100.0},
    )


def graded(responses: Responses, r2: dict[str, float] | float) -> Responses:
    """The same with copies of models that predict left-out conditions so well; all, or some."""
    models = dict(responses.models)
    for name in models if isinstance(r2, float) else r2:
        models[name] = copy.copy(models[name])
        value = r2 if isinstance(r2, float) else r2[name]
        models[name].metrics = {"cross_validation": {"r2": value}}
    return dataclasses.replace(responses, models=models)
