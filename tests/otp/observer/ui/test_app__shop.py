"""test_app__shop — the observer in the terminal over a plain program that runs: docs/observed_shop.py.

Way:  otp.observer.ui.app, windows, source, client, server
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Static, Tree

from otp.observer import client
from otp.observer.source import Source
from otp.observer.ui.app import Observer
from otp.observer.ui.windows import Detail
from tests.support.observed_shop import open_shop
from tests.support.played_source import answered, play, until


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Source]:
    with open_shop(tmp_path_factory.mktemp("shop")) as path:
        yield Source(lambda command, params: client.ask(path, command, params), str(path))


async def on_till(app: Observer, pilot: Pilot[None], name: str) -> None:
    """Go to the tree and put the cursor on a till."""
    await pilot.press("3")
    tree: Tree[Any] = app.query_one("#tree", Tree)

    def tills() -> list[Any]:
        return [till for node in tree.root.children for top in node.children for till in top.children]

    await until(lambda: any(till.data["id"] == name for till in tills()), pilot)
    tree.move_cursor(next(till for till in tills() if till.data["id"] == name))
    await pilot.pause()


def test_a_page_of_a_process_says_its_state_links_and_where_it_waits(shop: Source) -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        await on_till(app, pilot, "till_2")
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, Detail), pilot)
        page = app.screen
        assert isinstance(page, Detail)
        assert page.heading.startswith("till_2 <")
        assert page.told["current function"] == "waits for its next message"
        assert [line.split()[1] for line in page.told["links"]] == ["shop"]
        assert (page.told["state"], page.told["messages"], page.told["monitors"]) == ("0", [], [])
        assert page.query_one("#told", Static)

    play(shop, body)


def test_a_till_is_killed_after_a_question_and_opens_again(shop: Source) -> None:
    async def body(app: Observer, pilot: Pilot[None]) -> None:
        before = shop.info("till_2")
        assert before is not None
        await on_till(app, pilot, "till_2")
        await pilot.press("k")
        assert before["pid"] in await answered(app, pilot, "n")
        assert shop.info(before["pid"]) is not None, "nothing was done"
        await pilot.press("k")
        await answered(app, pilot, "y")
        await until(lambda: shop.info(before["pid"]) is None, pilot)
        after = shop.info("till_2")
        assert after is not None
        assert after["pid"] != before["pid"]

    play(shop, body)
