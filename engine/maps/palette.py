"""Colours that the window and the drawn figures share."""

from __future__ import annotations

# Okabe and Ito's set, safe for colour-blind eyes (https://jfly.uni-koeln.de/color/).
AM = "#D55E00"
CBD = "#0072B2"
ELECTROLYTE = "#009E73"

DOUBTED_OPACITY = 0.35
"""Of circles of a model that is not to be relied on."""

SIGN_COLOURS = {
    "safe": {"direct": "#0072B2", "inverse": "#E69F00"},
    "paper": {"direct": "#2E9E3F", "inverse": "#D62728"},
}
"""Colours of direct and inverse relations: safe by default, green and red as the paper."""

# Viridis from light to dark (CC0, S. van der Walt and N. Smith): lightness falls evenly, so
# that the order of the series survives grey print and colour blindness. The yellow end of
# the map is left out: it vanishes on white.
_RAMP = ("#7AD151", "#43BF71", "#22A884", "#21918C", "#2A788E", "#35608D", "#414487", "#440154")


def series_colours(count: int) -> list[str]:
    """Return `count` hex colours, light to dark, for an ordered series.

    Raises
    ------
    ValueError
        If `count` is negative.
    """
    if count < 0:
        raise ValueError("a series cannot have a negative number of colours")
    if count == 1:
        return [_RAMP[4]]
    stops = [tuple(int(one[i : i + 2], 16) for i in (1, 3, 5)) for one in _RAMP]
    colours = []
    for index in range(count):
        place = index * (len(stops) - 1) / (count - 1)
        low = min(int(place), len(stops) - 2)
        share = place - low
        mixed = (
            round((1 - share) * a + share * b)
            for a, b in zip(stops[low], stops[low + 1], strict=True)
        )
        colours.append("#{:02X}{:02X}{:02X}".format(*mixed))
    return colours
