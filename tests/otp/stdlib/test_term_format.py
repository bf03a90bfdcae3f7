"""test_term_format — terms in a line, without secrets.

Way:  otp.stdlib.term_format
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from otp.erts.exits import Crash
from otp.stdlib.gen import Cast
from otp.stdlib.term_format import LINE, format_term, masked


@dataclass(frozen=True)
class CheckPlain:
    user: str
    password: str
    note: str = field(default="x", repr=False)


@dataclass(frozen=True)
class Apply:
    fn: str
    args: tuple[Any, ...]


class Opaque:
    def __init__(self) -> None:
        self.password = "tiger"


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (None, "None"),
        ("hello", "'hello'"),
        (b"\x00tiger", "<6 bytes>"),
        ((1, ["a"], {"k": 2.5}), "(1, ['a'], {'k': 2.5})"),
        (CheckPlain("romeo", "tiger"), "CheckPlain(user='romeo', password=***)"),
        (Cast(CheckPlain("romeo", "tiger")), "Cast(request=CheckPlain(user='romeo', password=***))"),
        ({"password": "tiger", "new_password": "tiger", "Cookie": "tiger"},
         "{'password': ***, 'new_password': ***, 'Cookie': ***}"),
        (Apply("user add", ("tiger",)), "Apply(fn='user add', args=***)"),
        ("<auth xmlns='s' mechanism='PLAIN'>AHRpZ2Vy</auth>", "\"<auth xmlns='s' mechanism='PLAIN'>***</auth>\""),
        ("password=tiger&x=1", "'password=***&x=1'"),
        (Opaque(), "Opaque"),
        (Opaque, "Opaque"),
        (Crash("ValueError", "no", "…"), "ValueError: no"),
        (tuple(range(10)), "(0, 1, 2, 3, 4, 5, 6, 7, … 2 more)"),
        ((((([1],),),),), "((((…))))"),
    ],
)  # fmt: skip
def test_terms(term: object, text: str) -> None:
    assert format_term(term) == text


def test_nothing_floods_and_nothing_breaks_the_line() -> None:
    assert len(format_term("x" * 10_000)) < 100
    assert len(format_term([["y" * 70] * 8] * 8)) == LINE
    assert masked("a\nb\x1b[31m") == "a\\nb\\x1b[31m"


def test_a_class_may_know_better() -> None:
    assert format_term((Opaque(), 1), {Opaque: lambda term: "mine"}) == "(mine, 1)"


def test_no_secret_of_a_deep_term_is_shown() -> None:
    deep = {"a": [Cast(("user add", {"user": "romeo", "password": "tiger"})), CheckPlain("x", "tiger")]}
    assert "tiger" not in format_term(deep)
