"""A page that stands alone: tables, charts and pictures in one HTML file that asks for nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logo_retrieval.gallery.records import printable

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #59636e; --ground: #fff; --panel: #f4f6f8; --line: #d5dbe1;
  --mark: #1f6feb; --warn: #fff4d6; --warn-line: #d4a72c; }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --ground: #0d1117;
  --panel: #161b22; --line: #30363d; --mark: #58a6ff; --warn: #332b12; --warn-line: #9a7b1c; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; font: 16px/1.5 system-ui, sans-serif; color: var(--ink);
  background: var(--ground); }
h1 { font-size: 1.6rem; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem; }
p { margin: .3rem 0; max-width: 60rem; }
.soft, figcaption, small { color: var(--soft); }
.notes { background: var(--warn); border-left: 4px solid var(--warn-line); margin: 1rem 0;
  padding: .5rem 1rem .5rem 2rem; }
@media screen { .rows { overflow: auto; max-height: 34rem; } .whole .rows { max-height: none; } }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .8rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td:first-child { min-width: 8rem; }
th { position: sticky; top: 0; background: var(--ground); vertical-align: bottom; }
.number { text-align: right; white-space: nowrap; }
th button { all: unset; cursor: pointer; }
th button:hover, th button:focus-visible { text-decoration: underline; }
th[aria-sort=ascending] button::after { content: " \\2191"; }
th[aria-sort=descending] button::after { content: " \\2193"; }
svg { display: block; max-width: 100%; height: auto; font: 11px system-ui, sans-serif; fill: var(--soft); }
svg .mark { fill: var(--mark); stroke: var(--mark); }
svg .bar { fill: var(--mark); fill-opacity: .35; }
svg .line { stroke: var(--line); fill: none; }
svg .diagonal { stroke: var(--soft); stroke-dasharray: 5 4; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; padding: 0; }
.whole td:nth-child(2) { min-width: 17rem; }
.nearest { display: grid; grid-template-columns: repeat(5, 6rem); gap: .4rem; }
figure { margin: 0; padding: .7rem; background: var(--panel); border-radius: 6px; break-inside: avoid; min-width: 0; }
figure img, .none { width: 64px; height: 64px; margin-right: .4rem; border: 1px solid var(--line);
  vertical-align: top; }
.none { display: inline-block; }
figcaption { font-size: .85rem; overflow-wrap: anywhere; }
figcaption b { color: var(--ink); }
@media print { body { padding: 0; max-width: none; font-size: 11px; } figure, .notes { border: 1px solid var(--line); }
  tr { break-inside: avoid; } h2, .soft { break-after: avoid; }
  .mistakes { grid-template-columns: repeat(3, 1fr); } }
"""

_SCRIPT = """
for (const button of document.querySelectorAll("th button")) button.addEventListener("click", () => {
  const head = button.closest("th"), body = head.closest("table").tBodies[0], column = head.cellIndex;
  const ascending = head.getAttribute("aria-sort") !== "ascending";
  const key = (row) => row.cells[column].dataset.value ?? row.cells[column].textContent;
  const numeric = head.classList.contains("number");
  const order = (a, b) => numeric ? key(a) - key(b) : key(a).localeCompare(key(b));
  const rows = [...body.rows].sort((a, b) => ascending ? order(a, b) : order(b, a));
  for (const each of head.parentNode.cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
  body.append(...rows);
});
"""


@dataclass(frozen=True, slots=True)
class Number:
    """A table cell that is sorted by its value; None is shown as a dash and sorted first."""

    value: float | None
    digits: int = 3

    def __str__(self) -> str:
        return "–" if self.value is None else f"{self.value:.{self.digits}f}"


def text(value: str) -> str:
    """Any text as HTML: it can neither become markup nor turn the direction of what follows."""
    return f"<bdi>{html.escape(printable(value))}</bdi>"


def page(title: str, body: Iterable[str]) -> str:
    """The whole document; a policy in it forbids every script and style but its own, and every request."""
    policy = f"default-src 'none'; img-src data:; style-src {_digest(_STYLE)}; script-src {_digest(_SCRIPT)}"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(printable(title))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + f"\n<script>{_SCRIPT}</script>\n</body>\n</html>\n"
    )


