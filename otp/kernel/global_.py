"""global_ — names that stand for one process on all connected nodes.

OTP:      global.erl: register_name/2,3, whereis_name/1, unregister_name/1, re_register_name/2, send/2
Way:      caller → global_locks → [global_name_server of each node]; reads ask nobody
Process:  `global_name_server`, one per node, under kernel_sup if kernel's setting `global` is true
Differs:  register() takes the lock and is awaited, as OTP's register_name is; register_name(), for Via, enters the name
          here and tells the others, so two nodes may do it at once: as when two nets meet, the conflict is resolved

    await global_.register("leader", process.self_())
    gen_server.call(Via(global_, "leader"), "hello")

A conflict is resolved by the function given with the name, as "package.module:function" of (name, pid, pid), the pids
sorted; it answers which one keeps the name, or None. All nodes must come to the same answer. The default ends the
second, OTP's random_exit_name; "notify" only tells it, "both" takes the name from both and tells both.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.exits import KILL, NotRegistered
from otp.erts.pid import HERE, Pid, Ref, is_local
from otp.erts.process import demonitor, exit_, monitor, self_, whereis
from otp.erts.signals import Down
from otp.kernel import codec, net_kernel, node
from otp.kernel.global_locks import NAME, trans
from otp.kernel.node import NodeDown, NodeUp
from otp.stdlib import gen_server
from otp.stdlib.gen_server import From, GenServer, NoReply, Reply

log = logging.getLogger("otp.global")

EXIT: Final = "exit"
NOTIFY: Final = "notify"
BOTH: Final = "both"


@codec.message
@dataclass(frozen=True, slots=True)
class NameConflict:
    """To a process that has lost its name to another of another net."""

    name: Any
    other: Pid | None


@codec.message
@dataclass(frozen=True, slots=True)
class _Named:
    """A name and its bearer; `again`: whoever bore it before."""

    name: Any
    pid: Pid
    resolve: str
    again: bool = False


@codec.message
@dataclass(frozen=True, slots=True)
class _Unnamed:
    name: Any
    pid: Pid


#: name -> its bearer and how a conflict is resolved: written on the loop's thread, read by all
_names: Final[dict[Hashable, _Named]] = {}


@dataclass(slots=True)
class _State:
    monitors: dict[Hashable, Ref] = field(default_factory=dict)
    locks: dict[Any, list[tuple[Any, Pid]]] = field(default_factory=dict)  # resource -> (requester, who) as often
    holders: dict[Pid, Ref] = field(default_factory=dict)


# -- API


async def start_link() -> Pid | None:
    """Start this node's server."""
    return await gen_server.start_link(NameServer, name=NAME)


async def register(name: Hashable, pid: Pid, resolve: str = EXIT) -> bool:
    """Register a process of any connected node under a name on all of them; False if it is taken.

    Raises: TypeError for what is no process; LookupError for a resolving function that there is not.
    """
    _checked(pid, resolve)
    return bool(await trans((("name", name), self_()), lambda: _enter(_Named(name, pid, resolve))))


def register_name(name: Hashable, pid: Pid, resolve: str = EXIT) -> bool:
    """register() without the lock, for callers that cannot wait; see the head of the file. Raises: as it."""
    _checked(pid, resolve)
    return _enter(_Named(name, pid, resolve))


def re_register_name(name: Hashable, pid: Pid, resolve: str = EXIT) -> None:
    """Register a process under a name, whoever had it. Raises: TypeError, LookupError."""
    _checked(pid, resolve)
    _enter(_Named(name, pid, resolve, again=True))


def unregister_name(name: Hashable) -> None:
    """Take a name away on all nodes; nothing happens if nobody has it."""
    known = _names.pop(name, None)
    if known is not None:
        _tell(_Unnamed(name, known.pid))


def whereis_name(name: Hashable) -> Pid | None:
    """The process of that name, or None."""
    known = _names.get(name)
    return known.pid if known is not None else None


def registered_names() -> list[Any]:
    """All names."""
    return list(_names)


def send(name: Hashable, message: object) -> Pid:
    """Send to the process of that name, and return it. Raises: NotRegistered (badarg)."""
    pid = whereis_name(name)
    if pid is None:
        raise NotRegistered(name)
    process.send(pid, message)
    return pid


# -- callbacks


