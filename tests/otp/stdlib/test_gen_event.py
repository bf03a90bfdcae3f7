"""test_gen_event — managers and handlers: they come, hear, answer, are swapped and go.

OTP:  gen_event_SUITE
"""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Crash, ProcessExit, ReceiveTimeout
from otp.erts.process import exit_, receive, self_, send, trap_exit
from otp.erts.signals import Down, Exit
from otp.stdlib import gen_event
from otp.stdlib.gen_event import GenEventExit, HandlerError, Ok, Refuse, Remove, Reply, Swap, Throw
from tests.support.node import run, until
from tests.support.scripted_handlers import Bare, Other, Teller, answering, manager, raising
from tests.support.via_names import LocalRegistry


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logging.getLogger("otp.gen_event").setLevel(logging.CRITICAL)
    yield
    logging.getLogger("otp.gen_event").setLevel(logging.NOTSET)


async def heard() -> Any:
    return await receive(timeout=5)


async def nothing() -> bool:
    try:
        await receive(timeout=0.005)
    except ReceiveTimeout:
        return True
    return False


def test_gen_event__start() -> None:
    book = LocalRegistry()

    async def body() -> None:
        trap_exit()
        pid = await gen_event.start()
        assert await gen_event.which_handlers(pid) == []
        await gen_event.stop(pid)
        with pytest.raises(CallError, match="noproc"):
            await gen_event.which_handlers(pid)
        for name in ("mgr", book.via("mgr")):
            linked = await gen_event.start_link(name=name)
            with pytest.raises(AlreadyStarted) as taken:
                await gen_event.start(name=name)
            assert taken.value.pid is linked
            await gen_event.add_handler(name, Teller, self_())
            assert await gen_event.which_handlers(name) == [Teller]
            assert await heard() == ("init", None)
            await gen_event.stop(name, "shutdown")
            assert await heard() == ("terminate", None, "stop")
            assert await heard() == Exit(linked, "shutdown")
        monitored, ref = await gen_event.start_monitor()
        exit_(monitored, "kill")
        assert await heard() == Down(ref, monitored, "killed")

    run(body)


def test_gen_event__start_opt() -> None:
    async def body() -> None:
        seen: list[object] = []
        pid = await gen_event.start(timeout=5.0, debug=[lambda _in, message, _state: seen.append(message)])
        await gen_event.sync_notify(pid, "event")
        assert [type(message).__name__ for message in seen] == ["SyncNotify"]

    run(body)


def test_gen_event__add_handler() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1))
        assert await heard() == ("init", 1)
        await gen_event.add_handler(pid, (Teller, "id"), self_(), 2)
        assert await gen_event.which_handlers(pid) == [(Teller, "id"), Teller]
        with pytest.raises(HandlerError) as refused:
            await gen_event.add_handler(pid, Other, self_(), Refuse("full"))
        assert refused.value.reason == "full"
        with pytest.raises(HandlerError) as crashed:
            await gen_event.add_handler(pid, Other, self_(), ValueError("no"))
        assert crashed.value.reason == ("EXIT", Crash("ValueError", "no"))
        assert len(await gen_event.which_handlers(pid)) == 2

    run(body)


def test_gen_event__add_handler__twice() -> None:
    """As on a real node: it is there twice, and the one added last is meant by its name."""

    async def body() -> None:
        pid = await manager((Teller, self_(), 1), (Teller, self_(), 2))
        assert await gen_event.which_handlers(pid) == [Teller, Teller]
        assert await gen_event.call(pid, Teller, "hi") == (2, "hi")
        await gen_event.delete_handler(pid, Teller)
        assert await gen_event.call(pid, Teller, "hi") == (1, "hi")

    run(body)


