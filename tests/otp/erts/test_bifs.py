"""bifs — links and monitors, by the cases of erl_link_SUITE and monitor_SUITE."""

from __future__ import annotations

import random
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import NOPROC, NORMAL, NoProcess, ProcessExit, ReceiveTimeout
from otp.erts.pid import Pid, Ref, intern
from otp.erts.process import receive, self_, send, spawn, spawn_link, spawn_monitor
from otp.erts.signals import Down, Exit
from tests.support.node import run, until


async def for_ever() -> None:
    await receive(lambda _m: False)


async def obey() -> None:
    """Run what is sent, in this process, and answer."""
    while True:
        fn, back = await receive(lambda m: isinstance(m, tuple))
        send(back, ("done", fn()))


async def do(pid: Pid, fn: Any) -> Any:
    send(pid, (fn, self_()))
    return (await receive(lambda m: isinstance(m, tuple) and m[0] == "done", timeout=5))[1]


async def empty() -> bool:
    await process.sleep(0)
    with pytest.raises(ReceiveTimeout):
        await receive(timeout=0)
    return True


def links_of(pid: Pid) -> list[Pid]:
    links: list[Pid] = process.process_info(pid, "links")
    return links


def counts(pid: Pid) -> tuple[int, int]:
    """How many monitors a process has, and how many watch it."""
    return len(process.process_info(pid, "monitors")), len(process.process_info(pid, "monitored_by"))


# -- erl_link_SUITE


def test_erl_link__links() -> None:
    async def body() -> None:
        a, b = spawn(obey), spawn(obey)
        await do(a, lambda: process.link(b))
        await do(b, lambda: process.link(a))
        assert (links_of(a), links_of(b)) == ([b], [a])
        await do(b, lambda: process.unlink(a))
        assert (links_of(a), links_of(b)) == ([], [])
        await do(a, lambda: process.link(b))
        process.exit_(a, "boom")
        await until(lambda: not process.is_alive(b))

    run(body)


def test_erl_link__to_a_dead_process_is_an_error_for_who_does_not_trap() -> None:
    """error noproc at link/1, which can be caught; else it is the exit reason. Who traps has it as a message."""

    async def body() -> None:
        dead = spawn(lambda: None)
        await until(lambda: not process.is_alive(dead))
        with pytest.raises(NoProcess):
            process.link(dead)
        assert links_of(self_()) == []
        _pid, ref = spawn_monitor(process.link, dead)
        down = await receive(timeout=5)
        assert (down.ref, down.reason) == (ref, NOPROC)
        process.trap_exit()
        process.link(dead)
        assert await receive(timeout=5) == Exit(dead, NOPROC)
        assert links_of(self_()) == []

    run(body)


def test_erl_link__to_a_process_of_another_node_is_a_signal() -> None:
    async def body() -> None:
        far = intern("elsewhere", 1, 7)

        async def links() -> None:
            process.link(far)
            await for_ever()

        _pid, ref = spawn_monitor(links)
        down = await receive(timeout=5)
        assert (down.ref, down.reason) == (ref, "noconnection")

    run(body)


def test_erl_link__otp_5772_link() -> None:
    """Whatever the order of link, unlink and death: no exit signal after unlink, at most one before."""

    async def body() -> None:
        process.trap_exit()
        pid = spawn(for_ever)
        process.link(pid)
        process.unlink(pid)
        process.link(pid)
        assert links_of(pid) == [self_()]
        process.exit_(pid, "x")
        assert await receive(timeout=5) == Exit(pid, "x")
        process.unlink(pid)
        assert links_of(self_()) == []
        assert await empty()

    run(body)


def test_erl_link__otp_17127_local_link_with_simultaneous_link_unlink() -> None:
    async def body() -> None:
        a, b = spawn(obey), spawn(obey)
        for _ in range(50):
            send(a, (lambda: process.link(b), self_()))
            send(b, (lambda: process.link(a), self_()))
            send(a, (lambda: process.unlink(b), self_()))
            for _ in range(3):
                await receive(lambda m: m == ("done", None), timeout=5)
            assert (b in links_of(a)) == (a in links_of(b))
            await do(b, lambda: process.unlink(a))
            assert links_of(a) == links_of(b) == []

    run(body)


