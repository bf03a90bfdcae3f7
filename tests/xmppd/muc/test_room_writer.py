"""What rooms keep is stored in order, many with a commit; who waits for something that cannot be stored is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from tests.support import node
from xmppd.muc import room_writer, tables
from xmppd.muc.room_writer import RoomWrite
from xmppd.muc.tables import AFFILIATION, MucAffiliation
from xmppd.store import store
from xmppd.store.backend import StoreConfig, StoreError
from xmppd.store.schema import Schema


def play(body: Callable[[Any], Any]) -> None:
    async def whole() -> None:
        backend = store.open_backend(StoreConfig("memory"), [Schema("mod_muc", tables.MIGRATIONS)])
        store.use(backend)
        try:
            await room_writer.start_link("l")
            await body(backend)
        finally:
            store.use(None)
            backend.close()

    node.run(whole)


def row(jid: str, affiliation: str = "member") -> MucAffiliation:
    return MucAffiliation("l", "den", jid, affiliation)


def write(*rows: MucAffiliation) -> RoomWrite:
    return RoomWrite((), rows)


async def there() -> list[tuple[str, str]]:
    return [(one.jid, one.affiliation) for one in await store.select(AFFILIATION, ("l", "den"))]


def count_commits(patch: pytest.MonkeyPatch) -> list[int]:
    commits: list[int] = []
    original = store.transaction

    async def transaction(fn: Any) -> Any:
        commits.append(1)
        return await original(fn)

    patch.setattr(store, "transaction", transaction)
    return commits


def test_many_are_one_commit_in_their_order() -> None:
    async def body(backend: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            commits = count_commits(patch)
            for number in range(10):
                room_writer.keep("l", write(row("a", str(number))))
            room_writer.keep("l", RoomWrite(((AFFILIATION, ("l", "den", "a"), None),), (row("b"),)))
            await room_writer.settle("l")
            assert len(commits) == 1
        assert await there() == [("b", "member")]

    play(body)


def test_nobody_need_wait() -> None:
    async def body(backend: Any) -> None:
        room_writer.keep("l", write(row("a")))
        for _ in range(500):
            if await there():
                break
            await process.sleep(0.01)
        assert await there() == [("a", "member")]

    play(body)


def test_what_somebody_waits_for_is_stored_after_all_before_it() -> None:
    async def body(backend: Any) -> None:
        room_writer.keep("l", write(row("a", "member")))
        await room_writer.commit("l", write(row("a", "owner")))
        assert await there() == [("a", "owner")]

    play(body)


def test_what_cannot_be_stored_is_given_up_if_somebody_waits_for_it_and_tried_again_if_not() -> None:
    async def body(backend: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(room_writer, "AGAIN", 0.01)

            async def full(fn: Any) -> Any:
                raise StoreError("full")

            patch.setattr(store, "transaction", full)
            room_writer.keep("l", write(row("a")))
            with pytest.raises(StoreError):
                await room_writer.commit("l", write(row("b")))
        await room_writer.settle("l")
        assert await there() == [("a", "member")]

    play(body)


def test_without_a_writer_nobody_has_it() -> None:
    async def body(backend: Any) -> None:
        assert room_writer.keep("elsewhere", write(row("a"))) is None
        assert room_writer.spec("l").id == room_writer.name("l")

    play(body)
