"""What sm asks goes through the behaviour: another directory may stand behind it."""

from __future__ import annotations

import pytest

from otp.erts import process
from tests.support import node
from xmpp_core.jid import JID
from xmppd.routing.session import Session, new_session
from xmppd.routing.sm import sm
from xmppd.routing.sm.directory import Directory


class Ledger:
    """A directory that keeps what was asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def open(self, session: Session) -> Session | None:
        self.asked.append(("open", session.priority))
        return None

    async def change(self, session: Session, *, everywhere: bool = False) -> None:
        self.asked.append(("change", session.priority, session.interested, session.attached, everywhere))

    async def close(self, session: Session) -> None:
        self.asked.append("close")

    async def settle(self, session: Session) -> None:
        self.asked.append("settle")

    def settled(self, session: Session) -> None:
        self.asked.append("settled")

    def left(self, session: Session) -> None:
        self.asked.append("left")

    async def claim(self, session: Session) -> bool:
        self.asked.append("claim")
        return True

    def release(self, session: Session) -> None:
        self.asked.append("release")


def test_who_is_waited_for_is_the_business_of_the_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger()
    directory: Directory = ledger
    monkeypatch.setattr(sm, "_DIRECTORY", directory)

    async def body() -> None:
        session = new_session(JID.parse("romeo@localhost/r"), process.self_())
        await sm.open_session(session)
        assert sm.own_session() is sm.session_of(process.self_()) is session
        await sm.set_presence(session, -1)
        await sm.set_presence(session, -1)
        await sm.set_presence(session, 3)
        await sm.set_presence(session, 4)
        await sm.set_interested(session)
        await sm.set_attached(session, False)
        await sm.set_client(session, "a phone")
        await sm.set_client(session, "a phone")
        assert session.entry.client == "a phone"
        await sm.set_stream_id(session, "an id")
        await sm.set_stream_id(session, "an id")
        assert session.entry.stream_id == "an id"
        with pytest.raises(ValueError, match="too long"):
            await sm.set_client(session, "x" * (sm.MOST_CLIENT_ID + 1))
        assert await sm.claim(session)
        sm.release(session)
        await sm.close_session(session)
        assert sm.own_session() is None
        await sm.finish_leaving(session, moved=True)
        await sm.finish_leaving(session, moved=False)

    node.run(body)
    assert ledger.asked == [
        ("open", None),
        ("change", -1, False, True, True),
        ("change", 3, False, True, True),
        ("change", 4, False, True, False),
        ("change", 4, True, True, True),
        ("change", 4, True, False, False),
        ("change", 4, True, False, True),
        ("change", 4, True, False, True),
        "claim",
        "release",
        "close",
        "settle",
        "left",
        "settled",
        "left",
    ]
