"""test_requests — requests whose answer is fetched later: what is left behind, and what a collection knows."""

from __future__ import annotations

from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import NotAProcess
from otp.erts.links import NoCarrier, deliver, signal_down
from otp.erts.pid import intern
from otp.erts.process import exit_, receive
from otp.erts.signals import AliasReply
from otp.stdlib import gen_server, requests
from otp.stdlib.requests import Replied, RequestError, RequestId, Requests, Response
from tests.support.node import run
from tests.support.scripted_server import server


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


def test_the_death_of_who_asked_leaves_nothing_at_the_server() -> None:
    async def body() -> None:
        pid = await server()

        async def asks() -> None:
            requests.send_request(pid, "never")
            assert watchers(pid) == 1

        _asker, ref = process.spawn_monitor(asks)
        assert (await receive(timeout=5)).ref is ref
        assert watchers(pid) == 0

    run(body)


class Wire(NoCarrier):
    """Takes down what would go to another node."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.monitored: list[Any] = []

    def send(self, to: Any, message: object) -> None:
        self.sent.append(message)

    def monitor(self, ref: Any, watcher: Any, target: Any) -> None:
        self.monitored.append(ref)

    def demonitor(self, ref: Any, target: Any) -> None:
        self.monitored.remove(ref)


def test_another_node_is_asked_in_the_same_way() -> None:
    async def body() -> None:
        wire, far = Wire(), intern("far", 1, 7)
        runtime.set_carrier(wire)
        me = process.self_()
        one, two = requests.send_request(far, "one"), requests.send_request(far, "two")
        assert [call.from_.ref for call in wire.sent] == wire.monitored == [one.ref, two.ref]
        deliver(me, AliasReply(one.ref, "answer"))
        assert await requests.receive_response(one, 5) == Replied("answer")
        signal_down(two.ref, me, far, "noconnection")
        assert await requests.receive_response(two, 5) == RequestError("noconnection", far)
        assert wire.monitored == []

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
