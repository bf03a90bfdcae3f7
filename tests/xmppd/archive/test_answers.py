"""test_answers — pages by ids, as clients ask for them; the wire is in test_mod_mam."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.xmppd.archive.test_pages import PEERS, row, with_store
from xmpp_core.errors import StanzaError
from xmpp_core.jid import JID
from xmpp_core.rsm import PageRequest
from xmppd.archive import answers, retention
from xmppd.archive.ids import ArchiveIds
from xmppd.archive.query import MamQuery
from xmppd.store import store

JULIET = JID.parse("juliet@localhost")
IDS = ArchiveIds(b"k" * 32)


def id_of(seq: int) -> str:
    return IDS.encode(JULIET.bare, seq)


async def numbers(**asked: Any) -> tuple[list[int], bool]:
    page = await answers.find(JULIET, MamQuery(**asked), IDS)
    return [one.seq for one in page.items], page.complete


async def put(*seqs: int) -> None:
    await store.transaction(lambda tx: tx.write_many([row(seq, seq % 2) for seq in seqs]))


def test_what_fields_and_pages_say_holds_together() -> None:
    async def body() -> None:
        await put(*range(20))
        assert await numbers(after_id=id_of(3), before_id=id_of(9)) == ([4, 5, 6, 7, 8], True)
        assert await numbers(after_id=id_of(3), page=PageRequest(2, after=id_of(5))) == ([6, 7], False)
        assert await numbers(before_id=id_of(9), page=PageRequest(2, before="")) == ([7, 8], False)
        assert await numbers(with_=JID.parse(PEERS[1]), page=PageRequest(3, before=id_of(10))) == ([5, 7, 9], False)
        assert await numbers(page=PageRequest(50, after=id_of(19))) == ([], True)
        assert await numbers(ids=(id_of(7), id_of(2), id_of(7))) == ([2, 7], True)
        assert await numbers(ids=(id_of(7), id_of(2)), with_=JID.parse(PEERS[1])) == ([7], True)

    with_store(body)


def test_an_id_that_is_gone_is_said_to_be_gone() -> None:
    """Clients go on by time then; an empty page would have them miss all of it."""

    async def body() -> None:
        await put(*range(9))
        await retention.purge("localhost", "juliet", 5)
        for asked in (
            {"after_id": id_of(4)},
            {"before_id": id_of(4)},
            {"ids": (id_of(7), id_of(4))},
            {"page": PageRequest(5, after=id_of(4))},
            {"page": PageRequest(5, before=id_of(4))},
            {"page": PageRequest(5, after="4")},
            {"page": PageRequest(5, after=IDS.encode("romeo@localhost", 7))},
        ):
            with pytest.raises(StanzaError) as refused:
                await numbers(**asked)
            assert refused.value.condition == "item-not-found"

    with_store(body)


def test_zero_asks_how_many_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    async def body() -> None:
        empty = await answers.find(JULIET, MamQuery(page=PageRequest(0)), IDS)
        assert (empty.count, empty.complete) == (0, True)
        await put(*range(60))
        some = await answers.find(JULIET, MamQuery(page=PageRequest(0), with_=JID.parse(PEERS[0])), IDS)
        assert (some.count, some.complete, list(some.items)) == (30, False, [])
        monkeypatch.setattr(answers, "MOST_COUNTED", 10)
        assert (await answers.find(JULIET, MamQuery(page=PageRequest(0)), IDS)).count is None

    with_store(body)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sets(st.integers(0, 50), max_size=30),
    st.sampled_from([None, *PEERS]),
    st.integers(1, 6),
    st.booleans(),
    st.tuples(st.none() | st.integers(0, 50), st.none() | st.integers(0, 50)),
)
def test_by_ids_every_message_comes_once(
    seqs: set[int], with_: str | None, limit: int, backwards: bool, bounds: tuple[int | None, int | None]
) -> None:
    after, before = [bound if bound in seqs else None for bound in bounds]
    wanted = [
        seq
        for seq in sorted(seqs)
        if (with_ is None or PEERS[seq % 2] == with_)
        and (after is None or seq > after)
        and (before is None or seq < before)
    ]
    asked: dict[str, Any] = {
        "with_": JID.parse(with_) if with_ else None,
        "after_id": id_of(after) if after is not None else "",
        "before_id": id_of(before) if before is not None else "",
    }

    async def body() -> None:
        await put(*seqs)
        seen: list[int] = []
        page = PageRequest(limit, before="" if backwards else None)
        while True:
            found, complete = await numbers(page=page, **asked)
            seen = [*found, *seen] if backwards else [*seen, *found]
            if complete:
                break
            page = (
                PageRequest(limit, before=id_of(found[0])) if backwards else PageRequest(limit, after=id_of(found[-1]))
            )
        assert seen == wanted

    with_store(body)
