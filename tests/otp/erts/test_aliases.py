"""aliases — references as addresses: until they are taken back, once, or as long as a monitor (process_SUITE)."""

from __future__ import annotations

import pytest

from otp.erts import process
from otp.erts.links import HERE_ALIASES
from otp.erts.process import receive, self_, send, spawn
from otp.erts.signals import Down
from tests.support import mesh
from tests.support.mesh import Mesh, call
from tests.support.node import run, until


async def for_ever() -> None:
    await receive(lambda _m: False)


async def empty() -> bool:
    with pytest.raises(process.exits.ReceiveTimeout):
        await receive(timeout=0)
    return True


def test_process__alias_bif() -> None:
    async def body() -> None:
        alias = process.alias()
        for word in ("one", "two"):
            send(alias, word)
            assert await receive(timeout=5) == word
        assert process.unalias(alias)
        assert not process.unalias(alias)
        send(alias, "late")
        assert await empty()
        assert not process.unalias(process.make_ref())

    run(body)


def test_process__alias_bif__reply_is_for_one_message() -> None:
    async def body() -> None:
        alias = process.alias(reply=True)
        send(alias, 1)
        send(alias, 2)
        assert await receive(timeout=5) == 1
        assert await empty()
        assert not process.unalias(alias)

    run(body)


def test_process__alias_bif__another_process_cannot_take_it_away_and_death_does() -> None:
    async def body() -> None:
        me = self_()

        async def owner() -> None:
            alias = process.alias()
            send(me, alias)
            send(me, await receive())

        pid = spawn(owner)
        alias = await receive(timeout=5)
        assert not process.unalias(alias)
        send(alias, "still")
        assert await receive(timeout=5) == "still"
        await until(lambda: not process.is_alive(pid))
        send(alias, "to nobody")
        assert alias.serial not in HERE_ALIASES

    run(body)


def test_process__alias_bif__over_the_mesh() -> None:
    async def body(_mesh: Mesh) -> None:
        alias = process.alias()
        await call("w1", "send_to", alias, ("hello", 1))
        assert await receive(timeout=5) == ("hello", 1)
        process.unalias(alias)
        await call("w1", "send_to", alias, "late")
        assert await empty()

    mesh.run(body, "w1")


@pytest.mark.parametrize("ends_by", ["down", "demonitor"])
@pytest.mark.parametrize("mode", ["explicit_unalias", "demonitor", "reply_demonitor"])
def test_process__monitor_alias(mode: str, ends_by: str) -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        ref = process.monitor(pid, alias=mode)
        if ends_by == "down":
            process.exit_(pid, "bye")
            assert await receive(timeout=5) == Down(ref, pid, "bye")
        else:
            assert process.demonitor(ref)
        send(ref, "after")
        if mode == "explicit_unalias":
            assert await receive(timeout=5) == "after"
            assert process.unalias(ref)
        assert await empty()

    run(body)


def test_process__monitor_alias__a_reply_ends_both() -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        ref = process.monitor(pid, alias="reply_demonitor")
        send(ref, "answer")
        send(ref, "second")
        assert await receive(timeout=5) == "answer"
        process.exit_(pid, "bye")
        assert await empty()
        assert not process.demonitor(ref)

    run(body)


def test_process__monitor_alias__unalias_leaves_the_monitor() -> None:
    async def body() -> None:
        pid = spawn(for_ever)
        ref = process.monitor(pid, alias="demonitor")
        assert process.unalias(ref)
        send(ref, "lost")
        process.exit_(pid, "bye")
        assert await receive(timeout=5) == Down(ref, pid, "bye")
        with pytest.raises(ValueError, match="no such alias"):
            process.monitor(pid, alias="for_ever")

    run(body)


def test_process__spawn_monitor_alias() -> None:
    async def body() -> None:
        for mode in ("explicit_unalias", "demonitor", "reply_demonitor"):
            pid, ref = process.spawn_opt(for_ever, monitor={"alias": mode})  # type: ignore[misc]
            send(ref, mode)
            assert await receive(timeout=5) == mode
            process.exit_(pid, "bye")
            if mode != "reply_demonitor":
                assert await receive(timeout=5) == Down(ref, pid, "bye")
            assert process.unalias(ref) == (mode == "explicit_unalias")
            assert await empty()
        before = len(process.processes())
        with pytest.raises(ValueError, match="no such alias"):
            process.spawn_opt(for_ever, monitor={"alias": "odd"})
        assert len(process.processes()) == before

    run(body)
