"""test_gen_event__sys — a manager under sys: states, status, code; sleep; and answers fetched later.

OTP:  gen_event_SUITE
"""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import ProcessExit
from otp.erts.process import process_info, receive, self_, send
from otp.stdlib import gen_event, introspect, requests
from otp.stdlib.gen_event import Ok, Reply
from otp.stdlib.requests import NO_REPLY, NO_REQUEST, TIMED_OUT, Replied, RequestError, Requests
from tests.support.node import run, until
from tests.support.scripted_handlers import Bare, Other, Teller, answering, manager, raising


def sleeps(pid: Any) -> bool:
    info = process_info(pid)
    return info is not None and info.status == "hibernating"


def test_gen_event__get_state() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), ((Teller, 2), self_(), 2))
        assert await introspect.get_state(pid) == [(Teller, 2, (self_(), 2)), (Teller, None, (self_(), 1))]

    run(body)


def test_gen_event__replace_state() -> None:
    def broken(handler: Any) -> Any:
        if handler[1] == 2:
            raise ValueError("no")
        return (*handler[:2], (handler[2][0], "new"))

    async def body() -> None:
        me = self_()
        pid = await manager((Teller, me, 1), ((Teller, 2), me, 2))
        assert await introspect.replace_state(pid, broken) == [(Teller, 2, (me, 2)), (Teller, None, (me, "new"))]
        other = await introspect.replace_state(pid, lambda handler: ("another", None, "state"))
        assert other == [(Teller, 2, (me, 2)), (Teller, None, (me, "new"))]

    run(body)


def test_gen_event__call_format_status() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), "secret"))
        status = await introspect.get_status(pid)
        assert status["state"] == [(Teller, None, "hidden")]
        assert status["behaviour"] == "gen_event"

    run(body)


def test_gen_event__call_format_status_anon() -> None:
    async def body() -> None:
        pid = await manager(((Teller, "anon"), self_(), "secret"))
        assert (await introspect.get_status(pid))["state"] == [(Teller, "anon", "hidden")]
        assert (await introspect.get_status(pid))["pid"] is pid

    run(body)


def test_gen_event__error_format_status(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await manager(((Teller, "id"), self_(), "secret"))
        await gen_event.sync_notify(pid, raising(ProcessExit("boom")))

    run(body)
    report: Any = caplog.records[0].__dict__["report"]
    assert (report["state"], report["reason"], report["handler"]) == ("hidden", "boom", (Teller, "id"))
    assert "secret" not in caplog.text


def test_gen_event__undef_code_change() -> None:
    class New(Bare):
        pass

    New.__qualname__ = Bare.__qualname__

    async def body() -> None:
        pid = await manager((Bare,), (Teller, self_()))
        await introspect.suspend(pid)
        await introspect.change_code(pid, New())
        await introspect.resume(pid)
        assert [state for _, _, state in await introspect.get_state(pid)][1] == 0

    run(body)


def test_gen_event__hibernate() -> None:
    async def body() -> None:
        me = self_()
        pid = await manager((Teller, me, Ok((me, 1), hibernate=True)))
        await until(lambda: sleeps(pid))
        gen_event.notify(pid, "wake")
        assert await receive(timeout=5) == ("event", 1, "wake")
        await until(lambda: not sleeps(pid))
        for sleep in (
            lambda: gen_event.notify(pid, answering(Ok((me, 2), hibernate=True))),
            lambda: send(pid, answering(Ok((me, 2), hibernate=True))),
        ):
            sleep()
            await until(lambda: sleeps(pid))
            assert await introspect.get_state(pid) == [(Teller, None, (me, 2))]
            assert sleeps(pid)
        assert await gen_event.call(pid, Teller, answering(Reply("ok", (me, 3), hibernate=True))) == "ok"
        await until(lambda: sleeps(pid))
        await introspect.suspend(pid)
        await introspect.resume(pid)
        assert await gen_event.call(pid, Teller, "awake?") == (3, "awake?")
        assert not sleeps(pid)

    run(body)


def test_gen_event__auto_hibernate() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), hibernate_after=0.01)
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))
        assert await gen_event.call(pid, Teller, "awake?") == (1, "awake?")
        assert not sleeps(pid)
        await until(lambda: sleeps(pid))

    run(body)


async def _slow(state: Any) -> Any:
    await process.sleep(0.02)
    return Reply("slow", state)


def test_gen_event__send_request_receive_reqid_collection() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1))
        await receive()
        pending = Requests()
        assert await requests.receive_any(pending, 1) == NO_REQUEST
        pending = pending.add(gen_event.send_request(pid, Teller, "a"), "first")
        pending = pending.add(gen_event.send_request("nobody", Teller, "b"), "second")
        outcomes = []
        while pending:
            outcome, label, pending = await requests.receive_any(pending, 5)  # type: ignore[misc]
            outcomes.append((label, outcome))
        assert sorted(outcomes, key=str) == [
            ("first", Replied((1, "a"))),
            ("second", RequestError("noproc", "nobody")),
        ]
        slow = pending.add(gen_event.send_request(pid, Teller, _slow), "slow")
        assert await requests.receive_any(slow, 0.001) == TIMED_OUT
        assert await gen_event.call(pid, Teller, "after") == (1, "after")
        assert await process.flush() == []

    run(body)


def test_gen_event__send_request_wait_reqid_collection() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), (Other, self_(), 2))
        pending = Requests().add(gen_event.send_request(pid, Teller, _slow), "slow")
        assert await requests.wait_any(pending, 0.001) == TIMED_OUT
        found: Any = await requests.wait_any(pending, 5, delete=False)
        assert found == (Replied("slow"), "slow", pending)
        refused: Any = await gen_event.wait_response(gen_event.send_request(pid, Bare, "x"), 5)
        assert refused.value.reason == "bad_module"

    run(body)


def test_gen_event__send_request_check_reqid_collection() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1))
        await receive()
        one, two = (gen_event.send_request(pid, Teller, word) for word in ("one", "two"))
        pending = Requests().add(one, 1).add(two, 2)
        assert requests.check_any("something else", pending) == NO_REPLY
        first = await receive(timeout=5)
        assert gen_event.check_response(first, two) == NO_REPLY
        assert requests.check_any(first, pending) == (Replied((1, "one")), 1, Requests().add(two, 2))
        second = await receive(timeout=5)
        assert requests.check_any(second, Requests().add(two, 2)) == (Replied((1, "two")), 2, Requests())
        assert requests.check_any(second, Requests()) == NO_REQUEST

    run(body)
