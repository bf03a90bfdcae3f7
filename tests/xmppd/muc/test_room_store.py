"""A room that is written and read again is the same, on every kind of store that this machine has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support import node
from tests.support.muc_room import ANN, BOB, ROOM, Den, three
from tests.xmppd.store.conftest import config, pg_cluster, pg_url
from xmpp_core import ns
from xmpp_core.muc.room import ChatRoom
from xmpp_core.muc.room_config import RoomConfig
from xmppd.archive import sequence
from xmppd.archive import tables as archive_tables
from xmppd.archive.tables import ARCHIVE
from xmppd.muc import room_store, tables
from xmppd.muc.room_writer import RoomWrite
from xmppd.muc.tables import OCCUPANT, MucAffiliation
from xmppd.muc.tables import ROOM as ROOM_TABLE
from xmppd.store import store
from xmppd.store.backend import StoreConfig
from xmppd.store.schema import Schema

__all__ = ["config", "pg_cluster", "pg_url"]
Run = Callable[[Callable[[], Any]], None]


@pytest.fixture(name="run")
def run_on_each(config: StoreConfig) -> Run:
    def play(body: Callable[[], Any]) -> None:
        async def whole() -> None:
            backend = store.open_backend(config, (archive_tables.SCHEMA, Schema("mod_muc", tables.MIGRATIONS)))
            store.use(backend)
            try:
                await body()
            finally:
                store.use(None)
                backend.close()

        node.run(whole)

    return play


class StoredDen(Den):
    """A room each step of which is stored; messages have the numbers of the archive."""

    writes: list[Any]

    def send(self, sender: str, xml: str) -> Any:
        before = self.room
        self.seq = sequence.following(int(self.now * 1e9), self.seq, 0) - 1
        self.now = sequence.seconds(self.seq + 1)
        told = super().send(sender, xml)
        assert self.outcome is not None
        write = room_store.write_of("l", before or self.room, self.outcome, int(self.now * 1e6))  # type: ignore[arg-type]
        self.writes.append(write)
        return told

    async def store(self) -> ChatRoom | None:
        """All that has happened is stored; the room as it is read."""
        for write in [one for one in self.writes if one is not None]:
            await store.transaction(write.run)
        self.writes = []
        found, _ = await room_store.load("l", ROOM)
        return found


def den(room_config: RoomConfig | None = None) -> StoredDen:
    made = StoredDen(room_config, None, "ann@l")
    made.writes = [RoomWrite((), (MucAffiliation("l", ROOM.local, "ann@l", "owner"),))]
    return made


def compared(room: ChatRoom | None) -> Any:
    """All but the key, which the test's rooms have another one of."""
    assert room is not None
    history = [(one.seq, one.at, one.nick, one.message.to_xml()) for one in room.history]
    subject = room.subject and (room.subject.seq, room.subject.at, room.subject.nick, room.subject.message.to_xml())
    seats = {one.nick: ([seat.jid.full for seat in one.seats], one.role) for one in room.occupants.values()}
    return room.config, room.affiliations, seats, list(room.occupants), room.nicks, history, subject, room.locked


def test_the_room_that_is_read_is_the_one_that_was_written(run: Run) -> None:
    async def body() -> None:
        one = den(RoomConfig(whois="anyone", persistent=True))
        one.join(ANN, "ann", more="<show>away</show>")
        one.open(roomname="Tea", roomadmins=("cat@l",))
        one.join(BOB, "bob")
        one.join("bob@l/other", "bob", more="<show>dnd</show>")
        one.admin(ANN, "jid='dan@l' affiliation='outcast'|<reason>tea</reason>", "nick='bob' role='visitor'")
        one.subject(ANN, "Cups")
        one.say(ANN, "hello")
        assert compared(await one.store()) == compared(one.room)
        one.leave(BOB)
        one.admin(ANN, "jid='dan@l' affiliation='none'", "nick='bob' role='none'")
        assert compared(await one.store()) == compared(one.room)
        [_, row] = await store.select(ARCHIVE, (ROOM.domain, ROOM.local))
        assert f"<item xmlns='{ns.MUC_USER}'" in row.xml or "jid='ann@l'" in row.xml, "the archive says whose it is"

    run(body)


def test_a_room_that_is_no_more_leaves_nothing(run: Run) -> None:
    async def body() -> None:
        one = den()
        one.join(ANN, "ann")
        one.open()
        one.say(ANN, "hello")
        await one.store()
        one.leave(ANN)
        assert one.room is None
        assert await one.store() is None
        for table in (ROOM_TABLE, OCCUPANT, ARCHIVE):
            assert await store.count(table) == 0

    run(body)


def test_without_an_archive_the_last_messages_are_all_that_is_kept(run: Run) -> None:
    async def body() -> None:
        one = den(RoomConfig(archive=False, history=2, persistent=True))
        one.join(ANN, "ann")
        one.open()
        for text in "abcd":
            one.say(ANN, text)
        assert compared(await one.store()) == compared(one.room)
        rows = await store.select(ARCHIVE, (ROOM.domain, ROOM.local))
        assert [row.name for row in rows] == ["c", "d"]

    run(body)


def test_the_key_stays(run: Run) -> None:
    async def body() -> None:
        first = await room_store.salt()
        assert len(first) == 32
        assert await room_store.salt() == first

    run(body)


def test_what_changes_nothing_writes_nothing() -> None:
    one = three()
    before = one.room
    one.send(BOB, f"<presence to='{ROOM}/nobody' type='probe'/>")
    assert before is not None
    assert one.outcome is not None
    assert room_store.write_of("l", before, one.outcome, 1) is None
