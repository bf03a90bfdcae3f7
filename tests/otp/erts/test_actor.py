"""test_actor — a process is a pykka.Actor: tell, ask, proxy and stop, from any thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pykka
import pytest

from otp.erts.actor import PROCESSES, Process
from otp.erts.future import LoopFuture
from otp.erts.process import is_alive, monitor, receive
from otp.erts.signals import Down
from tests.support.node import run, until


class Counter(Process):
    """An actor as Pykka's users write it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def on_receive(self, message: Any) -> Any:
        if message == "boom":
            raise ValueError("boom")
        self.count += message
        return self.count

    def add(self, n: int) -> int:
        self.count += n
        return self.count


async def in_thread(fn: Callable[[], Any]) -> Any:
    """Run fn on a foreign thread and await its result."""
    done: LoopFuture[Any] = LoopFuture()

    def work() -> None:
        try:
            done.set(fn())
        except Exception as exc:
            done.set_exception((type(exc), exc, None))

    threading.Thread(target=work).start()
    return await done


def test_it_is_an_actor() -> None:
    async def body() -> None:
        assert isinstance(Counter(), pykka.Actor)

    run(body)


def test_tell_and_ask_from_a_thread() -> None:
    async def body() -> None:
        ref = Counter().actor_ref
        assert ref.is_alive()

        def work() -> int:
            ref.tell(1)
            ref.tell(2)
            return ref.ask(4, timeout=5)  # type: ignore[no-any-return]

        assert await in_thread(work) == 7

    run(body)


def test_ask_without_blocking_is_awaited_by_a_process() -> None:
    async def body() -> None:
        ref = Counter().actor_ref
        assert await ref.ask(5, block=False) == 5

    run(body)


def test_proxy_from_a_thread() -> None:
    async def body() -> None:
        proxy = Counter().actor_ref.proxy()
        assert await in_thread(lambda: proxy.add(3).get(timeout=5)) == 3
        assert await in_thread(lambda: proxy.count.get(timeout=5)) == 3

    run(body)


def test_stop_from_a_thread_comes_after_what_is_in_the_mailbox() -> None:
    async def body() -> None:
        counter = Counter()
        ref = counter.actor_ref

        def work() -> bool:
            for _ in range(10):
                ref.tell(1)
            return ref.stop(timeout=5)

        assert await in_thread(work) is True
        assert counter.count == 10
        assert not ref.is_alive()
        with pytest.raises(pykka.ActorDeadError):
            ref.tell(1)

    run(body)


def test_a_failing_ask_reaches_the_caller_and_ends_the_process() -> None:
    async def body() -> None:
        counter = Counter()
        ref = monitor(counter.pid)
        with pytest.raises(ValueError, match="boom"):
            await counter.actor_ref.ask("boom", block=False)
        down = await receive(timeout=5)
        assert isinstance(down, Down)
        assert (down.ref, down.reason.kind) == (ref, "ValueError")

    run(body)


def test_an_ask_in_the_mailbox_of_a_dying_process_is_answered() -> None:
    async def body() -> None:
        counter = Counter()
        counter.actor_ref.tell("boom")
        late = counter.actor_ref.ask(1, block=False)
        with pytest.raises(pykka.ActorDeadError):
            await late

    run(body)


def test_one_failing_actor_harms_no_other() -> None:
    async def body() -> None:
        good, bad = Counter(), Counter()
        bad.actor_ref.tell("boom")
        await until(lambda: not is_alive(bad.pid))
        assert await good.actor_ref.ask(1, block=False) == 1

    run(body)


def test_a_dead_process_leaves_nothing_behind() -> None:
    async def body() -> None:
        before = len(PROCESSES)
        counters = [Counter() for _ in range(100)]
        for counter in counters:
            counter.stop()
        await until(lambda: len(PROCESSES) == before)

    run(body)
