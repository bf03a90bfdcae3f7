"""test_retraction — who has sent a message may take it back, and a tombstone stays."""

from __future__ import annotations

import pytest

from tests.xmppd.archive.test_pages import PEERS, WHO, row, with_store
from xmpp_core import ns, parser
from xmppd.archive import retraction
from xmppd.archive.retraction import Retraction, retract
from xmppd.archive.tables import ARCHIVE, ArchivedMessage
from xmppd.store import store

XML = (
    f"<message xmlns='{ns.CLIENT}' id='m3' type='chat' from='a@b/c' to='d@e'>"
    "<body>oh</body><x xmlns='y'>oh</x></message>"
)


def wish(name: str = "m3", *, seq: int = 50, peer: int = 0, resource: str = "", sent: bool = False) -> Retraction:
    return Retraction(*WHO, seq, PEERS[peer], resource, sent, name, "r1")


async def kept(seq: int = 3) -> ArchivedMessage:
    found = await store.read(ARCHIVE, (*WHO, seq))
    assert found is not None
    return found


def test_a_tombstone_has_addresses_and_nothing_else() -> None:
    async def body() -> None:
        await store.transaction(lambda tx: tx.write_many([row(3, xml=XML), row(4)]))
        assert await store.transaction(lambda tx: retract(tx, wish()))
        left = parser.parse_written((await kept()).xml)
        assert "oh" not in left.to_xml()
        assert left.attrs == {"id": "m3", "type": "chat", "from": "a@b/c", "to": "d@e"}
        stone = left.child("retracted", ns.RETRACT)
        assert stone is not None
        assert stone.attrs == {"id": "r1", "stamp": "1970-01-01T00:00:00Z"}
        assert not await store.transaction(lambda tx: retract(tx, wish())), "once"

    with_store(body)


@pytest.mark.parametrize(
    "other", [wish(peer=1), wish(sent=True), wish("m9"), wish(seq=3)], ids=["peer", "direction", "id", "later"]
)
def test_nobody_else_may(other: Retraction) -> None:
    async def body() -> None:
        await store.transaction(lambda tx: tx.write(row(3, xml=XML)))
        assert not await store.transaction(lambda tx: retract(tx, other))
        assert (await kept()).xml == XML

    with_store(body)


def test_in_a_room_it_is_the_occupant() -> None:
    async def body() -> None:
        private = XML.replace("<body>", f"<x xmlns='{ns.MUC_USER}'/><body>")
        await store.transaction(lambda tx: tx.write_many([row(3, 0, "nick", xml=private), row(4, 1, "phone", xml=XML)]))
        assert not await store.transaction(lambda tx: retract(tx, wish(resource="other")))
        assert await store.transaction(lambda tx: retract(tx, wish("m4", peer=1, resource="laptop")))
        assert await store.transaction(lambda tx: retract(tx, wish(resource="nick")))

    with_store(body)


def test_how_far_it_looks_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retraction, "LOOK_BACK", 20)
    monkeypatch.setattr(retraction, "_PORTION", 5)

    async def body() -> None:
        await store.transaction(lambda tx: tx.write_many([row(n, xml=XML) for n in range(40)]))
        assert await store.transaction(lambda tx: retract(tx, wish("m25", seq=40)))
        assert not await store.transaction(lambda tx: retract(tx, wish("m3", seq=40)))

    with_store(body)
