"""test_requests — requests whose answer is fetched later: what is left behind, and what a collection knows."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import NotAProcess
from otp.erts.process import exit_, receive
from otp.stdlib import gen_server, requests
from otp.stdlib.requests import Replied, RequestError, RequestId, Requests, Response
from tests.support.node import run
from tests.support.servers import server


def watchers(pid: Any) -> int:
    return len(pid.target.watchers or ())


def test_nothing_is_left_behind() -> None:
    async def body() -> None:
        pid = await server()
        answered = requests.send_request(pid, "ping")
        assert await requests.receive_response(answered, 5) == Replied("pong")
        assert watchers(pid) == 0
        given_up = requests.send_request(pid, "never")
        assert watchers(pid) == 1
        assert await requests.receive_response(given_up, 0) == "timeout"
        assert watchers(pid) == 0

    run(body)


def test_an_abandoned_answer_is_taken_out_of_the_mailbox() -> None:
    async def body() -> None:
        pid = await server()
        request = requests.send_request(pid, "ping")
        await process.sleep(0.002)
        process.send(process.self_(), "other")
        requests.abandon(request)
        assert await process.flush() == ["other"]

    run(body)


def test_a_server_that_is_killed_answers_why() -> None:
    async def body() -> None:
        pid = await server()
        request = requests.send_request(pid, "never")
        exit_(pid, "kill")
        message = await receive(timeout=5)
        assert message == Response(request.ref, RequestError("killed", pid))
        assert requests.check_response(message, request) == RequestError("killed", pid)

    run(body)


def test_a_collection_is_a_value() -> None:
    one, two = RequestId("a"), RequestId("b")
    empty = Requests()
    both = empty.add(one, 1).add(two, 2)
    assert (len(empty), len(both), len(both.without(one))) == (0, 2, 1)
    assert both.of(Response(two.ref, Replied("x"))) == (two, 2)
    assert both.of(Response(RequestId("c").ref, Replied("x"))) is None
    assert both.of("a stranger") is None
    assert str(one) == "RequestId(a)"


def test_a_request_is_sent_by_a_process() -> None:
    with pytest.raises(NotAProcess):
        gen_server.send_request("a", "b")