def test_gen_event__add_sup_handler() -> None:
    async def body() -> None:
        me = self_()
        pid = await manager()

        async def owner() -> None:
            await gen_event.add_sup_handler(pid, Teller, me, "sup")
            await receive(lambda m: m == "end")
            raise ProcessExit("gone")

        parent = process.spawn(owner)
        assert await heard() == ("init", "sup")
        send(parent, "end")
        assert await heard() == ("terminate", "sup", ("stop", "gone"))
        await until(lambda: not process.is_alive(parent))
        assert await gen_event.which_handlers(pid) == []
        await gen_event.add_sup_handler(pid, Teller, me)
        gen_event.notify(pid, raising(ProcessExit("boom")))
        assert await heard() == ("init", None)
        assert await heard() == ("terminate", None, ("error", ("EXIT", "boom")))
        assert await heard() == GenEventExit(Teller, ("EXIT", "boom"))
        await gen_event.add_sup_handler(pid, Teller, me)
        gen_event.notify(pid, answering(Remove()))
        assert (await heard())[0] == "init"
        assert await heard() == ("terminate", None, "remove_handler")
        assert await heard() == GenEventExit(Teller, "normal")
        await gen_event.add_sup_handler(pid, Teller, me)
        await gen_event.stop(pid)
        assert [await heard() for _ in range(3)][1:] == [("terminate", None, "stop"), GenEventExit(Teller, "shutdown")]

    run(body)


def test_gen_event__delete_handler() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_()), ((Teller, 2), self_(), 2))
        assert await gen_event.delete_handler(pid, (Teller, 2), "why") == "done"
        assert [await heard() for _ in range(3)][2] == ("terminate", 2, "why")
        assert await gen_event.which_handlers(pid) == [Teller]
        with pytest.raises(HandlerError, match="module_not_found"):
            await gen_event.delete_handler(pid, (Teller, 2))

    run(body)


def test_gen_event__swap_handler() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1))
        assert await heard() == ("init", 1)
        await gen_event.swap_handler(pid, (Teller, "swap"), (Other, self_(), 2))
        assert await heard() == ("terminate", 1, "swap")
        assert await heard() == ("init", 2, "done")
        await gen_event.swap_handler(pid, (Teller, "swap"), ((Teller, "id"), self_(), 3))
        assert await heard() == ("init", 3, "error")
        assert await gen_event.which_handlers(pid) == [(Teller, "id"), Other]
        gen_event.notify(pid, lambda state: Swap("from inside", state, (Other, state[1]), (state[0], 4)))
        assert [await heard() for _ in range(4)] == [
            *(("terminate", 3, "from inside"), ("init", 4, "done")),
            *(("terminate", 2, "from inside"), ("init", 4, "done")),
        ]

    run(body)


def test_gen_event__swap_sup_handler() -> None:
    async def body() -> None:
        me = self_()
        pid = await manager()
        await gen_event.add_sup_handler(pid, Teller, me, 1)
        await gen_event.swap_sup_handler(pid, (Teller, "swap"), (Other, me, 2))
        assert await heard() == ("init", 1)
        assert await heard() == ("terminate", 1, "swap")
        assert await heard() == GenEventExit(Teller, ("swapped", Other, me))
        assert await heard() == ("init", 2, "done")
        gen_event.notify(pid, raising(ProcessExit("boom")))
        assert await heard() == ("terminate", 2, ("error", ("EXIT", "boom")))
        assert await heard() == GenEventExit(Other, ("EXIT", "boom"))

    run(body)


def test_gen_event__notify() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), (Other, self_(), 2))
        assert [await heard() for _ in range(2)] == [("init", 1), ("init", 2)]
        gen_event.notify(pid, "sun")
        assert [await heard() for _ in range(2)] == [("event", 2, "sun"), ("event", 1, "sun")]
        gen_event.notify(pid, lambda state: "bad" if state[1] == 2 else Ok((state[0], 11)))
        terminated = await heard()
        assert terminated[2][1][0] == "bad_return_value"
        assert await gen_event.which_handlers(pid) == [Teller]
        gen_event.notify(pid, "rain")
        assert await heard() == ("event", 11, "rain")
        gen_event.notify("nobody", "rain")

    run(body)


