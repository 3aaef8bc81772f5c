"""The report as one HTML page: opens offline, prints well, light and dark; every number is in a data attribute, too."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from assistant.metrics.charts import Series, bars, columns, lines
from assistant.metrics.report import Json, Report
from assistant.metrics.wording import behind_words, group_words, interval_words, value_words

SHOWN = (
    "repair_rate", "automatic_repair_rate", "sla_attainment", "csat", "handling_time_p95", "relapse_rate",
    "value_saved", "backlog",
)  # fmt: skip
"""The figures that stand large at the top; the live page may show the same."""
_SEVERITIES = ("high", "medium", "low")
_MOST_FAULTS = 12
_CSS = """
:root { --ink:#1b2330; --soft:#5b6676; --paper:#fff; --panel:#f6f8fa; --line:#dde3ea; --track:#e9edf2;
        --a:#2f62c9; --b:#c06a00; --high:#c8372d; --medium:#b97900; --low:#2f7d5b; }
@media (prefers-color-scheme: dark) { :root { --ink:#e8ecf2; --soft:#9aa6b6; --paper:#12161c; --panel:#1b212a;
        --line:#2c3541; --track:#28303b; --a:#7aa2f0; --b:#e8a24f; --high:#f0796f; --medium:#e0ad4a; --low:#6cc49b; } }
* { box-sizing:border-box }
body { margin:0; background:var(--paper); color:var(--ink);
       font:16px/1.55 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
main { max-width:76rem; margin:0 auto; padding:2rem 1.25rem 4rem }
h1 { font-size:1.7rem; line-height:1.25; margin:0 0 .35rem } h2 { font-size:1.2rem; margin:2.25rem 0 .75rem }
p { margin:.2rem 0 } .soft { color:var(--soft); font-size:.9rem }
.tiles { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(47%,15rem),1fr)); gap:.75rem; margin:1.5rem 0 }
.tile, figure { background:var(--panel); border:1px solid var(--line); border-radius:.6rem; padding:.85rem 1rem }
.tile b { display:block; font-size:1.5rem; line-height:1.3; font-variant-numeric:tabular-nums }
.charts { display:grid; grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr)); gap:1rem;
          align-items:start }
figure { margin:0 } figcaption { font-weight:600; margin-bottom:.6rem }
svg { width:100%; height:auto; display:block; overflow:visible }
svg text { fill:var(--ink); font-size:14px } svg .axis, svg .number { fill:var(--soft); font-size:13px }
.grid { stroke:var(--line); stroke-width:1 } .track { fill:var(--track) }
.line { stroke-width:2.2; stroke-linecap:round }
.bar.a, .dot.a { fill:var(--a) } .line.a { stroke:var(--a) } .key.a { background:var(--a) }
.bar.b, .dot.b { fill:var(--b) } .line.b { stroke:var(--b); stroke-dasharray:6 4 } .key.b { background:var(--b) }
.bar.high { fill:var(--high) } .bar.medium { fill:var(--medium) } .bar.low { fill:var(--low) }
.legend { display:flex; flex-wrap:wrap; gap:.25rem 1.1rem; list-style:none; margin:.5rem 0 0; padding:0;
          font-size:.9rem }
.key { display:inline-block; width:.8em; height:.8em; border-radius:.2em; margin-right:.45em; vertical-align:-.05em }
.wide { overflow-x:auto } table { border-collapse:collapse; width:100%; font-size:.95rem }
th,td { text-align:left; padding:.5rem .7rem; border-bottom:1px solid var(--line); vertical-align:top }
thead th { white-space:nowrap } tbody th { font-weight:600; min-width:14rem }
th small { display:block; font-weight:400; font-size:.86rem; color:var(--soft); max-width:44rem }
td.n, th.n { text-align:right; font-variant-numeric:tabular-nums } td.n span, .tile b span { white-space:nowrap }
tr.part th { font-weight:400; padding-left:1.6rem } tr.part th, tr.part td { padding-top:.3rem; padding-bottom:.3rem }
@media (max-width:40rem) { .tile b { font-size:1.15rem }
  svg text { font-size:20px } svg .axis, svg .number { font-size:17px } }
