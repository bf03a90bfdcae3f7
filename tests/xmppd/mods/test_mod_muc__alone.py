"""Rooms beside modules that are switched off."""

from __future__ import annotations

from tests.support.muc_client import RoomOnTheWire
from xmppd.testing.thread import serve_in_thread


def test_rooms_have_archives_where_accounts_have_none() -> None:
    with serve_in_thread(modules={"mod_mam": False}) as server:
        den = RoomOnTheWire(server, "alone")
        [ann] = den.members("ann")
        den.say(ann, "hi")
        ann.expect("<body>hi</body>")
        mark = len(ann.seen)
        assert den.archive(ann).get("type") == "result"
        assert "<body>hi</body>" in ann.seen[mark:]
