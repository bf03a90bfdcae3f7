"""test_owner — what the stages know of an archive is what the store has."""

from __future__ import annotations

from tests.xmppd.archive.test_pages import row, with_store
from xmpp_core.jid import JID
from xmppd.archive.tables import ArchivePrefs
from xmppd.mods.mam import owner
from xmppd.mods.mam.prefs import Wishes
from xmppd.store import store

JULIET = JID.parse("juliet@localhost")


def test_of_an_account_that_has_said_nothing() -> None:
    async def body() -> None:
        found = await owner.load(JULIET)
        assert (found.chosen, found.last) == (None, 0)

    with_store(body)


def test_its_wishes_and_its_last_number() -> None:
    async def body() -> None:
        wishes = ArchivePrefs("localhost", "juliet", "roster", ("a@b",), ("c@d",))
        far = 1 << 62
        await store.transaction(lambda tx: tx.write_many([wishes, row(5), row(far), row(far + 5, user="other")]))
        found = await owner.load(JULIET)
        assert found.chosen == Wishes("roster", frozenset({"a@b"}), frozenset({"c@d"}))
        assert found.last == far
        assert found.next_number() > far
        assert found.next_number() < found.next_number()

    with_store(body)
