"""test_process — links, exit signals, monitors, names, receive and timers, by the cases of OTP's own suites.

Names: test_<suite>__<case>, of process, erl_link, monitor, register, signal, receive and timer_bif_SUITE.
"""

from __future__ import annotations

import doctest
from itertools import pairwise
from typing import Any

import pytest

from otp.erts import exits, process
from otp.erts.exits import KILL, KILLED, NOPROC, NORMAL, Crash, ProcessExit, ReceiveTimeout
from otp.erts.process import receive, self_, send, spawn, spawn_link, spawn_monitor
from otp.erts.signals import Down, Exit
from tests.support.node import run, until


async def wait_for_ever() -> None:
    await receive(lambda _m: False)


async def obey() -> None:
    """Run what is sent, in this process."""
    while True:
        fn, reply_to = await receive(lambda m: isinstance(m, tuple))
        send(reply_to, ("done", fn()))


async def do(pid: Any, fn: Any) -> Any:
    send(pid, (fn, self_()))
    return (await receive(lambda m: isinstance(m, tuple) and m[0] == "done", timeout=5))[1]


def test_the_docstring_tells_the_truth() -> None:
    assert doctest.testmod(process).failed == 0


def test_link__links_spread_a_reason_both_ways() -> None:
    async def body() -> None:
        process.trap_exit()
        a = spawn_link(wait_for_ever)
        process.exit_(a, "boom")
        assert await receive(timeout=5) == Exit(a, "boom")

    run(body)


def test_erl_link__links_are_idempotent_and_leave_no_trace_after_unlink() -> None:
    async def body() -> None:
        a = spawn(wait_for_ever)
        process.link(a)
        process.link(a)
        info = process.process_info(a)
        assert info is not None
        assert info.links == (self_(),)
        process.unlink(a)
        process.exit_(a, "boom")
        await until(lambda: not process.is_alive(a))
        assert process.is_alive(self_())

    run(body)


def test_process__t_exit_1() -> None:
    async def body() -> None:
        def leave() -> None:
            raise ProcessExit("exit_reason")

        process.trap_exit()
        pid = spawn_link(leave)
        assert await receive(timeout=5) == Exit(pid, "exit_reason")

    run(body)


def test_process__t_exit_2_other() -> None:
    async def body() -> None:
        pid, ref = spawn_monitor(wait_for_ever)
        process.exit_(pid, "whatever")
        assert await receive(timeout=5) == Down(ref, pid, "whatever")

    run(body)


def test_process__t_exit_2_other_normal() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever)
        process.exit_(pid, NORMAL)
        await process.sleep(0.01)
        assert process.is_alive(pid)

    run(body)


def test_process__self_exit() -> None:
    async def body() -> None:
        async def kill_myself() -> None:
            process.exit_(self_(), NORMAL)
            await wait_for_ever()

        process.trap_exit()
        pid = spawn_link(kill_myself)
        assert await receive(timeout=5) == Exit(pid, NORMAL)

    run(body)


def test_process__normal_suicide_exit() -> None:
    async def body() -> None:
        process.trap_exit()
        pid = spawn_link(lambda: None)
        assert await receive(timeout=5) == Exit(pid, NORMAL)

    run(body)


def test_process__abnormal_suicide_exit() -> None:
    async def body() -> None:
        def boom() -> None:
            raise ValueError("no")

        process.trap_exit()
        pid = spawn_link(boom)
        message = await receive(timeout=5)
        assert message == Exit(pid, Crash("ValueError", "no"))
        assert "in boom" in message.reason.traceback

    run(body)


def test_process__exit_twice() -> None:
    async def body() -> None:
        pid, ref = spawn_monitor(wait_for_ever)
        process.exit_(pid, "first")
        process.exit_(pid, "second")
        assert await receive(timeout=5) == Down(ref, pid, "first")
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0)

    run(body)


def test_process__exit_of_a_function_in_the_middle_of_an_await_runs_its_finally() -> None:
    async def body() -> list[str]:
        seen: list[str] = []

        async def tidy() -> None:
            try:
                await wait_for_ever()
            finally:
                seen.append("cleaned")

        pid = spawn(tidy)
        await process.sleep(0)
        await until(lambda: process.process_info(pid).status == "waiting")
        process.exit_(pid, KILL)
        return seen

    assert run(body) == ["cleaned"]


