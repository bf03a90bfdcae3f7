"""sequence — a sequence chart as Mermaid and as SVG: who sends what to whom, and how long it took.

OTP:      et_viewer; cf. Kino.Process.render_seq_trace of Livebook
Way:      a list of Arrows in the order of time → [sequence] → text
Process:  none; pure

    arrows = [Arrow("client", "server", "hello", 0.0), Arrow("server", "client", "hello yourself", 12.5)]
    print(mermaid("a greeting", arrows)); Path("greeting.svg").write_text(svg("a greeting", arrows))
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

#: pixels of the SVG: a character, a line of text, a line of the list of labels, the sides
_CHAR, _LINE, _ROW, _SIDE = 7.0, 14, 18, 20
#: characters of a line under a head; least pixels between two lifelines
_HEAD, _GAP = 22, 96
#: least pixels that all of the time has
_TALL: Final = 240
_STYLE: Final = (
    "text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px;fill:#222}"
    ".title{font-size:15px;font-weight:600}.who{font-weight:600}.time{fill:#666;font-size:11px}"
    ".life{stroke:#bbb;stroke-dasharray:4 4}.arrow{stroke:#2b5d9b;stroke-width:1.4;fill:none}"
    ".head{fill:#eef3fa;stroke:#2b5d9b}.at{fill:#2b5d9b}.lead{stroke:#ddd;fill:none}.axis{stroke:#888;fill:none}"
)


@dataclass(frozen=True, slots=True)
class Arrow:
    """One hand-over. `us`: microseconds since the hand-over before it; `at`: since the first."""

    source: str
    target: str
    text: str
    us: float
    at: float = 0.0

    def as_dict(self) -> dict[str, str | float]:
        """As JSON takes it."""
        return {"from": self.source, "to": self.target, "text": self.text, "us": self.us, "at_us": self.at}


def participants(arrows: Sequence[Arrow]) -> list[str]:
    """Who takes part, in the order of appearance."""
    return list(dict.fromkeys(name for arrow in arrows for name in (arrow.source, arrow.target)))


def took(us: float) -> str:
    """A time as it stands at an arrow."""
    return f"+{us:.1f} µs" if us < 100 else f"+{us:.0f} µs" if us < 100_000 else f"+{us / 1000:.0f} ms"


# -- Mermaid


def mermaid(title: str, arrows: Sequence[Arrow]) -> str:
    """A Mermaid sequence diagram."""
    names = {name: f"p{place}" for place, name in enumerate(participants(arrows))}
    lines = ["sequenceDiagram", f"  %% {' '.join(title.split())}"]
    lines += [f"  participant {key} as {_plain(name)}" for name, key in names.items()]
    lines += [
        f"  {names[arrow.source]}->>{names[arrow.target]}: {_plain(arrow.text)} ({took(arrow.us)})" for arrow in arrows
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    """Without what has a meaning in Mermaid."""
    return (
        "".join(c if c.isalnum() or c in " _-.,/@=()+µ<>…" else f"#{ord(c)};" for c in text)
        .replace("<", "#lt;")
        .replace(">", "#gt;")
    )


# -- SVG


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where everything is: lifelines, the moment of each arrow (true to scale), its label (never over another)."""

    places: dict[str, float]
    moments: list[float]
    labels: list[float]
    top: float
    list_x: float
    width: float
    height: float


