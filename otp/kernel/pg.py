"""pg — process groups: pids by name, on all nodes.

OTP:      pg.erl
Process:  one per node and scope; that of the scope "pg" is permanent, under kernel_sup; reads ask no process
Differs:  join and leave are awaited; a bad pid is refused at the caller

    your process                 pg of this node                      pg of every other node
    await join("g", pid)  ---->  monitors pid, tells the others  ---->  enters it
    get_members("g")             (a table is read, nobody is asked)
    await leave("g", pid)  --->  tells the others  ------------------>  takes it out
                                 a member ends, or its node  -------->  takes it out
    scope="rooms": groups of their own, with a server of their own: start_link("rooms")

A process may join a group several times and leaves as often. Its end and its node's end take it out everywhere.
Each server tells the others of its own processes only: a newcomer is told all, then every change, over one link and
so in order.

>>> from otp.kernel.pg import get_members, join, leave, start_link
>>> from otp.erts import process, runtime
>>> async def logger(name):
...     print(name, "writes", await process.receive())
>>> async def main():
...     await start_link()
...     for name in ("file", "screen"):
...         await join("loggers", process.spawn(logger, name))
...     for pid in get_members("loggers"):
...         process.send(pid, "a line")
...     await process.sleep(0)
...     await leave("loggers", [])               # asks the server: by now it has seen both end
...     return get_members("loggers")
>>> runtime.run(main)
file writes a line
screen writes a line
[]
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts.exits import ProcessExit, ReceiveTimeout
from otp.erts.pid import HERE, Pid, Ref, is_local, make_ref
from otp.erts.process import demonitor, monitor, receive, running, self_, send
from otp.erts.signals import Down
from otp.kernel import codec, net_kernel, node
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

NAME: Final = "pg"
Group = Hashable

Groups = dict[Group, list[Pid]]
#: scope -> group -> members in order of joining; written by its server, read by all
_scopes: dict[str, Groups] = {}


@codec.message
@dataclass(frozen=True, slots=True)
class Joined:
    """To who monitors a group or a scope: these have joined."""

    ref: Ref
    group: Any
    pids: tuple[Pid, ...]


@codec.message
@dataclass(frozen=True, slots=True)
class Left:
    """To who monitors a group or a scope: these have left."""

    ref: Ref
    group: Any
    pids: tuple[Pid, ...]


@codec.message
@dataclass(frozen=True, slots=True)
class _Discover:
    """Tell me yours."""

    server: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class _Sync:
    """All memberships of my node."""

    server: Pid
    groups: tuple[tuple[Any, tuple[Pid, ...]], ...]


@codec.message
@dataclass(frozen=True, slots=True)
class _Change:
    """One change on my node."""

    server: Pid
    joined: bool
    group: Any
    pids: tuple[Pid, ...]


class _AllGroups:
    """In place of a group: the whole scope is watched."""


@dataclass(slots=True)
class _State:
    scope: str
    members: Groups
    monitors: dict[Pid, Ref] = field(default_factory=dict)  # our own members
    peers: dict[Pid, Ref] = field(default_factory=dict)  # servers of other nodes
    watchers: dict[Ref, tuple[Group, Pid, Ref]] = field(default_factory=dict)  # group, watcher, our monitor of it


# -- API


async def start_link(scope: str = NAME) -> Pid | None:
    """Start this node's server of a scope."""
    return await gen_server.start_link(Pg, scope, name=scope)


async def start(scope: str = NAME) -> Pid | None:
    """start_link() without the link."""
    return await gen_server.start(Pg, scope, name=scope)


async def join(group: Group, pids: Pid | Iterable[Pid], scope: str = NAME) -> None:
    """Add processes of this node to a group. Raises: ValueError for one of another node, TypeError for what is none.

    CallError (noproc) if the scope has no server here.
    """
    await gen_server.call(scope, ("join", group, _ours(pids)))


async def leave(group: Group, pids: Pid | Iterable[Pid], scope: str = NAME) -> bool:
    """Take each process out of a group once; False if none of them was in it. Raises: as join()."""
    return bool(await gen_server.call(scope, ("leave", group, _ours(pids))))


def get_members(group: Group, scope: str = NAME) -> list[Pid]:
    """All members, on all connected nodes."""
    return list(_scopes.get(scope, {}).get(group, ()))


def get_local_members(group: Group, scope: str = NAME) -> list[Pid]:
    """The members on this node."""
    return [pid for pid in get_members(group, scope) if is_local(pid)]


def which_groups(scope: str = NAME) -> list[Any]:
    """The groups that have members."""
    return list(_scopes.get(scope, ()))


def which_local_groups(scope: str = NAME) -> list[Any]:
    """The groups that have members on this node."""
    return [group for group, pids in _scopes.get(scope, {}).items() if any(map(is_local, pids))]


async def watch(group: Group, scope: str = NAME) -> tuple[Ref, list[Pid]]:
    """Send Joined and Left of a group to the running process; its reference, and the members now (pg:monitor)."""
    ref, members = await gen_server.call(scope, ("watch", group, self_()))
    return ref, members


async def watch_scope(scope: str = NAME) -> tuple[Ref, dict[Any, list[Pid]]]:
    """watch() of all groups there are or will be; the reference, and all groups with their members now."""
    ref, groups = await gen_server.call(scope, ("watch_scope", self_()))
    return ref, groups


async def unwatch(ref: Ref, scope: str = NAME) -> bool:
    """No more Joined and Left of a watch; those that are in the mailbox are taken out. False if it was none."""
    was = await gen_server.call(scope, ("unwatch", ref))
    while True:
        try:
            await receive(lambda m: isinstance(m, Joined | Left) and m.ref is ref, timeout=0)
        except ReceiveTimeout:
            return bool(was)