def test_kill_cannot_be_trapped_and_others_see_killed() -> None:
    async def body() -> None:
        process.trap_exit()
        pid = spawn_link(wait_for_ever, trap=True)
        process.exit_(pid, KILL)
        assert await receive(timeout=5) == Exit(pid, KILLED)

    run(body)


def test_a_process_that_itself_exits_with_kill_can_be_trapped() -> None:
    async def body() -> None:
        def leave() -> None:
            raise ProcessExit(KILL)

        process.trap_exit()
        pid = spawn_link(leave)
        assert await receive(timeout=5) == Exit(pid, KILL)

    run(body)


def test_link_to_a_dead_pid_gives_noproc() -> None:
    async def body() -> None:
        process.trap_exit()
        pid, ref = spawn_monitor(lambda: None)
        await receive(lambda m: isinstance(m, Down), timeout=5)
        process.link(pid)
        assert await receive(timeout=5) == Exit(pid, NOPROC)
        assert ref

    run(body)


def test_exit_spreads_through_a_chain_of_links() -> None:
    async def body() -> None:
        process.trap_exit()
        pids: list[Any] = []

        async def chain(n: int) -> None:
            pids.append(self_())
            if n:
                spawn_link(chain, n - 1)
            await wait_for_ever()

        first = spawn_link(chain, 9)
        await until(lambda: len(pids) == 10)
        process.exit_(pids[-1], "boom")
        assert await receive(timeout=5) == Exit(first, "boom")
        assert not any(process.is_alive(p) for p in pids)

    run(body)


def test_a_chain_of_any_length_falls_without_a_stack() -> None:
    async def body() -> None:
        pids = [spawn(wait_for_ever) for _ in range(3000)]
        for a, b in pairwise(pids):
            process.link_processes(a.target, b)
        process.exit_(pids[0], "boom")
        assert not any(process.is_alive(p) for p in pids)

    run(body)


def test_monitor__case_1() -> None:
    async def body() -> None:
        pid, ref = spawn_monitor(wait_for_ever)
        process.exit_(pid, "abc")
        assert await receive(timeout=5) == Down(ref, pid, "abc")

    run(body)


def test_monitor__mon_1_of_a_dead_process_is_noproc() -> None:
    async def body() -> None:
        pid, ref = spawn_monitor(lambda: None)
        assert (await receive(timeout=5)).reason == NORMAL
        again = process.monitor(pid)
        assert await receive(timeout=5) == Down(again, pid, NOPROC)
        assert ref is not again

    run(body)


def test_monitor__case_2_stacks() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever)
        refs = {process.monitor(pid) for _ in range(3)}
        process.exit_(pid, "x")
        downs = {(await receive(timeout=5)).ref for _ in range(3)}
        assert downs == refs

    run(body)


def test_monitor__demon_1() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever)
        process.demonitor(process.monitor(pid))
        process.exit_(pid, "x")
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0.02)

    run(body)


def test_monitor__demonitor_flush() -> None:
    async def body() -> None:
        pid, ref = spawn_monitor(wait_for_ever)
        process.exit_(pid, "x")
        process.demonitor(ref, flush=True)
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0)

    run(body)


def test_monitor__named_down() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever, name="fred")
        ref = process.monitor("fred")
        process.exit_(pid, "x")
        assert await receive(timeout=5) == Down(ref, "fred", "x")
        unknown = process.monitor("nobody")
        assert await receive(timeout=5) == Down(unknown, "nobody", NOPROC)

    run(body)


def test_monitor__list_cleanup_a_dead_watcher_is_forgotten() -> None:
    async def body() -> None:
        target = spawn(wait_for_ever)
        watcher = spawn(obey)
        await do(watcher, lambda: process.monitor(target) and None)
        assert process.process_info(target).monitored_by == 1
        process.exit_(watcher, "x")
        await until(lambda: process.process_info(target).monitored_by == 0)

    run(body)


