"""What somebody is to the owner of nodes."""

from __future__ import annotations

from typing import Any

from tests.support.pep_client import befriend
from xmpp_core.jid import JID
from xmpp_core.pubsub.access import Affiliation
from xmpp_core.pubsub.node_config import NodeConfig
from xmppd.pubsub import api, relations


def test_contacts_see_and_strangers_do_not(server: Any) -> None:
    anna, bert = server.client("anna"), server.client("bert")
    befriend(server, anna, bert)
    realm, config = api.pep(JID.parse("anna@localhost")), NodeConfig(access_model="presence")

    async def play() -> None:
        owner = await relations.asker_of(realm, "n", config, JID.parse("anna@localhost/x"))
        assert owner.affiliation is Affiliation.OWNER
        assert (await relations.asker_of(realm, "n", config, JID.parse("bert@localhost/x"))).sees
        assert not (await relations.asker_of(realm, "n", config, JID.parse("eve@localhost/x"))).sees
        assert await relations.froms_of(realm.jid) == {"bert@localhost"}

    server.run(play)
