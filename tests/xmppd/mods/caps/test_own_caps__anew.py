"""The server's own capabilities when modules are configured otherwise."""

from __future__ import annotations

import re

from xmpp_core import caps, ns
from xmppd.testing.thread import serve_in_thread

INFO = "<iq type='get' id='d' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"


def ver(*, embed: bool) -> str:
    """What a stream begins with; it is checked against what the server answers."""
    with serve_in_thread(modules={"mod_report_affiliations": {"embed": embed}}) as server:
        romeo = server.client("romeo")
        found = re.findall(r"<c xmlns='[^']*/caps' hash='sha-1' node='([^']+)' ver='([^']+)'/>", romeo.seen)
        query = romeo.ask(INFO).child("query", ns.DISCO_INFO)
        assert query is not None
        assert caps.is_right(caps.CapsClaim("1", "sha-1", found[-1][1], "#".join(found[-1])), query)
        return str(found[-1][1])


def test_what_a_module_adds_by_its_options_is_in_the_hash_at_once() -> None:
    assert ver(embed=False) != ver(embed=True)
    assert ver(embed=True) != ver(embed=False)
