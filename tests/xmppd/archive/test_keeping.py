"""test_keeping — numbers that no two messages share, and one text for both archives of a talk."""

from __future__ import annotations

from tests.xmppd.archive.test_pages import with_store
from xmpp_core.element import el
from xmppd.archive import keeping


def test_numbers_grow_whatever_is_remembered() -> None:
    async def body() -> None:
        numbers = [keeping.next_number(last) for last in (0, 0, 10, 0)]
        assert numbers == sorted(set(numbers))
        far = numbers[-1] + (1 << 40)
        assert keeping.next_number(far) > far
        assert keeping.next_number(0) < far, "an archive whose clock was wrong holds up no other"

    with_store(body)


def test_a_message_is_written_once_and_stands_alone() -> None:
    message = el("message", "jabber:client", {"type": "chat"}, el("body", "jabber:client", None, "hi"))
    text = keeping.text_of(message)
    assert text == "<message xmlns='jabber:client' type='chat'><body>hi</body></message>"
    assert keeping.text_of(message) is text
    assert keeping.text_of(message.with_attrs(type="normal")) != text


def test_ids_are_the_same_after_a_restart() -> None:
    async def body() -> None:
        one = (await keeping.ids()).encode("juliet@localhost", 5)
        assert (await keeping.ids()).encode("juliet@localhost", 5) == one

    with_store(body)
