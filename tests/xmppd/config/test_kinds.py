"""test_kinds — what each kind of value takes and refuses.

Way:  xmppd.config.kinds
"""

from __future__ import annotations

import pytest

from xmppd.config.kinds import Flag, Kind, Many, Number, OneOf, Pairs, Seconds, Text, suggest

RATE = Number(10, 20, word="off", unit="bytes")


@pytest.mark.parametrize(
    ("kind", "raw", "value"),
    [
        (Flag(), True, True),
        (RATE, "off", None),
        (RATE, 10, 10),
        (Number(1, word="auto", word_value=0), "auto", 0),
        (Seconds(), 3, 3.0),
        (Text(), "x", "x"),
        (OneOf(("a", "b")), "b", "b"),
        (Many(Text()), ["x", "y", "x"], ("x", "y")),
        (Pairs(Text(), Text()), {"a": "b"}, {"a": "b"}),
    ],
)
def test_fits(kind: Kind, raw: object, value: object) -> None:
    assert kind.parse(raw) == value


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        (Flag(), 1),
        (Flag(), "true"),
        (RATE, 9),
        (RATE, 21),
        (RATE, True),
        (RATE, "auto"),
        (RATE, 11.0),
        (Seconds(1, 5), 0),
        (Seconds(), "3"),
        (Seconds(), False),
        (Text(), ""),
        (Text(), 3),
        (OneOf(("a",)), "c"),
        (OneOf(("a",)), 1),
        (Many(Text(), low=1), []),
        (Many(Text()), "x"),
        (Many(Text()), [1]),
        (Pairs(Text(), Text()), []),
        (Pairs(Text(), Text()), {"a": 1}),
    ],
)
def test_refused_with_words(kind: Kind, raw: object) -> None:
    with pytest.raises(ValueError, match="must"):
        kind.parse(raw)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Flag(), " Yes ", True),
        (Flag(), "0", False),
        (RATE, "off", None),
        (RATE, "15", 15),
        (Seconds(), "2.5", 2.5),
        (OneOf(("a",)), " a ", "a"),
        (Many(Text()), "x, y", ("x", "y")),
        (Pairs(Text(), Text()), "a=b=c, d=e", {"a": "b=c", "d": "e"}),
    ],
)
def test_from_the_environment(kind: Kind, text: str, value: object) -> None:
    assert kind.from_text(text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [(Flag(), "maybe"), (RATE, "x"), (RATE, "3"), (Seconds(), "soon"), (Pairs(Text(), Text()), "a")],
)
def test_bad_text_is_refused(kind: Kind, text: str) -> None:
    with pytest.raises(ValueError, match="must"):
        kind.from_text(text)


def test_the_nearest_word_is_suggested() -> None:
    assert suggest("wrokers", ["hosts", "workers"]) == ' (did you mean "workers"?)'
    assert suggest("zzz", ["hosts"]) == ""
