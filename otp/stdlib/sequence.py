"""sequence — a sequence chart as Mermaid and as SVG: who hands what to whom, and how long it took.

OTP:      et_viewer; cf. Kino.Process.render_seq_trace of Livebook
Way:      a list of Arrows in the order of time → [sequence] → text
Process:  none; pure

    arrows = [Arrow("client", "server", "hello", 0.0), Arrow("server", "client", "hello yourself", 12.5)]
    print(mermaid("a greeting", arrows)); Path("greeting.svg").write_text(svg("a greeting", arrows))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

#: pixels of the SVG: between two lifelines, between two arrows, at the top, at the sides
_GAP, _STEP, _TOP, _SIDE = 190, 44, 92, 100
#: characters of a label that fit between two lifelines, and under a head
_LABEL, _HEAD = 30, 24
_STYLE: Final = (
    "text{font-family:ui-sans-serif,system-ui,sans-serif;font-size:12px;fill:#222}"
    ".title{font-size:15px;font-weight:600}.who{font-weight:600}.time{fill:#666;font-size:11px}"
    ".life{stroke:#bbb;stroke-dasharray:4 4}.arrow{stroke:#2b5d9b;stroke-width:1.4;fill:none}"
    ".head{fill:#eef3fa;stroke:#2b5d9b}"
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


def svg(title: str, arrows: Sequence[Arrow]) -> str:
    """A picture that stands alone: no script, no font, nothing from elsewhere."""
    names = participants(arrows)
    places = {name: _SIDE + place * _GAP for place, name in enumerate(names)}
    width = 2 * _SIDE + max(len(names) - 1, 0) * _GAP
    height = _TOP + (len(arrows) + 1) * _STEP
    body = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">',
        f"<style>{_STYLE}</style>",
        '<defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0 8 4 0 8z" fill="#2b5d9b"/></marker></defs>',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        _text(width / 2, 22, title, "title"),
        *_lifelines(places, height),
        *(line for place, arrow in enumerate(arrows) for line in _arrow(arrow, places, _TOP + place * _STEP)),
        "</svg>",
    ]
    return "\n".join(body) + "\n"


def _lifelines(places: dict[str, int], height: int) -> Iterator[str]:
    for name, x in places.items():
        first, _, second = name.partition(" ")
        yield f'<line class="life" x1="{x}" y1="{_TOP - 22}" x2="{x}" y2="{height - 12}"/>'
        yield f'<rect class="head" x="{x - 85}" y="34" width="170" height="36" rx="4"/>'
        yield _text(x, 50, first, "who")
        yield _text(x, 64, _short(second, _HEAD), "time")


def _arrow(arrow: Arrow, places: dict[str, int], y: int) -> Iterator[str]:
    begin, end = places[arrow.source], places[arrow.target]
    if begin == end:
        yield f'<path class="arrow" marker-end="url(#a)" d="M{begin} {y}h40v14h-34"/>'
        yield _text(begin + 48, y + 4, _short(arrow.text, _LABEL), "", "start")
        yield _text(begin + 48, y + 18, took(arrow.us), "time", "start")
        return
    yield f'<path class="arrow" marker-end="url(#a)" d="M{begin} {y}H{end}"/>'
    yield _text((begin + end) / 2, y - 5, _short(arrow.text, _LABEL * abs(end - begin) // _GAP))
    yield _text((begin + end) / 2, y + 13, took(arrow.us), "time")


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "middle") -> str:
    kind = f' class="{style}"' if style else ""
    return f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}"{kind}>{escape(text)}</text>'


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