def test_gen_event__sync_notify() -> None:
    async def slow(state: Any) -> Any:
        await process.sleep(0.002)
        send(state[0], "slow done")
        return Ok(state)

    async def body() -> None:
        pid = await manager((Teller, self_()))
        assert await heard() == ("init", None)
        await gen_event.sync_notify(pid, slow)
        assert await receive(timeout=0) == "slow done"
        await gen_event.sync_notify(pid, raising(ValueError("x")))
        assert (await receive(timeout=0))[0] == "terminate"
        with pytest.raises(CallError, match="noproc"):
            await gen_event.sync_notify("nobody", "event")

    run(body)


def test_gen_event__call() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), (Other, self_(), 2))
        assert await gen_event.call(pid, Teller, "hi") == (1, "hi")
        assert await gen_event.call(pid, Other, "hi") == (2, "hi")
        with pytest.raises(HandlerError, match="bad_module"):
            await gen_event.call(pid, Bare, "hi")
        assert await gen_event.call(pid, Other, raising(Throw(Reply("thrown", (self_(), 2))))) == "thrown"
        assert await gen_event.call(pid, Other, answering(Remove("bye"))) == "bye"
        swapped = Swap("swap", (self_(), 1), Other, (self_(), 3), reply="new")
        assert await gen_event.call(pid, Teller, answering(swapped)) == "new"
        with pytest.raises(HandlerError) as crashed:
            await gen_event.call(pid, Other, raising(ProcessExit("boom")))
        assert crashed.value.reason == ("EXIT", "boom")
        assert await gen_event.which_handlers(pid) == []
        with pytest.raises(HandlerError, match="bad_module"):
            await gen_event.call(pid, Other, "hi")

    run(body)


def test_gen_event__info() -> None:
    async def body() -> None:
        pid = await manager((Teller, self_(), 1), (Other, self_(), 2))
        assert [await heard() for _ in range(2)] == [("init", 1), ("init", 2)]
        send(pid, "hello")
        assert [await heard() for _ in range(2)] == [("info", 2, "hello"), ("info", 1, "hello")]
        send(pid, answering(Remove()))
        assert {(await heard())[2] for _ in range(2)} == {"remove_handler"}
        assert await gen_event.which_handlers(pid) == []
        assert await nothing()

    run(body)


def test_gen_event__undef_init() -> None:
    class NoInit(gen_event.EventHandler[None]):
        pass

    async def body() -> None:
        pid = await manager()
        with pytest.raises(HandlerError) as failed:
            await gen_event.add_handler(pid, NoInit)
        assert failed.value.reason[1].kind == "NotImplementedError"  # type: ignore[index]

    run(body)


def test_gen_event__undef_handle_event() -> None:
    async def body() -> None:
        pid = await manager((Bare,))
        await gen_event.sync_notify(pid, "event")
        assert await gen_event.which_handlers(pid) == []

    run(body)


def test_gen_event__undef_handle_call() -> None:
    async def body() -> None:
        pid = await manager((Bare,))
        with pytest.raises(HandlerError, match="undef"):
            await gen_event.call(pid, Bare, "request")
        assert await gen_event.which_handlers(pid) == []

    run(body)


def test_gen_event__undef_handle_info(caplog: pytest.LogCaptureFixture) -> None:
    async def body() -> None:
        pid = await manager((Bare,))
        send(pid, "hello")
        assert await gen_event.which_handlers(pid) == [Bare]

    caplog.set_level(logging.WARNING, "otp.gen_event")
    run(body)
    assert "unexpected message: 'hello'" in caplog.text


def test_gen_event__undef_terminate() -> None:
    async def body() -> None:
        pid = await manager((Bare,))
        assert await gen_event.delete_handler(pid, Bare) == "ok"

    run(body)


def test_gen_event__undef_in_terminate() -> None:
    class Messy(Bare):
        def terminate(self, why: object, state: int) -> Any:
            raise ProcessExit("mess")

    async def body() -> None:
        pid = await manager((Messy,))
        with pytest.raises(HandlerError) as failed:
            await gen_event.delete_handler(pid, Messy)
        assert failed.value.reason == ("EXIT", "mess")
        assert await gen_event.which_handlers(pid) == []

    run(body)