@media print { :root { --ink:#000; --soft:#444; --paper:#fff; --panel:#fff; --line:#bbb; --track:#eee; --a:#2f62c9;
        --b:#c06a00; --high:#c8372d; --medium:#b97900; --low:#2f7d5b }
  body { font-size:11pt } main { max-width:none; padding:0 } .tile, figure, tr { break-inside:avoid }
  .wide { overflow:visible } * { print-color-adjust:exact; -webkit-print-color-adjust:exact } }
"""


def as_html(report: Report) -> str:
    """The whole page as text, in the report's language."""
    say, lang = report.say, report.language
    only = f'<p class="soft">{escape(say("filtered", what=report.filters()))}</p>' if report.filters() else ""
    as_of = escape(say("as_of", at=report.local(report.now)))
    body = [
        f"<h1>{escape(say('title'))}</h1>",
        f'<p class="soft">{escape(say("period", **report.span()))} · {as_of}</p>{only}',
        _tiles(report), _charts(report),
        f"<h2>{escape(say('figures'))}</h2>", _table(report),
    ]  # fmt: skip
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(say('title'))}</title><style>{_CSS}</style></head>\n"
        f"<body><main>\n{chr(10).join(part for part in body if part)}\n</main></body></html>\n"
    )


def _tiles(report: Report) -> str:
    tiles = []
    for figure_id in SHOWN:
        figure = report.figures[figure_id]
        soft = _beneath(report, figure)
        if figure_id == "csat" and (change := report.figures["csat_change"])["value"] is not None:
            soft += f" · {value_words(change['value'], 'points', report.language)}"
        tiles.append(
            f'<div class="tile" title="{escape(figure["definition"])}">{escape(_big(figure["name"]))}'
            f"<b>{_unbroken(value_words(figure['value'], figure['unit'], report.language))}</b>"
            f'<span class="soft">{escape(soft)}</span></div>'
        )
    return f'<div class="tiles">{"".join(tiles)}</div>'


def _beneath(report: Report, figure: Json) -> str:
    """What stands under a large number: a share's parts, how many cases a time is of, or that it is of now."""
    if figure["denominator"] is None:
        return report.say("now")
    if figure["unit"] == "share":
        return behind_words(figure, report.language)
    return report.say("cases", number=f"{figure['cases']['denominator']:,}")


# -- charts ---------------------------------------------------------------------------------------------------------


def _charts(report: Report) -> str:
    span = _span(report)
    by_span, by_fault = report.grouped(span), report.grouped("fault")
    drawn = [
        (report.say("repairs_chart"), _over_time(report, by_span, ("repair_rate", "automatic_repair_rate"), "c1")),
        (report.say("volume_chart"), _volumes(report, by_span, ("cases_detected", "cases_ended"), "c2")),
        (_by(report, "sla_attainment", "severity"), _by_severity(report, ("sla_attainment",), "c3")),
        (report.say("times_chart"), _by_severity(report, ("handling_time_mean", "handling_time_p95"), "c4")),
        (_by(report, "repair_rate", "fault"), _by_group(report, by_fault, "repair_rate", "fault", "c5")),
        (report.say("csat_chart"), _over_time(report, by_span, ("csat",), "c6")),
    ]
    by = report.query.group_by
    if by == "playbook":
        drawn.append((_by(report, "repair_rate", by), _by_group(report, report.figures, "repair_rate", by, "c7")))
    empty = f'<p class="soft">{escape(report.say("nothing"))}</p>'
    figures = (f"<figure><figcaption>{escape(title)}</figcaption>{svg or empty}</figure>" for title, svg in drawn)
    return f'<div class="charts">{"".join(figures)}</div>'


def _span(report: Report) -> str:
    """Days for two months, weeks for a year, else months."""
    days = (report.query.period.end - report.query.period.start).days
    return "day" if days <= 62 else "week" if days <= 366 else "month"


def _by(report: Report, figure_id: str, by: str) -> str:
    return report.say("by_group", figure=_big(report.figures[figure_id]["name"]), by=report.say(by))


def _over_time(report: Report, figures: dict[str, Json], ids: Sequence[str], id: str) -> str:
    labels = [g["group"] for g in figures[ids[0]]["groups"]]
    series = [_series(report, figures[i], figures[i]["groups"], style) for i, style in zip(ids, "ab", strict=False)]
    return lines(id, " / ".join(s.name for s in series), labels, series, lambda v: f"{v * 100:.0f}%")


