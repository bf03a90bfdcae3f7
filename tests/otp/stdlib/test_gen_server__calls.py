"""test_gen_server__calls — hurried casts, requests answered later, what is not defined, crashes and their reports.

OTP:  gen_server_SUITE
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import CallError, Crash, ProcessExit
from otp.erts.process import is_alive, receive, self_, send, trap_exit
from otp.erts.signals import Down, Exit
from otp.stdlib import gen, gen_server, requests
from otp.stdlib.gen import From
from otp.stdlib.gen_server import NoReply, Reply, Stop
from otp.stdlib.requests import NO_REPLY, NO_REQUEST, TIMED_OUT, Replied, RequestError, Requests
from tests.support.node import run
from tests.support.scripted_server import Bare, Server, server


async def heard() -> Any:
    return await receive(timeout=5)


def test_gen_server__cast_fast() -> None:
    """A cast returns at once, whether anybody is there or not."""

    async def body() -> None:
        gen_server.cast("nobody", "x")
        pid = await server("trap", self_())
        for n in range(1000):
            gen_server.cast(pid, n)
        assert [what for _kind, what in (await gen_server.call(pid, "seen"))[1:]] == list(range(1000))

    run(body)


def test_gen_server__send_request() -> None:
    async def body() -> None:
        pid = await server()
        one = gen_server.send_request(pid, "ping")
        assert await gen_server.receive_response(one, 5) == Replied("pong")
        later = gen_server.send_request(pid, "later")
        assert await gen_server.wait_response(later, 0) == TIMED_OUT
        assert await gen_server.wait_response(later, 5) == Replied("at last")
        late = gen_server.send_request(pid, "later")
        assert await gen_server.receive_response(late, 0) == TIMED_OUT
        await process.sleep(0.01)
        assert await process.flush() == []
        crash = gen_server.send_request(pid, ("raise", ProcessExit("boom")))
        assert await gen_server.receive_response(crash, 5) == RequestError("boom", pid)
        for dest in (pid, "nobody"):
            gone = gen_server.send_request(dest, "ping")
            assert await gen_server.receive_response(gone, 5) == RequestError("noproc", dest)

    run(body)


def test_gen_server__send_request__an_answer_comes_before_what_is_sent_after_it() -> None:
    class Teller(Server):
        def handle_call(self, request: Any, from_: From, seen: list[Any]) -> Any:
            gen_server.reply(from_, "first")
            send(seen[0], "second")
            return NoReply(seen)

    async def body() -> None:
        pid = await gen_server.start(Teller, self_())
        assert pid is not None
        request = gen_server.send_request(pid, "go")
        message = await heard()
        assert gen_server.check_response(message, request) == Replied("first")
        assert await heard() == "second"

    run(body)


def test_gen_server__send_request_receive_reqid_collection() -> None:
    async def body() -> None:
        one, two = await server(1), await server(2)
        pending = Requests()
        assert await requests.receive_any(pending, 5) == NO_REQUEST
        for pid in (one, two, "nobody"):
            pending = pending.add(gen_server.send_request(pid, "seen"), pid)
        assert len(pending) == 3
        got = {}
        while pending:
            outcome, label, pending = await requests.receive_any(pending, 5)  # type: ignore[misc]
            got[label] = outcome
        assert got == {one: Replied([1]), two: Replied([2]), "nobody": RequestError("noproc", "nobody")}
        slow = Requests().add(gen_server.send_request(one, "never"), "slow")
        assert await requests.receive_any(slow, 0.001) == TIMED_OUT
        await gen_server.stop(one)
        assert await process.flush() == []

    run(body)


def test_gen_server__send_request_wait_reqid_collection() -> None:
    async def body() -> None:
        pid = await server()
        request = gen_server.send_request(pid, "later")
        pending = Requests().add(request, "label")
        with pytest.raises(ValueError, match="in this collection"):
            pending.add(request, "again")
        assert await requests.wait_any(pending, 0) == TIMED_OUT
        assert await requests.wait_any(pending, 5, delete=False) == (Replied("at last"), "label", pending)
        assert await requests.wait_any(pending, 0) == TIMED_OUT
        never = Requests().add(gen_server.send_request(pid, "never"), "never")
        await gen_server.stop(pid, "bye")
        assert await requests.wait_any(never, 5) == (RequestError("bye", pid), "never", Requests())

    run(body)


def test_gen_server__send_request_check_reqid_collection() -> None:
    async def body() -> None:
        pid = await server()
        one, two = gen_server.send_request(pid, "ping"), gen_server.send_request(pid, "async")
        pending = Requests().add(one, 1).add(two, 2)
        assert requests.check_any("stranger", pending) == NO_REPLY
        first, second = await heard(), await heard()
        assert requests.check_any(second, pending, delete=False) == (Replied("waited"), 2, pending)
        assert requests.check_any(first, pending) == (Replied("pong"), 1, Requests().add(two, 2))
        assert requests.check_any(first, Requests()) == NO_REQUEST

    run(body)


def test_gen_server__reply_by_alias_with_payload() -> None:
    """A From may be a mere alias, and carry more than one needs: the answer still finds its way, and only once."""

    class Tagged(From):
        payload = "payload"

    async def body() -> None:
        tag = Tagged(None, process.alias(), None)
        process.spawn(gen_server.reply, tag, "answer")
        assert await heard() == (tag, "answer")

    run(body)


def test_gen_server__undef_handle_call() -> None:
    async def body() -> None:
        pid = await gen_server.start(Bare)
        assert pid is not None
        with pytest.raises(CallError) as failed:
            await gen_server.call(pid, "request")
        assert failed.value.why[:2] == ("undef", "handle_call")  # type: ignore[index]
        assert not is_alive(pid)

    run(body)


def _undefined(callback: str, how: Any) -> None:
    async def body() -> None:
        pid, ref = await gen_server.start_monitor(Bare)  # type: ignore[misc]
        how(pid, "request")
        down = await heard()
        assert (down.ref, down.reason[:2]) == (ref, ("undef", callback))

    run(body)


def test_gen_server__undef_handle_cast() -> None:
    _undefined("handle_cast", gen_server.cast)


def test_gen_server__undef_handle_continue() -> None:
    class Continues(Bare):
        def handle_cast(self, request: Any, state: int) -> Any:
            return NoReply(state, continue_=request)

    async def body() -> None:
        pid, ref = await gen_server.start_monitor(Continues)  # type: ignore[misc]
        gen_server.cast(pid, "go on")
        down = await heard()
        assert (down.ref, down.reason[:2]) == (ref, ("undef", "handle_continue"))

    run(body)


def test_gen_server__undef_handle_info(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await gen_server.start(Bare)
        assert pid is not None
        send(pid, "hello")
        await gen.system(pid, "get_state")
        assert is_alive(pid)

    caplog.set_level(logging.WARNING)
    run(body)
    assert "Bare got an unexpected message: 'hello'" in caplog.text


def test_gen_server__undef_in_handle_info() -> None:
    """Something undefined inside handle_info is a crash like any other."""

    class Missing(Bare):
        def handle_info(self, message: Any, state: int) -> Any:
            return self.nothing_of_the_kind(message)  # type: ignore[attr-defined]

    async def body() -> None:
        pid, ref = await gen_server.start_monitor(Missing)  # type: ignore[misc]
        send(pid, "hello")
        down = await heard()
        assert (down.ref, down.reason.kind) == (ref, "AttributeError")

    run(body)


def test_gen_server__crash(caplog: pytest.LogCaptureFixture) -> None:
    """Clean ends are not reported, the others once: what it was at, its state, and where it happened."""

    async def body() -> None:
        trap_exit()
        for request in (
            ("raise", ProcessExit(("shutdown", "reason"))),
            ("stop", ("shutdown", "stop_reason")),
            ("raise", ProcessExit("shutdown")),
            ("stop", "shutdown"),
        ):
            pid = await gen_server.start_link(Server)
            assert pid is not None
            with pytest.raises(CallError) as failed:
                await gen_server.call(pid, request)
            assert await heard() == Exit(pid, failed.value.why)
        assert not caplog.records
        pid = await gen_server.start(Server, "state4", name="crasher")
        assert pid is not None
        ref = process.monitor(pid)
        with pytest.raises(CallError):
            await gen_server.call(pid, ("raise", ValueError("crashed")))
        assert await heard() == Down(ref, pid, Crash("ValueError", "crashed"))

    run(body)
    (record,) = caplog.records
    report: Any = record.__dict__["report"]
    assert report["label"] == ("gen_server", "terminate")
    assert (report["name"], report["state"]) == ("crasher", ["state4"])
    assert report["reason"] == Crash("ValueError", "crashed")
    assert report["last_message"].request[0] == "raise"
    assert report["crash"]["initial_call"] == "tests.support.scripted_server.Server"
    assert "last message: Call(('raise', ValueError('crashed')))" in caplog.text
    assert "handle_call" in caplog.text


def test_gen_server__crash__while_a_callback_waited(caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Bare):
        async def handle_cast(self, request: Any, state: int) -> Any:
            await process.sleep(0)
            return Stop(request, state)

    async def body() -> None:
        pid, _ref = await gen_server.start_monitor(Slow)  # type: ignore[misc]
        gen_server.cast(pid, "odd")
        assert (await heard()).reason == "odd"

    run(body)
    report: Any = caplog.records[0].__dict__["report"]
    assert repr(report["last_message"]) == "Cast('odd')"


def test_a_waiting_callback_may_throw_its_result() -> None:
    class Thrower(Bare):
        async def handle_call(self, request: Any, from_: Any, state: int) -> Any:
            await process.sleep(0)
            raise gen_server.Throw(Reply(request, state))

    async def body() -> None:
        pid = await gen_server.start(Thrower)
        assert pid is not None
        assert await gen_server.call(pid, "x") == "x"

    run(body)
