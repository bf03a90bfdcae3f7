"""What an archive had before is found by its words afterwards, in pieces and as often as one likes."""

from __future__ import annotations

import pytest

from tests.xmppd.archive.conftest import Run
from tests.xmppd.archive.test_pages import WHO
from tests.xmppd.archive.test_pages__words import found, message
from xmppd.archive import indexing, writer
from xmppd.archive.pages import Part
from xmppd.archive.tables import WORDS
from xmppd.store import store


def test_an_archive_from_before_is_indexed_in_pieces(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "PIECE", 3)

    async def body() -> None:
        await store.transaction(lambda tx: writer.write(tx, [message(n, f"rose {n}") for n in range(100, 108)]))
        assert await store.count(WORDS) == 0, "nobody pays for what is off"
        await store.index_words(WORDS)
        assert await indexing.index(*WHO) == await indexing.index(*WHO) == 8
        assert await found(Part(words=("rose",))) == list(range(100, 108))
        assert await found(Part(words=("105",))) == [105]

    run(body)