@pytest.mark.parametrize("seed", range(5))
def test_erl_link__otp_17127_local_random(seed: int) -> None:
    """Random links and unlinks among processes: both ends always agree, and a death follows the links there are."""
    rng = random.Random(seed)

    async def body() -> None:
        pids = [spawn(obey) for _ in range(8)]
        model: set[frozenset[Pid]] = set()
        for _ in range(200):
            a, b = rng.sample(pids, 2)
            if rng.random() < 0.6:
                model.add(frozenset((a, b)))
                await do(a, lambda b=b: process.link(b))
            else:
                model.discard(frozenset((a, b)))
                await do(a, lambda b=b: process.unlink(b))
        for pid in pids:
            assert set(links_of(pid)) == {q for pair in model if pid in pair for q in pair} - {pid}
        falling, reached = [pids[0]], {pids[0]}
        while falling:
            now = falling.pop()
            for pair in model:
                if now in pair and not pair <= reached:
                    falling += pair - reached
                    reached |= pair
        process.exit_(pids[0], "boom")
        await until(lambda: {p for p in pids if not process.is_alive(p)} == reached)

    run(body)


def test_erl_link__process_monitors() -> None:
    async def body() -> None:
        pid, watcher = spawn(for_ever), spawn(obey)
        refs = [await do(watcher, lambda: process.monitor(pid)) for _ in range(3)]
        assert counts(watcher)[0] == counts(pid)[1] == 3
        await do(watcher, lambda: process.demonitor(refs[1]))
        assert counts(watcher)[0] == counts(pid)[1] == 2
        process.exit_(pid, "x")
        await until(lambda: counts(watcher)[0] == 0)
        assert {m.ref for m in process.process_info(watcher, "messages")} == {refs[0], refs[2]}

    run(body)


def test_erl_link__otp_5772_monitor() -> None:
    """Monitor and demonitor again and again: nothing is left over, and no Down comes of a monitor that was ended."""

    async def body() -> None:
        pid = spawn(for_ever)
        for _ in range(20):
            assert process.demonitor(process.monitor(pid))
        last = process.monitor(pid)
        assert counts(pid)[1] == 1
        process.exit_(pid, "x")
        assert await receive(timeout=5) == Down(last, pid, "x")
        assert not process.demonitor(last)
        assert await empty()

    run(body)


# -- monitor_SUITE


def test_monitor__case_1a() -> None:
    """The monitor is made after the process ended by itself."""

    async def body() -> None:
        pid, first = spawn_monitor(lambda: None)
        assert await receive(timeout=5) == Down(first, pid, NORMAL)
        ref = process.monitor(pid)
        assert await receive(timeout=5) == Down(ref, pid, NOPROC)

    run(body)


def test_monitor__case_2() -> None:
    """A monitor is ended before the process is: nothing comes."""

    async def body() -> None:
        pid = spawn(for_ever)
        assert process.demonitor(process.monitor(pid))
        process.exit_(pid, "x")
        assert await empty()

    run(body)


def test_monitor__case_2a() -> None:
    """The Down is there already: demonitor says so and leaves it, with flush it takes it."""

    async def body() -> None:
        pid, ref = spawn_monitor(for_ever)
        process.exit_(pid, "x")
        assert not process.demonitor(ref)
        assert await receive(timeout=0) == Down(ref, pid, "x")
        other, second = spawn_monitor(for_ever)
        process.exit_(other, "x")
        process.demonitor(second, flush=True)
        assert await empty()

    run(body)


def test_monitor__mon_e_1() -> None:
    async def body() -> None:
        for wrong in (17, None, object()):
            with pytest.raises((AttributeError, TypeError)):
                process.monitor(wrong)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="alias"):
            process.monitor(self_(), alias="odd")
        assert counts(self_()) == (0, 0)

    run(body)


def test_monitor__demon_e_1() -> None:
    async def body() -> None:
        for wrong in (17, "ref", None, self_()):
            with pytest.raises(TypeError, match="not a reference"):
                process.demonitor(wrong)  # type: ignore[arg-type]

        pid = spawn(for_ever)
        other = spawn(obey)
        ref = await do(other, lambda: process.monitor(pid))
        assert not process.demonitor(ref)  # it is another's
        process.exit_(pid, "x")
        await until(lambda: process.process_info(other, "message_queue_len") == 1)

    run(body)


