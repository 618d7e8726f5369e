"""What a column header means, in English, French and German."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from engine.experiment.units import Unit, split_header

ROLES = (
    "am", "initial_porosity", "initial_thickness", "gap", "pressure", "porosity", "porosity_sd",
    "thickness", "loading", "family", "origin",
)  # fmt: skip
"""Roles that a column can play; `gap` and `pressure` stand for one another."""

ROLE_KINDS = {
    "am": "fraction", "initial_porosity": "fraction", "initial_thickness": "length",
    "gap": "length", "pressure": "pressure", "porosity": "fraction", "porosity_sd": "fraction",
    "thickness": "length", "loading": "loading", "family": "text", "origin": "text",
}  # fmt: skip
"""What each role measures."""

ROLE_LABELS = {
    "am": "AM mass fraction", "initial_porosity": "initial porosity (before calendering)",
    "initial_thickness": "initial thickness (before calendering)", "gap": "roll gap",
    "pressure": "pressure", "porosity": "porosity (after calendering)",
    "porosity_sd": "standard deviation of the porosity", "thickness": "thickness after calendering",
    "loading": "mass loading", "family": "coating", "origin": "source of the row",
}  # fmt: skip
"""Roles in words."""

# What may follow the thing named: "Sample no.", "Probenbezeichnung".
_OF_A_NAME = (
    r" ?(id|no|nr|n|num|number|nummer|numero|name|code|label|bezeichnung|kennung|kuerzel|kurzel)?$"
)
# Order matters: the first quantity whose pattern is found names the column.
_QUANTITIES: tuple[tuple[str, str], ...] = (
    ("deviation", r"\bsd\b|\bstd|stdev|standard ?dev|standard ?abw|\bstabw|ecart[ -]?type|streuung"
                  r"|\bs d\b|uncertaint|unsicherheit|incertitude|\berr\b|error|fehler|±|\+ ?-"),
    ("measured", r"conductiv|leitfahig|leitfaehig|conductiv|tortuos|adhesion|adherence|haft(ung|fest|kraft)|mac ?mullin"
                 r"|resist|widerstand|impedan|capacit|kapazit|viscos|viskos|roughness|rauheit"),
    ("density", r"densit|dichte|masse volumique|\brho\b"),
    ("loading", r"loading|beladung|(flachen|flaechen)(gewicht|masse)|grammage|massenbelegung"
                r"|masse surfacique|charge surfacique|coat(ing)? weight|areal (mass|weight)"),
    ("temperature", r"temp|\bt roll\b"),
    ("speed", r"speed|velocity|geschwindigkeit|vitesse"),
    ("line_load", r"line ?load|linear load|line ?force|line pressure|linien(last|kraft|druck)"
                  r"|strecken(last|kraft)|charge lin|force lin|effort lin|kraft pro (breite|lange)|force per (width|length)|pression lin|nip (load|pressure)"),
    ("force", r"\bforce\b|kraft\b|\beffort\b|\b(roll|roller|calender) load\b"),
    ("solid_content", r"solid|feststoff|\bs to l\b|extrait sec|matiere seche|trockengehalt"),
    ("ratio", r"compaction|compression (rate|ratio|degree)|verdichtungs|taux de compression"
              r"|reduction|reduktion"),
    ("porosity", r"poros|\bpor\b|\beps\b|\beps(0|init|cal|ini|i|f|c)\b|epsilon|\bvoid|hohlraum"
                 r"|poren(anteil|gehalt|volumen)|taux de vide"),
    ("thickness", r"thick|epaisseur|\bep\b|dicke\b|\bt ?0\b|\bd ?0\b|\bt (init|ini|initial|cal)\b"
                  r"|\bhohe\b|\bhoehe\b|height|hauteur"),
    ("gap", r"\bgap|spalt|entrefer|ecartement|\becart\b|\binterstice|\bjeu\b|\bg\b"),
    ("pressure", r"pressure|druck\b|pression|\bp\b|\bp (cal|roll|max)\b"),
    ("cbd", r"carbon|binder|pvdf|bindemittel|\bliant|russ\b|noir de|\bc65\b|additi|\bcbd\b|\bcb\b"),
    ("am", r"\bam\b|active mat|active mass|masse active|aktivmat|aktivmasse|matiere active|materiaux? actif|\bnmc|\bncm"
           r"|\bnca\b|\blfp\b|\blco\b|\blmo\b|\blnmo\b|\bx am\b|\bma\b|\bw am\b"),
    ("origin", r"\bsource\b|\borigin|\bherkunft|\bquelle|provenance|\borigine"),
    ("family", r"\bfamily\b|\bfamille\b|\bfamilie\b|coating (id|no|nr|name)|\bbatch\b|\bcharge\b"
               r"|\blot\b|^(coating|beschichtungs?|enduction|chargen)" + _OF_A_NAME),
    ("sample", r"^(sample|specimen|electrode|name|id|label|designation|recipe|formulation|slurry"
               r"|proben?|muster|elektroden?|bezeichnung|kennung|rezept|rezeptur|mischung"
               r"|echantillon|eprouvette|nom|ref|reference|recette)" + _OF_A_NAME),
)  # fmt: skip

SAMPLES = 1
"""Certainty of a column that names samples, which may be electrodes of one coating or several."""

_BEFORE = (
    r"before|initial|\bav\b|\bv kal|\bini\b|\binit|epsinit|avant|\bvor\b|vorher|vor dem|anfang|ausgang|\bun ?cal"
    r"|non cal|unkal|unverd|unpress|as coated|pristine|\bstart|\bpre\b|\braw\b|\broh|original"
    r"|\b(eps|t|d|epsilon|porosity|porositat|thickness|porosite|epaisseur|dicke) ?0\b|\beps0\b"
    r"|\bepsi\b|nicht kal"
)
_AFTER = (
    r"after|\bfinal|\bap\b|\bn kal|apres|\bnach|\bend(porosi|dicke|wert)?|calendered|\bcal\b|epscal|epsf\b|epsc\b"
    r"|calandre(e|es|s)?\b|kalandrierte?\b(?! vor)|verdichtet|compressed|compacted|\bpressed|\bpost\b"
)
# Headers that are exactly a role's own name leave no doubt.
_EXACT = {
    "am": "am", "am fraction": "am", "am mass fraction": "am", "active material": "am",
    "initial porosity": "initial_porosity", "eps init": "initial_porosity",
    "initial thickness": "initial_thickness", "t0": "initial_thickness", "gap": "gap",
    "roll gap": "gap", "pressure": "pressure", "eps cal": "porosity",
    "porosity sd": "porosity_sd", "porosity std": "porosity_sd",
}  # fmt: skip

_SUMMARY = re.compile(
    r"(mean|average|avg|median|min|max|minimum|maximum|sum|total|std|stdev|st dev|sd|count|"
    r"standard deviation|mittelwert|mittel|summe|gesamt|anzahl|standardabweichung|stabw|moyenne|"
    r"ecart type|somme|nombre|cv|rsd)( (value|values|wert|of|der|des|de|du|all|n)\b.*)?"
)


@dataclass(frozen=True)
class Meaning:
    """What a header says.

    Attributes
    ----------
    name : str
        Header without its unit.
    unit : Unit or None
    quantity : str
        E.g. ``"porosity"``, ``"solid_content"``; empty if not recognised.
    role : str
        One of `ROLES`, or empty.
    certainty : int
        3 the role's own name, 2 all said, 1 something had to be assumed, 0 no role.
    percent_by_name : bool
        Whether the name ends in ``_percent``: then the values are percents, whatever they are.
    """

    name: str
    unit: Unit | None
    quantity: str
    role: str
    certainty: int
    percent_by_name: bool = False


def fold(text: str) -> str:
    """Lower case words without accents, from any spelling: ``epsInit`` is ``eps init``."""
    text = text.replace("ß", "ss").replace("µ", "u").replace("ε", "eps").replace("ϵ", "eps")
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c))
    text = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()
    text = re.sub(r"[_\W]+", lambda m: m[0] if m[0] in "±+" else " ", text)
    return re.sub(r"\s+", " ", text).strip()


def is_summary(text: str) -> bool:
    """Whether a text labels a row of means, sums or the like."""
    return _SUMMARY.fullmatch(fold(text)) is not None


def understand(header: str, group: str = "", unit: Unit | None = None) -> Meaning:
    """Meaning of a column header.

    Parameters
    ----------
    header : str
    group : str
        Heading above, which spans several columns, e.g. ``"Before calendering"``.
    unit : Unit, optional
        From a units row; a unit in the header itself comes first.

    Returns
    -------
    Meaning
    """
    name, own_unit = split_header(header)
    said_below = unit is not None and unit.kind == "fraction" and "%" in unit.text
    if not (own_unit is not None and own_unit.kind == "fraction" and said_below):
        # "AM-Anteil" over "Gew.-%" names a share, and the units row says how it is written.
        unit = own_unit or unit
    suffix = re.search(r"[_ ](percent|pct|prozent|pourcent)$", header.strip(), re.I) is not None
    words = fold(name)
    above = fold(split_header(group)[0]) if group else ""
    quantity = next((q for q, pattern in _QUANTITIES if re.search(pattern, words)), "")
    if not quantity and above:
        # "Electrode" over several columns names none of them; with "no." below it does.
        whole = {"family": f"{above} {words}", "sample": f"{above} {words}"}
        quantity = next((q for q, p in _QUANTITIES if re.search(p, whole.get(q, above))), "")
    if quantity in ("pressure", "line_load", "force") and unit is not None:
        # "Nip pressure" may be in MPa and "pressure" in N/mm: the unit knows better.
        quantity = {"pressure": "pressure", "line load": "line_load", "force": "force"}.get(
            unit.kind, quantity
        )
    role, certainty = _role(quantity, words, above, unit)
    if role and words in _EXACT and _EXACT[words] == role and not above:
        certainty = 3
    return Meaning(name or header.strip(), unit, quantity, role, certainty, suffix)


def _role(quantity: str, words: str, above: str, unit: Unit | None) -> tuple[str, int]:
    whole = f"{above} {words}".strip()
    before = re.search(_BEFORE, words) or (above and re.search(_BEFORE, above))
    after = not before and bool(re.search(_AFTER, whole))
    role, certainty = "", 0
    if quantity == "deviation":
        # An error column beside the porosity; of anything else it is just kept.
        rest = re.sub(_QUANTITIES[0][1], " ", words)
        about = next((q for q, p in _QUANTITIES[1:] if re.search(p, rest)), "")
        if about == "porosity" and not before:
            role, certainty = "porosity_sd", 2
        elif not about and not before:
            role, certainty = "porosity_sd", 1
    elif quantity == "porosity":
        role = "initial_porosity" if before else "porosity"
        certainty = 2 if before or after else 1
    elif quantity == "thickness":
        if before:
            role, certainty = "initial_thickness", 2
        else:
            role, certainty = "thickness", 2 if after else 1
    elif quantity == "gap":
        role, certainty = "gap", 2 if words != "g" else 1
    elif quantity == "pressure":
        role, certainty = "pressure", 2 if words != "p" else 1
    elif quantity == "am":
        role, certainty = "am", 2
    elif quantity in ("loading", "origin"):
        role, certainty = quantity, 1
    elif quantity in ("family", "sample"):
        role, certainty = "family", 2 if quantity == "family" else SAMPLES
    if role and unit is not None and unit.kind != ROLE_KINDS[role]:
        return "", 0
    return role, certainty