class NameServer(GenServer[_State]):
    """See the head of the file."""

    def init(self) -> _State:
        """Tell who is there of our names, once they tell of theirs."""
        _names.clear()
        for name, _creation in node.monitor_nodes():
            _introduce(name)
        return _State()

    def handle_call(self, request: Any, from_: From, state: _State) -> Reply[_State]:
        """Locks."""
        match request:
            case ("lock", resource, requester):
                return Reply(_lock(resource, requester, from_.pid, state), state)
            case ("unlock", resource, requester):
                return Reply(_unlock(resource, requester, state), state)
        return Reply(("unknown_request", repr(request)[:100]), state)

    def handle_info(self, message: Any, state: _State) -> Any:
        """News of names, here and elsewhere; ends of bearers and of holders of locks."""
        match message:
            case NodeUp(name):
                _introduce(name)
            case _Named():
                _learn(message)
                _watch(message.name, state)
            case _Unnamed(name, pid):
                if whereis_name(name) is pid:
                    del _names[name]
                _watch(name, state)
            case Down(ref, Pid() as pid):
                _ended(ref, pid, state)
            case NodeDown() | Down():
                pass
            case _:
                return super().handle_info(message, state)
        return NoReply(state)


# -- names


def _checked(pid: Pid, resolve: str) -> None:
    if not isinstance(pid, Pid):
        raise TypeError(f"{pid!r} is not a process")
    if resolve not in (EXIT, NOTIFY, BOTH):
        _function(resolve)


def _enter(named: _Named) -> bool:
    if named.name in _names and not named.again:
        return False
    if named.pid.target is None and is_local(named.pid):
        return False
    _names[named.name] = named
    _tell(named)
    return True


def _tell(news: _Named | _Unnamed) -> None:
    """To the servers of all nodes; ours watches the bearer."""
    server = whereis(NAME)
    if server is not None:
        process.send(server, news)
    for name in node.nodes():
        net_kernel.send_name(name, NAME, news)


def _introduce(name: str) -> None:
    for named in list(_names.values()):
        if named.pid.node == HERE.node:
            net_kernel.send_name(name, NAME, _Named(named.name, named.pid, named.resolve))


def _learn(news: _Named) -> None:
    known = _names.get(news.name)
    if known is None or known.pid is news.pid or news.again:
        _names[news.name] = news
        return
    _conflict(known, news)


def _conflict(one: _Named, other: _Named) -> None:
    """Two bearers: all nodes come to the same answer; each acts on its own process."""
    first, second = sorted((one, other), key=lambda named: named.pid)
    winner = _resolved(first, second)
    log.warning("the name %r stood for %s and %s: %s keeps it", one.name, first.pid, second.pid, winner)
    _names.pop(one.name, None)
    for named in (first, second):
        if named.pid is winner:
            _names[named.name] = named
        elif is_local(named.pid):
            _lose(named, winner)


def _resolved(first: _Named, second: _Named) -> Pid | None:
    if first.resolve in (EXIT, NOTIFY):
        return first.pid
    if first.resolve == BOTH:
        return None
    try:
        winner: Pid | None = _function(first.resolve)(first.name, first.pid, second.pid)
    except BaseException:
        log.exception("the function that resolves %r failed", first.name)
        return first.pid
    return winner


def _lose(named: _Named, winner: Pid | None) -> None:
    if named.resolve == EXIT:
        exit_(named.pid, KILL)
    else:
        process.send(named.pid, NameConflict(named.name, winner))


def _function(path: str) -> Any:
    module, _, name = path.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as exc:
        raise LookupError(f"no function {path!r}") from exc


def _watch(name: Hashable, state: _State) -> None:
    known = _names.get(name)
    old = state.monitors.pop(name, None)
    if old is not None:
        demonitor(old, flush=True)
    if known is not None:
        state.monitors[name] = monitor(known.pid)


def _ended(ref: Ref, pid: Pid, state: _State) -> None:
    for name in [name for name, watching in state.monitors.items() if watching is ref]:
        del state.monitors[name]
        if whereis_name(name) is pid:
            del _names[name]
    if state.holders.get(pid) is ref:
        del state.holders[pid]
        for resource, held in list(state.locks.items()):
            _keep(resource, [entry for entry in held if entry[1] is not pid], state)


# -- locks


def _lock(resource: Any, requester: Any, who: Pid | None, state: _State) -> bool:
    held = state.locks.setdefault(resource, [])
    if (held and held[0][0] != requester) or who is None:
        return False
    held.append((requester, who))
    if who not in state.holders:
        state.holders[who] = monitor(who)
    return True


def _unlock(resource: Any, requester: Any, state: _State) -> bool:
    held = state.locks.get(resource, [])
    mine = [entry for entry in held if entry[0] == requester]
    if not mine:
        return False
    rest = list(held)
    rest.remove(mine[-1])
    _keep(resource, rest, state)
    return True


def _keep(resource: Any, held: list[tuple[Any, Pid]], state: _State) -> None:
    if held:
        state.locks[resource] = held
    else:
        state.locks.pop(resource, None)