def test_monitor__mon_1() -> None:
    """Normal and other ends, by pid and by name, and a name that nobody bears."""

    async def body() -> None:
        def leave(reason: object) -> None:
            raise ProcessExit(reason)

        for reason in (NORMAL, "abnormal", ("tuple", 1)):
            pid, ref = spawn_monitor(leave, reason)
            assert await receive(timeout=5) == Down(ref, pid, reason)
        named = spawn(for_ever, name="mon_1")
        by_name, by_pid = process.monitor("mon_1"), process.monitor(named)
        process.exit_(named, "x")
        assert {await receive(timeout=5), await receive(timeout=5)} == {
            Down(by_name, "mon_1", "x"),
            Down(by_pid, named, "x"),
        }
        nobody = process.monitor("mon_1")
        assert await receive(timeout=5) == Down(nobody, "mon_1", NOPROC)

    run(body)


def test_monitor__demon_2() -> None:
    """A reference that never was a monitor, and one that was ended, are no monitors."""

    async def body() -> None:
        assert not process.demonitor(process.make_ref())
        ref = process.monitor(spawn(for_ever))
        assert process.demonitor(ref)
        assert not process.demonitor(ref, flush=True)

    run(body)


def test_monitor__gh_5225_demonitor_alias() -> None:
    """demonitor() of the alias of an ended monitor does not hurt another process's use of it."""

    async def body() -> None:
        pid = spawn(for_ever)
        ref = process.monitor(pid, alias="explicit_unalias")
        assert process.demonitor(ref)
        assert not process.demonitor(ref)
        send(ref, "still an alias")
        assert await receive(timeout=5) == "still an alias"
        assert process.unalias(ref)

    run(body)


def test_monitor__large_exit() -> None:
    async def body() -> None:
        big = tuple(range(10_000))
        pids = {}
        for _ in range(100):
            pid, ref = spawn_monitor(for_ever)
            pids[ref] = pid
        for pid in pids.values():
            process.exit_(pid, big)
        for _ in range(100):
            down = await receive(timeout=5)
            assert down == Down(down.ref, pids.pop(down.ref), big)
        assert not pids

    run(body)


def test_monitor__list_cleanup() -> None:
    """Neither end keeps anything of a monitor once the other is gone."""

    async def body() -> None:
        watcher, pid = spawn(obey), spawn(for_ever)
        await do(watcher, lambda: [process.monitor(pid) for _ in range(10)] and None)
        process.exit_(watcher, "x")
        await until(lambda: counts(pid)[1] == 0)
        watcher = spawn(obey)
        await do(watcher, lambda: [process.monitor(pid) for _ in range(10)] and None)
        process.exit_(pid, "x")
        await until(lambda: counts(watcher)[0] == 0)

    run(body)


def test_monitor__mixer() -> None:
    """Many processes that watch each other die in a random order: each watcher hears once of each."""
    rng = random.Random(7)

    async def body() -> None:
        pids = [spawn(obey) for _ in range(12)]
        watched: dict[Ref, Pid] = {}
        for _ in range(120):
            pid = rng.choice(pids)
            watched[process.monitor(pid)] = pid
        kept = {ref: pid for ref, pid in watched.items() if rng.random() < 0.7 or not process.demonitor(ref)}
        rng.shuffle(pids)
        for n, pid in enumerate(pids):
            process.exit_(pid, ("nth", n))
        heard = [await receive(timeout=5) for _ in kept]
        assert {down.ref: down.pid for down in heard} == kept
        assert [down.reason[1] for down in heard] == sorted(down.reason[1] for down in heard)
        assert await empty()

    run(body)


def test_monitor__otp_5827() -> None:
    """Monitors of names of processes that come and go leave nothing behind in who monitors."""

    async def body() -> None:
        for _ in range(10):
            pid = spawn(for_ever, name="otp_5827")
            process.monitor("otp_5827")
            assert counts(self_())[0] == 1
            process.exit_(pid, "x")
            assert (await receive(timeout=5)).reason == "x"
            assert counts(self_())[0] == 0
        assert process.monitor("otp_5827")
        assert (await receive(timeout=5)).reason == NOPROC
        assert counts(self_())[0] == 0

    run(body)


