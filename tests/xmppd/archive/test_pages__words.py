"""Who looks for words in an archive finds the messages that say all of them, on every kind of store."""

from __future__ import annotations

import random
from typing import Any

from tests.xmppd.archive.conftest import Run
from tests.xmppd.archive.test_pages import PEERS, WHO
from xmpp_core import ns
from xmppd.archive import pages, retention, words, writer
from xmppd.archive.pages import Part
from xmppd.archive.retraction import Retraction
from xmppd.archive.tables import ARCHIVE, WORDS, ArchivedMessage
from xmppd.store import migrate, store
from xmppd.store.backend import Range


def message(seq: int, text: str, peer: int = 0, resource: str = "", user: str = "juliet") -> ArchivedMessage:
    xml = f"<message xmlns='{ns.CLIENT}' type='chat'><body>{text}</body></message>"
    return ArchivedMessage("localhost", user, seq, PEERS[peer], resource, f"m{seq}", False, xml)


async def keep(*rows: Any) -> None:
    await store.transaction(lambda tx: writer.write(tx, list(rows), True))


async def found(part: Part, limit: int = 50, **more: Any) -> list[int]:
    rows, _ = await pages.read(WHO, part, limit, **more)
    return [row.seq for row in rows]


def test_all_words_within_an_archive_a_talk_and_a_time(run: Run) -> None:
    async def body() -> None:
        await store.index_words(WORDS)
        await keep(
            message(100, "A rose"), message(200, "Rose and thorn", 1), message(300, "thorn"),
            message(400, "ROSE, thorn!", 0, "a"), message(150, "rose thorn", user="nurse"),
        )  # fmt: skip
        assert await found(Part(words=("rose",))) == [100, 200, 400]
        assert await found(Part(words=("rose", "thorn"))) == [200, 400]
        assert await found(Part(PEERS[0], words=("rose",))) == [100, 400]
        assert await found(Part(PEERS[0], "a", words=("rose",))) == [400]
        assert await found(Part(after=100, before=400, words=("rose",))) == [200]
        assert await found(Part(words=("rose",)), 2, backwards=True) == [200, 400]
        assert await found(Part(words=("lily",))) == await found(Part(words=())) == []
        assert await pages.count(WHO, Part(words=("rose",)), 1000) == 3
        rows = [row for row in await pages.read_these(WHO, [100, 300]) if row is not None]
        assert [row.seq for row in rows if Part(words=("rose",)).has(row)] == [100]

    run(body)


def test_what_has_gone_is_not_found_nor_kept_as_words(run: Run) -> None:
    async def body() -> None:
        await store.index_words(WORDS)
        await keep(*[message(n, "rose") for n in range(100, 600, 100)])
        await keep(Retraction(*WHO, 900, PEERS[0], "", False, "m300", "r1"))
        assert await found(Part(words=("rose",))) == [100, 200, 400, 500]
        assert await retention.purge(*WHO, 250) == 2
        assert await found(Part(words=("rose",))) == [400, 500]
        assert [row.seq for row in await store.select(WORDS)] == [400, 500]
        await store.transaction(lambda tx: [tx.clear(table, WHO) for table in migrate.account_tables(tx)])
        assert await store.count(WORDS) == await store.count(ARCHIVE) == 0
        await keep(message(400, "lily", user="nurse"))
        assert await found(Part(words=("rose",))) == [], "nor by who has the name later"

    run(body)


def test_any_walk_visits_each_match_once(run: Run) -> None:
    chance = random.Random(11)
    names = ("rose", "thorn", "lily")
    rows = [
        message(64 * n + n % 3, " ".join(chance.choices(names, k=2)), chance.randrange(2), chance.choice("ab"))
        for n in range(120)
    ]
    talk = Part(PEERS[1], words=("rose", "lily"))

    async def body() -> None:
        await store.index_words(WORDS)
        await keep(*chance.sample(rows, len(rows)))
        for part in (Part(words=("rose",)), talk, Part(PEERS[0], "a", words=("lily",))):
            wanted = [row.seq for row in rows if part.has(row)]
            assert wanted
            for backwards in (False, True):
                seen, bounds = [], part
                while True:
                    page, complete = await pages.read(WHO, bounds, 7, backwards=backwards)
                    numbers = [row.seq for row in page]
                    seen = numbers + seen if backwards else seen + numbers
                    if complete:
                        break
                    edge = (part.after, numbers[0]) if backwards else (numbers[-1], part.before)
                    bounds = Part(part.peer, part.resource, *edge, part.words)
                assert seen == wanted

    run(body)


def test_what_somebody_looks_for_is_not_shown() -> None:
    asked = Part(words=("secret",))
    assert "secret" not in repr(asked) + repr(Range(WHO, words=("secret",)))


def test_marks_are_of_one_archive() -> None:
    assert words.mark("a", "b") != words.mark("a", "b", "c") != words.mark("a", "bc")
