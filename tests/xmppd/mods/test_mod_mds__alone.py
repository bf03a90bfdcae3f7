"""mod_mds where accounts have no nodes."""

from __future__ import annotations

from tests.xmppd.mods.test_mod_mds import INFO, MARKER, message, read, there
from xmpp_core import ns
from xmpp_core.jid import JID
from xmppd.pubsub import api
from xmppd.testing.thread import serve_in_thread


def test_it_is_not_announced_and_still_taken_out() -> None:
    with serve_in_thread(modules={"mod_pep": False}) as server:
        alice, bob = there(server, "alice", "bob")
        assert ns.MDS_ASSIST not in alice.ask(INFO.format("alice@localhost")).to_xml()
        alice.send(message("bob@localhost", MARKER, read("1", "alice@localhost")))
        assert ns.MDS not in bob.expect("<message.*?the-msg-1.*?</message>")
        assert server.run(api.config, JID.parse("alice@localhost"), ns.MDS) is None
