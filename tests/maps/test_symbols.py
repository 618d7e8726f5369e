"""Indices of symbols, as HTML and for matplotlib."""

import pytest

from engine.maps.quantities import QUANTITIES
from engine.maps.symbols import to_html, to_mathtext
from engine.properties.catalogue import CATALOGUE

SYMBOLS = sorted({one.symbol for one in (*CATALOGUE.values(), *QUANTITIES.values())})


@pytest.mark.parametrize("symbol", [symbol for symbol in SYMBOLS if "_" in symbol])
def test_that_every_symbol_is_set_with_its_whole_index_low(symbol):
    base, _, index = symbol.partition("_")
    assert to_html(f"a {symbol} (µm)") == f"a {base}<sub>{index}</sub> (µm)"
    set_low = index.replace("-", "\N{HYPHEN}")
    assert to_mathtext(f"a {symbol}") == f"a {base}$_{{\\mathrm{{{set_low}}}}}$"


@pytest.mark.parametrize(
    "text", [*CATALOGUE, *QUANTITIES, "NMC_94", "A_1", "x_um_2", "tau_liq", "run_AM_94.csv"]
)
def test_that_names_keep_their_underscores(text):
    assert to_html(text) == text == to_mathtext(text)


def test_that_symbols_are_found_within_terms_and_sentences():
    assert to_html("1.0·10⁻⁵·ε_init²/P") == "1.0·10⁻⁵·ε<sub>init</sub>²/P"
    assert to_html("2ε_init·t_init") == "2ε<sub>init</sub>·t<sub>init</sub>"
    assert to_html("σ_eff,ion, AS_pub.") == "σ<sub>eff,ion</sub>, AS<sub>pub</sub>."
    assert to_html("<b> & τ_liq") == "&lt;b&gt; &amp; τ<sub>liq</sub>"
    assert to_mathtext("5 $ for τ_liq") == "5 \\$ for τ$_{\\mathrm{liq}}$"


def test_that_matplotlib_can_set_every_symbol():
    from matplotlib.mathtext import MathTextParser

    for symbol in SYMBOLS:
        MathTextParser("path").parse(to_mathtext(symbol))