def _digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def table(head: Sequence[str], rows: Sequence[Sequence[str | Number]]) -> str:
    """A table of cells that are HTML or numbers, which a click on a column's head sorts.

    Args:
        head: plain text of the columns; one without is not sorted by.
        rows: at least one, as many cells each; a column is of numbers when its first cell is one.
    """
    heads = "".join(
        f'<th class="{"number" if isinstance(cell, Number) else "text"}">'
        + (f'<button type="button">{html.escape(name)}</button></th>' if name else "</th>")
        for name, cell in zip(head, rows[0], strict=True)
    )
    body = "\n".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return (
        f'<div class="rows" tabindex="0"><table>\n<thead><tr>{heads}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _cell(cell: str | Number) -> str:
    if isinstance(cell, str):
        return f"<td>{cell}</td>"
    return f'<td class="number" data-value="{-1 if cell.value is None else cell.value}">{cell}</td>'


def picture(webp: bytes | None) -> str:
    """A 64 px picture, or an empty frame."""
    if webp is None:
        return '<span class="none"></span>'
    return f'<img alt="" width="64" height="64" src="data:image/webp;base64,{base64.b64encode(webp).decode()}">'


def scale(value: float, low: float | None = None, high: float | None = None) -> str:
    """A bar from 0 to a value in [0, 1] on a line that ends at 1, with a whisker from low to high."""
    bar = f'<rect class="bar" x="0" y="2" width="{160 * value:.1f}" height="10"/>'
    whisker = ""
    if low is not None and high is not None:
        whisker = f'<path class="mark" d="M{160 * low:.1f} 7H{160 * high:.1f}" stroke-width="2"/>'
    return (
        f'<svg width="160" height="14" viewBox="0 0 160 14" aria-hidden="true"><path class="line" d="M0 13H160"/>'
        f"{bar}{whisker}</svg>"
    )


@dataclass(frozen=True, slots=True)
class Bar:
    """A bin of a reliability diagram: its edges, how many, and where its mean confidence and accuracy lie."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability_diagram(bars: Sequence[Bar], total: int) -> str:
    """Accuracy over confidence, both from 0 to 1, with the diagonal of perfect calibration; counts below."""
    left, top, side, strip = 46, 10, 390, 56
    bottom = top + side

    def x(value: float) -> float:
        return left + side * value

    def y(value: float) -> float:
        return bottom - side * value

    parts = []
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts.append(f'<path class="line" d="M{left} {y(tick):.1f}H{left + side}"/>')
        parts.append(f'<text x="{left - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:.1f}</text>')
        parts.append(f'<text x="{x(tick):.1f}" y="{bottom + strip + 30}" text-anchor="middle">{tick:.1f}</text>')
    for bar in bars:
        width = side * (bar.high - bar.low) - 2
        share = strip * bar.count / max(each.count for each in bars)
        parts.append(
            f'<rect class="bar" x="{x(bar.low) + 1:.1f}" y="{y(bar.accuracy):.1f}" width="{width:.1f}" '
            f'height="{side * bar.accuracy:.1f}"/>'
            f'<circle class="mark" cx="{x(bar.confidence):.1f}" cy="{y(bar.accuracy):.1f}" r="3"/>'
            f'<rect class="bar" x="{x(bar.low) + 1:.1f}" y="{bottom + 16 + strip - share:.1f}" width="{width:.1f}" '
            f'height="{share:.1f}"/>'
            f'<text x="{x((bar.low + bar.high) / 2):.1f}" y="{bottom + 12 + strip - share:.1f}" text-anchor="middle">'
            f"{bar.count}</text>"
        )
    parts.append(f'<path class="diagonal" d="M{left} {bottom}L{left + side} {top}"/>')
    parts.append(
        f'<text transform="translate(11 {top + side / 2}) rotate(-90)" text-anchor="middle">share right</text>'
    )
    parts.append(f'<text x="{left + side / 2}" y="{bottom + strip + 46}" text-anchor="middle">probability given</text>')
    width, height = left + side + 16, bottom + strip + 52
    return (
        f'<svg width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="reliability diagram of {total} answers">{"".join(parts)}</svg>'
    )
