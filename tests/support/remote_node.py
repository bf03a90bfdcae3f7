"""remote_node — what tests have other nodes do, and the program that such a node runs.

python -m tests.support.remote_node NAME CREATION RUN_DIR COOKIE NODE,NODE,… LOOP SILENCE
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from otp.erts import process, runtime
from otp.erts.exits import ProcessExit
from otp.erts.pid import Pid, Ref
from otp.kernel import codec, global_, global_locks, net_kernel, node, pg, rpc
from otp.kernel.net_kernel import NetConfig
from otp.observer import server  # noqa: F401 -- what the observer may ask
from otp.stdlib import gen_event, gen_server, gen_statem
from otp.stdlib.gen_event import EventHandler
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from otp.stdlib.gen_statem import GenStatem, Next
from otp.stdlib.gen_statem import Keep as Stay
from xmppd.monitor import gather, node_metrics  # noqa: F401 -- what a scrape asks


@codec.message
@dataclass(frozen=True)
class Echoed:
    by: Pid
    what: object


@codec.message
@dataclass(frozen=True)
class Note:
    """A message that a test has kept (otp.kernel.held)."""

    number: int
    padding: str = ""


class Echo(GenServer[int]):
    """Answers with what it was asked; counts."""

    def init(self) -> int:
        process.trap_exit(False)
        return 0

    def handle_call(self, request, from_, count):
        match request:
            case ("stop", reason):
                return Stop(reason, count)
            case "silence":
                return NoReply(count)
            case "count":
                return Reply(count, count)
        return Reply(Echoed(process.self_(), request), count + 1)

    def handle_info(self, message, count):
        match message:
            case (Pid() as back, what):
                process.send(back, Echoed(process.self_(), what))
        return NoReply(count + 1)


class Keep(EventHandler[list[object]]):
    """Keeps events; answers a call with them."""

    def init(self) -> list[object]:
        return []

    def handle_event(self, event, events):
        return gen_event.Ok([*events, event])

    def handle_call(self, request, events):
        return gen_event.Reply(events, events)


class Lamp(GenStatem[int]):
    """Counts how often it was switched."""

    def init(self):
        return "off", 0

    def off(self, type_, event, count):
        if event == "switch":
            return Next("on", count + 1)
        return Stay(actions=gen_statem.Reply(type_.from_, ("off", count)))

    def on(self, type_, event, count):
        if event == "switch":
            return Next("off", count + 1)
        return Stay(actions=gen_statem.Reply(type_.from_, ("on", count)))


@rpc.exported
async def start_named() -> None:
    """One of each behaviour under a name."""
    await gen_server.start(Echo, name="echo")
    await gen_event.start(name="events")
    await gen_statem.start(Lamp, name="lamp")


@rpc.exported
async def start_echo() -> Pid:
    pid = await gen_server.start(Echo)
    assert pid is not None
    return pid


@rpc.exported
def link_to(pid: Pid, reason: object = None) -> Pid:
    """A process over here that links to `pid`, then ends with `reason`, or waits for ever."""

    async def linked() -> None:
        process.link(pid)
        if reason is not None:
            raise ProcessExit(reason)
        await process.receive()

    return process.spawn(linked)


@rpc.exported
def trapping_link_to(pid: Pid, tell: Pid) -> Pid:
    """A process over here that links to `pid`, traps exits, and passes the first Exit on to `tell`."""

    async def linked() -> None:
        process.link(pid)
        process.send(tell, ("passed", await process.receive()))

    return process.spawn(linked, trap=True)


@rpc.exported
def send_to(dest: Pid | Ref, message: object) -> None:
    """Send from over here, to a process or an alias."""
    process.send(dest, message)


@rpc.exported
def os_pid() -> int:
    return os.getpid()


@rpc.exported
def add(a: int, b: int) -> int:
    return a + b


@rpc.exported
def fail(text: str) -> None:
    raise ValueError(text)


@rpc.exported
def answer_an_object() -> object:
    return object()


@rpc.exported
async def never() -> None:
    await process.receive()


@rpc.exported
def end_with(reason: object) -> None:
    raise ProcessExit(reason)


@rpc.exported
async def kill_myself() -> None:
    process.exit_(process.self_(), "kill")
    await process.receive()


_slow: list[bool] = []


@rpc.exported
def be_slow() -> None:
    _slow.append(True)


@rpc.exported
async def slow_or_not() -> str:
    await process.sleep(60 if _slow else 0)
    return "quick"


@rpc.exported
async def join(group: str, scope: str = pg.NAME) -> Pid:
    pid = await start_echo()
    await pg.join(group, pid, scope)
    return pid


@rpc.exported
async def leave(group: str, pid: Pid, scope: str = pg.NAME) -> bool:
    return await pg.leave(group, pid, scope)


@rpc.exported
def members(group: str, scope: str = pg.NAME) -> list[Pid]:
    return pg.get_members(group, scope)


@rpc.exported
async def meet(names: list[str]) -> None:
    """Wait until this node is linked with others, too."""
    await node.await_nodes(set(names), 10.0)


_notes: list[int] = []


@rpc.exported
def collect_notes() -> Pid:
    async def collect() -> None:
        while True:
            _notes.append((await process.receive(lambda m: isinstance(m, Note))).number)

    return process.spawn(collect)


@rpc.exported
def notes() -> list[int]:
    return _notes


@rpc.exported
def cut_from(name: str) -> bool:
    return net_kernel.disconnect(name)


@rpc.exported
async def start_scope(scope: str) -> None:
    await pg.start(scope)


@rpc.exported
async def stop_server(name: str) -> None:
    await gen_server.stop(name)


@rpc.exported
async def start_global() -> None:
    await gen_server.start(global_.NameServer, name=global_.NAME)


@rpc.exported
async def register_global(name: str, pid: Pid, resolve: str = global_.EXIT) -> bool:
    return await global_.register(name, pid, resolve)


@rpc.exported
def whereis_global(name: str) -> Pid | None:
    return global_.whereis_name(name)


@rpc.exported
def unregister_global(name: str) -> None:
    global_.unregister_name(name)


@rpc.exported
async def hold_lock(resource: str, nodes: list[str], tell: Pid) -> Pid:
    """A process over here that takes a lock without waiting, tells how it went, and gives it back when it is told."""

    async def hold() -> None:
        lock = (resource, process.self_())
        got = await global_locks.set_lock(lock, nodes or None, 0)
        process.send(tell, ("lock", got))
        await process.receive()
        await global_locks.del_lock(lock, nodes or None)
        process.send(tell, ("unlocked", got))

    return process.spawn(hold)


def keeps_far(name: str, one: Pid, other: Pid) -> Pid:
    """Resolves a conflict: the process that is not on main keeps the name."""
    return other if one.node == "main" else one


async def _main(config: NetConfig) -> None:
    await net_kernel.start_link(config)
    await pg.start_link()
    await rpc.start_link()
    await process.receive()


def main() -> None:
    name, creation, run_dir, cookie, nodes, loop, silence = sys.argv[1:]
    config = NetConfig(Path(run_dir), cookie.encode(), tuple(nodes.split(",")), float(silence) / 10, float(silence))
    runtime.run(lambda: _main(config), node=name, creation=int(creation), loop=loop)


if __name__ == "__main__":
    # under its importable name, so that its classes are the same on every node
    from tests.support import remote_node

    remote_node.main()
