"""Calls whose answer is fetched later: every outcome, and that nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import Crash, NotAProcess, ProcessExit
from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply
from otp.stdlib.requests import (
    NO_REPLY,
    NO_REQUEST,
    TIMED_OUT,
    Replied,
    RequestError,
    Requests,
    Response,
    check_any,
    check_response,
    receive_any,
    receive_response,
    send_request,
    wait_any,
    wait_response,
)
from tests.support.node import run


class Slow(GenServer[dict[str, From]]):
    """Answers "now" at once, anything else when it is told to."""

    def init(self) -> dict[str, From]:
        return {}

    def handle_call(self, request: Any, from_: From, state: dict[str, From]) -> Any:
        if request == "now":
            return Reply("done", state)
        if request == "fall":
            raise ValueError("fallen")
        state[request] = from_
        return NoReply(state)

    def handle_cast(self, request: Any, state: dict[str, From]) -> Any:
        gen_server.reply(state.pop(request), f"{request} at last")
        return NoReply(state)


async def slow() -> Pid:
    pid = await gen_server.start(Slow)
    assert pid is not None
    return pid


def play(body: Callable[[Pid], Any]) -> Any:
    """Runs a body with a fresh server; at its end no message may be left."""

    async def whole() -> Any:
        result = await body(await slow())
        info = process.process_info(process.self_())
        assert info is not None
        assert info.message_queue_len == 0
        return result

    return run(whole)


def test_the_answer_is_fetched_when_it_is_wanted() -> None:
    async def body(server: Pid) -> None:
        request = send_request(server, "now")
        assert await gen_server.call(server, "now") == "done"
        assert await receive_response(request) == Replied("done")

    play(body)


def test_who_is_not_there_is_an_outcome_and_no_exception() -> None:
    async def body(server: Pid) -> None:
        await gen_server.stop(server)
        assert await receive_response(send_request(server, "now")) == RequestError("noproc", server)
        assert await receive_response(send_request("nobody", "now")) == RequestError("noproc", "nobody")

    play(body)


def test_the_end_of_the_server_is_the_outcome() -> None:
    async def body(server: Pid) -> None:
        waits, falls = send_request(server, "later"), send_request(server, "fall")
        for request in (waits, falls):
            outcome = await receive_response(request, 5.0)
            assert isinstance(outcome, RequestError)
            assert isinstance(outcome.reason, Crash)
            assert outcome.reason.kind == "ValueError"

    play(body)


def test_after_wait_one_may_wait_again() -> None:
    async def body(server: Pid) -> None:
        request = send_request(server, "later")
        assert await wait_response(request, 0.0) == TIMED_OUT
        gen_server.cast(server, "later")
        assert await wait_response(request, 5.0) == Replied("later at last")

    play(body)


def test_after_receive_a_late_answer_is_dropped() -> None:
    async def body(server: Pid) -> None:
        request = send_request(server, "later")
        assert await receive_response(request, 0.0) == TIMED_OUT
        gen_server.cast(server, "later")
        assert await gen_server.call(server, "now") == "done"
        assert await wait_response(request, 0.0) == TIMED_OUT

    play(body)


def test_a_message_in_hand_is_checked() -> None:
    async def body(server: Pid) -> None:
        request, other = send_request(server, "now"), send_request(server, "now")
        message = await process.receive(lambda m: isinstance(m, Response) and m.ref is request.ref, 5.0)
        assert check_response("something else", request) == NO_REPLY
        assert check_response(message, other) == NO_REPLY
        assert check_response(message, request) == Replied("done")
        await receive_response(other)

    play(body)


def test_of_many_the_first_to_answer_comes_first_with_its_label() -> None:
    async def body(server: Pid) -> list[Any]:
        pending = Requests().add(send_request(server, "a"), "first").add(send_request(server, "b"), "second")
        assert len(pending) == 2
        assert await wait_any(pending, 0.0) == TIMED_OUT
        for word in ("b", "a"):
            gen_server.cast(server, word)
        told: list[Any] = []
        while pending.labels:
            found = await receive_any(pending, 5.0)
            assert isinstance(found, tuple)
            outcome, label, pending = found
            told.append((label, outcome))
        assert await receive_any(pending) == NO_REQUEST
        return told

    assert play(body) == [("second", Replied("b at last")), ("first", Replied("a at last"))]


def test_a_collection_keeps_what_it_is_told_to_keep() -> None:
    async def body(server: Pid) -> None:
        request = send_request(server, "now")
        pending = Requests().add(request, "it")
        with pytest.raises(ValueError, match="is in this collection"):
            pending.add(request, "twice")
        message = await process.receive(lambda m: isinstance(m, Response), 5.0)
        assert check_any("no answer", pending) == NO_REPLY
        assert check_any(message, Requests()) == NO_REQUEST
        assert check_any(message, pending, delete=False) == (Replied("done"), "it", pending)
        assert check_any(message, pending) == (Replied("done"), "it", Requests())

    play(body)


def test_time_up_for_a_collection_abandons_all() -> None:
    async def body(server: Pid) -> None:
        pending = Requests().add(send_request(server, "a"), 1).add(send_request(server, "b"), 2)
        assert await receive_any(pending, 0.0) == TIMED_OUT
        for word in ("a", "b"):
            gen_server.cast(server, word)
        await gen_server.call(server, "now")

    play(body)


def test_outside_of_a_process_nobody_could_be_answered() -> None:
    with pytest.raises((NotAProcess, ProcessExit)):
        send_request("sm", "now")
