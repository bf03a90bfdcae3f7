"""handler_table — a gen_server whose ets table says who handles what; hooks, iq and router are such tables.

OTP:      gen_server owning an ets table; cf. ejabberd_hooks
Process:  permanent, under xmppd.sup; written by calls, read in place by any process of the node
Differs:  handlers belong to an owner's name. An owner that registers again replaces what it had; a module that crashed
          keeps its handlers until its successor has registered; a table that crashed asks every owner to register
          again, and readers wait until they have, so that nothing is handled in between without its modules
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Final

from otp.erts import process
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.stdlib import ets, gen_server
from otp.stdlib.gen_server import GenServer, NoReply, Reply

#: what the name of a module begins with; processes registered under such a name understand Reregister
OWNER_PREFIX: Final = "mod_"
READY: Final = "ready"
_PATIENCE = 2.0  # seconds that a restarted table waits for owners that do not answer


@dataclass(frozen=True, slots=True)
class HandlerEntry:
    """One handler (or what else a module has registered: a route): lower `seq` runs first, equal ones in the order of
    registering; `refusal`: with which condition requests of strangers are refused; `point`: in the row of a group of
    hook points, the one that it is for; in that of what is announced at a place, the feature."""

    key: Hashable
    seq: int
    owner: str
    fn: Any
    refusal: str = ""
    point: str = ""


@dataclass(frozen=True, slots=True)
class Register:
    """All that `owner` handles from now on; what it had before is gone."""

    owner: str
    entries: tuple[HandlerEntry, ...]


@dataclass(frozen=True, slots=True)
class InsertEntry:
    """One handler more; the same one twice is a no-op."""

    entry: HandlerEntry


@dataclass(frozen=True, slots=True)
class RemoveEntry:
    """The handler `fn` of `key` (and `point`, in the row of a group) goes, whoever owns it."""

    key: Hashable
    fn: Callable[..., Any]
    point: str = ""


@dataclass(frozen=True, slots=True)
class Reregister:
    """To an owner: the table `table` has lost everything, register again."""

    table: str


class OwnersTimeout:
    """The restarted table has waited long enough for its owners."""


def is_owner(name: str) -> bool:
    """True for the registered name of a module's process: "mod_x@host", or "acme.mod_x@host" of another package."""
    module = name.partition("@")[0]
    return module.startswith(OWNER_PREFIX) or module.rpartition(".")[2].startswith(OWNER_PREFIX)


@dataclass(slots=True)
class TableState:
    """`awaited`: owners that have not registered again since a restart, by the monitor on each."""

    table: ets.Table[Hashable, Any]
    entries: dict[str, tuple[HandlerEntry, ...]] = field(default_factory=dict)
    awaited: dict[Pid, str] = field(default_factory=dict)


class HandlerTable(GenServer[TableState]):
    """See the head of this file; its one argument is the name of the table."""

    def init(self, name: str) -> TableState:
        """Make the table, ask the owners that live to register again."""
        state = TableState(ets.new(name))
        for owner in process.registered():
            pid = process.whereis(owner)
            if pid is not None and is_owner(owner):
                process.monitor(pid)
                state.awaited[pid] = owner
                gen_server.cast(pid, Reregister(name))
        process.send_after(_PATIENCE, process.self_(), OwnersTimeout())
        _set_ready(state)
        return state

    def handle_call(self, request: object, from_: Any, state: TableState) -> Any:
        """Register, add, remove."""
        match request:
            case Register(owner, entries):
                _replace(state, owner, entries)
            case InsertEntry(entry):
                mine = state.entries.get(entry.owner, ())
                if not any(_is(e, entry.key, entry.fn, entry.point) for e in mine):
                    _replace(state, entry.owner, (*mine, entry))
            case RemoveEntry(key, fn, point):
                _remove(state, key, fn, point)
        return Reply(None, state)

    def handle_cast(self, request: object, state: TableState) -> Any:
        """Register again."""
        if isinstance(request, Register):
            _replace(state, request.owner, request.entries)
        return NoReply(state)

    def handle_info(self, message: object, state: TableState) -> Any:
        """Owners that will not answer."""
        if isinstance(message, Down) and isinstance(message.pid, Pid):
            state.awaited.pop(message.pid, None)
        elif isinstance(message, OwnersTimeout):
            state.awaited.clear()
        _set_ready(state)
        return NoReply(state)


def _set_ready(state: TableState) -> None:
    if not state.awaited and READY not in state.table:
        state.table[READY] = True


def _replace(state: TableState, owner: str, entries: tuple[HandlerEntry, ...]) -> None:
    keys = {e.key for e in (*state.entries.get(owner, ()), *entries)}
    if entries:
        state.entries[owner] = entries
    else:
        state.entries.pop(owner, None)
    for key in keys:
        _write_chain(state, key)
    for pid, name in list(state.awaited.items()):
        if name == owner:
            del state.awaited[pid]
    _set_ready(state)


def _is(entry: HandlerEntry, key: Hashable, fn: object, point: str) -> bool:
    return entry.key == key and entry.fn == fn and entry.point == point


def _remove(state: TableState, key: Hashable, fn: Callable[..., Any], point: str) -> None:
    for owner, entries in list(state.entries.items()):
        left = tuple(e for e in entries if not _is(e, key, fn, point))
        if len(left) != len(entries):
            _replace(state, owner, left)


def _write_chain(state: TableState, key: Hashable) -> None:
    found = [e for entries in state.entries.values() for e in entries if e.key == key]
    if found:
        state.table[key] = tuple(sorted(found, key=lambda e: e.seq))
    else:
        state.table.delete(key)


def chain(name: str, key: Hashable) -> tuple[HandlerEntry, ...] | None:
    """The handlers of `key` in their order; None while the table is not there or not yet rebuilt."""
    try:
        table = ets.lookup_table(name)
    except ets.NoSuchTable:
        return None
    if not table.get(READY):
        return None
    found: tuple[HandlerEntry, ...] = table.get(key, ())
    return found


async def wait_chain(name: str, key: Hashable) -> tuple[HandlerEntry, ...]:
    """As chain(), but waits for a table that is being rebuilt. Raises LookupError after five seconds without one."""
    for _ in range(1000):
        found = chain(name, key)
        if found is not None:
            return found
        await process.sleep(0.005)
    raise LookupError(f"the table {name} has not come back")


async def register(name: str, owner: str, entries: tuple[HandlerEntry, ...]) -> None:
    """Make `entries` all that `owner` handles in the table `name`; none takes it away."""
    await gen_server.call(name, Register(owner, entries))


def register_again(name: str, owner: str, entries: tuple[HandlerEntry, ...]) -> None:
    """The answer to Reregister."""
    gen_server.cast(name, Register(owner, entries))


def keys(name: str) -> list[Hashable]:
    """The keys that have handlers. Raises LookupError while there is no table."""
    return [key for key in ets.lookup_table(name).keys() if key != READY]  # noqa: SIM118 - not a dict
