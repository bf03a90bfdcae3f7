"""Pictures on a server that lacks one half of what is kept in step."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.support.pep_client import items, publish
from xmpp_core import ns
from xmppd.testing.thread import serve_in_thread

PNG = b"\x89PNG\r\n\x1a\none"
DISCO = "<iq type='get' id='d' to='ann@localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"


@pytest.mark.parametrize("gone", ["mod_vcard", "mod_pep"])
def test_it_is_not_announced_without_cards_or_nodes(gone: str) -> None:
    with serve_in_thread(modules={gone: False}) as server:
        ann = server.client("ann")
        assert ns.PEP_VCARD not in ann.ask(DISCO).to_xml()
        if gone == "mod_vcard":
            id_, data = hashlib.sha1(PNG).hexdigest(), base64.b64encode(PNG).decode()
            publish(ann, ns.AVATAR_DATA, f"<data xmlns='{ns.AVATAR_DATA}'>{data}</data>", id_, access_model="open")
            info = f"<info id='{id_}' bytes='{len(PNG)}' type='image/png'/>"
            publish(ann, ns.AVATAR_METADATA, f"<metadata xmlns='{ns.AVATAR_METADATA}'>{info}</metadata>", id_)
            assert items(ann, ns.AVATAR_METADATA) == [id_]
