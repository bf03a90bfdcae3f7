"""hooks — runs the handlers of modules at a hook point, in order, and survives those that fail.

OTP:      gen_server (handler_table); cf. ejabberd_hooks.erl
Way:      c2s, packets, users, lost_sessions → [hooks] → handlers of mods, in the caller's process
Process:  one per node, permanent, under xmppd.sup; only registrations go through it

A handler of a Fold is called fn(acc, point) and returns the next accumulator; one of a Run is called fn(point). Both
may be async. `Stop(value)` ends the chain. One that raises is logged and skipped: the chain goes on as if it were not
there; but at a point that is NEEDED (hook_points) what it raises goes to the caller that fired the hook. The host
"global" is a chain of its own, and `run` does not fall back to it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from otp.erts.pid import Pid
from otp.stdlib import gen_server
from otp.stdlib.child_spec import ChildSpec
from xmpp_core.errors import StanzaError
from xmppd.routing import faults, handler_table
from xmppd.routing.handler_table import HandlerEntry, HandlerTable, InsertEntry, RemoveEntry
from xmppd.routing.hook_kinds import Fold, Run

A = TypeVar("A")
V = TypeVar("V", covariant=True)
Point = Run[Any] | Fold[Any, Any]
TABLE = "hooks"
DEFAULT_SEQ = 50
_log = logging.getLogger("xmppd.hooks")


@dataclass(frozen=True, slots=True)
class Stop(Generic[V]):
    """Returned by a handler: nobody after it is asked. `value` is the result of a fold; a Run looks at none."""

    value: V


class HookTable(HandlerTable):
    """The process that owns the table of handlers."""


async def start_link() -> Pid | None:
    """Starts the hooks server of this node."""
    return await gen_server.start_link(HookTable, TABLE, name=TABLE)


def spec() -> ChildSpec:
    """As a child of a supervisor."""
    return ChildSpec("hooks", (start_link, ()))


def entries(
    host: str, point: type[Point], fn: Callable[..., Any], seq: int = DEFAULT_SEQ, owner: str = "", kind: str = ""
) -> tuple[HandlerEntry, ...]:
    """The rows of a handler: at its point, and at the point's groups where it has any. `kind`: see gen_mod.on."""
    groups = [point.GROUP] if point.GROUP is not None else []
    if issubclass(point, Fold) and point.PRESENCE_GROUP is not None and kind != "message":
        groups.append(point.PRESENCE_GROUP)
    rest = [HandlerEntry((host, group), seq, owner, fn, point=point.__name__) for group in groups]
    return HandlerEntry((host, point), seq, owner, fn), *rest


async def add(
    host: str, point: type[Point], fn: Callable[..., Any], seq: int = DEFAULT_SEQ, *, owner: str = ""
) -> None:
    """Calls `fn` at `point` on `host` from now on; adding it twice is a no-op.

    Modules declare with @on and never call this.
    """
    for entry in entries(host, point, fn, seq, owner):
        await gen_server.call(TABLE, InsertEntry(entry))


async def delete(host: str, point: type[Point], fn: Callable[..., Any]) -> None:
    """Undoes add()."""
    for entry in entries(host, point, fn):
        await gen_server.call(TABLE, RemoveEntry(entry.key, fn, entry.point))


def wanted(host: str, point: type) -> bool:
    """Whether anybody may listen at a point, or at one of a group: False spares a caller on a hot path the making of
    the point."""
    return handler_table.chain(TABLE, (host, point)) != ()


Chains = dict[str, tuple[HandlerEntry, ...]]
#: chains of groups, each with the rows it was made of: as long as these are kept their id is their own
_CHAINS: Final[dict[int, tuple[tuple[HandlerEntry, ...], Chains]]] = {}
_MOST_CHAINS: Final = 64


def chains(host: str, group: type) -> Chains | None:
    """The handlers at each point of a group, by the point's name, in one look-up: {} if nobody listens at any of them;
    None while the table is rebuilt."""
    found = handler_table.chain(TABLE, (host, group))
    if not found:
        return None if found is None else {}
    known = _CHAINS.get(id(found))
    if known is None:
        if len(_CHAINS) >= _MOST_CHAINS:
            _CHAINS.clear()
        names = {entry.point for entry in found}
        known = (found, {name: tuple([entry for entry in found if entry.point == name]) for name in names})
        _CHAINS[id(found)] = known
    return known[1]


