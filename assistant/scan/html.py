"""The scan's HTML page: one file that opens offline, charts as inline SVG, light and dark, in the reader's language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

from assistant.scan.checks import WORDS
from assistant.scan.report import ScanReport, Tally
from assistant.scan.texts import TEXTS
from knowledge.faults.catalogue import CATALOGUE
from knowledge.phrases import format_money, language_of, render
from knowledge.vocabulary.codes import FaultCode, Severity
from knowledge.vocabulary.money import Money

_SHOWN_BAD_ROWS = 200
_CSS = """
:root { --ink:#1b2330; --soft:#5b6676; --paper:#fff; --panel:#f5f7fa; --line:#dde3ea; --bar:#3b6fd4;
        --high:#c8372d; --medium:#b97900; --low:#2f7d5b; }
@media (prefers-color-scheme: dark) {
  :root { --ink:#e8ecf2; --soft:#9aa6b6; --paper:#12161c; --panel:#1b212a; --line:#2c3541; --bar:#7aa2f0;
          --high:#f0796f; --medium:#e0ad4a; --low:#6cc49b; } }
* { box-sizing:border-box }
body { margin:0; background:var(--paper); color:var(--ink);
       font:16px/1.55 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif }
main { max-width:70rem; margin:0 auto; padding:2rem 1.25rem 4rem }
h1 { font-size:1.7rem; margin:0 0 .25rem } h2 { font-size:1.15rem; margin:2.25rem 0 .75rem }
p { margin:.4rem 0 } .soft { color:var(--soft); font-size:.9rem }
.figures { display:grid; grid-template-columns:repeat(auto-fit,minmax(11rem,1fr)); gap:.75rem; margin:1.5rem 0 }
.figure { background:var(--panel); border:1px solid var(--line); border-radius:.6rem; padding:.8rem 1rem }
.figure b { display:block; font-size:1.45rem; font-variant-numeric:tabular-nums }
.charts { display:grid; grid-template-columns:repeat(auto-fit,minmax(22rem,1fr)); gap:1rem }
figure { margin:0; background:var(--panel); border:1px solid var(--line); border-radius:.6rem; padding:1rem }
figcaption { font-weight:600; margin-bottom:.5rem }
svg { width:100%; height:auto; display:block }
svg text { fill:var(--ink); font-size:12px } svg .soft { fill:var(--soft); font-size:12px }
.wide { overflow-x:auto } table { border-collapse:collapse; width:100%; font-size:.95rem }
th { white-space:nowrap }
th,td { text-align:left; padding:.5rem .6rem; border-bottom:1px solid var(--line); vertical-align:top }
td.n,th.n { text-align:right; font-variant-numeric:tabular-nums; white-space:nowrap }
code { font-size:.85em; color:var(--soft) }
.high { color:var(--high) } .medium { color:var(--medium) } .low { color:var(--low) }
ul { padding-left:1.2rem }
"""


def page(report: ScanReport, language: str) -> str:
    """The whole page as text. Fault titles stand in both languages, the rest in `language`."""
    lang = language_of(language)

    def say(key: str, **params: Any) -> str:
        return escape(render(TEXTS, key, lang, **params))

    body = [
        f"<h1>{say('title')}</h1>",
        f"<p>{say('headline', **headline(report))}</p>",
        f'<p class="soft">{say("period", **period(report))}</p>',
        _figures(report, say),
        _charts(report, say, lang),
        f"<h2>{say('by_fault')}</h2>",
        _table(report, say, lang),
        f'<p class="soft">{say("overlap")}</p>',
        f'<p class="soft">{say("running", count=f"{report.running:,}")}</p>' if report.running else "",
        _not_checked(report, say, lang),
        _bad_rows(report, say),
    ]
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{say('title')} · {escape(report.file)}</title><style>{_CSS}</style></head>\n"
        f"<body><main>\n{chr(10).join(part for part in body if part)}\n</main></body></html>\n"
    )


def headline(report: ScanReport) -> dict[str, str]:
    """The parameters of the headline, for page and terminal alike."""
    return {
        "orders": f"{report.orders:,}",
        "broken": f"{report.broken:,}",
        "share": share(report.broken, report.orders),
        "at_risk": amounts(report.at_risk),
    }


def period(report: ScanReport) -> dict[str, str]:
    """The parameters of the line that says what was read."""

    def day(at: datetime | None) -> str:
        return f"{at:%Y-%m-%d}" if at else "—"

    first, last, as_of = day(report.first), day(report.last), day(report.as_of)
    return {"file": report.file, "mapping": report.mapping, "first": first, "last": last, "as_of": as_of}


def share(part: int, whole: int) -> str:
    """A share in per cent."""
    return f"{100 * part / whole:.2f} %" if whole else "—"


def amounts(by_currency: Counter[str]) -> str:
    """Money by currency in one line."""
    return " + ".join(format_money(Money(a, c)) for c, a in sorted(by_currency.items()) if a) or "0"


def _figures(report: ScanReport, say: Any) -> str:
    figures = [
        ("orders", f"{report.orders:,}"),
        ("broken", f"{report.broken:,} ({share(report.broken, report.orders)})"),
        ("at_risk", amounts(report.at_risk)),
        ("value", amounts(report.value)),
    ]
    cells = "".join(f'<div class="figure">{say(key)}<b>{escape(value)}</b></div>' for key, value in figures)
    return f'<div class="figures">{cells}</div>'


# -- charts -------------------------------------------------------------------------------------------------------


def _charts(report: ScanReport, say: Any, lang: str) -> str:
    found = [(titles(code, lang)[0], report.faults[code]) for code in report.checked() if code in report.faults]
    by_fault = [(title, tally.orders, f"{tally.orders:,}", tally.severity) for title, tally in found]
    by_severity = [(render(TEXTS, s.value, lang), n, f"{n:,}", s) for s in Severity if (n := report.by_severity[s])]
    charts = [_figure(say("by_fault"), _bars(by_fault), say)]
    for currency in sorted(report.at_risk):
        rows = [
            (title, amount, format_money(Money(amount, currency)), tally.severity)
            for title, tally in found
            if (amount := tally.at_risk[currency])
        ]
        rows.sort(key=lambda row: -row[1])
        charts.append(_figure(say("risk_by_fault", currency=currency), _bars(rows), say))
    charts.append(_figure(say("by_month"), _months(report.months), say))
    charts.append(_figure(say("by_severity"), _bars(by_severity), say))
    return f'<div class="charts">{"".join(charts)}</div>'


def _figure(caption: str, svg: str, say: Any) -> str:
    return f"<figure><figcaption>{caption}</figcaption>{svg or say('nothing')}</figure>"


def _bars(rows: Sequence[tuple[str, int, str, Severity]]) -> str:
    """Horizontal bars: `(label, value, shown value, severity)`."""
    most = max((value for _, value, _, _ in rows), default=0)
    if not most:
        return ""
    parts, height = [], 40 * len(rows)
    for number, (label, value, shown, severity) in enumerate(rows):
        y, width = 40 * number, max(2.0, 440 * value / most)
        name = escape(label)
        parts.append(
            f'<text x="0" y="{y + 14}">{name}</text>'
            f'<text x="440" y="{y + 14}" text-anchor="end" class="soft">{escape(shown)}</text>'
            f'<rect x="0" y="{y + 19}" width="{width:.1f}" height="11" rx="3" style="fill:var(--{severity.value})">'
            f"<title>{name}: {escape(shown)}</title></rect>"
        )
    return f'<svg viewBox="0 0 440 {height}" role="img">{"".join(parts)}</svg>'


def _months(months: dict[str, list[int]]) -> str:
    """Columns: the broken share of each month's orders."""
    rows = sorted(months.items())
    if not rows:
        return ""
    top = max(broken / orders for _, (orders, broken) in rows) or 1.0
    step = 440 / len(rows)
    parts = [
        f'<text x="0" y="12" class="soft">{100 * top:.1f} %</text><path d="M0 170H440" style="stroke:var(--line)"/>'
    ]
    for number, (month, (orders, broken)) in enumerate(rows):
        height = 145 * broken / orders / top
        parts.append(
            f'<rect x="{(number + 0.1) * step:.1f}" y="{170 - height:.1f}" width="{step * 0.8:.1f}"'
            f' height="{height:.1f}" style="fill:var(--bar)">'
            f"<title>{month}: {broken:,} / {orders:,} ({share(broken, orders)})</title></rect>"
        )
    ends = f'<text x="0" y="186" class="soft">{rows[0][0]}</text>'
    if len(rows) > 1:
        ends += f'<text x="440" y="186" text-anchor="end" class="soft">{rows[-1][0]}</text>'
    return f'<svg viewBox="0 0 440 192" role="img">{"".join(parts)}{ends}</svg>'


# -- tables -------------------------------------------------------------------------------------------------------


def titles(code: FaultCode, lang: str) -> tuple[str, str]:
    """A fault's title in the reader's language, and in the other."""
    texts = CATALOGUE[code].texts["title"]
    return texts[lang], texts["en" if lang == "zh-CN" else "zh-CN"]


def _table(report: ScanReport, say: Any, lang: str) -> str:
    head = (
        f"<tr><th>{say('fault')}</th><th>{say('severity')}</th><th class=n>{say('orders')}</th>"
        f"<th class=n>{say('share')}</th><th class=n>{say('at_risk')}</th><th>{say('suggested')}</th></tr>"
    )
    rows = "".join(_row(report, code, say, lang) for code in report.checked())
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _row(report: ScanReport, code: FaultCode, say: Any, lang: str) -> str:
    tally = report.faults.get(code) or Tally(severity=CATALOGUE[code].severity)
    own, other = titles(code, lang)
    how = say("automatic" if CATALOGUE[code].plan else "human")
    orders = f"{tally.orders:,}" if tally.orders else say("none")
    return (
        f"<tr><td>{escape(own)}<br><span class=soft>{escape(other)}</span> <code>{code.value}</code></td>"
        f'<td class="{tally.severity.value}">{say(tally.severity.value)}</td><td class=n>{orders}</td>'
        f"<td class=n>{share(tally.orders, report.orders)}</td><td class=n>{escape(amounts(tally.at_risk))}</td>"
        f"<td>{escape(CATALOGUE[code].texts['suggested'][lang])} <span class=soft>({how})</span></td></tr>"
    )


def _not_checked(report: ScanReport, say: Any, lang: str) -> str:
    if not report.not_checked:
        return ""
    rows = []
    for code, needs in report.not_checked.items():
        own, other = titles(code, lang)
        gone = say("not_exported", needs=[WORDS[need][lang] for need in needs])
        rows.append(f"<li>{escape(own)} <span class=soft>{escape(other)}</span> — {gone}</li>")
    return f"<h2>{say('not_checked')}</h2><ul>{''.join(rows)}</ul>"


def _bad_rows(report: ScanReport, say: Any) -> str:
    if not report.bad_rows:
        return ""
    shown = report.bad[:_SHOWN_BAD_ROWS]
    rows = "".join(f"<li>{say('bad_row', line=str(bad.line), reason=bad.reason)}</li>" for bad in shown)
    rest = report.bad_rows - len(shown)
    more = f"<p>{say('more', count=f'{rest:,}')}</p>" if rest else ""
    return f"<h2>{say('bad_rows', count=f'{report.bad_rows:,}')}</h2><ul>{rows}</ul>{more}"
