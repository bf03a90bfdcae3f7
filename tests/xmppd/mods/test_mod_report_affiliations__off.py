"""By default strangers are told nothing of an account."""

from __future__ import annotations

import re

from xmppd.testing.thread import serve_in_thread

NS = "urn:xmpp:raa:0"
DISCO = "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"


def test_nothing_is_embedded_or_taken_out() -> None:
    with serve_in_thread() as server:
        ann, bea = server.client("ann"), server.client("bea")
        text = ann.ask(DISCO).to_xml()
        assert f"<feature var='{NS}'/>" in text
        assert "#embed" not in text
        for client in (ann, bea):
            client.send("<presence/>")
            server.settle()
        ann.send("<presence to='bea@localhost' type='subscribe'/>")
        server.settle()
        [request] = re.findall(r"<presence [^>]*type='subscribe'[^>]*>", bea.seen)
        assert request.endswith("/>")
