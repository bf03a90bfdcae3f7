"""test_runtime__attach — processes inside an asyncio program that has a loop already."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.actor import PROCESSES
from otp.erts.exits import NotAProcess
from otp.erts.scheduler import THIS
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply


class Part(GenServer[list[str]]):
    """Notes its end."""

    def init(self, name: str, seen: list[str]) -> list[str]:
        process.trap_exit()
        process.put("name", f"{name} ends")
        return seen

    def handle_call(self, request: object, from_: object, seen: list[str]) -> Reply[list[str]]:
        return Reply(request, seen)

    def handle_cast(self, request: object, seen: list[str]) -> NoReply[list[str]]:
        raise ValueError(request)

    async def terminate(self, reason: object, seen: list[str]) -> None:
        await asyncio.sleep(0)
        if reason == "shutdown":
            seen.append(process.get("name"))


def test_tasks_call_processes_and_what_they_started_ends_in_order_with_the_block() -> None:
    seen: list[str] = []

    async def main() -> list[Any]:
        async with runtime.attach() as host:
            one = await gen_server.start_link(Part, "one", seen)
            await gen_server.start_link(Part, "two", seen, name="two")
            assert one is not None
            assert list(one.target.links) == [host]
            answers = await asyncio.gather(*(gen_server.call("two", n) for n in range(3)), gen_server.call(one, "x"))
            with pytest.raises(NotAProcess):
                process.self_()
        return answers

    assert asyncio.run(main()) == [0, 1, 2, "x"]
    assert seen == ["two ends", "one ends"]
    assert not PROCESSES
    assert THIS.host is None


def test_a_child_that_crashes_does_not_end_the_program() -> None:
    async def main() -> str:
        async with runtime.attach() as host:
            part = await gen_server.start_link(Part, "part", [])
            assert part is not None
            gen_server.cast(part, "wrong")
            async with asyncio.timeout(20):
                while process.is_alive(part):
                    await asyncio.sleep(0.001)
            assert process.is_alive(host)
        return "went on"

    assert asyncio.run(main()) == "went on"


def test_one_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "GRACE", 0.01)

    class Stays(GenServer[None]):
        def init(self) -> None:
            process.trap_exit()

        async def terminate(self, reason: object, state: None) -> None:
            await asyncio.Event().wait()

    async def main() -> None:
        async with asyncio.timeout(30), runtime.attach():
            await gen_server.start_link(Stays)

    asyncio.run(main())
    assert not PROCESSES


def test_the_node_ends_also_when_the_block_fails_or_is_cancelled() -> None:
    async def fails(seen: list[str]) -> None:
        async with runtime.attach():
            await gen_server.start_link(Part, "part", seen)
            raise KeyError("of the program")

    async def cancelled(seen: list[str]) -> None:
        async with asyncio.timeout(0.001), runtime.attach():
            await gen_server.start_link(Part, "part", seen)
            await asyncio.sleep(1000)

    for body, error in ((fails, KeyError), (cancelled, TimeoutError)):
        seen: list[str] = []
        with pytest.raises(error):
            asyncio.run(body(seen))
        assert seen == ["part ends"]
        assert not PROCESSES


def test_one_loop_after_another_may_be_a_node_but_not_twice_at_once() -> None:
    async def once() -> str:
        async with runtime.attach(node="n1"):
            with pytest.raises(RuntimeError, match="is a node already"):
                async with runtime.attach():
                    pass
            return process.node()

    assert [asyncio.run(once()), asyncio.run(once())] == ["n1", "n1"]

    async def main() -> None:
        with pytest.raises(RuntimeError, match="is a node already"):
            async with runtime.attach():
                pass

    runtime.run(main)


def test_the_loop_and_its_tasks_stay_the_program_s() -> None:
    async def main() -> str:
        async def other() -> str:
            await asyncio.sleep(0.01)
            return "done"

        task = asyncio.create_task(other())
        async with runtime.attach():
            process.spawn(process.receive)
        return await task

    assert asyncio.run(main()) == "done"
