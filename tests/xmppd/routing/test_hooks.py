"""The contract of hooks (seed section 6)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otp.erts import process
from tests.support import node
from tests.support.core_server import CoreServer, crash, play
from xmpp_core.errors import StanzaError
from xmppd.routing import hooks
from xmppd.routing.hook_kinds import Fold, Run
from xmppd.routing.hook_points import StreamFeaturesHook, UserSendPresenceHook
from xmppd.routing.hooks import Stop


@dataclass(frozen=True)
class Ask(Fold["Ask", str]):
    """A question."""


@dataclass(frozen=True)
class Tell(Run["Tell"]):
    """News."""


def alone(body: Callable[[], Awaitable[Any]]) -> None:
    async def whole() -> None:
        await hooks.start_link()
        await body()

    node.run(whole)


def adds(letter: str) -> Callable[[str, Ask], str]:
    return lambda acc, point: acc + letter


def test_lower_numbers_run_first_and_adding_twice_is_a_no_op() -> None:
    async def body() -> None:
        last, first = adds("c"), adds("a")
        await hooks.add("h", Ask, last, 90)
        await hooks.add("h", Ask, adds("b"))
        await hooks.add("h", Ask, first, 10)
        await hooks.add("h", Ask, first, 10)
        assert await hooks.run_fold("h", Ask(), "") == "abc"
        await hooks.delete("h", Ask, first)
        assert await hooks.run_fold("h", Ask(), "") == "bc"
        assert await hooks.run_fold("other", Ask(), "") == ""
        assert hooks.wanted("h", Ask)
        assert not hooks.wanted("global", Ask)

    alone(body)


def test_stop_ends_the_chain() -> None:
    async def body() -> None:
        await hooks.add("h", Ask, lambda acc, point: Stop("enough"), 10)
        await hooks.add("h", Ask, adds("x"))
        assert await hooks.run_fold("h", Ask(), "") == "enough"
        heard: list[str] = []
        await hooks.add("h", Tell, lambda point: Stop(None), 10)
        await hooks.add("h", Tell, lambda point: heard.append("late"))
        await hooks.run("h", Tell())
        assert heard == []

    alone(body)


def test_plain_handlers_are_told_at_once_and_those_behind_one_that_waits_after_it() -> None:
    async def body() -> None:
        heard: list[str] = []

        def broken(point: Tell) -> None:
            raise RuntimeError("it is skipped")

        async def waits(point: Tell) -> None:
            await process.sleep(0)
            heard.append("waits")

        assert hooks.begin_run("h", Tell()) is None
        await hooks.add("h", Tell, broken, 5)
        await hooks.add("h", Tell, lambda point: heard.append("plain"), 10)
        assert hooks.begin_run("h", Tell()) is None
        assert heard == ["plain"]
        await hooks.add("h", Tell, waits, 20)
        await hooks.add("h", Tell, lambda point: heard.append("behind"), 30)
        rest = hooks.begin_run("h", Tell())
        assert heard == ["plain", "plain"]
        assert rest is not None
        await rest
        assert heard == ["plain", "plain", "waits", "behind"]
        await hooks.add("h", Tell, lambda point: Stop(None), 7)
        assert hooks.begin_run("h", Tell()) is None
        assert len(heard) == 4

    alone(body)


def test_a_crashing_handler_is_logged_and_skipped(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        def broken(*_: object) -> str:
            raise RuntimeError("broken pipe of a module")

        await hooks.add("h", Ask, adds("a"), 10)
        await hooks.add("h", Ask, broken, 20)
        await hooks.add("h", Ask, adds("b"), 30)
        await hooks.add("h", Tell, broken)
        with caplog.at_level(logging.ERROR, "xmppd.hooks"):
            assert await hooks.run_fold("h", Ask(), "") == "ab"
            await hooks.run("h", Tell())
        assert caplog.text.count("RuntimeError: broken pipe of a module") == 2

    alone(body)


def test_handlers_run_in_the_caller_and_may_wait() -> None:
    async def body() -> None:
        async def slow(acc: str, point: Ask) -> str:
            await process.sleep(0.001)
            return f"{acc}{process.self_() is caller}"

        caller = process.self_()
        await hooks.add("h", Ask, slow)
        assert await hooks.run_fold("h", Ask(), "") == "True"

    alone(body)


def test_a_stanza_error_is_an_answer() -> None:
    async def body() -> None:
        def refuse(*_: object) -> str:
            raise StanzaError("forbidden")

        await hooks.add("h", Ask, refuse)
        with pytest.raises(StanzaError, match="forbidden"):
            await hooks.run_fold("h", Ask(), "")

    alone(body)


def test_a_restarted_server_has_the_modules_handlers_again_and_no_session_is_dropped() -> None:
    async def body(core: CoreServer) -> None:
        romeo, juliet = await core.login("romeo@localhost/r"), await core.login("juliet@localhost/j")
        await core.friends(romeo, juliet)
        before = await hooks.run_fold("localhost", StreamFeaturesHook("localhost", romeo.jid), ())
        old = process.whereis("hooks")
        assert old is not None
        process.exit_(old, "kill")
        await romeo.send("<presence><show>away</show></presence>")  # waits until the table is whole again
        await core.settle()
        assert "<show>away</show>" in juliet.take()[0]
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost", romeo.jid), ()) == before
        assert hooks.wanted("localhost", UserSendPresenceHook)

    play(body)


def test_a_restarted_module_registers_once() -> None:
    async def body(core: CoreServer) -> None:
        romeo = await core.login("romeo@localhost/r")
        before = await hooks.run_fold("localhost", StreamFeaturesHook("localhost", romeo.jid), ())
        await crash("mod_roster@localhost")
        await romeo.ask("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>")
        assert await hooks.run_fold("localhost", StreamFeaturesHook("localhost", romeo.jid), ()) == before

    play(body)


def does(what: str, letter: str, waits: bool) -> Callable[[str, Ask], Any]:
    def plain(acc: str, point: Ask) -> Any:
        if what == "fail":
            raise RuntimeError("a bug of the test")
        if what == "refuse":
            raise StanzaError("forbidden")
        return Stop(acc + letter) if what == "stop" else acc + letter

    async def waiting(acc: str, point: Ask) -> Any:
        await process.sleep(0)
        return plain(acc, point)

    return waiting if waits else plain


DEEDS = st.lists(st.tuples(st.sampled_from(["add", "add", "add", "fail", "refuse", "stop"]), st.booleans()), max_size=6)


@given(DEEDS)
@settings(max_examples=60, deadline=None)
def test_a_fold_begun_without_waiting_comes_to_the_same(deeds: list[tuple[str, bool]]) -> None:
    async def outcome(run: Callable[[], Any]) -> str:
        try:
            result = run()
            return str(await result if hasattr(result, "__await__") else result)
        except StanzaError as error:
            return error.condition

    async def body() -> None:
        for place, (what, waits) in enumerate(deeds):
            await hooks.add("h", Ask, does(what, chr(ord("a") + place), waits), place)
        waited = await outcome(lambda: hooks.run_fold("h", Ask(), ""))
        assert await outcome(lambda: hooks.begin_fold("h", Ask(), "")) == waited
        if not any(waits for _, waits in deeds):
            plain = deeds == [] or all(what in ("add", "fail") for what, _ in deeds)
            assert not plain or isinstance(hooks.begin_fold("h", Ask(), ""), str), "nothing was waited for"

    alone(body)
