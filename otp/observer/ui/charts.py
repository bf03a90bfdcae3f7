"""charts — curves over time in characters: each with a scale that says how high it is, all over one axis of time.

OTP:      what observer_perf_wx draws
Way:      ui.load → [charts] → a text for the terminal
Process:  none; pure

    CPU % 12.5                 a title with the newest value
    100┤                       the scale, the same for all curves side by side, so that they can be compared
       │        ▂▅
      0┤▁▁▁▁▁▁▁▁██▂            a value above zero is never shown as nothing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from rich.text import Text

#: columns of the scale left of a curve, and the least width of a curve with it
_SCALE, LEAST_WIDTH = 6, 24
_LEAST_HEIGHT: Final = 3
_BLOCKS: Final = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Measure:
    """What is drawn. `least`: the scale reaches at least to there, so that small values look small; `text`: a value
    as people read it.
    """

    name: str
    title: str
    least: float
    text: Callable[[float], str]


Curves = Mapping[str, Mapping[str, Sequence[float]]]


def ceiling(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50 … that is no less than the value; 1 for what is next to nothing."""
    if value < 1e-9:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(value))
    return next(float(unit * step) for step in (1, 2, 5, 10) if unit * step >= value * (1 - 1e-9))


def short(value: float) -> str:
    """A mark of the scale."""
    for unit in ("", "k", "M", "G"):
        if abs(value) < 1000:
            return f"{value:g}{unit}"
        value /= 1000
    return f"{value:g}T"


def plot(values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """The newest values as columns, from the top line down, the newest at the right."""
    levels = [_level(value, height, top) for value in values[-width:]]
    return [
        "".join(_BLOCKS[min(max(level - 8 * row, 0), 8)] for level in levels).rjust(width)
        for row in reversed(range(height))
    ]


def _level(value: float, height: int, top: float) -> int:
    level = round(value / top * 8 * height)
    return min(max(level, 1 if value > 0 else 0), 8 * height)


def curve(measure: Measure, values: Sequence[float], width: int, height: int, top: float) -> list[str]:
    """One curve with its title and scale, in `height` lines of `width` characters."""
    title = f"{measure.title} {measure.text(values[-1])}" if values else f"{measure.title} –"
    rows = plot(values, width - _SCALE - 1, height - 1, top)
    marks = [short(top), *[""] * (len(rows) - 2), "0"]
    lines = [f"{mark:>{_SCALE - 1}}{'┤' if mark else '│'}{row} " for mark, row in zip(marks, rows, strict=True)]
    return [f"{' ' * _SCALE}{title}"[:width].ljust(width), *lines]


def grid(curves: Curves, measures: Sequence[Measure], width: int, height: int, step: float) -> Text:
    """All measures (lines) of all nodes (columns); `step`: seconds between two values.

    As many nodes stand side by side as there is room for, the others below.
    """
    names = list(curves)
    beside = max(min(width // LEAST_WIDTH, len(names)), 1)
    bands = [names[n : n + beside] for n in range(0, len(names), beside)]
    each = max((height // max(len(bands), 1) - 2) // len(measures), _LEAST_HEIGHT)
    drawn = Text(no_wrap=True)
    for band in bands:
        _band({name: curves[name] for name in band}, measures, (width // beside, each), step, drawn)
    return drawn


def _band(curves: Curves, measures: Sequence[Measure], size: tuple[int, int], step: float, drawn: Text) -> None:
    width, height = size
    drawn.append("".join(f"{' ' * _SCALE}{name}"[:width].ljust(width) for name in curves) + "\n", "bold")
    for measure in measures:
        seen = [curves[name].get(measure.name, ()) for name in curves]
        top = ceiling(max([measure.least, *(value for values in seen for value in values)]))
        columns = [curve(measure, values, width, height, top) for values in seen]
        for row in range(height):
            drawn.append("".join(column[row] for column in columns) + "\n", "" if row == 0 else "green")
    past = f"{(width - _SCALE - 1) * step:.0f} s ago"
    axis = f"{' ' * (_SCALE - 1)}└{past} ".ljust(width - 5, "─") + " now "
    drawn.append(axis * len(curves) + "\n", "dim")