def _ours(pids: Pid | Iterable[Pid]) -> tuple[Pid, ...]:
    chosen = (pids,) if isinstance(pids, Pid) else tuple(pids)
    for pid in chosen:
        if not isinstance(pid, Pid):
            raise TypeError(f"{pid!r} is not a process")
        if not is_local(pid):
            raise ValueError(f"{pid} is not a process of this node")
    return chosen


# -- callbacks


class Pg(GenServer[_State]):
    """See the head of the file."""

    def init(self, scope: str) -> _State:
        """Ask who is there. When the server ends, however, its groups do."""
        members: Groups = {}
        _scopes[scope] = members
        me = running()
        me.on_exit = [*(me.on_exit or ()), lambda: _forget_scope(scope, members)]
        for name, _creation in node.monitor_nodes():
            net_kernel.send_name(name, scope, _Discover(self_()))
        return _State(scope, members)

    def handle_call(self, request: Any, from_: Any, state: _State) -> Reply[_State]:
        """join, leave, watch. Anything else is a fault of the caller's and ends the server, as in OTP."""
        match request:
            case ("join", group, pids):
                alive = [pid for pid in pids if _guard(pid, state)]
                _enter(group, alive, state)
                _tell(_Change(self_(), True, group, tuple(alive)), state)
                return Reply(None, state)
            case ("leave", group, pids):
                gone = _strike(group, pids, state)
                _tell(_Change(self_(), False, group, gone), state)
                return Reply(bool(gone), state)
            case ("watch", group, pid):
                return Reply((_watch(group, pid, state), list(state.members.get(group, ()))), state)
            case ("watch_scope", pid):
                groups = {group: list(pids) for group, pids in state.members.items()}
                return Reply((_watch(_AllGroups, pid, state), groups), state)
            case ("unwatch", ref):
                watcher = state.watchers.pop(ref, None)
                if watcher is not None:
                    demonitor(watcher[2], flush=True)
                return Reply(watcher is not None, state)
        raise ProcessExit(("badarg", request))

    def handle_info(self, message: Any, state: _State) -> Any:
        """News of other nodes, and the end of members."""
        match message:
            case NodeUp(name):
                net_kernel.send_name(name, state.scope, _Discover(self_()))
            case _Discover(server):
                send(server, _Sync(self_(), _own(state)))
                _meet(server, state)
            case _Sync(server, groups):
                _meet(server, state)
                _forget_node(server, state)
                for group, pids in groups:
                    _enter(group, pids, state)
            case _Change(server, joined, group, pids) if server in state.peers:
                (_enter if joined else _strike)(group, pids, state)
            case Down(_ref, Pid() as pid, _reason):
                _ended(pid, state)
            case _Change() | NodeDown() | Down():
                pass
            case _:
                return super().handle_info(message, state)
        return NoReply(state)


# -- internals


def _forget_scope(scope: str, members: Groups) -> None:
    if _scopes.get(scope) is members:
        del _scopes[scope]


def _watch(group: Group, pid: Pid, state: _State) -> Ref:
    ref = make_ref()
    state.watchers[ref] = (group, pid, monitor(pid))
    return ref


def _guard(pid: Pid, state: _State) -> bool:
    if pid.target is not None and pid not in state.monitors:
        state.monitors[pid] = monitor(pid)
    return pid.target is not None


def _enter(group: Group, pids: Iterable[Pid], state: _State) -> None:
    entered = tuple(pids)
    if entered:
        state.members.setdefault(group, []).extend(entered)
        _notify(Joined, group, entered, state)


def _strike(group: Group, pids: Iterable[Pid], state: _State) -> tuple[Pid, ...]:
    members, gone = state.members.get(group, []), []
    for pid in pids:
        if pid in members:
            members.remove(pid)
            gone.append(pid)
    if not members:
        state.members.pop(group, None)
    if gone:
        _notify(Left, group, tuple(gone), state)
    return tuple(gone)


def _notify(kind: type[Joined] | type[Left], group: Group, pids: tuple[Pid, ...], state: _State) -> None:
    for ref, (watched, pid, _monitor) in state.watchers.items():
        if watched is _AllGroups or watched == group:
            send(pid, kind(ref, group, pids))


def _tell(change: _Change, state: _State) -> None:
    if change.pids:
        for server in state.peers:
            send(server, change)


def _own(state: _State) -> tuple[tuple[Any, tuple[Pid, ...]], ...]:
    mine = ((group, tuple(pid for pid in pids if is_local(pid))) for group, pids in state.members.items())
    return tuple((group, pids) for group, pids in mine if pids)


def _meet(server: Pid, state: _State) -> None:
    if server not in state.peers and server.node != HERE.node:
        state.peers[server] = monitor(server)
        send(server, _Discover(self_()))


def _ended(pid: Pid, state: _State) -> None:
    for ref in [ref for ref, (_group, watcher, _monitor) in state.watchers.items() if watcher is pid]:
        del state.watchers[ref]
    if state.peers.pop(pid, None) is not None:
        _forget_node(pid, state)
    elif state.monitors.pop(pid, None) is not None:
        for group in [group for group, pids in state.members.items() if pid in pids]:
            gone = _strike(group, [pid] * state.members[group].count(pid), state)
            _tell(_Change(self_(), False, group, gone), state)


def _forget_node(server: Pid, state: _State) -> None:
    for group in list(state.members):
        theirs = [p for p in state.members[group] if p.node == server.node and p.creation == server.creation]
        _strike(group, theirs, state)
