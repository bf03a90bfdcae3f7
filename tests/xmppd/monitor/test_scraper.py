"""However many scrape, the nodes are asked once at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError
from otp.stdlib import gen_server
from tests.support import node
from xmppd.metrics import Sample
from xmppd.monitor import gather, scraper


def test_those_who_ask_together_have_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    real = gather.gather

    async def count(names: Any) -> Mapping[str, list[Sample] | None]:
        asked.append(1)
        await process.sleep(0.05)
        return await real(names)

    async def body() -> None:
        monkeypatch.setattr(gather, "gather", count)
        await scraper.start_link()
        texts = await asyncio.gather(*(scraper.scrape() for _ in range(5)))
        assert len(asked) == 1
        assert len({text for text, _ in texts}) == 1
        assert b"xmppd_up{" in texts[0][0]
        assert (await scraper.scrape(openmetrics=True))[1].startswith("application/openmetrics-text")
        assert len(asked) == 2

    node.run(body)


def test_a_scrape_that_fails_costs_only_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(names: Any) -> Mapping[str, list[Sample] | None]:
        raise RuntimeError("no")

    async def body() -> None:
        await scraper.start_link()
        with monkeypatch.context() as patched:
            patched.setattr(gather, "gather", fail)
            with pytest.raises(CallError):
                await gen_server.call(scraper.NAME, scraper.Scrape(), timeout=0.2)
        assert b"xmppd_up{" in (await scraper.scrape())[0]

    node.run(body)
