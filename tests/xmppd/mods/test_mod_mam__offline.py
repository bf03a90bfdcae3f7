"""What waits for who is away (XEP-0160), beside an archive: what a client has fetched there comes only once."""

from __future__ import annotations

from tests.support.archive_client import JULIET, page, play, present, said, texts
from xmpp_core.jid import JID
from xmppd.routing import hooks
from xmppd.routing.archive_hook_points import ArchiveEndsHook, CatchesUpHook
from xmppd.routing.sm import sm
from xmppd.testing.server import Server


def test_what_a_client_has_fetched_before_it_is_there_is_not_handed_over_again() -> None:
    async def body(server: Server) -> None:
        [romeo] = await present(server, "romeo/orchard")
        await server.account("juliet")
        romeo.send(said(JULIET, "1") + said(JULIET, "2"))
        await server.settle()
        juliet = await server.client("juliet", "balcony")
        assert await texts(juliet, "", "<max>1</max>") == ["1"]
        juliet.send("<presence/>")
        assert "<body>2</body>" in await juliet.expect("<message.*?</message>")
        await server.settle()
        assert "<body>1</body>" not in juliet.seen[juliet.mark :]
        other = await server.client("juliet", "garden")
        other.send("<presence/>")
        await server.settle()
        other.mark = len(other.seen)
        assert await texts(other) == ["1", "2"], "it is in the archive all the same"

    play(body)


def test_what_a_client_has_not_fetched_is_handed_over_with_its_id() -> None:
    async def body(server: Server) -> None:
        [romeo] = await present(server, "romeo/orchard")
        await server.account("juliet")
        romeo.send(said(JULIET, "1"))
        await server.settle()
        juliet = await server.client("juliet", "balcony")
        juliet.send("<presence/>")
        waited = await juliet.expect("<message.*?</message>")
        await server.settle()
        juliet.mark = len(juliet.seen)
        [(id_, _)] = (await page(juliet))[0]
        assert f"id='{id_}'" in str(waited)

    play(body)


def test_a_client_that_catches_up_gets_only_what_the_archive_has_not() -> None:
    async def body(server: Server) -> None:
        [romeo] = await present(server, "romeo/orchard")
        await server.account("juliet")
        romeo.send(said(JULIET, "1"))
        await server.settle()
        await server.command("archive purge", account="juliet", days=0)
        romeo.send(said(JULIET, "2"))
        await server.settle()
        juliet = await server.client("juliet", "balcony")
        own = next(s for s in (sm.session_of(row.pid) for row in sm.sessions(JULIET)) if s is not None)
        await hooks.run("localhost", CatchesUpHook(own))
        juliet.send("<presence/>")
        assert "<body>1</body>" in str(await juliet.expect("<message.*?</message>"))
        await server.settle()
        assert "<body>2</body>" not in juliet.seen[juliet.mark :]
        ends = await hooks.run_fold("localhost", ArchiveEndsHook(JID.parse(JULIET)), None)
        assert ends is not None
        assert [mark.name for mark in ends.elements()] == ["start", "end"]

    play(body)
