"""test_words — what a message says as words, and what finds it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xmpp_core import ns
from xmppd.archive import words
from xmppd.archive.tables import ArchivedMessage


def row(inside: str) -> ArchivedMessage:
    xml = f"<message xmlns='{ns.CLIENT}' type='chat'>{inside}</message>"
    return ArchivedMessage("localhost", "juliet", 7, "romeo@localhost", "r", "m", False, xml)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Wherefore art thou, Romeo? ROMEO!", ("wherefore", "art", "thou", "romeo")),
        ("https://example.org/a_b?c=1.5", ("https", "example", "org", "a", "b", "c", "1", "5")),
        ("Möhren für Anaïs, ﬁn STRAẞE", ("mohren", "fur", "anais", "fin", "strasse")),
        ("Ёлка, Ωμέγα", ("елка", "ωμεγα")),
        ("玫瑰", ("玫", "瑰", "玫瑰")),
        ("서울 हिन्दी", ("서울", "हिनदी")),
        ("x" * 100, ("x" * 64,)),
        ("!? — …", ()),
    ],
)
def test_words_of_a_text(text: str, found: tuple[str, ...]) -> None:
    assert words.of_text(text) == found


def test_of_a_pair_the_pair_is_looked_for() -> None:
    assert words.asked("玫瑰") == ("玫瑰",)
    assert words.asked("瑰") == ("瑰",)
    assert words.asked("玫瑰花 Rose") == ("玫瑰", "瑰花", "rose")


@given(st.text(max_size=200))
def test_whatever_somebody_writes_is_found_by_itself(text: str) -> None:
    said = words.of_text(text)
    assert set(words.asked(text)) <= set(said)
    assert all(word and len(word) <= words.MOST_LETTERS for word in said)
    assert all(char.isalnum() for word in said for char in word if char.isascii()), "no database cuts them anew"
    assert not any(unicodedata.category(char)[0] in "ZPSC" for word in said for char in word), "so none is a mark"
    assert len(set(said)) == len(said) <= words.MOST_WORDS


@given(st.text(st.characters(codec="utf-8", categories=("Lu", "Ll")), min_size=1, max_size=30))
def test_case_and_accents_do_not_count(text: str) -> None:
    assert set(words.asked(unicodedata.normalize("NFD", text))) == set(words.asked(unicodedata.normalize("NFC", text)))


def test_a_row_has_its_words_and_the_marks_of_its_archive_and_its_talk() -> None:
    found = words.row_of(
        row("<subject>Balcony</subject><body>Hello &amp; bye</body><body xml:lang='de'>Tschüss</body>")
    )
    assert found is not None
    assert (found.host, found.user, found.seq) == ("localhost", "juliet", 7)
    marks, said = found.words.split(" ")[:2], found.words.split(" ")[2:]
    assert said == ["balcony", "hello", "bye", "tschuss"]
    assert marks == [words.mark("localhost", "juliet"), words.mark("localhost", "juliet", "romeo@localhost")]
    assert words.of_text(" ".join(marks)) != tuple(marks), "nobody can write one"


@pytest.mark.parametrize(
    "inside",
    [
        "",
        f"<received xmlns='{ns.RECEIPTS}' id='1'/>",
        f"<body>I sent you a secret</body><encrypted xmlns='{ns.OMEMO_OLD}'/>",
        f"<body>I sent you a secret</body><encrypted xmlns='{ns.OMEMO}'/>",
        f"<body>I sent you a secret</body><x xmlns='{ns.ENCRYPTED}'>hQ</x>",
        "<body>…</body>",
        "<body>not closed",
    ],
)
def test_what_says_nothing_is_not_put_down(inside: str) -> None:
    assert words.row_of(row(inside)) is None