def _volumes(report: Report, figures: dict[str, Json], ids: Sequence[str], id: str) -> str:
    labels = [g["group"] for g in figures[ids[0]]["groups"]]
    series = [_series(report, figures[i], figures[i]["groups"], style) for i, style in zip(ids, "ab", strict=False)]
    return columns(id, report.say("volume_chart"), labels, series, lambda v: f"{v:g}")


def _by_severity(report: Report, ids: Sequence[str], id: str) -> str:
    figures = [report.figures[i] for i in ids]
    labels = [group_words("severity", s, report.language) for s in _SEVERITIES]
    styles = ("high|medium|low",) if len(ids) == 1 else ("a", "b")
    series = [
        _series(report, figure, [figure["by"]["severity"][s] for s in _SEVERITIES], style, behind=len(ids) == 1)
        for figure, style in zip(figures, styles, strict=False)
    ]
    if not any(v is not None for s in series for v in s.values):
        return ""
    return bars(id, " / ".join(f["name"] for f in figures), labels, series, _most(figures[0]))


def _by_group(report: Report, figures: dict[str, Json], figure_id: str, by: str, id: str) -> str:
    """The groups with most cases first, so many as fit."""
    figure = figures[figure_id]
    groups = sorted((g for g in figure["groups"] if g["denominator"]), key=lambda g: -g["denominator"])[:_MOST_FAULTS]
    labels = [group_words(by, g["group"], report.language) for g in groups]
    return bars(id, _by(report, figure_id, by), labels, [_series(report, figure, groups, "a", behind=True)], 1.0)


def _series(report: Report, figure: Json, groups: Sequence[Json], style: str, *, behind: bool = False) -> Series:
    words = [value_words(g["value"], figure["unit"], report.language) for g in groups]
    if behind:
        words = [f"{w} ({behind_words(g, report.language)})" for w, g in zip(words, groups, strict=True)]
    return Series(_big(figure["name"]), [g["value"] for g in groups], words, style)


def _most(figure: Json) -> float | None:
    return 1.0 if figure["unit"] == "share" else None


# -- table ----------------------------------------------------------------------------------------------------------


def _table(report: Report) -> str:
    heads = ("figure", "value", "behind", "interval")
    names = [escape(report.say(name)) for name in heads]
    head = "".join(f'<th scope="col"{" class=n" if n else ""}>{name}</th>' for n, name in enumerate(names))
    rows = [row for figure in report.figures.values() for row in _figure_rows(report, figure)]
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'


def _figure_rows(report: Report, figure: Json) -> list[str]:
    rows = [_row(report, figure, figure, figure["name"], "", figure["definition"])]
    by = report.query.group_by
    for group in figure.get("groups") or []:
        name = group_words(str(by), group["group"], report.language)
        rows.append(_row(report, figure, group, name, group["group"], ""))
    return rows


def _row(report: Report, figure: Json, numbers: Json, name: str, group: str, definition: str) -> str:
    data = {
        "figure": figure["id"], "group": group, "value": _plain(numbers["value"]),
        "numerator": _plain(numbers["numerator"]), "denominator": _plain(numbers["denominator"]),
    }  # fmt: skip
    attributes = " ".join(f'data-{key}="{escape(value)}"' for key, value in data.items())
    cells = (
        value_words(numbers["value"], figure["unit"], report.language), behind_words(numbers, report.language),
        interval_words(numbers, figure["unit"], report.language),
    )  # fmt: skip
    told = "".join(f'<td class="n">{_unbroken(cell)}</td>' for cell in cells)
    shown = escape(name) if group else f"{escape(_big(name))}<small>{escape(definition)}</small>"
    return f'<tr{" class=part" if group else ""} {attributes}><th scope="row">{shown}</th>{told}</tr>'


def _unbroken(cell: str) -> str:
    """Sums of several currencies may take a line each, a number never two."""
    return " + ".join(f"<span>{escape(part)}</span>" for part in cell.split(" + "))


def _plain(value: Any) -> str:
    """A number as the API writes it; money as `CNY 1234 USD 5`, in minor units."""
    if value is None:
        return ""
    if isinstance(value, list):
        return " ".join(f"{m['currency']} {m['amount']}" for m in value)
    return str(value)


def _big(name: str) -> str:
    return name[:1].upper() + name[1:]

