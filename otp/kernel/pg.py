"""pg — process groups: pids by name, on all nodes.

OTP:      pg.erl
Process:  one per node, permanent, under kernel_sup; reads ask nobody
Differs:  one scope, the node's own; join and leave are awaited

    await pg.join("loggers", pid)
    for pid in pg.get_members("loggers"): send(pid, line)

A process may join a group several times and leaves as often. Its end and its node's end take it out everywhere.
Each server tells the others of its own processes only: a newcomer is told all, then every change, over one link and
so in order.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts.pid import HERE, Pid, Ref, is_local, make_ref
from otp.erts.process import monitor, self_, send
from otp.erts.signals import Down
from otp.kernel import codec, net_kernel, node
from otp.kernel.node import NodeUp
from otp.stdlib import gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

NAME: Final = "pg"
Group = Hashable

#: group -> members in order of joining; written by the server, read by all
_members: dict[Group, list[Pid]] = {}


@codec.message
@dataclass(frozen=True, slots=True)
class Joined:
    """To who monitors a group: these have joined."""

    ref: Ref
    group: Any
    pids: tuple[Pid, ...]


@codec.message
@dataclass(frozen=True, slots=True)
class Left:
    """To who monitors a group: these have left."""

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


@dataclass(slots=True)
class _State:
    monitors: dict[Pid, Ref] = field(default_factory=dict)  # our own members
    peers: dict[Pid, Ref] = field(default_factory=dict)  # servers of other nodes
    watchers: dict[Ref, tuple[Group, Pid]] = field(default_factory=dict)


# -- API


async def start_link() -> Pid | None:
    """Start this node's server."""
    return await gen_server.start_link(Pg, name=NAME)


async def join(group: Group, pids: Pid | Iterable[Pid]) -> None:
    """Add processes of this node to a group. Raises: ValueError for one of another node."""
    await gen_server.call(NAME, ("join", group, _ours(pids)))


async def leave(group: Group, pids: Pid | Iterable[Pid]) -> bool:
    """Take each process out of a group once; False if none of them was in it. Raises: ValueError as join()."""
    return bool(await gen_server.call(NAME, ("leave", group, _ours(pids))))


def get_members(group: Group) -> list[Pid]:
    """All members, on all connected nodes."""
    return list(_members.get(group, ()))


def get_local_members(group: Group) -> list[Pid]:
    """The members on this node."""
    return [pid for pid in _members.get(group, ()) if is_local(pid)]


def which_groups() -> list[Any]:
    """The groups that have members."""
    return list(_members)


async def watch(group: Group) -> tuple[Ref, list[Pid]]:
    """Have the running process sent Joined and Left of a group; its reference, and the members now (pg:monitor)."""
    ref, members = await gen_server.call(NAME, ("watch", group, self_()))
    return ref, members


def _ours(pids: Pid | Iterable[Pid]) -> tuple[Pid, ...]:
    chosen = (pids,) if isinstance(pids, Pid) else tuple(pids)
    for pid in chosen:
        if not is_local(pid):
            raise ValueError(f"{pid} is not a process of this node")
    return chosen


# -- callbacks


class Pg(GenServer[_State]):
    """See the head of the file."""

    def init(self) -> _State:
        """Ask who is there."""
        _members.clear()
        for name, _creation in node.monitor_nodes():
            net_kernel.send_name(name, NAME, _Discover(self_()))
        return _State()

    def handle_call(self, request: Any, from_: Any, state: _State) -> Reply[_State]:
        """join, leave, watch."""
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
                ref = make_ref()
                state.watchers[ref] = (group, pid)
                monitor(pid)
                return Reply((ref, get_members(group)), state)
        return Reply(("unknown_request", repr(request)[:100]), state)

    def handle_info(self, message: Any, state: _State) -> NoReply[_State]:
        """News of other nodes, and the end of members."""
        match message:
            case NodeUp(name):
                net_kernel.send_name(name, NAME, _Discover(self_()))
            case _Discover(server):
                send(server, _Sync(self_(), _own()))
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
        return NoReply(state)


# -- internals


def _guard(pid: Pid, state: _State) -> bool:
    if pid.target is not None and pid not in state.monitors:
        state.monitors[pid] = monitor(pid)
    return pid.target is not None


def _enter(group: Group, pids: Iterable[Pid], state: _State) -> None:
    entered = tuple(pids)
    if entered:
        _members.setdefault(group, []).extend(entered)
        _notify(Joined, group, entered, state)


def _strike(group: Group, pids: Iterable[Pid], state: _State) -> tuple[Pid, ...]:
    members, gone = _members.get(group, []), []
    for pid in pids:
        if pid in members:
            members.remove(pid)
            gone.append(pid)
    if not members:
        _members.pop(group, None)
    if gone:
        _notify(Left, group, tuple(gone), state)
    return tuple(gone)


def _notify(kind: type[Joined] | type[Left], group: Group, pids: tuple[Pid, ...], state: _State) -> None:
    for ref, (watched, pid) in state.watchers.items():
        if watched == group:
            send(pid, kind(ref, group, pids))


def _tell(change: _Change, state: _State) -> None:
    if change.pids:
        for server in state.peers:
            send(server, change)


def _own() -> tuple[tuple[Any, tuple[Pid, ...]], ...]:
    mine = ((group, tuple(pid for pid in pids if is_local(pid))) for group, pids in _members.items())
    return tuple((group, pids) for group, pids in mine if pids)


def _meet(server: Pid, state: _State) -> None:
    if server not in state.peers and server.node != HERE.node:
        state.peers[server] = monitor(server)
        send(server, _Discover(self_()))


def _ended(pid: Pid, state: _State) -> None:
    for ref in [ref for ref, (_group, watcher) in state.watchers.items() if watcher is pid]:
        del state.watchers[ref]
    if state.peers.pop(pid, None) is not None:
        _forget_node(pid, state)
    elif state.monitors.pop(pid, None) is not None:
        for group in [group for group, pids in _members.items() if pid in pids]:
            gone = _strike(group, [pid] * _members[group].count(pid), state)
            _tell(_Change(self_(), False, group, gone), state)


def _forget_node(server: Pid, state: _State) -> None:
    for group in list(_members):
        theirs = [p for p in _members[group] if p.node == server.node and p.creation == server.creation]
        _strike(group, theirs, state)
