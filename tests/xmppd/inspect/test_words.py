"""test_words — what an operator means by a word.

Way:  xmppd.inspect.words
"""

from __future__ import annotations

import pytest

from xmppd.inspect import words


@pytest.mark.parametrize(
    ("word", "what"),
    [("192.0.2.1", True), ("2001:db8::1", True), (":5222", True), (":x", False), ("router", False), ("a@b", False)],
)
def test_what_is_an_address(word: str, what: bool) -> None:
    assert words.is_address(word) is what


def test_what_is_a_jid_and_what_a_port() -> None:
    assert words.is_jid("romeo@localhost/orchard")
    assert not words.is_jid("router")
    assert words.is_port(":5222")
    assert not words.is_port("5222")
