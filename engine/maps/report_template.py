"""The page of the report; jinja2 fills it in with every value escaped."""

TRADE_OFF_CAPTION = (
    "Trade-off over the grid of settings, expected values; the diamond is the recommendation with its "
    "80 % interval."
)
TRADE_OFF_APART = (
    " It is best on average over the errors, so that points may lie above it on paper."
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ name }} – calendering study</title>
<style>
:root { --ink: #222; --soft: #5a5a5a; --line: #dcdcdc; --warn: #fff4e5; --edge: #d55e00;
  --good: #e8f3ec; --go: #009e73; }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  color: var(--ink); background: #fff; margin: 0 auto; max-width: 60rem; padding: 2rem 1.5rem; }
h1 { font-size: 1.7rem; margin: 0; line-height: 1.2; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .6rem; padding-top: .6rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.4rem 0 .3rem; }
p { margin: .5rem 0; max-width: 46rem; }
.sub { color: var(--soft); margin: .2rem 0 1.2rem; }
dl.record { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem;
  margin: 0 0 1.2rem; max-width: 46rem; }
dl.record dt { color: var(--soft); } dl.record dd { margin: 0; white-space: pre-line; }
nav { font-size: .9rem; margin: 1rem 0; display: flex; flex-wrap: wrap; gap: .2rem 1rem; }
nav a { white-space: nowrap; }
a { color: #00588a; }
.box { border-left: 4px solid var(--edge); background: var(--warn); padding: .7rem 1rem;
  margin: 1rem 0; }
.box.good { border-color: var(--go); background: var(--good); }
.box p:first-child { margin-top: 0; } .box p:last-child { margin-bottom: 0; }
.big { font-size: 1.1rem; }
.scroll { overflow-x: auto; margin: .6rem 0; }
table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; }
th { font-weight: 600; background: #f6f6f6; }
td.n, th.n { text-align: right; }
td.n { white-space: nowrap; }
th { vertical-align: bottom; max-width: 9rem; }
code { font: .82rem/1.45 ui-monospace, "DejaVu Sans Mono", Consolas, monospace;
  overflow-wrap: anywhere; }
figure { margin: 1.4rem 0; page-break-inside: avoid; }
figure img { width: 100%; max-width: 46rem; height: auto; display: block; }
figure.small img { max-width: 34rem; }
figcaption { font-size: .88rem; color: var(--soft); max-width: 46rem; }
.small { font-size: .88rem; color: var(--soft); }
.equation { font-size: .92rem; overflow-wrap: anywhere; max-width: none; }
sub { line-height: 0; font-size: .75em; }
ul { margin: .4rem 0; padding-left: 1.2rem; max-width: 46rem; }
tr, .box, dl { page-break-inside: avoid; }
@media print { @page { size: A4; margin: 16mm 15mm; } html, body { font-size: 10.5px; } body { max-width: none; padding: 0; } nav { display: none; }
  h2, h3 { page-break-after: avoid; } h3 + p { page-break-after: avoid; }
  figure img { max-width: 100%; } }
</style>
</head>
<body>
<header>
<h1>{{ name }}</h1>
<p class="sub">Calendering study, HybridGUI {{ version }}, report of {{ date }}</p>
{% if record %}<dl class="record">{% for name, text in record %}<dt>{{ name }}</dt><dd>{{ text }}</dd>
{% endfor %}</dl>{% endif %}
</header>

<section class="box" id="first">
{% for sentence in first %}<p{% if loop.first %} class="big"{% endif %}>{{ sentence | indices }}</p>
{% endfor %}</section>

<nav>{% for anchor, title in contents %}<a href="#{{ anchor }}">{{ title }}</a>{% endfor %}</nav>

<h2 id="recommendation">Recommendation</h2>
{% if recommendation %}
{% if recommendation.outdated %}<div class="box"><p>{{ recommendation.outdated }}</p></div>{% endif %}
<div class="box good"><p>{{ recommendation.sentence | indices }}</p></div>
{% if recommendation.made %}<p class="small">{{ recommendation.made }}</p>{% endif %}
<p>Wanted: {{ recommendation.wanted | indices }}. {% if recommendation.fixed %}Not to be moved:
{{ recommendation.fixed }}. {% endif %}Process scatter: {{ recommendation.scatter }}.
{% if recommendation.robust %}The choice takes all sources of error into account.
{% else %}The choice is the nominal optimum; errors are reported but were not weighed.{% endif %}
{% if recommendation.inside_only %}Settings beyond what was measured were left out.{% endif %}</p>
{{ grid(recommendation.setting) }}
{{ grid(recommendation.predicted) }}
{{ grid(recommendation.budget) }}
{{ grid(recommendation.others) }}
{{ bullets(recommendation.notes) }}
{% if electrode and not electrode[0] %}<p>{{ electrode[1] }}</p>{% elif electrode %}<figure><img alt="Slices through the recommended electrode"
src="{{ electrode[0] | picture }}"><figcaption>{{ electrode[1] }}</figcaption></figure>{% endif %}
{% if trade_off %}<figure class="small"><img alt="Trade-off plot" src="{{ trade_off[0] | image }}">
<figcaption>{{ trade_off_caption }} <a download="trade_off.csv" href="{{ trade_off[1] | csv(provenance) }}">Non-dominated settings
(CSV)</a></figcaption></figure>{% endif %}
{% if verification %}
<h3>Checked by fresh structures</h3>
<p>{{ verification.sentence | indices }}</p>
{{ grid(verification.table) }}
{% else %}<p>The recommendation was not checked by fresh structures.</p>{% endif %}
{% else %}
<p>No recommendation has been made in this study: set targets on the page Maps.</p>
{% endif %}

<h2 id="measurements">Measurements</h2>
{% if measurements %}
<p>{{ measurements.summary }}</p>
{{ grid(measurements.table) }}
{{ bullets(measurements.notes) }}
{% else %}<p>No sheet of measurements was imported.</p>{% endif %}
{% if beside %}
<h3>Measured properties beside predictions</h3>
<p>What the sheet holds of the same quantities, at the conditions measured. A tortuosity whose header
does not say factor stands beside both τ and the factor τ².</p>
{% for title, table in beside %}<p><strong>{{ title | indices }}</strong></p>
{{ grid(table) }}
{% endfor %}{% endif %}

<h2 id="law">Calendering law</h2>
{% if law %}
<p>{{ law.summary }}</p>
{{ grid(law.quality) }}
{% if law.plot %}<figure class="small"><img alt="Measured against predicted porosity"
src="{{ law.plot | image }}"><figcaption>Porosity after calendering, measured against predicted: fitted to
all conditions (left), and each coating family predicted by a law that never saw it
(right).</figcaption></figure>{% endif %}
{{ grid(law.coefficients) }}
{{ bullets(law.warnings) }}
{% else %}<p>The study has no calendering law.</p>{% endif %}

<h2 id="campaign">Structures and campaign</h2>
{% for campaign in campaigns %}
<h3>{{ campaign.title }}</h3>
<p>{{ campaign.summary }}</p>
{{ grid(campaign.design) }}
{{ bullets(campaign.notes) }}
{% else %}<p>No campaign was run.</p>{% endfor %}

<h2 id="models">Models</h2>
{% for model in models %}
<h3>{{ model.title | indices }}</h3>
<p>{{ model.summary }}</p>
{% if model.equation %}<p class="equation">{{ model.equation | indices }}</p>{% endif %}
{{ grid(model.quality) }}
{{ bullets(model.statements) }}
{% else %}<p>No models were trained.</p>{% endfor %}
{% if models %}<h3>Symbols</h3>
{{ grid(symbols) }}{% endif %}

<h2 id="maps">Maps</h2>
{% for figure in figures %}
<figure id="figure-{{ figure.name }}"><img alt="{{ figure.title }}" src="{{ figure.image }}">
<figcaption><strong>Figure {{ figure.name }}.</strong> {{ figure.caption }}
<a download="{{ figure.stem }}.csv" href="{{ figure.csv }}">Data (CSV)</a></figcaption></figure>
{% endfor %}
{{ bullets(missing) }}

<h2 id="methods">Methods</h2>
<p>{{ methods | indices }}</p>
<ol>{% for one in citations %}<li>{{ one.text }}
<a href="https://doi.org/{{ one.doi }}">doi:{{ one.doi }}</a></li>{% endfor %}</ol>

<h2 id="versions">Versions and seeds</h2>
{{ grid(versions) }}
</body>
</html>
"""

MACROS = """
{%- macro grid(table) -%}
{%- if table and table.rows -%}
<div class="scroll"><table>
<thead><tr>{% for title in table.head %}<th{% if table.numeric[loop.index0] %} class="n"{% endif %}
>{{ title | indices }}</th>{% endfor %}</tr></thead>
<tbody>{% for row in table.rows %}<tr>{% for cell in row %}<td
{%- if table.numeric[loop.index0] %} class="n"{% endif %}>{{ cell | indices }}</td>{% endfor %}</tr>
{% endfor %}</tbody></table></div>
{%- endif -%}
{%- endmacro -%}
{%- macro bullets(items) -%}
{%- if items -%}<ul>{% for item in items %}<li>{{ item | indices }}</li>{% endfor %}</ul>{%- endif -%}
{%- endmacro -%}
"""
