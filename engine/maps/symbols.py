"""Symbols with their indices set low, for each thing that sets them: HTML and matplotlib.

Names keep their underscores: columns (``pressure_MPa``), coatings (``NMC_94``), files.
"""

from __future__ import annotations

import html
import re

INDEXED = re.compile(
    # Greek letters, alone or with one more (τf, ΔJ); single letters; the field's AS.
    r"((?:(?<!\w)|(?<=\d))(?:[^\W\d_a-zA-Z][a-zA-Z]?|AS|d(?:10|50|90)|mean|[a-zA-Z]))"
    r"_([A-Za-z][A-Za-z0-9]*(?:[,-][A-Za-z0-9]+)*)(?![A-Za-z0-9_])"
)
"""A symbol and its index: ``τ_liq``, ``σ_eff,ion``, ``AS_pub``, ``a_AM-CBD``, ``d50_pore``."""


def to_html(text: str) -> str:
    """A text as HTML, escaped, with the indices of its symbols set low.

    >>> to_html("τ_liq of NMC_94 < 4")
    'τ<sub>liq</sub> of NMC_94 &lt; 4'
    """
    return INDEXED.sub(r"\1<sub>\2</sub>", html.escape(text, quote=False))


def to_mathtext(text: str) -> str:
    r"""A text for matplotlib, with the indices of its symbols set low.

    >>> to_mathtext("τ_liq")
    'τ$_{\\mathrm{liq}}$'
    """

    def lower(found: re.Match[str]) -> str:
        index = found[2].replace("-", "\N{HYPHEN}")  # or it would be a minus
        return rf"{found[1]}$_{{\mathrm{{{index}}}}}$"

    return INDEXED.sub(lower, text.replace("$", r"\$"))
