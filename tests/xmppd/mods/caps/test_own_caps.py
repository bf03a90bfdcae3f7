"""The server's own capabilities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from xmpp_core import caps, ns
from xmppd.testing.thread import serve_in_thread

QUERY = "<query xmlns='http://jabber.org/protocol/disco#info' node='{}'/>"


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    with serve_in_thread() as server:
        yield server


def test_what_a_stream_begins_with_is_the_hash_of_what_the_server_answers(server: Any) -> None:
    romeo = server.client("romeo")
    old = re.findall(
        "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='([^']+)' ver='([^']+)'/>", romeo.seen
    )
    new = re.findall("<c xmlns='urn:xmpp:caps'><hash [^>]*algo='sha-256'>([^<]+)</hash></c>", romeo.seen)
    for node, kind, algo, value in (
        ("#".join(old[-1]), "1", "sha-1", old[-1][1]),
        (f"urn:xmpp:caps#sha-256.{new[-1]}", "2", "sha-256", new[-1]),
    ):
        answer = romeo.ask(f"<iq type='get' id='d' to='localhost'>{QUERY.format(node)}</iq>")
        query = answer.child("query", ns.DISCO_INFO)
        assert query is not None, answer.to_xml()
        assert caps.is_right(caps.CapsClaim(kind, algo, value, node), query)
    other = romeo.ask(f"<iq type='get' id='d' to='localhost'>{QUERY.format('https://xmppd.org#nonsense')}</iq>")
    assert "item-not-found" in other.to_xml()
