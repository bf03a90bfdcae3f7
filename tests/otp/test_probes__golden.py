"""test_probes__golden — what was probed on a real node (Erlang/OTP 25.2.3), one situation after another.

OTP:  gen_server, supervisor, links, monitors, exit signals, applications: 47 probes, one function each
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from otp.erts import process
from otp.erts.exits import AlreadyStarted, CallError, Ignored, ProcessExit, ReceiveTimeout, StartError
from otp.erts.pid import Pid
from otp.erts.process import exit_, is_alive, link, monitor, receive, self_, spawn, trap_exit
from otp.erts.signals import Down, Exit
from otp.kernel import application_controller as controller
from otp.kernel.app_resource import AppResourceError, AppSpec
from otp.stdlib import gen_server, introspect, supervisor
from otp.stdlib.child_spec import ChildSpec, Restart, Strategy, SupFlags
from otp.stdlib.gen_server import IGNORE, Reply, StopInit, Throw
from otp.stdlib.supervisor import ChildError
from tests.support.node import run, until
from tests.support.scripted_children import Script, children, end, exit_reason, pids, start, worker
from tests.support.scripted_server import Server

Probe = Callable[[], Awaitable[object]]
PROBES: list[tuple[str, Probe, object]] = []


def golden(situation: str, expected: object) -> Callable[[Probe], Probe]:
    """Enter a probe: what it returns must be `expected`."""

    def enter(probe: Probe) -> Probe:
        PROBES.append((situation, probe, expected))
        return probe

    return enter


# -- how each probe tells what it saw


async def mail() -> object:
    """The next message, a little shortened; None if none comes."""
    try:
        message = await receive(timeout=0.01)
    except ReceiveTimeout:
        return None
    match message:
        case Exit(_, reason):
            return ("EXIT", reason)
        case Down(_, _, reason):
            return ("DOWN", reason)
    return message


async def started(*args: Any, **options: Any) -> object:
    """What a linked start gave, and what came after it."""
    trap_exit()
    try:
        await gen_server.start_link(Server, *args, **options)
    except Ignored:
        return "ignore", await mail()
    except StartError as failed:
        return ("error", failed.reason), await mail()
    return "ok", await mail()


async def called(pid: Any, request: object, timeout: float = 5.0) -> object:
    """What a call gave, or why it failed."""
    try:
        return await gen_server.call(pid, request, timeout)
    except CallError as failed:
        return ("exit", failed.why)


async def server(*args: Any) -> Pid:
    trap_exit()
    pid = await gen_server.start_link(Server, *args)
    assert pid is not None
    return pid


async def refused(action: Awaitable[object]) -> object:
    """The reason an administrative request was refused for."""
    try:
        return await action
    except AlreadyStarted:
        return "already_started"
    except (ChildError, StartError) as failed:
        return failed.reason


# -- starting


@golden("start_link, init returns {stop, why}", (("error", "why"), ("EXIT", "why")))
async def _init_stop() -> object:
    return await started("init", StopInit("why"))


@golden("start_link, init ignore", ("ignore", ("EXIT", "normal")))
async def _init_ignore() -> object:
    return await started("init", IGNORE)


@golden("start_link, init throws {ok, S}", ["thrown"])
async def _init_throws() -> object:
    return await gen_server.call(await server("raise", Throw(["thrown"])), "seen")


@golden("start_link with timeout 50, slow init", (("error", "timeout"), None))
async def _init_slow() -> object:
    return await started("slow", 30, timeout=0.005)


@golden("second start under a taken name", "already_started")
async def _name_taken() -> object:
    await gen_server.start(Server, name="taken")
    return await refused(gen_server.start(Server, name="taken"))


# -- calls


@golden("call to an unknown name", ("exit", "noproc"))
async def _no_process() -> object:
    return await called("nobody", "ping")


@golden("call times out, server answers later", (("exit", "timeout"), None))
async def _late_answer() -> object:
    return await called(await server(), "later", 0.0), await mail()


@golden("server exits boom in handle_call", ("exit", "boom"))
async def _boom() -> object:
    return await called(await server(), ("raise", ProcessExit("boom")))


@golden("{stop, normal, bye, S}", ("bye", ("terminated", "normal"), ("EXIT", "normal")))
async def _stop_with_reply() -> object:
    return await called(await server("trap", self_()), ("stop", "normal", "bye")), await mail(), await mail()


@golden("{stop, normal, S} on a call", ("exit", "normal"))
async def _stop_without_reply() -> object:
    return await called(await server(), ("stop", "normal"))


@golden("throw({reply, X, S}) in handle_call", "x")
async def _throw_reply() -> object:
    return await called(await server(), ("raise", Throw(Reply("x", []))))


@golden("unknown return value: the server", ("EXIT", ("bad_return_value", "a bad value")))
async def _bad_return_of_the_server() -> object:
    await called(await server(), "bad")
    return await mail()


@golden("unknown return value: its caller", ("exit", ("bad_return_value", "a bad value")))
async def _bad_return_at_the_caller() -> object:
    return await called(await server(), "bad")


async def _parent_exits(*args: Any) -> object:
    async def parent() -> None:
        await gen_server.start_link(Server, *args)
        raise ProcessExit("bye")

    spawn(parent)
    return await mail()


@golden("parent exits bye, server traps", ("terminated", "bye"))
async def _parent_of_a_trapper() -> object:
    return await _parent_exits("trap", self_())


@golden("parent exits bye, server does not trap", None)
async def _parent_of_another() -> object:
    return await _parent_exits(self_())


@golden("sys:suspend, call 50 ms", ("exit", "timeout"))
async def _suspended() -> object:
    pid = await server()
    await introspect.suspend(pid)
    return await called(pid, "ping", 0.005)


@golden("sys:resume, the next call", "pong")
async def _resumed() -> object:
    pid = await server()
    await introspect.suspend(pid)
    await introspect.resume(pid)
    return await called(pid, "ping")


@golden("sys:replace_state with a crashing fun", ("callback_failed", ["state"]))
async def _replace_state() -> object:
    pid = await server("state")
    with pytest.raises(RuntimeError, match="callback failed"):
        await introspect.replace_state(pid, lambda state: state.nothing)
    return "callback_failed", await introspect.get_state(pid)


@golden("gen_server:stop without trapping", (None, ("terminated", "normal")))
async def _stop() -> object:
    pid = await gen_server.start(Server, self_())
    assert pid is not None
    return await gen_server.stop(pid), await mail()


# -- restart types


async def _child(restart: str, reason: object) -> object:
    """What becomes of a child that ended so."""
    sup = await start(SupFlags(), [worker(Script(), "a", restart=restart)])
    old = (await children(sup))["a"]
    await end(sup, "a", reason)
    now = (await children(sup)).get("a", "deleted")
    return "restarted" if isinstance(now, Pid) and now is not old else "kept" if now is None else now


@golden("permanent child, exit shutdown", "restarted")
async def _permanent_shutdown() -> object:
    return await _child("permanent", "shutdown")


@golden("transient child, exit shutdown", "kept")
async def _transient_shutdown() -> object:
    return await _child("transient", "shutdown")


@golden("temporary child, exit shutdown", "deleted")
async def _temporary_shutdown() -> object:
    return await _child("temporary", "shutdown")


@golden("transient, {shutdown, x}", "kept")
async def _transient_shutdown_x() -> object:
    return await _child("transient", ("shutdown", "x"))


@golden("transient, kill", "restarted")
async def _transient_kill() -> object:
    return await _child("transient", "kill")


@golden("transient, stopped normally", "kept")
async def _transient_normal() -> object:
    return await _child("transient", "normal")


@golden("permanent, stopped normally", "restarted")
async def _permanent_normal() -> object:
    return await _child("permanent", "normal")


# -- supervisors


async def _abc(strategy: str = "one_for_one") -> tuple[Script, Pid]:
    script = Script()
    return script, await start(SupFlags(Strategy(strategy)), [worker(script, id_) for id_ in "abc"])


@golden("default intensity, two kills", (True, "shutdown"))
async def _two_kills() -> object:
    _script, sup = await _abc()
    await end(sup, "a", "kill")
    after_one = is_alive(sup)
    await end(sup, "a", "kill")
    return after_one, await exit_reason(sup)


async def _same(strategy: str) -> str:
    _script, sup = await _abc(strategy)
    before = await children(sup)
    await end(sup, "b", "kill")
    after = await children(sup)
    return "".join(id_ for id_ in "abc" if before[id_] is after[id_])


@golden("rest_for_one a,b,c; kill b: the same", "a")
async def _rest_for_one() -> object:
    return await _same("rest_for_one")


@golden("one_for_all; kill b: the same", "")
async def _one_for_all() -> object:
    return await _same("one_for_all")


@golden("supervisor told shutdown", ["c", "b", "a"])
async def _told_shutdown() -> object:
    script, sup = await _abc()
    exit_(sup, "shutdown")
    await exit_reason(sup)
    return script.of("stop")


_FAILED = ("shutdown", ("failed_to_start_child", "b", "why"))


async def _second_fails() -> tuple[Script, object, object]:
    script = Script()
    script.starts["b"] = [StopInit("why")]
    reason = await refused(start(SupFlags(), [worker(script, id_) for id_ in "ab"]))
    return script, reason, await mail()


@golden("second child fails at start: the first", [("start", "a"), ("stop", "a", "shutdown")])
async def _the_first_of_two() -> object:
    return (await _second_fails())[0].log


@golden("second child fails at start: the caller", (_FAILED, ("EXIT", _FAILED)))
async def _the_starter_of_two() -> object:
    return (await _second_fails())[1:]


async def _ignoring(restart: str) -> object:
    script = Script()
    script.starts["a"] = [IGNORE]
    return await children(await start(SupFlags(), [worker(script, "a", restart=restart)]))


@golden("child returns ignore: permanent", {"a": None})
async def _ignoring_permanent() -> object:
    return await _ignoring("permanent")


@golden("child returns ignore: temporary", {})
async def _ignoring_temporary() -> object:
    return await _ignoring("temporary")


@golden("start_child: known and running", "already_started")
async def _known_running() -> object:
    script, sup = await _abc()
    return await refused(supervisor.start_child(sup, worker(script, "a")))


@golden("start_child: known and stopped", "already_present")
async def _known_stopped() -> object:
    script, sup = await _abc()
    await supervisor.terminate_child(sup, "a")
    return await refused(supervisor.start_child(sup, worker(script, "a")))


@golden("delete_child running", "running")
async def _delete_running() -> object:
    return await refused(supervisor.delete_child((await _abc())[1], "a"))


@golden("restart_child running", "running")
async def _restart_running() -> object:
    return await refused(supervisor.restart_child((await _abc())[1], "a"))


@golden("delete_child, restart_child, terminate_child of an unknown one", ["not_found"] * 3)
async def _unknown_child() -> object:
    _script, sup = await _abc()
    verbs = (supervisor.delete_child, supervisor.restart_child, supervisor.terminate_child)
    return [await refused(verb(sup, "x")) for verb in verbs]


@golden("terminate_child by id on simple_one_for_one", "simple_one_for_one")
async def _simple_by_id() -> object:
    spec = ChildSpec("a", (gen_server.start_link, (Server,)), Restart.TEMPORARY)
    sup = await start(SupFlags(Strategy.SIMPLE_ONE_FOR_ONE), [spec])
    await supervisor.start_child(sup, [])
    assert len(await pids(sup)) == 1
    return await refused(supervisor.terminate_child(sup, "a"))


# -- signals


async def _dead() -> Pid:
    pid = spawn(lambda: None)
    await until(lambda: not is_alive(pid))
    return pid


@golden("link to a dead pid, trapping", ("EXIT", "noproc"))
async def _link_dead() -> object:
    trap_exit()
    link(await _dead())
    return await mail()


@golden("monitor of a dead pid", ("DOWN", "noproc"))
async def _monitor_dead() -> object:
    monitor(await _dead())
    return await mail()


@golden("exit(P, kill) seen by a linked trapper", ("EXIT", "killed"))
async def _killed() -> object:
    trap_exit()
    exit_(process.spawn_link(receive), "kill")
    return await mail()


@golden("process exits itself with reason kill, linked trapper", ("EXIT", "kill"))
async def _kill() -> object:
    def leaves() -> None:
        raise ProcessExit("kill")

    trap_exit()
    process.spawn_link(leaves)
    return await mail()


@golden("exit(P, normal) from another process", (None, True))
async def _exit_normal() -> object:
    pid = process.spawn(receive)
    monitor(pid)
    exit_(pid, "normal")
    return await mail(), is_alive(pid)


# -- applications


async def _applications() -> None:
    trap_exit()
    await controller.start_link()


@golden("application:start unknown", "no such file")
async def _unknown_application() -> object:
    await _applications()
    with pytest.raises(AppResourceError, match=r"no_such\.app\.toml: no such application"):
        await controller.start("no_such")
    return "no such file"


@golden("application:start running", "already_started")
async def _running_application() -> object:
    await _applications()
    controller.load(AppSpec("library", "1"))
    await controller.start("library")
    with pytest.raises(controller.ApplicationError) as failed:
        await controller.start("library")
    await controller.stop("library")
    controller.unload("library")
    return failed.value.reason[0] if isinstance(failed.value.reason, tuple) else failed.value.reason


# -- the table


@pytest.mark.parametrize(("probe", "expected"), [entry[1:] for entry in PROBES], ids=[entry[0] for entry in PROBES])
def test_probe(probe: Probe, expected: object) -> None:
    logging.disable(logging.CRITICAL)
    try:
        assert run(probe) == expected
    finally:
        logging.disable(logging.NOTSET)


def test_all_of_them() -> None:
    assert len(PROBES) == 47