def test_monitor__monitor_tag_storage() -> None:
    """Tags of many monitors are kept apart and forgotten with them."""

    async def body() -> None:
        pid = spawn(for_ever)
        tags = {process.monitor(pid, tag=("tag", n)): ("tag", n) for n in range(200)}
        plain = process.monitor(pid)
        ended = list(tags)[::2]
        for ref in ended:
            process.demonitor(ref)
        process.exit_(pid, "x")
        for _ in range(101):
            down = await receive(timeout=5)
            assert down.tag == ("DOWN" if down.ref is plain else tags.pop(down.ref))
        assert set(tags) == set(ended)
        assert not self_().target.tags

    run(body)


def test_process__monitor_tag() -> None:
    async def body() -> None:
        pid = spawn(for_ever, name="tagged")
        by_name = process.monitor("tagged", tag="mine")
        process.exit_(pid, "x")
        assert await receive(timeout=5) == Down(by_name, "tagged", "x", "mine")
        dead = process.monitor(pid, tag="mine")
        assert await receive(timeout=5) == Down(dead, pid, NOPROC, "mine")
        spawned, ref = process.spawn_opt(for_ever, monitor={"tag": 7})  # type: ignore[misc]
        process.exit_(spawned, "x")
        assert (await receive(timeout=5)) == Down(ref, spawned, "x", 7)

    run(body)


def test_monitor__unexpected_alias_at_demonitor_gh5310() -> None:
    """After demonitor() of an alias that lives as long as its monitor, nothing comes through it."""

    async def body() -> None:
        ref = process.monitor(spawn(for_ever), alias="demonitor")
        process.demonitor(ref)
        send(ref, "late")
        assert await empty()
        kept = process.monitor(spawn(for_ever), alias="explicit_unalias")
        process.demonitor(kept)
        send(kept, "kept")
        assert await receive(timeout=5) == "kept"

    run(body)


def test_monitor__down_on_alias_gh5310() -> None:
    """A process that is told through an alias and then ends: first the message, then the Down, and no more."""

    async def body() -> None:
        async def answers() -> None:
            ref = await receive()
            send(ref, "answer")

        pid = spawn(answers)
        ref = process.monitor(pid, alias="demonitor")
        send(pid, ref)
        assert await receive(timeout=5) == "answer"
        assert await receive(timeout=5) == Down(ref, pid, NORMAL)
        send(ref, "late")
        assert await empty()

    run(body)


def test_monitor__monitor_3_noproc_gh6185() -> None:
    """A monitor with options of what is not there answers noproc, with the tag, and its alias ends or stays."""

    async def body() -> None:
        for mode, stays in (("explicit_unalias", True), ("demonitor", False), ("reply_demonitor", False)):
            ref = process.monitor("nobody", tag="t", alias=mode)
            assert await receive(timeout=5) == Down(ref, "nobody", NOPROC, "t")
            send(ref, "through the alias")
            if stays:
                assert await receive(timeout=5) == "through the alias"
            assert process.unalias(ref) == stays
            assert await empty()

    run(body)


def test_monitor__local_remove_monitor() -> None:
    """Monitors are removed one by one, in any order, while others of the same process stay."""
    rng = random.Random(3)

    async def body() -> None:
        pid = spawn(for_ever)
        refs = [process.monitor(pid) for _ in range(300)]
        rng.shuffle(refs)
        for n, ref in enumerate(refs[:299], 1):
            assert process.demonitor(ref)
            assert counts(pid)[1] == 300 - n
        process.exit_(pid, "x")
        assert (await receive(timeout=5)).ref is refs[299]

    run(body)


def test_a_name_in_a_foreign_place_is_noconnection() -> None:
    async def body() -> None:
        process.trap_exit()
        far = intern("elsewhere", 1, 1)
        ref = process.monitor(far)
        assert await receive(timeout=5) == Down(ref, far, "noconnection")
        process.link(far)
        assert await receive(timeout=5) == Exit(far, "noconnection")
        assert spawn_link(lambda: None)

    run(body)
