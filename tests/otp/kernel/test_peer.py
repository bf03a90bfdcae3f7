"""A sibling OS process under supervision: readiness, its end as an exit reason, the way down, no orphans."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from otp.erts import process, runtime
from otp.erts.exits import CallError, StartError
from otp.erts.signals import Exit
from otp.kernel import peer
from otp.kernel.peer import PeerSpec
from otp.stdlib import gen_server, supervisor
from otp.stdlib.child_spec import ChildSpec, SupFlags
from otp.stdlib.supervisor import Supervisor, SupInit
from tests.support.node import until


def _spec(*mode: str, **more: Any) -> PeerSpec:
    return PeerSpec("w1", (sys.executable, "-m", "tests.support.peer_program", *mode), **more)


def _run(body: Any) -> Any:
    async def main() -> Any:
        process.trap_exit(True)
        return await body()

    return runtime.run(main, node="main")


async def _exit_of(pid: Any) -> Any:
    return (await process.receive(lambda m: isinstance(m, Exit) and m.pid is pid, timeout=20)).reason


def _gone(os_pid: int) -> bool:
    try:
        os.kill(os_pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_it_becomes_ready_and_stops_in_order() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("ready"))
        info = await peer.await_ready(pid, timeout=20)
        assert (info.name, info.status) == ("w1", "ready")
        assert not _gone(info.os_pid)
        await gen_server.stop(pid)
        assert _gone(info.os_pid)

    _run(body)


def test_the_signal_that_killed_it_is_the_reason() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("ready"))
        info = await peer.await_ready(pid, timeout=20)
        os.kill(info.os_pid, signal.SIGKILL)
        kind, name, last = await _exit_of(pid)
        assert (kind, name) == ("signal", "SIGKILL")
        assert last == ("hello on standard error",)

    _run(body)


def test_an_exit_status_is_the_reason_with_the_last_words() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("exit", "78"))
        with pytest.raises(CallError):
            await peer.await_ready(pid)
        assert await _exit_of(pid) == ("exit_status", 78, ("first", "last words"))

    _run(body)


def test_status_zero_is_normal() -> None:
    async def body() -> None:
        assert await _exit_of(await peer.start_link(_spec("exit", "0"))) == "normal"

    _run(body)


def test_who_is_not_ready_in_time_is_ended() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("silent", ready_within=0.2))
        info = await peer.info(pid)
        assert (await _exit_of(pid))[:2] == ("not_ready", 0.2)
        assert _gone(info.os_pid)

    _run(body)


def test_who_does_not_hear_sigterm_is_killed() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("deaf", shutdown=0.1))
        info = await peer.await_ready(pid, timeout=20)
        await gen_server.stop(pid)
        assert _gone(info.os_pid)

    _run(body)


def test_what_cannot_be_run_does_not_start() -> None:
    async def body() -> None:
        with pytest.raises(StartError) as error:
            await peer.start_link(PeerSpec("w1", ("/no/such/program",)))
        assert error.value.reason[:2] == ("cannot_run", "w1")

    _run(body)


def test_a_killed_peer_leaves_no_orphan() -> None:
    async def body() -> None:
        pid = await peer.start_link(_spec("ready"))
        info = await peer.await_ready(pid, timeout=20)
        process.exit_(pid, "kill")
        await _exit_of(pid)
        # nobody waits for it now: it is a zombie once it has ended of itself
        await until(lambda: _zombie(info.os_pid), 20)
        os.waitpid(info.os_pid, 0)

    _run(body)


def _zombie(os_pid: int) -> bool:
    with open(f"/proc/{os_pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "Z"


class WorkerSup(Supervisor):
    def init(self) -> SupInit:
        return SupFlags(intensity=3, period=60.0), [ChildSpec("w1", (peer.start_link, (_fresh(),)))]


def _fresh() -> PeerSpec:
    generation = iter(range(1, 100))

    def args() -> tuple[str, ...]:
        next(generation)
        return (sys.executable, "-m", "tests.support.peer_program", "ready")

    return PeerSpec("w1", args)


def test_a_supervisor_starts_it_again() -> None:
    async def body() -> None:
        sup = await supervisor.start_link(WorkerSup)
        first = (await supervisor.which_children(sup))[0].pid
        info = await peer.await_ready(first, timeout=20)
        os.kill(info.os_pid, signal.SIGKILL)
        await until(lambda: not process.is_alive(first), 20)
        while (second := (await supervisor.which_children(sup))[0].pid) in (first, None, "restarting"):
            await process.sleep(0.01)
        again = await peer.await_ready(second, timeout=20)
        assert again.os_pid != info.os_pid
        process.exit_(sup, "shutdown")
        await _exit_of(sup)
        assert _gone(again.os_pid)

    _run(body)


def test_what_it_finds_at_its_standard_input_is_made_for_each_start() -> None:
    async def body() -> None:
        said = iter((b"one", b"x" * 300_000))
        code = "import sys; sys.exit(2 + len(sys.stdin.buffer.read()) % 100)"
        spec = PeerSpec("w1", (sys.executable, "-c", code), input=lambda: next(said))
        assert (await _exit_of(await peer.start_link(spec)))[:2] == ("exit_status", 5)
        assert (await _exit_of(await peer.start_link(spec)))[:2] == ("exit_status", 2)

    _run(body)


def test_inherited_descriptors() -> None:
    async def body() -> None:
        read, write = os.pipe()
        code = f"import os; os.write({write}, os.environ['HELLO'].encode())"
        spec = PeerSpec("w1", (sys.executable, "-c", code), pass_fds=(write,), env={"HELLO": "there"})
        pid = await peer.start_link(spec)
        assert await _exit_of(pid) == "normal"
        assert os.read(read, 100) == b"there"
        os.close(read)
        os.close(write)

    _run(body)


def test_the_death_of_the_parent_reaches_the_child() -> None:
    code = (
        "from otp.erts import runtime; from otp.kernel import peer; import sys, os, signal\n"
        "async def main():\n"
        "    pid = await peer.start_link(peer.PeerSpec('w', (sys.executable, '-m',"
        " 'tests.support.peer_program', 'ready')))\n"
        "    print((await peer.await_ready(pid, 20)).os_pid, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "runtime.run(main)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    os_pid = int(done.stdout)

    async def body() -> None:
        await until(lambda: _gone(os_pid) or _zombie(os_pid), 20)

    _run(body)
