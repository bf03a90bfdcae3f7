"""From the store to a session."""

from tests.support.court import Court, play
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.mods.offline import spool
from xmppd.store import store
from xmppd.store.tables import OFFLINE, OfflineMessage

JULIET, ROMEO = JID.parse("juliet@localhost"), JID.parse("romeo@localhost/r")


def test_in_order_with_the_time_and_deleted_when_written() -> None:
    async def body(court: Court) -> None:
        juliet = await court.login("juliet@localhost/j")
        texts = [make_message(JULIET, body, from_=ROMEO).el.to_xml("") for body in ("a", "b")]
        rows = [OfflineMessage("localhost", "juliet", i, 1_000_000_000_500, text) for i, text in enumerate(texts)]
        for row in rows:
            await store.transaction(lambda tx, row=row: tx.write(row))
        spool.hand_over(juliet.pid, rows)
        await court.settle()
        first, second = juliet.take()
        assert first.startswith("<message type='chat' from='romeo@localhost/r' to='juliet@localhost'><body>a</body>")
        assert "<delay xmlns='urn:xmpp:delay' from='localhost' stamp='2001-09-09T01:46:40.500Z'>" in first
        assert "<body>b</body>" in second
        assert await store.count(OFFLINE) == 0

    play(body)


def test_a_stamp_forged_in_the_servers_name_is_taken_out() -> None:
    async def body(court: Court) -> None:
        juliet = await court.login("juliet@localhost/j")
        forged = el("delay", ns.DELAY, {"from": "localhost", "stamp": "1999-01-01T00:00:00Z"})
        text = make_message(JULIET, "x", forged, from_=ROMEO).el.to_xml("")
        spool.hand_over(juliet.pid, [OfflineMessage("localhost", "juliet", 1, 1_000_000_000_500, text)])
        await court.settle()
        (got,) = juliet.take()
        assert got.count("<delay") == 1
        assert "1999" not in got

    play(body)
