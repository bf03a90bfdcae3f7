"""Messages that are not to be lost: a node that comes back takes each once, of one that is gone each comes back."""

from __future__ import annotations

import contextlib
import signal
from collections import deque
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otp.erts import process, runtime
from otp.erts.pid import intern
from otp.kernel import held, net_kernel, node, rpc
from otp.kernel.held import GivenBack, Limbo
from otp.kernel.node import NodeDown, NodeUp
from tests.support import mesh
from tests.support.mesh import Mesh, call, receive
from tests.support.node import until
from tests.support.remote_node import Note


@pytest.fixture
def back() -> Iterator[list[GivenBack]]:
    """What is given back, of the class Note."""
    found: list[GivenBack] = []
    held.keep(Note)
    held.on_given_back(lambda node, messages: found.extend(messages))
    yield found
    held.KEPT.discard(Note)
    held.on_given_back(lambda node, messages: None)


@given(sizes=st.lists(st.integers(1, 50)), taken=st.integers(0, 1000), sent=st.integers(0, 1000))
def test_what_was_taken_is_forgotten_and_of_the_rest_it_is_known_what_was_sent(
    sizes: list[int], taken: int, sent: int
) -> None:
    found: list[GivenBack] = []
    held.on_given_back(lambda node, messages: found.extend(messages))
    ends = [sum(sizes[: n + 1]) for n in range(len(sizes))]
    entries = deque((end, intern("w9", 1, 1), end) for end in ends)
    held.taken(entries, taken)
    held.LIMBO["w9"] = Limbo(1, sent, entries)
    held.strand(intern("w9", 1, 1), "later")
    held.strand(intern("w9", 2, 1), "another life")
    assert [(one.message, one.sent) for one in found] == [("another life", False)]
    held.give_back("w9")
    held.give_back("w9")
    expected = [(end, end <= sent) for end in ends if end > taken]
    assert [(one.message, one.sent) for one in found[1:]] == [*expected, ("later", False)]


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_node_that_is_cut_off_and_comes_back_takes_each_message_once_and_in_order(
    loop: str, back: list[GivenBack]
) -> None:
    async def body(_nodes: Mesh) -> None:
        far = await call("w1", "collect_notes")
        for number in range(3000):
            process.send(far, Note(number, "x" * (number % 7) * 100))
            if number % 300 == 150:
                net_kernel.disconnect("w1")
            elif number % 300 == 299:
                rpc.cast("w1", "tests.support.remote_node:cut_from", "main")
            if number % 50 == 0:
                await process.sleep(0.002)
        process.send(far, Note(3000))
        got: list[int] = []
        while got[-1:] != [3000]:
            with contextlib.suppress(rpc.RpcError):  # the last cut may be still to come
                got = await call("w1", "notes")
            await process.sleep(0.01)
        assert got == list(range(3001))
        assert back == []

    mesh.run(body, "w1", loop=loop)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_of_a_node_that_is_killed_all_comes_back_that_it_has_not_taken(
    loop: str, back: list[GivenBack], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(nodes: Mesh) -> None:
        far = await call("w1", "collect_notes")
        process.send(far, Note(-1))
        while await call("w1", "notes") != [-1]:
            await process.sleep(0.01)
        await process.sleep(0.2)  # until it has told that it has taken this one
        nodes.children["w1"].send_signal(signal.SIGSTOP)
        for number in range(500):
            process.send(far, Note(number, "x" * 4000))
        await process.sleep(0.01)
        await nodes.kill_and_see("w1")
        process.send(far, Note(500))
        await until(lambda: len(back) >= 501, 20)
        assert [one.message.number for one in back] == list(range(501))  # type: ignore[attr-defined]
        written = [one.sent for one in back]
        assert written == sorted(written, reverse=True)
        assert (written[0], written[-1]) == (True, False)
        process.send(far, Note(501))  # nobody waits for that life any more
        assert back[-1] == GivenBack(far, Note(501), False)

    monkeypatch.setattr(net_kernel, "PATIENCE", 0.1)
    mesh.run(body, "w1", loop=loop)


def test_a_new_life_takes_nothing_of_the_old_one(back: list[GivenBack]) -> None:
    async def body(nodes: Mesh) -> None:
        far = await call("w1", "collect_notes")
        nodes.children["w1"].send_signal(signal.SIGSTOP)
        process.send(far, Note(1))
        await nodes.kill_and_see("w1")
        assert back == []
        nodes.start("w1", creation=2)
        await until(lambda: back, 20)
        assert [one.message for one in back] == [Note(1)]

    mesh.run(body, "w1")


def test_a_node_without_a_sign_of_life_is_let_go_and_welcome_when_it_wakes(back: list[GivenBack]) -> None:
    async def body(nodes: Mesh) -> None:
        far = await call("w1", "collect_notes")
        node.monitor_nodes()
        nodes.children["w1"].send_signal(signal.SIGSTOP)
        process.send(far, Note(1))
        assert await receive(lambda m: isinstance(m, NodeDown)) == NodeDown("w1", 1)
        assert node.is_silent("w1")
        held.give_back("w1")
        assert [(one.message, one.sent) for one in back] == [(Note(1), True)]
        nodes.children["w1"].send_signal(signal.SIGCONT)
        assert await receive(lambda m: isinstance(m, NodeUp)) == NodeUp("w1", 1)
        assert not node.is_silent("w1")
        assert await call("w1", "add", 1, 2) == 3

    mesh.run(body, "w1", silence=2.0)


def test_an_own_standstill_is_not_the_others_silence() -> None:
    async def body(nodes: Mesh) -> None:
        import time

        node.monitor_nodes()
        time.sleep(2.5)
        for _ in range(10):
            assert await call("w1", "add", 1, 2) == 3
            await process.sleep(0.1)
        assert node.nodes() == ["w1"]

    mesh.run(body, "w1", silence=4.0)


def test_a_node_that_begins_anew_in_one_os_process_remembers_nothing() -> None:
    held.begin("one")
    held.LIMBO["w9"] = Limbo(1, 0)
    held.begin("one")
    assert "w9" in held.LIMBO
    held.begin("two")
    assert held.LIMBO == held.TOOK == {}
    assert runtime is not None