def test_register__otp_8099_and_bad_register() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever, name="name")
        assert process.whereis("name") is pid
        assert "name" in process.registered()
        for name, who in (("name", self_()), ("other", pid)):
            with pytest.raises(ValueError, match="cannot register"):
                process.register(name, who)
        with pytest.raises(exits.AlreadyStarted):
            spawn(wait_for_ever, name="name")
        process.exit_(pid, "x")
        assert process.whereis("name") is None
        with pytest.raises(ValueError, match="not registered"):
            process.unregister("name")
        with pytest.raises(exits.NotRegistered):
            send("name", 1)

    run(body)


def test_register__the_name_is_free_before_monitors_fire() -> None:
    async def body() -> None:
        pid = spawn(wait_for_ever, name="fred")
        process.monitor(pid)
        process.exit_(pid, "x")
        await receive(timeout=5)
        assert process.whereis("fred") is None

    run(body)


def test_signal__unlink_exit_order_is_kept() -> None:
    async def body() -> None:
        process.trap_exit()
        me = self_()

        def talk() -> None:
            for i in range(100):
                send(me, i)
            raise ProcessExit("last")

        pid = spawn_link(talk)
        got = [await receive(timeout=5) for _ in range(101)]
        assert got == [*range(100), Exit(pid, "last")]

    run(body)


def test_receive__selective_keeps_the_others_in_order() -> None:
    async def body() -> None:
        for i in range(6):
            send(self_(), i)
        assert await receive(lambda m: m == 3) == 3
        send(self_(), 6)
        assert [await receive() for _ in range(6)] == [0, 1, 2, 4, 5, 6]

    run(body)


def test_receive__multi_recv_opt_waits_past_what_does_not_match() -> None:
    async def body() -> None:
        me = self_()

        async def later() -> None:
            for i in range(5):
                await process.sleep(0.001)
                send(me, i)

        spawn(later)
        assert await receive(lambda m: m == 4, timeout=5) == 4
        assert [await receive(timeout=0) for _ in range(4)] == [0, 1, 2, 3]

    run(body)


def test_receive__after_0_polls() -> None:
    async def body() -> None:
        with pytest.raises(ReceiveTimeout):
            await receive(timeout=0)
        send(self_(), "x")
        assert await receive(timeout=0) == "x"

    run(body)


def test_timer_bif__send_after_1_and_cancel_timer_1() -> None:
    async def body() -> None:
        process.send_after(0.01, self_(), "tick")
        assert await receive(timeout=5) == "tick"
        timer = process.send_after(60, self_(), "never")
        left = process.cancel_timer(timer)
        assert left is not None
        assert 59 < left <= 60
        assert process.cancel_timer(timer) is None

    run(body)


def test_timer_bif__zero_timers_keep_their_order() -> None:
    async def body() -> None:
        for i in range(20):
            process.send_after(0, self_(), i)
        assert [await receive(timeout=5) for _ in range(20)] == list(range(20))

    run(body)


def test_timer_bif__registered_process_and_cleanup() -> None:
    async def body() -> None:
        process.register("me", self_())
        process.send_after(0, "me", "hi")
        process.send_after(0, "nobody", "lost")
        assert await receive(timeout=5) == "hi"

    run(body)


def test_process__t_process_info() -> None:
    async def body() -> None:
        pid = spawn_link(wait_for_ever, name="fred")
        send(pid, 1)
        send(pid, 2)
        await process.sleep(0.001)
        info = process.process_info(pid)
        assert info is not None
        assert (info.registered_name, info.message_queue_len, info.status) == ("fred", 2, "waiting")
        assert info.links == (self_(),)
        assert info.parent is self_()
        assert process.process_info(self_()).status == "running"  # type: ignore[union-attr]

    run(body)


def test_outside_of_a_process_there_is_no_self() -> None:
    with pytest.raises(exits.NotAProcess):
        self_()


def test_messages_from_one_sender_keep_their_order_past_the_budget() -> None:
    async def body() -> None:
        me = self_()

        async def forward() -> None:
            while True:
                send(me, await receive())

        pid = spawn(forward)
        for i in range(1000):
            send(pid, i)
        assert [await receive(timeout=5) for _ in range(1000)] == list(range(1000))

    run(body)
