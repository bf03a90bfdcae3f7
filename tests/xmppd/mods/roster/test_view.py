"""A roster as it is read."""

from tests.support.core_server import CoreServer, play
from xmpp_core.jid import JID
from xmppd.mods.roster import view
from xmppd.mods.roster.tables import RosterItem, RosterVersion
from xmppd.store import store
from xmppd.store.backend import Tx

ROMEO = JID.parse("romeo@localhost")


def write(version: int, *items: RosterItem) -> None:
    def transaction(tx: Tx) -> None:
        for item in items:
            tx.write(item)
        tx.write(RosterVersion("localhost", "romeo", version))

    return transaction  # type: ignore[return-value]


def item(contact: str, out: str, in_: str, listed: bool = True) -> RosterItem:
    return RosterItem("localhost", "romeo", contact, "N<", ("g",), out, in_, False, listed)


def test_a_view_is_made_once_per_version() -> None:
    async def body(core: CoreServer) -> None:
        assert await view.of(ROMEO) == view.View()
        rows = [item("a@x", "to", "from"), item("b@x", "ask", "none"), item("c@x", "none", "pend", listed=False)]
        await store.transaction(write(7, *rows))  # type: ignore[arg-type]
        first = await view.of(ROMEO)
        assert first is await view.of(ROMEO)
        assert (first.version, first.froms, first.tos) == (7, {"a@x"}, {"a@x"})
        assert [r.contact for r in first.pending] == ["c@x"]
        assert [r.contact for r in first.asks] == ["b@x"]
        assert first.xml.startswith("<item jid='a@x' subscription='both' name='N&lt;'><group>g</group></item>")
        assert "c@x" not in first.xml
        await store.transaction(write(8, item("d@x", "none", "none")))  # type: ignore[arg-type]
        assert "d@x" in (await view.of(ROMEO)).xml, "a change of another node is seen"

    play(body)