async def run(host: str, point: Run[Any]) -> None:
    """Tells every handler of `point` on `host`, until one returns Stop. Raises what they raise if it is NEEDED."""
    key = (host, type(point))
    found = handler_table.chain(TABLE, key)
    await _run(found if found is not None else await handler_table.wait_chain(TABLE, key), point)


def begin_run(host: str, point: Run[Any]) -> Awaitable[None] | None:
    """As run, without an await while the handlers are plain functions: None, or, from the first handler on that waits,
    an awaitable for the rest."""
    found = handler_table.chain(TABLE, (host, type(point)))
    if found is None:
        return run(host, point)
    for place, entry in enumerate(found):
        try:
            result = entry.fn(point)
        except Exception as error:
            _failed(entry, point, error)
            continue
        if hasattr(result, "__await__"):
            return _run(found[place:], point, result)
        if isinstance(result, Stop):
            return None
    return None


async def _run(entries: tuple[HandlerEntry, ...], point: Run[Any], begun: Any = None) -> None:
    """The chain of `entries`; the first of them has answered with the awaitable `begun`, if it is there."""
    for entry in entries:
        try:
            result, begun = begun if begun is not None else entry.fn(point), None
            if hasattr(result, "__await__"):
                result = await result
        except Exception as error:
            _failed(entry, point, error)
            continue
        if isinstance(result, Stop):
            return


async def run_fold(host: str, point: Fold[Any, A], acc: A) -> A:
    """Hands `acc` from handler to handler of `point` on `host`; what the last one returned.

    A handler that raises leaves the accumulator as it was; a StanzaError is no failure but an answer: it ends
    the chain and goes to the caller that fired the hook, as everything does that is raised at a point that is NEEDED.
    """
    key = (host, type(point))
    found = handler_table.chain(TABLE, key)
    if found is None:
        found = await handler_table.wait_chain(TABLE, key)
    left = begin_chain(found, point, acc)
    return await left if hasattr(left, "__await__") else left


def begin_fold(host: str, point: Fold[Any, A], acc: A) -> A | Awaitable[A]:
    """As run_fold, without an await while the handlers are plain functions: the result itself, or, from the first
    handler on that waits, an awaitable for it (accumulators are never awaitable). Raises what run_fold raises.
    """
    found = handler_table.chain(TABLE, (host, type(point)))
    return run_fold(host, point, acc) if found is None else begin_chain(found, point, acc)


def begin_chain(found: tuple[HandlerEntry, ...], point: Fold[Any, A], acc: A) -> A | Awaitable[A]:
    """begin_fold with the handlers at hand."""
    for place, entry in enumerate(found):
        try:
            result = entry.fn(acc, point)
        except StanzaError:
            raise
        except Exception as error:
            _failed(entry, point, error)
            continue
        if result is acc:  # as most say, of most
            continue
        if hasattr(result, "__await__"):
            return _fold(found[place:], point, acc, result)
        if type(result) is Stop:
            return result.value  # type: ignore[no-any-return]  # a Stop's value is the fold's: @on has checked it
        acc = result
    return acc


async def _fold(entries: tuple[HandlerEntry, ...], point: Fold[Any, A], acc: A, begun: Any = None) -> A:
    """The chain of `entries`; the first of them has answered with the awaitable `begun`, if it is there."""
    for entry in entries:
        try:
            result, begun = begun if begun is not None else entry.fn(acc, point), None
            if hasattr(result, "__await__"):
                result = await result
        except StanzaError:
            raise
        except Exception as error:
            _failed(entry, point, error)
            continue
        if isinstance(result, Stop):
            return result.value  # type: ignore[no-any-return]  # a Stop's value is the fold's: @on has checked it
        acc = result
    return acc


def _failed(entry: HandlerEntry, point: Point, error: Exception) -> None:
    """Raise it where nobody may be skipped; else a line in the log, with the stack if it is a bug."""
    if point.NEEDED:
        raise error
    where = f"hook {type(point).__name__}: {entry.fn} of {entry.owner or '?'}"
    if faults.passes(error):
        faults.log(error, where)
    else:
        _log.error("%s failed and was skipped", where, exc_info=error)
