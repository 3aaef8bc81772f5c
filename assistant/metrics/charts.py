"""Small charts as inline SVG, each with a title and a description that says every number; for the HTML report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from itertools import pairwise

import msgspec

WIDTH, LEFT, RIGHT = 600, 54, 588
_TOP, _BOTTOM = 14, 176  # of the plotting area of a chart over time
_BAR, _GAP = 14, 6


class Series(msgspec.Struct, frozen=True):
    """What one line or colour shows; `shown` are the values in words. A value may be missing: the line has a gap."""

    name: str
    values: Sequence[float | None]
    shown: Sequence[str]
    style: str  # a CSS class: a, b, high, medium, low


def lines(id: str, title: str, labels: Sequence[str], series: Sequence[Series], axis: Callable[[float], str]) -> str:
    """Lines over time; `axis` writes a value of the axis. Empty where no series has a value."""
    top = _nice(max((v for s in series for v in s.values if v is not None), default=0.0))
    if not labels or not any(v is not None for s in series for v in s.values):
        return ""
    step = (RIGHT - LEFT) / max(len(labels) - 1, 1)

    def x(number: int) -> float:
        return LEFT + step * number if len(labels) > 1 else (LEFT + RIGHT) / 2

    parts = [_grid(top, axis), _dates(labels, x)]
    for one in series:
        points = [(x(n), _y(v, top)) if v is not None else None for n, v in enumerate(one.values)]
        parts += [
            f'<line class="line {one.style}" x1="{a[0]:.1f}" y1="{a[1]:.1f}" x2="{b[0]:.1f}" y2="{b[1]:.1f}"/>'
            for a, b in pairwise(points) if a and b
        ]  # fmt: skip
        parts += [
            f'<circle class="dot {one.style}" cx="{p[0]:.1f}" cy="{p[1]:.1f}" r="3">'
            f"<title>{escape(f'{labels[n]} · {one.name}: {one.shown[n]}')}</title></circle>"
            for n, p in enumerate(points) if p
        ]  # fmt: skip
    return _svg(id, title, _said(labels, series), 200, parts) + (_legend(series) if len(series) > 1 else "")


def columns(id: str, title: str, labels: Sequence[str], series: Sequence[Series], axis: Callable[[float], str]) -> str:
    """Columns over time, the series of one time side by side. Empty where all are nought."""
    top = _nice(max((v for s in series for v in s.values if v is not None), default=0.0))
    if not labels or not any(v for s in series for v in s.values):
        return ""
    step = (RIGHT - LEFT) / len(labels)
    wide = min(26.0, step * 0.8 / len(series))
    parts = [_grid(top, axis), _dates(labels, lambda number: LEFT + step * (number + 0.5))]
    for number, label in enumerate(labels):
        begin = LEFT + step * (number + 0.5) - wide * len(series) / 2
        for place, one in enumerate(series):
            value = one.values[number]
            if not value:
                continue
            y = _y(value, top)
            told = escape(f"{label} · {one.name}: {one.shown[number]}")
            parts.append(
                f'<rect class="bar {one.style}" x="{begin + wide * place:.1f}" y="{y:.1f}" width="{wide - 0.6:.1f}"'
                f' height="{_BOTTOM - y:.1f}"><title>{told}</title></rect>'
            )
    return _svg(id, title, _said(labels, series), 200, parts) + _legend(series)


def bars(id: str, title: str, labels: Sequence[str], series: Sequence[Series], most: float | None = None) -> str:
    """Horizontal bars, a label above each group of them; `most` is what a whole bar stands for."""
    top = most or max((v for s in series for v in s.values if v is not None), default=0.0)
    if not labels or not top:
        return ""
    high, parts = 24 + len(series) * (_BAR + 3) + _GAP, []
    for number, label in enumerate(labels):
        y = number * high + 15
        parts.append(f'<text class="label" x="0" y="{y}">{escape(label)}</text>')
        for place, one in enumerate(series):
            value, at = one.values[number], y + 7 + place * (_BAR + 3)
            width = 0.0 if value is None else (RIGHT - 170) * min(value / top, 1.0)
            style = one.style.split("|")[number % len(one.style.split("|"))]
            parts.append(
                f'<rect class="track" x="0" y="{at}" width="{RIGHT - 170}" height="{_BAR}" rx="3"/>'
                f'<rect class="bar {style}" x="0" y="{at}" width="{max(width, 2.0 if value else 0.0):.1f}"'
                f' height="{_BAR}" rx="3"><title>{escape(f"{label} · {one.name}: {one.shown[number]}")}</title></rect>'
                f'<text class="number" x="{RIGHT - 160}" y="{at + 11.5}">{escape(one.shown[number])}</text>'
            )
    legend = _legend(series) if len(series) > 1 else ""
    return _svg(id, title, _said(labels, series), high * len(labels), parts) + legend


# -- parts ----------------------------------------------------------------------------------------------------------


def _svg(id: str, title: str, said: str, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-labelledby="{id}-t {id}-d">'
        f'<title id="{id}-t">{escape(title)}</title><desc id="{id}-d">{escape(said)}</desc>{"".join(parts)}</svg>'
    )


def _said(labels: Sequence[str], series: Sequence[Series]) -> str:
    """Every number in words, for whoever can't see the picture."""
    rows = (
        f"{label}: " + ", ".join(f"{one.name} {one.shown[n]}" if len(series) > 1 else one.shown[n] for one in series)
        for n, label in enumerate(labels)
    )
    return "; ".join(rows)


def _legend(series: Sequence[Series]) -> str:
    """Beside the picture, not in it: it wraps on a narrow screen."""
    keys = "".join(f'<li><i class="key {s.style.split("|")[0]}"></i>{escape(s.name)}</li>' for s in series)
    return f'<ul class="legend" aria-hidden="true">{keys}</ul>'


def _grid(top: float, axis: Callable[[float], str]) -> str:
    marks = []
    for quarter in range(5):
        y = _BOTTOM - (_BOTTOM - _TOP) * quarter / 4
        marks.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{RIGHT}" y2="{y:.1f}"/>')
        if quarter % 2 == 0:
            words = escape(axis(top * quarter / 4))
            marks.append(f'<text class="axis" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{words}</text>')
    return "".join(marks)


def _dates(labels: Sequence[str], x: Callable[[int], float]) -> str:
    """At most seven, the first and the last among them."""
    every = max(1, -(-(len(labels) - 1) // 6))
    shown = [n for n in range(len(labels)) if n % every == 0]
    if len(labels) - 1 not in shown:
        shown = [n for n in shown if len(labels) - 1 - n >= every] + [len(labels) - 1]
    texts = []
    for number in shown:
        anchor = "end" if x(number) > RIGHT - 20 else "middle"
        words = escape(_short(labels[number]))
        texts.append(f'<text class="axis" x="{x(number):.1f}" y="194" text-anchor="{anchor}">{words}</text>')
    return "".join(texts)


def _short(label: str) -> str:
    """A day without its year: it stands in the heading."""
    return label[5:] if len(label) == 10 and label[4] == "-" else label


def _y(value: float, top: float) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * min(value / top, 1.0)


def _nice(most: float) -> float:
    """The end of an axis: the next 1, 2, 4 or 5 times a power of ten; a share's is 1."""
    if most <= 1:
        return 1.0
    size = 1.0
    while size * 10 < most:
        size *= 10
    return next(size * n for n in (1, 2, 4, 5, 8, 10) if size * n >= most)
