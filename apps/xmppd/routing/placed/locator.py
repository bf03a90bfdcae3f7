"""locator — knows the processes for keys (placed) that are this worker's, starts them, moves them where they belong.

OTP:      gen_server beside a supervisor of its processes; cf. global, and mod_muc's rooms with their table
Way:      Placed.deliver → [locator] → the process for the key
Process:  one per node, host and Placed of a module; permanent, under placed_sup, which is a child of the module's.
          A member of the pg group of its name. If it crashes the processes go on, and its successor finds them

All locators compute alike which of them has a key (placement). Two that meet greet each other (LocatorHello): each
hands over what is now the other's, and then says so (LocatorSettled). Until then, for PATIENCE seconds at most,
messages for a process that does not run here wait, since it may run there; likewise for one that is about to end
(LocatorLeaving). A crashed process is started again, unless it has lived for less than a second: then with the next
that comes for it.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Final

from otp.erts import exits, process
from otp.erts.clock import CLOCK
from otp.erts.exits import ReceiveTimeout
from otp.erts.pid import Pid
from otp.erts.signals import Down
from otp.kernel import codec, node, pg
from otp.kernel.pg import Joined, Left
from otp.stdlib import supervisor
from otp.stdlib.gen_server import GenServer, NoReply, Reply, Stop
from xmppd.routing import router
from xmppd.routing.deliver import Deliver
from xmppd.routing.placed import keys
from xmppd.routing.placed.keys import KeyStarted, LocatorSettled, LocatorState
from xmppd.routing.placed.placed import HasOwner, Placed, Whereis, place
from xmppd.routing.placed.placed_server import GivenUp, Relocate, TakeOver

#: seconds that another locator has to hand over what is ours now
PATIENCE: Final = 2.0


@codec.message
@dataclass(frozen=True, slots=True)
class LocatorHello:
    """From another locator, which waits until it has all that is its own: LocatorSettled."""

    locator: Pid


@codec.message
@dataclass(frozen=True, slots=True)
class LocatorLeaving:
    """From another locator: it ends, and hands over all that it has."""

    locator: Pid


@dataclass(frozen=True, slots=True)
class LocatorTimeout:
    """Another locator has had its time to hand over."""

    locator: Pid


class Locator(GenServer[LocatorState]):
    """See the head of this file."""

    async def init(self, mod: HasOwner, placed: Placed) -> LocatorState:
        """Find what a predecessor has started, and the others."""
        process.trap_exit(True)
        state = LocatorState(mod, placed)
        for child in await supervisor.which_children(placed.sup_name(mod)):
            if isinstance(child.pid, Pid):
                keys.know(state, str(child.id), child.pid)
        process.monitor(pg.NAME)
        _, members = await pg.watch(placed.group(mod))
        await pg.join(placed.group(mod), process.self_())
        for pid in members:
            _meet(state, pid)
        return state

    def handle_call(self, request: object, from_: Any, state: LocatorState) -> Any:
        """Where the process for a key is."""
        if not isinstance(request, Whereis) or state.place(request.key) is not process.self_():
            return Reply(None, state)
        if (pid := keys.running(state, request.key)) is not None:
            return Reply(pid, state)
        keys.wait(state, request.key, from_)
        return NoReply(state)

    def handle_info(self, message: object, state: LocatorState) -> Any:
        """Stanzas; processes that come and go; other locators."""
        match message:
            case Deliver(stanza):
                keys.deliver(state, state.placed.key(stanza), message)
            case KeyStarted():
                keys.started(state, message)
            case Down(_, Pid() as pid, _) if pid in state.leaving:
                _settled(state, pid)
            case Down(_, Pid() as pid, reason):
                keys.ended(state, pid, reason)
            case Down(_, pg.NAME, _):
                return Stop("pg is gone", state)
            case GivenUp(pid, value):
                state.given_up[pid] = value
            case TakeOver():
                keys.take_over(state, message)
            case _:
                _of_others(state, message)
        return NoReply(state)

    async def terminate(self, reason: object, state: LocatorState) -> None:
        """Unless this is a crash, hand over: to the others, if there are any."""
        if not exits.is_clean(reason):
            return
        for other in state.others.values():
            process.send(other, LocatorLeaving(process.self_()))
        with contextlib.suppress(Exception):
            await pg.leave(state.placed.group(state.mod), process.self_())
        await _leave(state)


def _of_others(state: LocatorState, message: object) -> None:
    match message:
        case Joined(_, _, pids):
            for pid in pids:
                _meet(state, pid)
        case Left(_, _, pids):
            for pid in pids:
                _lose(state, pid)
        case LocatorHello(locator):
            _meet(state, locator)
            state.to_settle.add(locator)
            keys.settle(state)
        case LocatorLeaving(locator):
            state.leaving.add(locator)
            process.monitor(locator)
            _expect(state, locator)
        case LocatorSettled(locator) | LocatorTimeout(locator):
            _settled(state, locator)


# --- other locators


def _meet(state: LocatorState, other: Pid) -> None:
    """Another locator, perhaps known already."""
    if other.node == process.node() or state.others.get(other.node) is other:
        return
    state.others[other.node] = other
    state.unsettled -= {one for one in state.unsettled if one.node == other.node}
    _expect(state, other)
    process.send(other, LocatorHello(process.self_()))
    for key in state.pids:
        keys.move(state, key)
    for key in list(state.waiting):
        if state.place(key) is not process.self_() and key not in state.starting:
            keys.pass_on(state, key)


def _lose(state: LocatorState, other: Pid) -> None:
    """Another locator is in the group no more: with its node, or until its supervisor has started it again."""
    if state.others.get(other.node) is other:
        del state.others[other.node]
    if other in state.leaving:
        return
    if other.node in node.nodes():
        _expect(state, other)
    else:
        _settled(state, other)


def _expect(state: LocatorState, other: Pid) -> None:
    """It may have what is ours."""
    state.unsettled.add(other)
    process.send_after(PATIENCE, process.self_(), LocatorTimeout(other))


def _settled(state: LocatorState, other: Pid) -> None:
    state.unsettled.discard(other)
    state.leaving.discard(other)
    if not state.unsettled:
        for key in list(state.waiting):
            keys.start(state, key)


# --- the end


async def _leave(state: LocatorState) -> None:
    """Hand over all that is here, and what has come for it meanwhile."""
    if not state.others:
        return
    others = tuple(state.others.values())
    await router.known_everywhere()
    for pid in state.pids.values():
        process.send(pid, Relocate(process.self_()))
    open_ = {pid: key for key, pid in state.pids.items()}
    late: list[Deliver] = [one for waiting in state.waiting.values() for one in waiting if isinstance(one, Deliver)]
    deadline = CLOCK.monotonic() + PATIENCE
    while open_ and (left := deadline - CLOCK.monotonic()) > 0:
        try:
            message = await process.receive(lambda m: isinstance(m, (GivenUp, Down, Deliver)), left)
        except ReceiveTimeout:
            break
        if isinstance(message, Deliver):
            late.append(message)
        elif isinstance(message.pid, Pid) and (key := open_.pop(message.pid, None)) is not None:
            value = message.value if isinstance(message, GivenUp) else None
            process.send(place(key, others), TakeOver(key, value))
    for one in (*late, *[one for one in await process.flush() if isinstance(one, Deliver)]):
        process.send(place(state.placed.key(one.stanza), others), one)
    for other in others:
        process.send(other, LocatorSettled(process.self_()))
