"""What waits for processes: bounded, and told why it cannot be served."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.stdlib import supervisor
from tests.support.core_server import CoreServer
from tests.support.node import until
from tests.support.placed_counter import COUNTERS, MOD, HowMany, message, play_counters
from xmppd.routing import router
from xmppd.routing.placed import keys, locator

ONE = "one@count.localhost"


def test_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_WAITING", 3)

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        for text in "abcde":
            await router.route(message(text))  # the locator has its turn later
        await until(lambda: len(romeo.got) == 2)
        assert all("<resource-constraint " in text for text in romeo.take())
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 3

    play_counters(body)


def test_who_does_not_keep_up_is_not_sent_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "MOST_QUEUED", 2)

    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        await COUNTERS.whereis(MOD, ONE)
        for text in "abcde":
            await router.route(message(text))
        await until(lambda: len(romeo.got) == 3)
        assert all("<resource-constraint " in text for text in romeo.take())
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 2

    play_counters(body)


def test_while_another_may_have_it_nothing_is_started() -> None:
    async def body(core: CoreServer) -> None:
        stranger = process.spawn(process.sleep, 60)
        process.send(COUNTERS.group(MOD), locator.LocatorLeaving(stranger))
        await router.route(message("a"))
        await process.sleep(0.01)
        assert await supervisor.which_children(COUNTERS.sup_name(MOD)) == []
        process.send(COUNTERS.group(MOD), keys.LocatorSettled(stranger))
        assert await COUNTERS.call(MOD, ONE, HowMany()) == 1

    play_counters(body)
