"""process_info — what can be seen of a process without asking it, by the cases of process_SUITE."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.exits import Crash, ReceiveTimeout
from otp.erts.pid import intern
from otp.erts.process import process_info, receive, self_, send, spawn, spawn_link
from otp.erts.process_info import ITEMS
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply
from tests.support.node import run, until


async def for_ever() -> None:
    await receive(lambda _m: False)


def test_process__process_info_messages() -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        sent = [("message", n) for n in range(5)]
        for message in sent:
            send(pid, message)
        assert process_info(pid, "messages") == sent
        assert process_info(pid, "message_queue_len") == 5
        send(self_(), "mine")
        assert process_info(self_(), "messages") == ["mine"]
        assert await receive() == "mine"
        assert process_info(self_(), "messages") == []

    run(body)


def test_process__process_info_other() -> None:
    """Items of another process, in whatever state it is; none of a dead one."""

    async def body() -> None:
        async def other() -> None:
            process.trap_exit()
            process.put("key", "value")
            await for_ever()

        pid = spawn_link(other, name="other")
        await until(lambda: process_info(pid, "status") == "waiting")
        assert process_info(pid, "registered_name") == "other"
        assert process_info(pid, "links") == [self_()]
        assert process_info(pid, "trap_exit") is True
        assert process_info(pid, "dictionary") == {"key": "value"}
        assert process_info(pid, "initial_call").endswith("other")
        module, function, line = process_info(pid, "current_function")
        assert (module, line > 0) == ("otp.erts.process", True)
        assert function == "receive"
        assert process_info(pid, "memory") > 100
        process.exit_(pid, "kill")
        assert process_info(pid, "status") is None
        assert process_info(pid) is None

    run(body)


def test_process__process_info_other_msg() -> None:
    """Asking for its messages does not disturb who is waiting for one of them."""

    async def body() -> None:
        me = self_()

        async def picks() -> None:
            send(me, await receive(lambda m: m == "this"))
            send(me, await receive())

        pid = spawn(picks)
        for word in ("that", "this"):
            send(pid, word)
            assert word in process_info(pid, "messages")
        assert [await receive(timeout=5) for _ in range(2)] == ["this", "that"]

    run(body)


def test_process__process_info_2_list() -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        assert process_info(pid, []) == {}
        assert process_info(pid, ["parent", "status", "parent"]) == {"parent": self_(), "status": "runnable"}
        assert set(process_info(pid, list(ITEMS))) == set(ITEMS)
        for wrong in ("odd", ["status", "odd"]):
            with pytest.raises(ValueError, match="odd"):
                process_info(pid, wrong)
        with pytest.raises(ValueError, match="no process_info"):
            process_info(intern("elsewhere", 1, 1), "status")

    run(body)


def test_process__process_info_parent() -> None:
    async def body() -> None:
        async def parent() -> None:
            send(me, spawn(for_ever))

        me = self_()
        father = spawn(parent)
        child = await receive(timeout=5)
        assert process_info(child, "parent") is father
        assert process_info(father, "parent") is None  # it is gone
        assert process_info(me, "parent") is None  # the root has none

    run(body)


def test_process__processes_this_tab() -> None:
    """processes() has all that live, once, and none that is dead; the same of a great many."""

    async def body() -> None:
        pids = [spawn(for_ever) for _ in range(3000)]
        listed = process.processes()
        assert listed == [self_(), *pids]
        for pid in pids[::2]:
            process.exit_(pid, "kill")
        assert process.processes() == [self_(), *pids[1::2]]

    run(body)


def test_process__spawn_opt_max_heap_size() -> None:
    """What takes the place of a bound on the heap: a mailbox that grows past max_queue ends its process."""

    async def body() -> None:
        process.trap_exit()
        pid, ref = process.spawn_opt(for_ever, link=True, monitor=True, max_queue=10)  # type: ignore[misc]
        assert process_info(pid, "max_queue") == 10
        for n in range(10):
            send(pid, n)
        assert process.is_alive(pid)
        send(pid, "one too many")
        assert [await receive(timeout=5), await receive(timeout=5)] == [
            Down(ref, pid, ("max_queue", 11)),
            Exit(pid, ("max_queue", 11)),
        ]
        for wrong in (0, -1, "many", True):
            with pytest.raises(ValueError, match="no bound"):
                process.spawn_opt(for_ever, max_queue=wrong)  # type: ignore[arg-type]

    run(body)


def test_process__spawn_opt_max_heap_size__of_a_gen_server(caplog: pytest.LogCaptureFixture) -> None:
    """Set in init; over it the server ends at once, without terminate, and its death is reported."""

    class Bounded(GenServer[int]):
        def init(self) -> int:
            process.process_flag("max_queue", 100)
            return 0

        async def handle_info(self, message: object, state: int) -> NoReply[int]:
            await receive(lambda m: m == "never")
            return NoReply(state)

        def terminate(self, reason: object, state: int) -> None:
            raise AssertionError("not for who is overrun")

    async def body() -> None:
        pid = await gen_server.start(Bounded)
        assert pid is not None
        ref = process.monitor(pid)
        for n in range(500):
            send(pid, n)
            if n % 50 == 0:
                await process.sleep(0)
        assert await receive(timeout=5) == Down(ref, pid, ("max_queue", 101))

    run(body)
    assert "max_queue" in caplog.text


def test_process__spawn_opt_max_heap_size__a_process_sets_and_lifts_its_own_bound() -> None:
    async def body() -> None:
        async def bounded() -> None:
            process.process_flag("max_queue", 3)
            process.process_flag("max_queue", None)
            await receive(lambda m: m == "now")
            assert process.process_flag("max_queue", 1) is None
            for n in range(5):
                send(self_(), n)
            raise AssertionError("ends when this code gives way or ends, not before") from None

        pid, ref = process.spawn_monitor(bounded)
        for n in range(10):
            send(pid, n)
        send(pid, "now")
        down = await receive(timeout=5)
        assert isinstance(down, Down)
        assert down.ref is ref
        assert down.reason[0] == "max_queue"
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0)
        assert not isinstance(down.reason, Crash)

    run(body)


def test_the_stack_of_suspended_code_and_who_it_belongs_to() -> None:
    async def inner() -> None:
        await process.receive()

    async def outer() -> None:
        await inner()

    async def body() -> None:
        pid = process.spawn(outer)
        await process.sleep(0.001)
        told = process.process_info(pid, ["current_stacktrace", "current_location", "group_leader", "trace"])
        names = [function.rsplit(".", 1)[-1] for _module, function, _line in told["current_stacktrace"]]
        assert names == ["receive", "inner", "outer"]
        assert told["current_location"] == told["current_stacktrace"][0]
        assert (told["group_leader"], told["trace"]) == (None, [])

    run(body)
