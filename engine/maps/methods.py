"""The methods paragraph of a report, and what it cites."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from engine import __version__
from engine.maps.quantities import quantity
from engine.maps.report_words import law_name
from engine.maps.scope import LEVEL
from engine.maps.uncertainty import without_interval

if TYPE_CHECKING:
    from engine.maps.sources import Sources
    from engine.properties.conductivities import Conductivities


@dataclass(frozen=True)
class Citation:
    """One work, with its DOI."""

    key: str
    text: str
    doi: str


CITATIONS = {
    one.key: one
    for one in (
        Citation(
            "workflow",
            "M. Duquesnoy, T. Lombardo, M. Chouchane, E. N. Primo, A. A. Franco, Data-driven "
            "assessment of electrode calendering process by combining experimental results, in "
            "silico mesostructures generation and machine learning, J. Power Sources 480 (2020) "
            "229103.",
            "10.1016/j.jpowsour.2020.229103",
        ),
        Citation(
            "taufactor",
            "S. J. Cooper, A. Bertei, P. R. Shearing, J. A. Kilner, N. P. Brandon, TauFactor: an "
            "open-source application for calculating tortuosity factors from tomographic data, "
            "SoftwareX 5 (2016) 203-210.",
            "10.1016/j.softx.2016.09.002",
        ),
        Citation(
            "sisso",
            "R. Ouyang, S. Curtarolo, E. Ahmetcik, M. Scheffler, L. M. Ghiringhelli, SISSO: a "
            "compressed-sensing method for identifying the best low-dimensional descriptor in an "
            "immensity of offered candidates, Phys. Rev. Mater. 2 (2018) 083802.",
            "10.1103/PhysRevMaterials.2.083802",
        ),
        Citation(
            "cbd",
            "A. N. Mistry, K. Smith, P. P. Mukherjee, Secondary-phase stochastics in lithium-ion "
            "battery electrodes, ACS Appl. Mater. Interfaces 10 (2018) 6317-6326.",
            "10.1021/acsami.7b17771",
        ),
        Citation(
            "sobol",
            "I. M. Sobol, Global sensitivity indices for nonlinear mathematical models and their "
            "Monte Carlo estimates, Math. Comput. Simul. 55 (2001) 271-280.",
            "10.1016/S0378-4754(00)00270-6",
        ),
        Citation(
            "desirability",
            "G. Derringer, R. Suich, Simultaneous optimization of several response variables, "
            "J. Quality Technology 12 (1980) 214-219.",
            "10.1080/00224065.1980.11980968",
        ),
        Citation(
            "conformal",
            "R. Dunn, L. Wasserman, A. Ramdas, Distribution-free prediction sets for two-layer "
            "hierarchical models, J. Am. Stat. Assoc. 118 (2023) 2491-2502.",
            "10.1080/01621459.2022.2060112",
        ),
    )
}

_METHOD_WORDS = {
    "sisso": "symbolic models (sure independence screening and sparsifying operator, SISSO)",
    "dnn": "neural networks",
    "gp": "Gaussian processes",
    "baseline": "least-squares models",
}


def methods_paragraph(sources: Sources, *, decided: bool = False) -> tuple[str, list[Citation]]:
    """What was done, for a lab record or the methods section of an article.

    Parameters
    ----------
    sources : Sources
    decided : bool
        Whether a recommendation is part of the report.

    Returns
    -------
    paragraph : str
        With numbers in square brackets for the citations.
    citations : list of Citation
        In the order of their numbers.
    """
    used: list[Citation] = []

    def cite(key: str) -> str:
        citation = CITATIONS[key]
        if citation not in used:
            used.append(citation)
        return f"[{used.index(citation) + 1}]"

    parts = [
        f"The study was made with HybridGUI {__version__}, which follows the workflow of "
        f"Duquesnoy et al. {cite('workflow')}."
    ]
    parts += _law_part(sources, cite("conformal") if sources.assessment is not None else "")
    if sources.responses.rolls is not None:
        parts.append(sources.responses.rolls.sentence)
    template = sources.template
    if template is not None and len(sources.dataset):
        shape = " x ".join(f"{edge:g}" for edge in template.box)
        if template.protocol == "published":
            how = (
                f"by the published protocol {cite('workflow')}: spheres placed one after the other "
                "with overlap allowed, CBD voxels at random beside the solid, thickness "
                "t_init·(1 − (ε_init − ε_cal))"
            )
        else:
            how = (
                "by packing spheres without gross overlap, with flat walls at collector and "
                f"separator, CBD deposited by rule (film to finger {cite('cbd')} by default), at a "
                "thickness that conserves the solid volume"
            )
        parts.append(
            f"Structures of {shape} µm in plane at voxels of {template.voxel_size:g} µm were "
            f"generated {how}. {len(sources.dataset)} conditions were computed, each the mean of "
            f"{sources.repeats} or more structures{_blocked(sources.dataset)}."
        )
        parts.append(
            "Tortuosity factors come from steady diffusion between the two outer faces, "
            f"D_eff = D₀·ε/τ² {cite('taufactor')}; tortuosity is the square root of the mean "
            f"factor τ². {_conductivities(sources.responses.constants.conductivities)}"
        )
    methods = sorted({getattr(m, "method", "") for m in sources.responses.models.values()})
    if methods:
        words = " and ".join(_METHOD_WORDS.get(name, name) for name in methods)
        reference = f" {cite('sisso')}" if "sisso" in methods else ""
        parts.append(
            f"Properties were learned from process settings by {words}{reference}; "
            f"{_where_errors_come_from(sources)}."
        )
        parts.append(
            f"The interdependence matrix shows square roots of Sobol indices {cite('sobol')}."
        )
    if decided:
        parts.append(
            "The recommended setting has the largest desirability "
            f"{cite('desirability')} expected under scatter of the process, the error of the "
            "calendering law for a family it has not seen, and the errors of the models, drawn "
            "together."
        )
    return " ".join(parts), used


def _conductivities(bulk: Conductivities) -> str:
    """How geometry becomes S/m, and with which bulk values."""
    ionic = (
        "Effective ionic conductivity comes from conduction through the free electrolyte "
        f"({bulk.electrolyte:g} S/m) and the nanopores of the CBD ({bulk.cbd_ionic:g} S/m) together"
        if bulk.opens_cbd
        else f"Effective ionic conductivity is σ_bulk·ε/τ² with σ_bulk = {bulk.electrolyte:g} S/m"
    )
    return (
        f"{ionic}; electronic conduction, where it was computed, takes {bulk.am:g} S/m for the AM "
        f"and {bulk.cbd:g} S/m for the CBD."
    )


def _blocked(dataset: pd.DataFrame) -> str:
    """How many structures stand behind transport where some had no path through a phase."""
    if not {"repeats", "not_percolating"} <= {*dataset}:
        return ""
    blocked = dataset["not_percolating"].fillna(0)
    if not blocked.any():
        return ""
    left = (dataset["repeats"] - blocked)[blocked > 0]
    told = (
        f"; in {len(left)} of them structures had no path through a phase "
        f"({int(blocked.sum())} structures), so that transport there is the mean of the others"
    )
    some = left[left > 0]
    if len(some):
        told += f", {int(some.min())} or more"
    none = len(left) - len(some)
    verb = "has" if none == 1 else "have"
    return f"{told}; {none} of these {verb} none left" if none else told


def _where_errors_come_from(sources: Sources) -> str:
    models = sources.responses.models
    unknown = without_interval(sources.responses, models)
    if not unknown:
        return "errors and intervals come from cross-validation"
    if len(unknown) == len(models):
        return "the models were not cross-validated, so that their errors are not known"
    names = ", ".join(quantity(name).label.lower() for name in unknown)
    return (
        "errors and intervals come from cross-validation, but those of the models of "
        f"{names} are not known"
    )


def _law_part(sources: Sources, reference: str) -> Sequence[str]:
    law, assessment = sources.responses.law, sources.assessment
    if law is None:
        return []
    if assessment is None:
        return [
            f"The porosity after calendering follows a calendering law ({law_name(law.kind)}), which was "
            "not assessed on measurements of this study."
        ]
    families = len(set(assessment.families.tolist()))
    error = (
        "could not be determined"
        if assessment.grouped_cv_rmse is None
        else f"is {100 * assessment.grouped_cv_rmse:.1f} points of porosity (RMSE)"
    )
    interval = assessment.interval(LEVEL)
    level = (
        ""
        if interval is None
        else f"; the distribution-free {100 * interval[1]:.0f} % interval for a coating that was not "
        f"measured is ± {100 * interval[0]:.1f} points {reference}"
    )
    return [
        f"The calendering law ({law_name(law.kind)}) was fitted to {assessment.conditions} measured "
        f"conditions of {families} coating families; its error for a family left out {error}"
        f"{level}."
    ]