def svg(title: str, arrows: Sequence[Arrow]) -> str:
    """A picture that stands alone: no script, no font, nothing from elsewhere.

    Down is time, to scale: an arrow stands where its moment is. What it says stands in a list at the right, in full,
    with a line from the arrow to it.
    """
    plan = _plan(title, arrows)
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {plan.width:g} {plan.height:g}" '
        f'width="{plan.width:g}" height="{plan.height:g}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#2b5d9b"/></marker></defs>',
        f'<rect width="{plan.width:g}" height="{plan.height:g}" fill="#fff"/>',
        _text(_SIDE, 22, title, "title", "start"),
        *_lifelines(plan),
        *_axis(plan, arrows),
        *(line for place, arrow in enumerate(arrows) for line in _arrow(arrow, plan, place)),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _plan(title: str, arrows: Sequence[Arrow]) -> _Plan:
    names = participants(arrows)
    widest = max((len(line) for name in names for line in _head(name)), default=0)
    gap = max(widest * _CHAR + 16, _GAP)
    places = {name: _SIDE + 64 + gap / 2 + place * gap for place, name in enumerate(names)}
    top = 34 + max((len(_head(name)) for name in names), default=1) * _LINE + 24
    span = max(len(arrows) * _ROW * 1.3, _TALL)
    total = max((arrow.at for arrow in arrows), default=0.0) or 1.0
    moments = [top + arrow.at / total * span for arrow in arrows]
    labels = _apart(moments)
    list_x = _SIDE + 64 + len(names) * gap + 40
    longest = max((len(_label(arrow)) for arrow in arrows), default=0)
    width = max(list_x + longest * _CHAR, len(title) * 9.0) + _SIDE
    return _Plan(places, moments, labels, top, list_x, width, max([top + span, *labels]) + 24)


def _apart(moments: Sequence[float]) -> list[float]:
    """A place for each label, as near to its moment as those before it leave room."""
    placed: list[float] = []
    for moment in moments:
        placed.append(max(moment, placed[-1] + _ROW) if placed else moment)
    return placed


def _head(name: str) -> list[str]:
    first, _, second = name.partition(" ")
    return [first, *(second[n : n + _HEAD] for n in range(0, len(second), _HEAD))]


def _label(arrow: Arrow) -> str:
    to = arrow.target.partition(" ")[0]
    return f"{arrow.at:.1f} µs  {took(arrow.us)}  {to}: {arrow.text}"


def _lifelines(plan: _Plan) -> Iterator[str]:
    for name, x in plan.places.items():
        lines = _head(name)
        wide = max(len(line) for line in lines) * _CHAR + 10
        yield f'<line class="life" x1="{x:g}" y1="{plan.top - 18:g}" x2="{x:g}" y2="{plan.height - 12:g}"/>'
        high = len(lines) * _LINE + 6
        yield f'<rect class="head" x="{x - wide / 2:g}" y="34" width="{wide:g}" height="{high}" rx="4"/>'
        for place, line in enumerate(lines):
            yield _text(x, 47 + place * _LINE, line, "time" if place else "who")


def _axis(plan: _Plan, arrows: Sequence[Arrow]) -> Iterator[str]:
    """The time at the left, from the first moment to the last, with some marks."""
    if not arrows:
        return
    end, x = max(plan.moments), _SIDE + 56
    total = max(arrow.at for arrow in arrows)
    yield f'<path class="axis" d="M{x} {plan.top:g}V{end:g}"/>'
    for mark in _marks(total):
        y = plan.top + (end - plan.top) * (mark / total if total else 0)
        yield f'<path class="axis" d="M{x - 4} {y:.1f}h8"/>'
        yield _text(x - 8, round(y + 4, 1), f"{mark:g} µs", "time", "end")


def _marks(total: float) -> list[float]:
    """Up to eight round times from 0 to the last."""
    if total < 1e-6:  # a picosecond: nothing that is measured
        return [0.0]
    unit = 10.0 ** math.floor(math.log10(total / 8))
    step = next(float(unit * of) for of in (1, 2, 5, 10, 20) if unit * of * 8 >= total)
    return [round(place * step, 9) for place in range(int(total / step) + 1)]


def _arrow(arrow: Arrow, plan: _Plan, place: int) -> Iterator[str]:
    begin, end, y = plan.places[arrow.source], plan.places[arrow.target], round(plan.moments[place], 1)
    label = round(plan.labels[place], 1)
    yield f'<path class="lead" d="M{end:g} {y}H{plan.list_x - 30:g}L{plan.list_x - 6:g} {label}"/>'
    if begin == end:
        yield f'<circle class="at" cx="{end:g}" cy="{y}" r="3"/>'
    else:
        yield f'<path class="arrow" marker-end="url(#a)" d="M{begin:g} {y}H{end:g}"/>'
    yield _text(plan.list_x, label + 4, _label(arrow), "", "start")


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "middle") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'
