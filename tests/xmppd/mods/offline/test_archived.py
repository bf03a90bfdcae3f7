"""test_archived — which stored messages are not handed over, because the client has them from the archive."""

from __future__ import annotations

import pytest

from tests.support import node
from xmpp_core import ns
from xmpp_core.element import el
from xmpp_core.jid import JID
from xmpp_core.stanza import make_message
from xmppd.mods.offline import archived
from xmppd.mods.offline.tables import OfflineMessage
from xmppd.routing import hooks
from xmppd.routing.archive_hook_points import ArchiveHeldHook

JULIET = JID.parse("juliet@localhost")


def mark(by: str, id_: str) -> object:
    return el("stanza-id", ns.STANZA_ID, {"by": by, "id": id_})


def test_the_id_is_the_one_of_its_owner() -> None:
    message = make_message(JULIET, "hi", mark("room@rooms", "x"), mark(JULIET.bare, "y"))  # type: ignore[arg-type]
    assert archived.id_of(message, JULIET) == "y"
    assert archived.id_of(make_message(JULIET, "hi"), JULIET) == ""


def test_what_was_fetched_goes_and_what_the_archive_has_if_the_client_catches_up() -> None:
    rows = [
        OfflineMessage("localhost", "juliet", n, 0, "<m/>", archived=id_) for n, id_ in enumerate(["a", "", "b", "c"])
    ]

    async def body() -> None:
        await hooks.start_link()
        await hooks.add("localhost", ArchiveHeldHook, lambda found, point: found | (point.ids & {"b"}))
        assert await archived.found_there(JULIET, rows, set(), False) == []
        assert await archived.found_there(JULIET, rows, {"a", "z"}, False) == [0]
        assert await archived.found_there(JULIET, rows, {"a"}, True) == [0, 2]

    node.run(body)


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archived, "MOST", 3)
    fetched: set[str] = set()
    archived.remember(fetched, ("a", "b"))
    archived.remember(fetched, ("c", "d"))
    assert fetched == {"a", "b", "c"}
